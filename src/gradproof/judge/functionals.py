"""A gradient in numbers: its entries, and sums of them with weights that are chosen unseen.

Clarke's hull is convex, so a claim outside it is outside along some functional. Of a large block
only a sample of entries is read, and its sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..records.block import Block

Array = NDArray[np.float64]
Flat = NDArray[np.floating]

_DRAWS = 4  # of random signs, and of weights for ties
_MOST = 50_000  # entries that are read, of all blocks together
_STREAM = 2**42  # of random numbers, apart from those of directions and shifts

WHOLE = -1  # the block of what is read from all of them


@dataclass(frozen=True)
class Functionals:
    """What is read from gradients of some ``blocks`` at a ``point``, block by block and flat.

    Of the numbers the entries come first, then the sums of each block, then those of all.
    """

    blocks: tuple[Block, ...]
    point: tuple[Flat, ...]
    seed: int

    @cached_property
    def chosen(self) -> tuple[NDArray[np.intp], ...]:
        """The coordinates of each block that are read one by one."""
        total = sum([block.count for block in self.blocks])
        stride = -(-total // _MOST)
        return tuple([np.arange(0, block.count, stride) for block in self.blocks])

    @cached_property
    def weights(self) -> tuple[tuple[Array, ...], ...]:
        """Of each block: random signs, and weights that are equal for equal entries."""
        rng = np.random.Generator(np.random.PCG64((_STREAM + self.seed, 0)))
        known = [x[c] for x, c in zip(self.point, self.chosen, strict=True)]
        _, which = np.unique(np.concatenate(known), return_inverse=True)
        tied = rng.uniform(0.5, 1.5, (_DRAWS, which.max() + 1))[:, which]
        ends = np.cumsum([x.size for x in known])[:-1]
        return tuple([
            (rng.choice([-1.0, 1.0], (_DRAWS, x.size)), ties)
            for x, ties in zip(known, np.split(tied, ends, axis=1), strict=True)
        ])  # fmt: skip

    @cached_property
    def entries(self) -> int:
        """How many of the numbers are entries."""
        return sum([c.size for c in self.chosen])

    @cached_property
    def parts(self) -> tuple[slice, ...]:
        """Where the entries of each block stand among the numbers."""
        ends = np.cumsum([c.size for c in self.chosen]).tolist()
        return tuple([slice(e - c.size, e) for e, c in zip(ends, self.chosen, strict=True)])

    @cached_property
    def equal(self) -> NDArray[np.intp]:
        """The number of the group of each entry, those of its block that are equal."""
        found: list[NDArray[np.intp]] = []
        for x, chosen in zip(self.point, self.chosen, strict=True):
            groups = np.unique(x[chosen], return_inverse=True)[1]
            found.append(groups + (0 if not found else found[-1].max() + 1))
        return np.concatenate(found)

    @cached_property
    def owner(self) -> NDArray[np.intp]:
        """The position of the block of each number; ``WHOLE`` of those of all."""
        sums = [self._sums_of(k, self.point[k], 1).size for k in range(len(self.blocks))]
        order = np.arange(len(self.blocks))
        entries = np.repeat(order, [c.size for c in self.chosen])
        whole = np.full(1 + _DRAWS if len(self.blocks) > 1 else 0, WHOLE)
        return np.concatenate([entries, np.repeat(order, sums), whole])

    @cached_property
    def norms(self) -> Array:
        """The norm of each functional: of the weights in it."""
        return np.sqrt(self.squares([np.ones_like(x) for x in self.point]))

    def looks(self) -> Iterator[tuple[Block, NDArray[np.intp], slice]]:
        """Each block, its coordinates that are read, and where they stand among the numbers."""
        return zip(self.blocks, self.chosen, self.parts, strict=True)

    def place(self, number: int) -> tuple[int, int]:
        """The index of the block, and the coordinate in it, of a number that is an entry."""
        position = int(self.owner[number])
        within = number - self.parts[position].start
        return self.blocks[position].index, int(self.chosen[position][within])

    def belongs(self, position: int, moving: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The numbers that a block answers for: its own; of the whole those it is ``moving`` in.

        What moves in no block, all answer for.
        """
        mine = np.asarray(self.owner == position)
        whole = np.flatnonzero(self.owner == WHOLE)
        if whole.size:
            share = np.array([moving[self._shares(k)] for k in range(len(self.blocks))])
            mine[whole] = share[position] | ~share.any(0)
        return mine

    def _shares(self, position: int) -> slice:
        """A block's own parts in what is read from the whole."""
        begin = int(np.flatnonzero(self.owner == position)[self.chosen[position].size])
        return slice(begin, begin + 1 + _DRAWS)

    def read(self, gradient: Sequence[Flat]) -> Array:
        """All numbers, of a gradient that is flat in each block."""
        return self._read(gradient, 1)

    def read_with(self, gradient: Sequence[Flat], some: NDArray[np.bool_], values: Array) -> Array:
        """All numbers, of a gradient some of whose entries have other values."""
        rest = [np.array(g, np.float64) for g in gradient]
        for g, chosen, part in zip(rest, self.chosen, self.parts, strict=True):
            g[chosen[some[part]]] = values[part][some[part]]
        return self.read(rest)

    def squares(self, gradient: Sequence[Flat]) -> Array:
        """Of each number the sum of the squares of its terms."""
        return self._read([np.square(g, dtype=np.float64) for g in gradient], 2)

    def _read(self, gradient: Sequence[Flat], power: int) -> Array:
        known = [g[c].astype(np.float64) for g, c in zip(gradient, self.chosen, strict=True)]
        sums = [self._sums_of(k, g, power) for k, g in enumerate(gradient)]
        if len(self.blocks) > 1:
            sums.append(np.sum([s[: 1 + _DRAWS] for s in sums], axis=0))
        return np.concatenate([*known, *sums])

    def _sums_of(self, position: int, gradient: Flat, power: int) -> Array:
        """Its sum, those with equal weights for ties, with random signs, and along each axis."""
        block, chosen = self.blocks[position], self.chosen[position]
        signs, ties = self.weights[position]
        known = gradient[chosen].astype(np.float64)
        found: list[Array] = [
            gradient.sum(dtype=np.float64)[None],
            ties**power @ known,
            signs**power @ known,
        ]
        if len(block.shape) > 1 and chosen.size == block.count:
            shaped = known.reshape(block.axes)
            found += [shaped.sum(axis).ravel() for axis in range(len(block.shape))]
        return np.concatenate(found)
