"""The right numbers in the wrong places: transposed, flipped, rolled, read with other strides."""

from collections.abc import Iterator
from itertools import combinations, permutations

import numpy as np

from ..records.finding import Kind
from .evidence import Evidence, Explanation, Flat
from .rules import rule

_MOST_AXES = 4  # up to which all orders of the axes are tried
_FARTHEST = 3  # how far a roll is tried
_PARTS = (2, 3, 4)  # into how many equal parts an axis may have been cut


@rule("shape", place=50)
def suspect(evidence: Evidence) -> Iterator[Explanation]:
    """``claimed = P(true)`` for a rearrangement P, perhaps with the wrong sign."""
    array = evidence.claimed.reshape(evidence.block.axes)
    axes = len(evidence.block.shape)  # not the real and imaginary parts of complex entries
    for kind, corrected, words in _rearranged(array, axes):
        message = f"the claimed gradient is {words}."
        yield from evidence.corrected(kind, corrected.reshape(-1), message)


def _rearranged(array: Flat, ndim: int) -> Iterator[tuple[Kind, Flat, str]]:
    """What the true gradient would be, and what the claim then is."""
    axes = range(ndim)
    if ndim <= _MOST_AXES:
        yield from _permuted(array, ndim)
    for count in range(1, ndim + 1 if ndim <= _MOST_AXES else 2):
        for chosen in combinations(axes, count):
            listed = " and ".join(map(str, chosen))
            yield Kind.FLIP, np.flip(array, chosen), f"reversed along axis {listed}"
    for axis in axes:
        yield from _rolled(array, axis)
        yield from _exchanged(array, axis)


def _permuted(array: Flat, ndim: int) -> Iterator[tuple[Kind, Flat, str]]:
    rest = tuple(range(ndim, array.ndim))
    for order in permutations(range(ndim)):
        moved = np.transpose(array, order + rest)
        if order == tuple(range(ndim)) or moved.shape != array.shape:
            continue
        found = tuple(int(i) for i in np.argsort(order))
        words = f"permuted: its axes come in the order {found}"
        yield Kind.TRANSPOSE, moved, "transposed" if ndim == 2 else words
    if ndim > 1 and not rest:
        words = "written in {} order and read in {} order (transposed memory)"
        by_column = array.reshape(-1, order="F").reshape(array.shape)
        yield Kind.TRANSPOSE, by_column, words.format("row", "column")
        by_row = array.reshape(-1).reshape(array.shape, order="F")
        yield Kind.TRANSPOSE, by_row, words.format("column", "row")


def _rolled(array: Flat, axis: int) -> Iterator[tuple[Kind, Flat, str]]:
    for shift in range(1, min(_FARTHEST, array.shape[axis] - 1) + 1):
        for back in (shift, -shift):
            words = f"rolled by {-back} along axis {axis}"
            yield Kind.PERMUTATION, np.roll(array, back, axis), words


def _exchanged(array: Flat, axis: int) -> Iterator[tuple[Kind, Flat, str]]:
    """Equal parts of an axis in another order, as the gates of a recurrent cell."""
    for parts in _PARTS:
        if array.shape[axis] % parts:
            continue
        pieces = np.split(array, parts, axis)
        for order in permutations(range(parts)):
            moved = np.concatenate([pieces[i] for i in order], axis)
            words = f"out of order: its {parts} equal parts along axis {axis} are exchanged"
            yield Kind.PERMUTATION, moved, words
