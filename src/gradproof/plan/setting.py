"""What a plan may look at: the setting of a check, and the state it has come to."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..records.block import Block
from ..records.direction import Direction, Part
from ..records.judgement import Judgement
from .effort import Effort

# In a joint direction a block moves at most this much more or less than by its own scale.
_STRETCH = 10.0


@dataclass(frozen=True, slots=True)
class Setting:
    """Blocks, the norms of their claimed gradients, and the limits of the effort.

    ``looks`` is the number of comparisons that each direction makes, ``small`` what cannot be
    seen beside everything else, ``entry_scale(block, entry)`` the size of one coordinate,
    ``spread(block)`` how many times the largest of them is the smallest, and
    ``alike(block)`` the coordinates that are zero or equal to others, in whatever block.
    """

    blocks: Sequence[Block]
    norms: Sequence[float]
    effort: Effort
    seed: int
    entry_scale: Callable[[int, int], float]
    spread: Callable[[int], float] = lambda _: 1.0
    alike: Callable[[int], frozenset[int]] = lambda _: frozenset()
    looks: int = 1
    small: Sequence[Part] = ()

    @property
    def finite(self) -> list[int]:
        """The blocks whose claim is finite."""
        return [b.index for b in self.blocks if self.norms[b.index] < float("inf")]

    def joint(self, members: Iterable[int], draw: int) -> Direction:
        """A direction through several blocks, each of which contributes alike."""
        members = list(members)
        norms = [self.norms[i] if math.isfinite(self.norms[i]) else 0.0 for i in members]
        weights = [n * self.blocks[i].scale for n, i in zip(norms, members, strict=True)]
        middle = _median([w for w in weights if w > 0]) or 1.0
        parts = []
        for i, weight in zip(members, weights, strict=True):
            stretch = middle / weight if weight > 0 else 1.0
            stretch = min(max(stretch, 1 / _STRETCH), _STRETCH)
            parts.append(Part(i, self.blocks[i].scale * stretch))
        return self.along(parts, draw)

    def alone(self, index: int, draw: int) -> Direction:
        """A direction through one block."""
        block = self.blocks[index]
        return self.along([Part(index, block.scale, 0 if block.count == 1 else None)], draw)

    def together(self, members: Iterable[int], draw: int) -> Direction:
        """All coordinates of some blocks by the same step: tied ones stay tied."""
        members = list(members)
        step = min([self.blocks[index].scale for index in members])
        return self.along([Part(index, step, even=True) for index in members], draw)

    def entry(self, index: int, entry: int, draw: int) -> Direction:
        """One coordinate, at a scale of its own."""
        return self.along([Part(index, self.entry_scale(index, entry), entry)], draw)

    def along(self, parts: Iterable[Part], draw: int) -> Direction:
        """The direction of some parts; ``draw`` fixes its signs and magnitudes."""
        return Direction(tuple(parts), self.seed, draw)


class State(Protocol):
    """What is known so far; each state stands for itself, however the check goes on.

    ``drawn`` is a draw that nobody has made yet, ``disagreed`` whether the last comparisons
    disagreed, ``disagreements`` how many directions did. Judging costs time: a plan that does
    not ask for ``judgements`` has nobody judge.
    """

    @property
    def setting(self) -> Setting:
        """What never changes."""

    @property
    def judgements(self) -> Sequence[Judgement]:
        """Those of all blocks."""

    @property
    def drawn(self) -> int:
        """The number of the next draw."""

    @property
    def evaluations(self) -> int:
        """Calls of the function so far."""

    @property
    def disagreed(self) -> bool:
        """Whether the last comparisons did."""

    @property
    def disagreements(self) -> int:
        """How many directions did."""

    @property
    def one_sided(self) -> Collection[int]:
        """The blocks that nothing but slopes of one side, at the edge of a domain, rejects."""

    @property
    def kinked(self) -> Sequence[int]:
        """The blocks that moved where the first kink was seen."""


def _median(numbers: list[float]) -> float:
    return sorted(numbers)[len(numbers) // 2] if numbers else 0.0
