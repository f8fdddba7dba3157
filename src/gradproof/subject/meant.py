"""What a gradient that does not match the point may have been meant to be, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from numbers import Number
from typing import Any

import numpy as np

from ..naming import instead, what
from ..records.block import Block
from ..space.point import Point
from ..space.tree import beginnings, lookup


def all_missing(point: Point, gradient: Any) -> str:
    """The sentence for a gradient that has an entry for no block."""
    wanted = ", ".join(block.name for block in point.blocks[:4])
    if gradient is None:
        return f"The gradient is None: return the derivatives with respect to {wanted}."
    advice = instead(gradient) or (
        "return a container like the point, or a mapping with the same names (dW1 for W1 is "
        "understood)"
    )
    found = [near for block in point.blocks if (near := meant(point, gradient, block))]
    given = what(gradient) + "".join(found[:1])
    return f"The gradient has no entry for any of {wanted}; it is {given}: {advice}."


_PAIR = (
    "grad returned a pair, a number and a gradient: pass the function that returns (value, "
    "gradient) as fun, with grad=True, as in gp.check(value_and_grad, point, grad=True)."
)


_AUXILIARY = (
    "grad returned a pair whose first part has the shapes of the point, as with has_aux=True or "
    "argnums=(0, 1): return that part alone, as in grad=lambda *args: grad(*args)[0]."
)


def pair(point: Point, gradient: Sequence[Any]) -> str:
    """What is said of ``(value, gradient)`` and ``(gradient, more)``; nothing of a gradient."""
    shapes = [block.shape for block in point.blocks]
    if len(gradient) != 2 or _shapes(point, gradient) == shapes:
        return ""
    if _shapes(point, gradient[1]) == shapes and _is_value(gradient[0]):
        return _PAIR
    return _AUXILIARY if _shapes(point, gradient[0]) == shapes else ""


def _is_value(first: Any) -> bool:
    """Whether it is a number, perhaps with something beside it."""
    number = first[0] if isinstance(first, tuple) and first else first
    return np.shape(number) == () and (isinstance(number, Number) or hasattr(number, "dtype"))


def _shapes(point: Point, gradient: Any) -> list[Any]:
    """The shapes of what a container holds for each block; nothing where it does not."""
    known = beginnings(point.tree.paths)
    try:
        return [np.shape(lookup(gradient, point.path(b.index), known)) for b in point.blocks]
    except (KeyError, ValueError):  # the latter of what is ragged
        return []


def meant(point: Point, gradient: Any, block: Block) -> str:
    """Which entry of a gradient may be meant for a block that has none, as words to add."""
    *above, key = point.path(block.index) or ("",)
    known = beginnings(point.tree.paths)
    try:
        beside = lookup(gradient, tuple(above), known)
    except KeyError:
        return ""
    if not (isinstance(beside, Mapping) and isinstance(key, str)):
        return ""
    free = [name for name in beside if isinstance(name, str) and (*above, name) not in known]
    shorter = {name.removeprefix("d").lower(): name for name in reversed(free)}
    close = get_close_matches(key.lower(), shorter, 1)
    return f" (it has {shorter[close[0]]!r}: did you mean {key!r}?)" if close else ""
