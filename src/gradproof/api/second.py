"""Claims of second derivatives: what a check is asked, and where it makes no sense."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.second import Claims, examine_second
from ..errors import UsageError
from ..report.report import Report
from ..space import tree
from ..space.point import Point
from ..subject.asked import Options
from .callsite import call_in_source


def checked_second(
    fun: Any, point: Any, grad: Any, hess: Any, hessp: Any, options: Options
) -> Report:
    """The report of a gradient, its Hessian and the products of that."""
    if hessp is not None and not callable(hessp):
        raise UsageError(
            f"hessp must be a function of (point, vector), but is a {type(hessp).__name__}: "
            "a matrix is passed as hess=."
        )
    where = Point(_floats(point))
    complex_ = [block.name for block in where.blocks if block.is_complex]
    if complex_:
        raise UsageError(
            f"{complex_[0]} is complex: the Hessian is checked in real parameters. Pass its real "
            "and its imaginary part as two arrays."
        )
    claims = Claims(fun, where, None if grad is False else grad, hess, hessp, options)
    return examine_second(claims, call_in_source(int(options.seed)))


def _floats(point: Any) -> Any:
    """A point of integers only, as SciPy takes it, is one of floats."""
    flat = tree.flatten(point)
    if not all(map(_is_integer, flat.leaves)):
        return point
    return flat.unflatten([np.asarray(leaf, np.float64)[()] for leaf in flat.leaves])


def _is_integer(leaf: Any) -> bool:
    if isinstance(leaf, bool) or not isinstance(leaf, int | np.integer | np.ndarray):
        return False
    return np.asarray(leaf).dtype.kind in "iu"
