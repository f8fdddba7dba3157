"""Entries as a person would write them: a row, a diagonal, the negative half, a short list."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..records.block import Block
from ..report.grid import Fold, Grid
from .evidence import Flat

Mask = NDArray[np.bool_]

_LISTED = 4  # entries written out before "…"
_MOST = 10_000  # index tuples in a finding; more help nobody
_SLICES = 6  # rows or columns written out


def by_entry(mask: Mask, block: Block) -> Mask:
    """A mask over real coordinates as one over the entries of the block."""
    return np.asarray(mask.reshape(*block.shape, -1).any(axis=-1))


def located(chosen: Mask) -> tuple[tuple[tuple[int, ...], ...] | None, Grid | None]:
    """The index tuples of some entries, or where they are many a coarse map; neither where all."""
    if chosen.all() or not chosen.any():
        return None, None
    if chosen.sum() > _MOST:
        return None, Fold(chosen.shape).pool(chosen)
    return tuple(tuple(int(i) for i in index) for index in np.argwhere(chosen)), None


def describe(mask: Mask, block: Block, point: Flat) -> str:
    """The entries of a mask in words, with their number."""
    chosen = by_entry(mask, block)
    count, size = int(chosen.sum()), chosen.size
    if count == size:
        return f"every entry of {block.name}"
    if count == 1:
        return _entry(block, np.argwhere(chosen)[0])
    for words in _slices(chosen, block):
        return words
    for name, other in _named(chosen, point):
        if np.array_equal(chosen, other):
            return f"{name} of {block.name} ({count} of {size} entries)"
    listed = ", ".join(str([int(i) for i in index]) for index in np.argwhere(chosen)[:_LISTED])
    more = ", …" if count > _LISTED else ""
    return f"{count} of {size} entries of {block.name}: {listed}{more}"


def _entry(block: Block, index: NDArray[np.intp]) -> str:
    inside = ", ".join(str(int(i)) for i in index)
    return f"{block.name}[{inside}]" if len(index) else block.name


def _slices(chosen: Mask, block: Block) -> Iterator[str]:
    """Whole slices along one axis."""
    if chosen.ndim < 2:
        return
    for axis in range(chosen.ndim):
        moved = np.moveaxis(chosen, axis, 0).reshape(chosen.shape[axis], -1)
        full = moved.all(axis=1)
        if not (full == moved.any(axis=1)).all() or full.sum() > _SLICES:
            continue
        which = ", ".join(
            "[" + ", ".join(str(i) if a == axis else ":" for a in range(chosen.ndim)) + "]"
            for i in np.flatnonzero(full)
        )
        yield f"{block.name}{which}" if full.sum() == 1 else f"{which} of {block.name}"


def _named(chosen: Mask, point: Flat) -> Iterator[tuple[str, Mask]]:
    """What entries may have in common."""
    if chosen.ndim == 2 and chosen.shape[0] == chosen.shape[1]:
        eye = np.eye(len(chosen), dtype=bool)
        every = np.ones_like(chosen)
        yield "the diagonal", eye
        yield "everything off the diagonal", ~eye
        yield "the lower triangle", np.tril(every)
        yield "the upper triangle", np.triu(every)
        yield "the triangle below the diagonal", np.tril(every, -1)
        yield "the triangle above the diagonal", np.triu(every, 1)
    if point.size == chosen.size:
        values = point.reshape(chosen.shape)
        yield "the negative half", values < 0
        yield "the positive half", values > 0
        yield "the zeros", values == 0
    if chosen.ndim:
        border = np.ones_like(chosen)
        border[tuple(slice(1, -1) for _ in chosen.shape)] = False
        yield "the border", border
        yield "the inside, without the border,", ~border
