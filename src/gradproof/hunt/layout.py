"""How an array lies in memory, which a copy forgets and some code depends on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Every second entry of something larger; the axes in the other order; from the end to the start.
LAYOUTS = ("strided", "transposed", "reversed")


def laid(array: NDArray[Any], how: str) -> NDArray[Any]:
    """The same numbers, lying otherwise; as they are where that cannot be."""
    if how == "strided" and array.ndim:
        return np.repeat(array, 2, axis=-1)[..., ::2]
    if how == "transposed" and array.ndim > 1:
        return np.ascontiguousarray(array.T).T
    if how == "reversed" and array.ndim:
        return np.ascontiguousarray(array[..., ::-1])[..., ::-1]
    return array


def layout_of(array: NDArray[Any]) -> str:
    """How an array lies, "" for the usual order."""
    if array.flags.c_contiguous or not array.size:
        return ""
    if any(step < 0 for step in array.strides):
        return "reversed"
    return "transposed" if array.flags.f_contiguous else "strided"


# The same in a script that stands alone.
WRITTEN = {
    "strided": "np.repeat({0}, 2, axis=-1)[..., ::2]",
    "transposed": "np.ascontiguousarray({0}.T).T",
    "reversed": "np.ascontiguousarray({0}[..., ::-1])[..., ::-1]",
}
