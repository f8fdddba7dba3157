"""The right numbers in the wrong places: transposed, flipped, rolled, read with other strides."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np

from ..records.finding import Kind
from .evidence import Evidence, Explanation, Flat

_FARTHEST = 3  # how far a roll is tried


def suspect(evidence: Evidence) -> Iterator[Explanation]:
    """``claimed = P(true)`` for a rearrangement P, perhaps with the wrong sign."""
    array = evidence.claimed.reshape(evidence.block.axes)
    for kind, corrected, words in _rearranged(array):
        flat = corrected.reshape(-1)
        if np.array_equal(flat, evidence.claimed):
            continue
        fit = evidence.fit([], known=flat)
        if fit is not None:
            message = f"{evidence.block.name}: the claimed gradient is {words}."
            wrong = flat != evidence.claimed
            yield Explanation(kind, message, fit.explained, wrong=wrong)


def _rearranged(array: Flat) -> Iterator[tuple[Kind, Flat, str]]:
    """What the true gradient would be, and what the claim then is."""
    axes = range(array.ndim)
    for order in permutations(axes):
        if list(order) != list(axes) and array.ndim <= 4:
            moved = np.transpose(array, order)
            if moved.shape == array.shape:
                two = array.ndim == 2
                words = "transposed" if two else f"permuted: its axes come in the order {order}"
                yield Kind.TRANSPOSE, moved, words
    if array.ndim > 1:
        yield Kind.TRANSPOSE, array.reshape(-1, order="F").reshape(array.shape), (
            "written in column order and read in row order (transposed memory)"
        )  # fmt: skip
        yield Kind.TRANSPOSE, array.reshape(-1).reshape(array.shape, order="F"), (
            "written in row order and read in column order (transposed memory)"
        )  # fmt: skip
    for axis in axes:
        yield Kind.FLIP, np.flip(array, axis), f"reversed along axis {axis}"
    if array.ndim > 1:
        yield Kind.FLIP, np.flip(array), "reversed along all axes"
    for axis in axes:
        for shift in range(1, min(_FARTHEST, array.shape[axis] - 1) + 1):
            for sign in (shift, -shift):
                words = f"rolled by {-sign} along axis {axis}"
                yield Kind.PERMUTATION, np.roll(array, sign, axis), words
