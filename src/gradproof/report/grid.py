"""A block of any shape as a small picture: folded to two axes, and pooled where it is large."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Grid = tuple[tuple[float, ...], ...]

_MOST = 48  # cells along either axis


@dataclass(frozen=True, slots=True)
class Fold:
    """Entries of a block on cells: the last axis goes across, all others go down."""

    shape: tuple[int, ...]

    @property
    def rows(self) -> int:
        """Entries from top to bottom."""
        return math.prod(self.shape[:-1])

    @property
    def columns(self) -> int:
        """Entries from left to right."""
        return self.shape[-1] if self.shape else 1

    @property
    def cells(self) -> tuple[int, int]:
        """Cells down and across."""
        return min(self.rows, _MOST), min(self.columns, _MOST)

    def cell(self, entry: tuple[int, ...]) -> tuple[int, int]:
        """The cell of an entry; what its index says beyond the shape is left out."""
        index = entry[: len(self.shape)]
        flat = int(np.ravel_multi_index(index, self.shape)) if self.shape else 0
        row, column = divmod(flat, self.columns)
        down, across = self.cells
        return row * down // self.rows, column * across // self.columns

    def pool(self, mask: NDArray[np.bool_]) -> Grid:
        """The share of the entries in each cell that a mask marks."""
        down, across = self.cells
        flat = mask.reshape(self.rows, self.columns).astype(float)
        where = np.arange(self.rows) * down // self.rows
        flat = np.stack([flat[where == i].mean(axis=0) for i in range(down)])
        where = np.arange(self.columns) * across // self.columns
        flat = np.stack([flat[:, where == j].mean(axis=1) for j in range(across)], axis=1)
        return tuple(tuple(math.ceil(1e4 * x) / 1e4 for x in row) for row in flat)

    def marked(self, entries: Iterable[tuple[int, ...]]) -> NDArray[np.bool_]:
        """The cells that hold any of the entries."""
        cells = np.zeros(self.cells, bool)
        for entry in entries:
            cells[self.cell(entry)] = True
        return cells
