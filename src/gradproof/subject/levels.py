"""What cotangents are multiplied with, so that no output or number hides behind a larger one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import arrays
from ..backend.registry import home

# Binary digits by which cotangents may be scaled: they have to stay normal numbers in their type.
_MOST, _MOST_HALF = 100, 8

# Of the largest derivatives: none is taken for less, and what is more counts as it is; and of a
# number itself, beside whose round-off less than this does not show.
_SMALLEST, _NEARLY, _DIGITS = 2.0**-30, 2.0**-4, 2.0**-22


def of_numbers(output: Any, sizes: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """What the numbers of an output are multiplied with, given the sizes of their derivatives.

    Those of a nanometre are seen beside those of a metre, but what is smaller still may be the
    round-off of the others, or of the number itself. One without derivatives counts by itself.
    """
    own = np.abs(home(output).host(output)).astype(float).reshape(-1)
    there = (sizes > 0) & np.isfinite(sizes)
    known = np.where(there, np.maximum(sizes, _DIGITS * own), own)
    told = (known > 0) & np.isfinite(known)
    if not told.any():
        return None
    largest, least = known[told].max(), max(_SMALLEST, 2.0 ** -_most(output))
    shares = np.clip(np.where(told, known, largest) / largest, least, 1.0)
    levels: NDArray[np.float64] = 2.0 ** -np.round(np.log2(shares))
    return np.where(shares < _NEARLY, levels, 1.0) if (shares < _NEARLY).any() else None


def of_output(output: Any, count: int) -> float:
    """One over the size of an output, so that those which share cotangents contribute alike.

    A power of two, so that nothing is rounded. ``count`` is that of its real coordinates.
    """
    size = arrays.norm(home(output).host(output)) / count**0.5
    if not 0 < size < math.inf:
        return 1.0
    most = _most(output)
    return 2.0 ** min(max(-round(math.log2(size)), -most), most)


def _most(output: Any) -> int:
    return _MOST_HALF if home(output).dtype(output) == "float16" else _MOST
