"""Starts as SciPy takes them: integers are floats, a list is an array where ``fun`` needs one."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np

from ..space import tree
from ..subject.asked import Options
from ..subject.guards import generators_restored

_FLOATS = "The point is of integers, and was taken as floats."

# What functions of arrays raise where they get a list.
_NO_LIST = (TypeError, AttributeError, ValueError, IndexError)


def started(
    fun: Callable[..., Any], point: Any, grad: Any, options: Options
) -> tuple[Any, Options]:
    """The point with floats for integers, of which a note tells, and as an array if it has to be.

    That is where ``fun`` takes no list, or returns several numbers: whoever hands over a Jacobian
    means arrays, unless it is a list with an array for each parameter.
    """
    flat = tree.flatten(point)
    if all(map(_is_integer, flat.leaves)):
        point = flat.unflatten([np.asarray(leaf, np.float64)[()] for leaf in flat.leaves])
        options = replace(options, notes=(*options.notes, _FLOATS)) if flat.leaves else options
    if not (isinstance(point, list | tuple) and flat.leaves and all(map(is_number, point))):
        return point, options
    array = np.asarray(point, np.float64)

    def call(function: Callable[..., Any]) -> Any:
        return function(deepcopy(point), *deepcopy(options.args), **deepcopy(options.kwargs or {}))

    with generators_restored(), np.errstate(all="ignore"):
        try:
            found = call(fun)
            if not _is_several(found):
                return point, options
            slopes = call(grad) if callable(grad) else grad
        except _NO_LIST:
            return array, options
    by_parameter = isinstance(slopes, list | tuple) and len(slopes) == len(point)
    kept = by_parameter and all(isinstance(part, np.ndarray) and part.ndim for part in slopes)
    return point if kept else array, options


def floats(point: Any) -> Any:
    """Integers by themselves or among numbers in a list, as SciPy takes them, are floats."""
    flat = tree.flatten(point)
    plain = isinstance(point, list | tuple) and all(map(is_number, flat.leaves))
    if not (plain or all(map(_is_integer, flat.leaves))):
        return point
    return flat.unflatten([np.asarray(leaf, np.float64)[()] for leaf in flat.leaves])


def is_number(leaf: Any) -> bool:
    """Whether it is a plain number."""
    return isinstance(leaf, int | float | np.number) and not isinstance(leaf, bool)


def _is_integer(leaf: Any) -> bool:
    if isinstance(leaf, bool) or not isinstance(leaf, int | np.integer | np.ndarray):
        return False
    return np.asarray(leaf).dtype.kind in "iu"


def _is_several(found: Any) -> bool:
    """Whether a function returned several numbers, in an array or a list of them."""
    if isinstance(found, list | tuple):
        return len(found) > 1 and all(map(is_number, found))
    return isinstance(found, np.ndarray) and found.size > 1
