"""The plan of a check: all blocks at once, then block by block where that is not enough.

A plan is a generator: it yields the direction to measure next and is sent the progress that
came of it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass

from ..records.block import Block
from ..records.direction import Direction, Part
from ..records.judgement import Judgement
from ..records.progress import Progress
from ..records.verdict import Verdict
from .effort import Effort

Plan = Generator[Direction, Progress, None]

# Up to this many blocks are singled out one by one; more are halved until one is left.
_ONE_BY_ONE = 12

# In a joint direction a block moves at most this much more or less than by its own scale.
_STRETCH = 10.0


@dataclass(slots=True)
class Screen:
    """Blocks, the norms of their claimed gradients, and the limits of the effort."""

    blocks: Sequence[Block]
    norms: Sequence[float]
    effort: Effort
    seed: int
    entry_scale: Callable[[int, int], float]
    drawn: int = 0

    def plan(self) -> Plan:
        """The whole plan of one check."""
        progress: Progress | None = None
        finite = [b.index for b in self.blocks if self.norms[b.index] < float("inf")]
        disagreed = not finite
        if len(self.blocks) > 1 and finite:
            for _ in range(self.effort.joint):
                progress = yield self.joint(finite)
                disagreed = disagreed or progress.disagreed
        if progress is None or disagreed or len(finite) < len(self.blocks):
            progress = yield from self._single_out(progress, finite)
        progress = yield from self._sharpen(progress)
        yield from self._sweep(progress)

    def joint(self, members: Iterable[int]) -> Direction:
        """A fresh direction through several blocks, each of which contributes alike."""
        members = list(members)
        weights = {i: self.norms[i] * self.blocks[i].scale for i in members}
        middle = _median([w for w in weights.values() if w > 0]) or 1.0
        parts = []
        for i in members:
            stretch = middle / weights[i] if weights[i] > 0 else 1.0
            stretch = min(max(stretch, 1 / _STRETCH), _STRETCH)
            parts.append(Part(i, self.blocks[i].scale * stretch))
        return self._direction(parts)

    def alone(self, index: int) -> Direction:
        """A fresh direction through one block."""
        block = self.blocks[index]
        return self._direction([Part(index, block.scale, 0 if block.count == 1 else None)])

    def _direction(self, parts: list[Part]) -> Direction:
        self.drawn += 1
        return Direction(tuple(parts), self.seed, self.drawn - 1)

    def _single_out(
        self, progress: Progress | None, finite: Sequence[int]
    ) -> Generator[Direction, Progress, Progress]:
        """Which blocks disagree: one by one, or by halving where there are many."""
        others = [b.index for b in self.blocks if b.index not in set(finite)]
        groups = [[i] for i in others]
        if len(finite) <= _ONE_BY_ONE:
            groups += [[i] for i in finite]
        else:
            groups += _halves(finite)
        while groups:
            group = groups.pop(0)
            if progress is not None and progress.evaluations > self.effort.name:
                break
            if len(group) == 1:
                progress = yield from self._settle(group[0])
                continue
            progress = yield self.joint(group)
            if progress.disagreed:
                groups = _halves(group) + groups
        assert progress is not None
        return progress

    def _settle(self, index: int) -> Generator[Direction, Progress, Progress]:
        """Draw until the block's verdict stands."""
        while True:
            progress = yield self.alone(index)
            judgement = progress.judgements[index]
            if self._settled(index, judgement) or progress.evaluations > self.effort.name:
                return progress

    def _settled(self, index: int, judgement: Judgement) -> bool:
        if self.blocks[index].count == 1 or judgement.draws >= self.effort.most:
            return True
        if judgement.verdict is Verdict.CORRECT and judgement.sharp:
            return True  # the joint directions were fresh draws of this block too
        if judgement.draws < self.effort.own:
            return False
        return judgement.verdict in (Verdict.CORRECT, Verdict.WRONG)

    def _sharpen(self, progress: Progress) -> Generator[Direction, Progress, Progress]:
        """Measure again, alone, the blocks whose resolution is not what it should be."""
        while True:
            blunt = [
                b
                for b in self.blocks
                if not progress.judgements[b.index].sharp
                and progress.judgements[b.index].draws < (self.effort.own if b.count > 1 else 1)
                and progress.judgements[b.index].verdict not in (Verdict.WRONG, Verdict.SUSPECT)
            ]
            if not blunt or progress.evaluations > self.effort.sharpen:
                return progress
            worst = max(blunt, key=lambda b: progress.judgements[b.index].resolution)
            progress = yield self.alone(worst.index)

    def _sweep(self, progress: Progress) -> Generator[Direction, Progress, None]:
        """Measure every entry of the small blocks about which there is still a doubt."""
        for block in self.blocks:
            verdict = progress.judgements[block.index].verdict
            doubtful = verdict is Verdict.UNDECIDED and block.count > 1
            if block.count <= self.effort.sweep and (doubtful or self.effort.always):
                yield from self.entries(block)

    def entries(self, block: Block) -> Plan:
        """Every coordinate of a block on its own, at a scale of its own."""
        for entry in range(block.count):
            step = self.entry_scale(block.index, entry)
            yield self._direction([Part(block.index, step, entry)])


def _halves(group: Sequence[int]) -> list[list[int]]:
    middle = len(group) // 2
    return [list(group[:middle]), list(group[middle:])]


def _median(numbers: list[float]) -> float:
    return sorted(numbers)[len(numbers) // 2] if numbers else 0.0
