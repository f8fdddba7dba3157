"""Where claims beside a kink are asked for: shifts of all blocks, in units of their scales.

Random shifts seldom reach the corners of a kink, all units on or all off, that a backward pass is
in which takes every relu'(0) for 1: the structured ones do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..records.block import Block
from .effort import LEADING, RANDOM_SHIFTS

Moves = NDArray[np.float64]

_STREAM = 2**41  # of random numbers, apart from those of directions

TINY = 1e-2  # what the others move while one block leads
_DEEP = 30.0  # from one block to the next, where sizes follow the order of the blocks
_SHALLOW = 1e-4  # of a block's scale; smaller steps drown in round-off
# Contributions are unlike where those of so many entries stay below what leading makes up for;
# those that are smaller than such a share of the largest are none.
_FEW = 0.1
_FAINT = 1e-5
# All alike or halfway there, evenly or with long tails, in which another one leads each kink.
_BALANCES = ((1.0, 0.0), (1.0, 2.0), (0.5, 0.0), (0.5, 2.0)) * 2


@dataclass(frozen=True, slots=True)
class Shift:
    """Of each block the size of its moves, and their common sign; 0 for random ones."""

    seed: int
    draw: int
    sizes: tuple[float, ...]
    signs: tuple[int, ...]

    def moves(self, block: Block) -> Moves:
        """Those of all coordinates: even but for a tenth, or random in sign and magnitude."""
        k, sign = block.index, self.signs[block.index]
        rng = np.random.Generator(np.random.PCG64((_STREAM + self.seed, self.draw, k)))
        if sign:
            return self.sizes[k] * sign * rng.uniform(0.9, 1.1, block.count)
        found: Moves = self.sizes[k] * rng.choice([-1.0, 1.0], block.count)
        return found * rng.uniform(0.5, 1.5, block.count)


@dataclass(frozen=True, slots=True)
class Aimed:
    """Moves that were made to order, block by block."""

    every: tuple[Moves, ...]

    def moves(self, block: Block) -> Moves:
        """Those of all coordinates of a block."""
        return self.every[block.index]


@dataclass(frozen=True, slots=True)
class Apart:
    """Random signs, and magnitudes in [0.5, 1.5] of which no two are alike: no tie is left."""

    seed: int

    def moves(self, block: Block) -> Moves:
        """Those of all coordinates: evenly spaced, in random order."""
        rng = np.random.Generator(np.random.PCG64((_STREAM + self.seed, block.index)))
        spaced = 0.5 + (rng.permutation(block.count) + rng.uniform(0.1, 0.9)) / block.count
        found: Moves = spaced * rng.choice([-1.0, 1.0], block.count)
        return found


def shifts(blocks: Sequence[Block], seed: int) -> Iterator[Shift]:
    """The fixed ones: a random one first, then structured ones of either sign, then random ones."""
    count, random = len(blocks), (0,) * len(blocks)
    ones = (1.0,) * count
    plain: list[tuple[tuple[float, ...], tuple[int, ...]]] = [(ones, random)]
    for sign in (1, -1):
        every = (sign,) * count
        plain.append((ones, every))
        if count > 2:
            deep = [max(_DEEP ** (k + 1 - count), _SHALLOW) for k in range(count)]
            plain.append((tuple(deep), every))
        for lead in _leads(blocks):
            sizes = tuple([1.0 if k in lead else TINY for k in range(count)])
            plain.append((sizes, tuple([sign if k in lead else 0 for k in range(count)])))
    plain += [(ones, random)] * RANDOM_SHIFTS
    for draw, (sizes, signs) in enumerate(plain):
        yield Shift(seed, draw, sizes, signs)


def _leads(blocks: Sequence[Block]) -> list[set[int]]:
    """The blocks that lead: each of the first alone, and all vectors (biases) together."""
    if len(blocks) < 2:
        return []
    leads = [{block.index} for block in blocks[:LEADING]]
    vectors = {block.index for block in blocks if len(block.shape) < 2}
    return [*leads, vectors] if 1 < len(vectors) < len(blocks) else leads


def balanced(effects: Sequence[Moves], seed: int, draw: int) -> Iterator[Aimed]:
    """Random shifts to which entries that are unlike contribute alike, or more so.

    Where some move the function far more than others (features of different sizes), these alone
    choose the sides of all kinks otherwise. ``effects`` are what one scale of each entry moves.
    """
    known = np.concatenate(effects)
    known = known[known > _FAINT * known.max()]
    if not known.size or known.max() * TINY <= np.quantile(known, _FEW):
        return
    rng = np.random.Generator(np.random.PCG64((_STREAM + seed, draw, 0, 0, 0)))
    weights = [1 / np.maximum(e / known.max(), _FAINT) for e in effects]
    largest = max([float(w.max(initial=0)) for w in weights])
    for power, tail in _BALANCES:
        yield Aimed(tuple([
            np.minimum((w / largest) ** power * np.exp(tail * rng.normal(size=w.size)), 1.0)
            * rng.choice([-1.0, 1.0], w.size) * rng.uniform(0.5, 1.5, w.size)
            for w in weights
        ]))  # fmt: skip


def aimed(
    blocks: Sequence[Block],
    effects: Sequence[Moves],
    gaps: Sequence[Moves],
    best: Sequence[Moves],
    seed: int,
    draw: int,
) -> Iterator[Aimed]:
    """Along what a functional depends on (its main ``effects``), and along the ``gaps``.

    And, of each entry by itself, along the sign that brought it ``best`` to its claim: kinks that
    know nothing of each other are so all where the claim has them.
    """
    rng = np.random.Generator(np.random.PCG64((_STREAM + seed, draw, len(blocks))))
    stirs = [_stir(rng, block.count) for block in blocks]
    most = max([float(np.abs(e).max(initial=0)) for e in effects]) or 1.0
    for row in (
        [np.sign(e) + s for e, s in zip(effects, stirs, strict=True)],
        [e / most + 0.1 * s for e, s in zip(effects, stirs, strict=True)],
        [np.sign(g) + s for g, s in zip(gaps, stirs, strict=True)],
        [s - np.sign(g) for g, s in zip(gaps, stirs, strict=True)],
        [b + s for b, s in zip(best, stirs, strict=True)],
    ):
        yield Aimed(tuple([d * rng.uniform(0.9, 1.1, d.size) for d in row]))


def alone(blocks: Sequence[Block], block: int, entry: int, seed: int, draw: int) -> Iterator[Aimed]:
    """One coordinate alone to either side; and at rest between the others (a median)."""
    rng = np.random.Generator(np.random.PCG64((_STREAM + seed, draw, block, entry)))
    for sign in (1.0, -1.0, 0.0, 0.0, 0.0, 0.0):
        row = [_stir(rng, b.count) * rng.uniform(0.9, 1.1, b.count) for b in blocks]
        if not sign:
            row = [d / TINY for d in row]
        row[block][entry] = sign or TINY * rng.choice([-1.0, 1.0])
        yield Aimed(tuple(row))


def _stir(rng: np.random.Generator, count: int) -> Moves:
    found: Moves = TINY * rng.choice([-1.0, 1.0], count)
    return found
