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
from .effort import PER_WINDOW, Effort

Plan = Generator[Direction, Progress, None]

# Up to this many blocks are singled out one by one; more are halved until one is left.
ONE_BY_ONE = 12

# While something is wrong and nothing is named, this many times the evaluations are allowed.
_UNNAMED = 5

# A step of a block's own size says nothing of an entry so many times smaller.
_SPAN = 1e6

# A slope along an entry about which there is a doubt costs about this many evaluations.
_PER_ENTRY = 20

# In a joint direction a block moves at most this much more or less than by its own scale.
_STRETCH = 10.0


@dataclass(slots=True)
class Screen:
    """Blocks, the norms of their claimed gradients, and the limits of the effort.

    ``looks`` is the number of comparisons that each direction makes.
    """

    blocks: Sequence[Block]
    norms: Sequence[float]
    effort: Effort
    seed: int
    entry_scale: Callable[[int, int], float]
    looks: int = 1
    drawn: int = 0

    def plan(self, small: Sequence[Part] = ()) -> Plan:
        """The whole plan of one check; ``small`` is what cannot be seen beside everything else."""
        progress: Progress | None = None
        finite = [b.index for b in self.blocks if self.norms[b.index] < float("inf")]
        disagreed = not finite
        if len(self.blocks) > 1 and finite:
            for _ in range(self.effort.joint):
                progress = yield self.joint(finite)
                disagreed = disagreed or progress.disagreed
                enough = self.drawn * self.looks >= self.effort.joint and not disagreed
                if enough and all(j.sharp for j in progress.judgements):
                    break
        if progress is None or disagreed or len(finite) < len(self.blocks):
            progress = yield from self._single_out(progress, finite)
        progress = (yield from self._single_out_small(small)) or progress
        progress = yield from self._sharpen(progress)
        yield from self._sweep(progress)

    def _single_out_small(
        self, small: Sequence[Part]
    ) -> Generator[Direction, Progress, Progress | None]:
        """All that is faint in one direction of its own, and each alone if that disagrees."""
        if not small:
            return None
        progress = yield self._direction(list(small))
        if progress.disagreed and len(small) > 1:
            for part in small:
                if self._spent(progress):
                    break
                progress = yield self._direction([part])
        return progress

    def sharpen(self, progress: Progress) -> Plan:
        """Measure again where a verdict is still in doubt, and nothing else."""
        yield from self._sharpen(progress)

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

    def together(self, index: int) -> Direction:
        """All coordinates of a block by the same step: tied ones stay tied."""
        return self._direction([Part(index, self.blocks[index].scale, even=True)])

    def _direction(self, parts: list[Part]) -> Direction:
        self.drawn += 1
        return Direction(tuple(parts), self.seed, self.drawn - 1)

    def _single_out(
        self, progress: Progress | None, finite: Sequence[int]
    ) -> Generator[Direction, Progress, Progress]:
        """Which blocks disagree: one draw each, or halving where there are many.

        Only then are those that do drawn again, until their verdict stands. Many are halved from
        the end: an error spoils every block before it in the forward pass, and the evaluations
        may not last for all of them.
        """
        others = [b.index for b in self.blocks if b.index not in set(finite)]
        groups = [[i] for i in others]
        if len(finite) <= ONE_BY_ONE:
            groups += [[i] for i in finite]
        else:
            groups += _halves(finite)
        doubtful = []
        while groups and not (progress is not None and self._spent(progress)):
            group = groups.pop(0)
            progress = yield self.alone(group[0]) if len(group) == 1 else self.joint(group)
            if len(group) > 1 and progress.disagreed:
                groups = _halves(group) + groups
            elif progress.disagreed:
                doubtful.append(group[0])
        assert progress is not None
        for index in doubtful:
            told = -1
            while not (
                progress.judgements[index].draws == told  # the last one told nothing: a kink, say
                or self._settled(index, progress.judgements[index])
                or self._spent(progress)
            ):
                told = progress.judgements[index].draws
                progress = yield self.alone(index)
        return progress

    def _spent(self, progress: Progress) -> bool:
        """Whether the limit is reached; while nobody is found guilty it is a wider one."""
        rejected = any(j.verdict in (Verdict.WRONG, Verdict.SUSPECT) for j in progress.judgements)
        return progress.evaluations > self.effort.name * (1 if rejected else _UNNAMED)

    def _settled(self, index: int, judgement: Judgement) -> bool:
        if self.blocks[index].count == 1 or judgement.draws >= self.effort.most:
            return True
        return judgement.draws >= self.effort.own and not judgement.open

    def _sharpen(self, progress: Progress) -> Generator[Direction, Progress, Progress]:
        """Measure again, alone, the blocks in doubt, then those whose resolution is too coarse."""
        while True:
            doubtful = [b for b in self.blocks if self._doubtful(b, progress.judgements[b.index])]
            blunt = [b for b in self.blocks if self._blunt(b, progress.judgements[b.index])]
            limit = self.effort.name if doubtful else self.effort.sharpen - PER_WINDOW
            if progress.evaluations > limit:
                return progress
            blunt = doubtful or blunt
            if not blunt:
                return progress
            worst = max(blunt, key=lambda b: progress.judgements[b.index].resolution)
            progress = yield self.alone(worst.index)

    def _blunt(self, block: Block, judgement: Judgement) -> bool:
        """Whether a draw of this block alone may show more than has been seen so far."""
        if judgement.verdict in (Verdict.WRONG, Verdict.SUSPECT):
            return False
        if judgement.draws >= (self.effort.own if block.count > 1 else 1):
            return False
        return not judgement.sharp

    def _doubtful(self, block: Block, judgement: Judgement) -> bool:
        """Whether draws of this block alone may turn ``undecided`` into a verdict."""
        most = self.effort.most if judgement.open and block.count > 1 else 1
        return judgement.verdict is Verdict.UNDECIDED and judgement.draws < most

    def _sweep(self, progress: Progress) -> Generator[Direction, Progress, None]:
        """Measure every entry of the small blocks about which there is still a doubt."""
        for block in self.blocks:
            verdict = progress.judgements[block.index].verdict
            doubtful = block.count > 1 and (
                verdict is Verdict.UNDECIDED
                or (verdict is not Verdict.CORRECT and self.spans_scales(block))
            )
            room = 2 * self.effort.name - progress.evaluations
            affordable = block.count <= min(self.effort.sweep, room // _PER_ENTRY)
            if self.effort.always or (doubtful and affordable):
                progress = (yield from self.entries(block)) or progress

    def spans_scales(self, block: Block) -> bool:
        """Whether no step fits all entries of a small block, so that only each alone can accuse."""
        if block.count > self.effort.sweep:
            return False
        sizes = [self.entry_scale(block.index, entry) for entry in range(block.count)]
        return max(sizes) > _SPAN * min(sizes)

    def entries(self, block: Block) -> Generator[Direction, Progress, Progress | None]:
        """Every coordinate of a block on its own, at a scale of its own."""
        progress = None
        for entry in range(block.count):
            step = self.entry_scale(block.index, entry)
            progress = yield self._direction([Part(block.index, step, entry)])
        return progress


def _halves(group: Sequence[int]) -> list[list[int]]:
    """The second half first."""
    middle = len(group) // 2
    return [list(group[middle:]), list(group[:middle])]


def _median(numbers: list[float]) -> float:
    return sorted(numbers)[len(numbers) // 2] if numbers else 0.0
