"""A wrong Hessian as it was measured: its columns, the region at fault, and what may be said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..judge.thresholds import T
from ..records.finding import Kind

Array = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Columns:
    """Measured products ``H @ moved``, one a column, each number with its bar.

    ``claimed`` is the whole matrix; ``lone`` are the coordinates that moved by themselves, in
    the order of the first columns; ``x`` and ``g`` the point and the claimed gradient,
    ``stored`` the entries that a sparse matrix holds, ``shapes`` those of the blocks. Where only
    some coordinates were looked at, ``coordinates`` are they, ``sampled`` those of many at fault.
    """

    claimed: Array
    moved: Array
    measured: Array
    bars: Array
    lone: Indices
    x: Array
    g: Array
    stored: NDArray[np.bool_] | None = None
    shapes: tuple[tuple[int, ...], ...] = ()
    coordinates: Indices | None = None
    sampled: bool = False

    @property
    def complete(self) -> bool:
        """Whether it is the whole matrix."""
        return self.coordinates is None

    @property
    def gaps(self) -> Array:
        """Claimed less measured products."""
        return self.claimed @ self.moved - self.measured

    def off(self, candidate: Array | None = None) -> NDArray[np.bool_]:
        """Where a matrix contradicts what was measured."""
        made = (self.claimed if candidate is None else candidate) @ self.moved
        size = np.maximum(np.abs(self.measured), np.abs(made))
        added = np.abs(self.claimed) @ np.abs(self.moved)
        rounding = T.residual_rounding * size + T.roundoff * added
        # What is not a number contradicts everything.
        fits = np.abs(made - self.measured) <= T.residual_bars * self.bars + rounding
        return np.asarray(~fits, np.bool_)

    @property
    def sizes(self) -> Array:
        """The size of each row, to set what is in different units side by side."""
        largest = np.abs(self.measured).max(axis=1, initial=0)
        return np.asarray(np.where(largest > 0, largest, 1.0))

    def wrong(self) -> tuple[Indices, Indices]:
        """The entries at fault, among the columns that moved by themselves."""
        rows, which = np.nonzero(self.off()[:, : len(self.lone)])
        return rows, self.lone[which]


@dataclass(frozen=True, slots=True)
class Region:
    """Rows and columns of the matrix, with those of its mirror image where ``both``.

    ``diagonal``: only the entries of a coordinate with itself.
    """

    rows: Indices
    columns: Indices
    both: bool = False
    diagonal: bool = False

    def mask(self, size: int) -> NDArray[np.bool_]:
        """Its entries."""
        found = np.zeros((size, size), bool)
        if self.diagonal:
            found[self.rows, self.rows] = True
            return found
        found[np.ix_(self.rows, self.columns)] = True
        return found | found.T if self.both else found


@dataclass(frozen=True, slots=True)
class Cause:
    """A kind of fault, the sentence that follows the name of the region, and its figure.

    ``{}`` in the sentence stands for the name of the coordinates ``of`` which it speaks.
    """

    kind: Kind
    text: str
    factor: float | None = None
    of: Indices | None = None


Rule = Callable[["Case"], Cause | None]


@dataclass(frozen=True, slots=True)
class Case:
    """A region, what was measured there, and what the claim has there."""

    columns: Columns
    region: Region
    mask: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        """The region's entries, once."""
        object.__setattr__(self, "mask", self.region.mask(len(self.columns.claimed)))

    @property
    def claimed(self) -> Array:
        """The claimed matrix."""
        return self.columns.claimed

    @property
    def square(self) -> bool:
        """Whether it is a block of the diagonal."""
        return np.array_equal(self.region.rows, self.region.columns)

    @property
    def part(self) -> Array:
        """The claimed entries of the region."""
        return self.claimed[np.ix_(self.region.rows, self.region.columns)]

    def fits(self, candidate: Array) -> bool:
        """Whether another matrix, in the region, is what was measured there."""
        within = np.where(self.mask, candidate, self.claimed)
        if not np.isfinite(within).all():
            return False
        rows = np.flatnonzero(self.mask.any(axis=1))
        touched = (self.columns.moved[self.mask.any(axis=0)] != 0).any(axis=0)
        before = self._gap(self.claimed)[np.ix_(rows, touched)]
        after = self._gap(within)[np.ix_(rows, touched)]
        better = np.linalg.norm(after) <= (1 - T.explained) * np.linalg.norm(before)
        return bool(better and not self.columns.off(within)[np.ix_(rows, touched)].any())

    @property
    def at_fault(self) -> tuple[Indices, Indices]:
        """The entries of the region that are at fault; without its mirror image."""
        rows, columns = self.columns.wrong()
        inside = np.isin(rows, self.region.rows) & np.isin(columns, self.region.columns)
        inside &= self.mask[rows, columns]
        return rows[inside], columns[inside]

    def _gap(self, matrix: Array) -> Array:
        gaps = matrix @ self.columns.moved - self.columns.measured
        return np.asarray(gaps / self.columns.sizes[:, None])
