"""Points at which faults hide: nothing tells the entries of any block apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import arrays
from .point import Point

# Where a factor, or a term, may be missing and nobody sees it.
_NEUTRAL = (0.0, 1.0, -1.0)


def special(point: Point) -> bool:
    """Whether every block is constant, or a symmetric matrix, such as zero and the identity.

    There a product looks the same in either order, and a matrix like its transpose. A lone number
    is special where it is 0, 1 or -1, and speaks neither for nor against it elsewhere.
    """
    some = False
    for block in point.blocks:
        array = point.host(block.index)
        if array.size == 1:
            some = some or array.reshape(-1)[0] in _NEUTRAL
        elif not (_constant(array) or _symmetric(array)):
            return False
        else:
            some = True
    return some


def alike(point: Point, block: int) -> frozenset[int]:
    """The real coordinates of a block that are zero, or equal to others in whatever block."""
    every = np.concatenate([arrays.flat(point.host(b.index)) for b in point.blocks])
    values, counts = np.unique(every, return_counts=True)
    mine = arrays.flat(point.host(block))
    found = np.flatnonzero((mine == 0) | np.isin(mine, values[counts > 1]))
    return frozenset(found.tolist())


def _constant(array: NDArray[Any]) -> bool:
    first, second = array.flat[0], array.flat[1]
    return bool(first == second) and bool((array == first).all())


def _symmetric(array: NDArray[Any]) -> bool:
    if array.ndim < 2 or array.shape[-1] != array.shape[-2] or array.shape[-1] == 1:
        return False
    first = array[(0,) * (array.ndim - 2)]
    return bool(first[0, 1] == first[1, 0]) and bool(np.array_equal(array, array.swapaxes(-1, -2)))
