"""One check under way: follow the plan, measure, compare, judge."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..judge.bands import Bands
from ..judge.block import UNKNOWN, judge, least_error, miscounted
from ..judge.compare import (
    KNOWN,
    NARROW,
    denied,
    disagrees,
    grain,
    known_enough,
    sharp_enough,
    untied,
)
from ..judge.whole import combined
from ..plan.effort import Effort
from ..plan.screen import Plan, Screen
from ..records.comparison import Comparison
from ..records.direction import Direction
from ..records.judgement import Judgement
from ..records.progress import Progress
from ..records.slope import Slope, Smoothness
from ..records.verdict import Verdict
from ..slopes.measure import measure
from ..slopes.sampler import Sampler
from ..slopes.search import PILOT, START
from ..slopes.window import RATIO
from ..space.directions import RMS
from ..space.point import Line
from ..subject.claim import Claimed
from ..subject.gradient import Gradient
from ..subject.obtain import trembling
from ..subject.promotion import doubt
from .nearby import nearby
from .quantisation import Doubt, Quantisation
from .small import small_parts

# No slope starts from a narrower window: one more, narrower still, must be left to show a kink.
_NARROWEST = PILOT * RATIO


_AT_KINK = (
    "the point is a kink, where a claim outside the one-sided slopes can still be a valid choice; "
    "give grad as a function, so that it can be checked beside the kink"
)


# So often a check looks nearer to the point for what may acquit a claim, and finds nothing.
_TRIES = 1


# How far, in units of each block's scale, a value is looked for where it is zero at the point.
_AROUND = (1.0, -1.0, 10.0, -10.0, 100.0)

_NOT_LINEAR = "the backward is not linear in the gradient from above"

_IN_STEPS = (
    "fun moves in steps, as log(1 - A) does where A is next to 1, or what rounds its arguments to "
    "bfloat16: over small steps its slope is not what it is over large ones, which agree with the "
    "claim. A stable formula (logaddexp, log1p) or a higher precision would let it be checked."
)


@dataclass(slots=True)
class Trial:
    """One check under way: the comparisons so far and what they mean.

    ``leading`` is the projection on which the judgement of each block rests: where it is worst.
    """

    subject: Gradient
    bands: tuple[Bands, ...]
    effort: Effort
    seed: int
    comparisons: list[Comparison] = field(default_factory=list)
    stale: set[int] = field(default_factory=set)
    judged: list[Judgement] = field(default_factory=list)
    each: dict[int, list[Judgement]] = field(default_factory=dict)
    leading: list[int] = field(default_factory=list)
    last: dict[int, Slope] = field(default_factory=dict)
    windows: dict[tuple[int, int], float] = field(default_factory=dict)
    quantisations: dict[int, Quantisation] = field(default_factory=dict)
    kink: Comparison | None = None
    direction: Direction | None = None
    around: float = 0.0
    in_vain: int = 0
    untied: dict[int, tuple[int, float]] = field(default_factory=dict)

    def run(self) -> None:
        """Follow the plan to its end, or to the first kink if the check can go on beside it."""
        everything = range(len(self.subject.point.blocks))
        self.leading, self.judged = [0 for _ in everything], [UNKNOWN for _ in everything]
        self._judge_all()
        if self.subject.finite:
            if any(self._value(k) == 0 for k in range(len(self.subject.projections))):
                self._look_around()
            lone = len(self.subject.projections) == 1
            point, claim = self.subject.point, self._claim(0)
            small = small_parts(point, claim, self.bands) if lone else ()
            self._follow(self.screen().plan(small))
            self._reconsider()
            self._excuse_kinks()

    def _reconsider(self) -> None:
        """Before a claim is accused, see how much of the gap is its round-off.

        In a low precision, or where the function vanishes and so has no scale to compare with.
        """
        rejected = {Verdict.WRONG, Verdict.SUSPECT} & {j.verdict for j in self.judgements}
        vanishing = all(self._value(k) == 0 for k in range(len(self.subject.projections)))
        if not (rejected and (self.subject.promoted or vanishing)):
            return
        if vanishing:
            everything = self.screen().joint(range(len(self.leading)))
            noises = trembling(self.subject, self.subject.line(everything))
        else:
            noises = doubt(self.subject)
        for projection, noise in zip(self.subject.projections, noises, strict=True):
            projection.claim = dataclasses.replace(
                projection.claim,  # type: ignore[type-var] # every claim is a dataclass
                noise=tuple(map(max, projection.claim.noise, noise)),
            )
        self.comparisons = [
            dataclasses.replace(c, claimed_bar=self._noise(c.direction, c.projection))
            for c in self.comparisons
        ]
        self._judge_all()
        # With bars so much wider, one draw is seldom enough.
        self._follow(self.fresh().sharpen(self._progress(disagreed=False)))

    def leading_norms(self) -> list[float]:
        """The norms of the claimed gradients on which the judgements rest."""
        return [self._claim(k).norms[index] for index, k in enumerate(self.leading)]

    def by_mode(self, index: int) -> dict[str, Judgement]:
        """The judgement of a block for each mode in which its claim was obtained."""
        modes: dict[str, list[Judgement]] = {}
        for projection, judgement in zip(self.subject.projections, self.each[index], strict=True):
            modes.setdefault(projection.mode, []).append(judgement)
        return {mode: combined(judgements)[1] for mode, judgements in modes.items()}

    def flat(self) -> Line | None:
        """The moves of a comparison whose slope is exactly zero although a gradient is claimed."""
        for comparison in self.comparisons:
            if comparison.slope.value == 0 and comparison.gap != 0:
                return self.subject.line(comparison.direction)
        return None

    def is_sharp(self, comparison: Comparison) -> bool:
        """Whether a slope was measured to the end, and not only until a gap was plain."""
        direction, k = comparison.direction, comparison.projection
        return comparison.slope.error <= sharp_enough(
            self._unit(direction, k), self.limits(direction)
        )

    def screen(self) -> Screen:
        """The plan's view of the blocks."""
        point = self.subject.point
        looks = len(self.subject.projections)
        return Screen(point.blocks, self._norms(), self.effort, self.seed, point.entry_scale, looks)

    def _norms(self) -> list[float]:
        """The norms of the claimed gradients, block by block, over all projections."""
        every = zip(*(p.claim.norms for p in self.subject.projections), strict=True)
        return [norms[0] if len(norms) == 1 else math.hypot(*norms) for norms in every]

    def _follow(self, plan: Plan) -> None:
        direction = next(plan, None)
        while direction is not None:
            made = self.compare(direction)
            kinked = next((c for c in made if c.kinked), None)
            if kinked is not None and self.kink is None:
                self.kink = kinked
                if self.subject.movable:
                    return
            limits = self.limits(direction)
            try:
                direction = plan.send(
                    self._progress(disagreed=any(disagrees(c, limits) for c in made))
                )
            except StopIteration:
                return

    def _progress(self, *, disagreed: bool) -> Progress:
        return Progress(lambda: self.judgements, disagreed, self.subject.evaluations)

    def fresh(self) -> Screen:
        """The plan's view of the blocks, with draws that nobody has made yet."""
        screen = self.screen()
        screen.drawn = max((c.direction.draw + 1 for c in self.comparisons), default=0)
        return screen

    def sweep(self) -> None:
        """At a kink, where random directions are not conclusive: ties, and every entry alone."""
        self._keep_ties()
        for block in sorted(self.subject.point.blocks, key=lambda b: b.count):
            if block.count > self.effort.sweep or self.subject.evaluations > self.effort.name:
                return
            for direction in self.screen().entries(block):
                self.compare(direction)

    def _keep_ties(self) -> None:
        """Move tied entries together: however a claim shares out a tie, it has to add up."""
        assert self.kink is not None
        for part in self.kink.direction.parts:
            block, limits = self.subject.point.blocks[part.block], self.bands[part.block]
            if block.count == 1 or self.subject.evaluations > self.effort.name:
                continue
            for c in self.compare(self.fresh().together(block.index)):
                least = least_error(block, c, self._claim(c.projection).norms[block.index])
                if untied(c, least, limits):
                    self.untied[block.index] = (c.projection, least)

    def kinks_denied(self, index: int) -> bool:
        """Whether the claim for a kinked entry of a block, or for ties, is beyond all excuse."""
        if index in self.untied:
            return True
        lone = sum(block.count for block in self.subject.point.blocks) == 1
        entries = [
            c
            for c in self.comparisons
            if c.direction.block == index and c.direction.parts[0].entry is not None
        ]
        return any(denied(c, entries, self.bands[index], lone=lone) for c in entries)

    def _excuse_kinks(self) -> None:
        """A claim known only at a kink is not accused for the side that it picks there."""
        kinked = {c.direction.block for c in self.comparisons if c.kinked}
        for index, judgement in enumerate(self.judgements):
            rejected = judgement.verdict in (Verdict.WRONG, Verdict.SUSPECT)
            if rejected and index in kinked and not self.kinks_denied(index):
                self.judgements[index] = dataclasses.replace(
                    judgement, verdict=Verdict.UNDECIDED, reason=_AT_KINK
                )

    def compare(
        self, direction: Direction, share: float = KNOWN, only: int | None = None
    ) -> list[Comparison]:
        """Measure the slopes along a direction, set the claims beside them, and judge again.

        One comparison for each projection, or for ``only`` one: they share the evaluations.
        """
        self.direction = direction
        line = self.subject.line(direction)
        seen: dict[float, tuple[Any, ...]] = {}

        def values(t: float) -> tuple[Any, ...]:
            if t not in seen:
                seen[t] = self.subject.evaluate(line, t)
            return seen[t]

        made = []
        chosen = range(len(self.subject.projections)) if only is None else [only]
        claims = [(k, self._claim(k).along(line)) for k in chosen]
        with self.subject.caller.many():
            for k, claimed in claims:
                sampler = self._sampler(direction, line, values, k)
                slope = self._slope(direction, sampler, claimed, share, k)
                samples = tuple(sampler.samples)
                noise = self._noise(direction, k)
                made.append(Comparison(direction, claimed, noise, slope, k, samples))
        line.back()
        self.comparisons += made
        self.stale.update(part.block for part in direction.parts)
        return made

    def _noise(self, direction: Direction, projection: int) -> float:
        """How well a claim itself is known along a direction."""
        claim, point = self._claim(projection), self.subject.point
        grains = [
            part.step * grain(point.eps(part.block), claim.norms[part.block])
            for part in direction.parts
            if part.only
        ]
        return math.hypot(claim.bar(direction), *grains)

    def reclaim(self, claims: Sequence[Claimed]) -> None:
        """Hold the slopes against other claims, one for each projection; nothing is measured."""
        for projection, claim in zip(self.subject.projections, claims, strict=True):
            projection.claim = claim
        self.subject.not_linear.clear()
        self.untied.clear()
        self.comparisons = [
            dataclasses.replace(
                c,
                claimed=self._claim(c.projection).along(self.subject.line(c.direction)),
                claimed_bar=self._noise(c.direction, c.projection),
            )
            for c in self.comparisons
        ]
        self._judge_all()

    def _claim(self, projection: int) -> Claimed:
        return self.subject.projections[projection].claim

    def _sampler(
        self,
        direction: Direction,
        line: Line,
        values: Callable[[float], tuple[Any, ...]],
        k: int,
    ) -> Sampler:
        part, projection = direction.parts[0], self.subject.projections[k]
        lone = len(direction.parts) == 1 and (
            part.entry is not None or self.subject.point.blocks[part.block].count == 1
        )
        return Sampler(
            lambda t: values(t)[k],
            taken=line.taken if lone else None,
            centre=projection.centre,
            scatter=projection.spread,
            largest=projection.scale,
        )

    def _slope(
        self, direction: Direction, sampler: Sampler, claimed: float, share: float, k: int
    ) -> Slope:
        limits = self.limits(direction)
        sharp = sharp_enough(self._unit(direction, k), limits)
        floor = sharp_enough(self._value(k), limits)
        nothing = not any(self._claim(k).norms[part.block] for part in direction.parts)
        slope = measure(
            sampler,
            lambda value, error: (
                (error <= sharp and not nothing)
                or known_enough(claimed, value, error, 0.0 if nothing else floor, share)
            ),
            **self._hints(direction, share, k),
        )
        if nothing and known_enough(claimed, slope.value, slope.error, floor):
            slope = dataclasses.replace(slope, smoothness=Smoothness.SMOOTH)
        if self.in_vain < _TRIES:
            spent = sampler.evaluations
            found = nearby(sampler, claimed, slope)
            self.in_vain += found is slope and sampler.evaluations > spent
            slope = found
        if share == KNOWN and self._doubt(direction, sampler, claimed, slope, k):
            return dataclasses.replace(slope, smoothness=Smoothness.UNKNOWN)
        if slope.has_pilot and slope.smoothness is Smoothness.SMOOTH:
            self.last[k] = slope
            if direction.block is not None:
                self.windows[k, direction.block] = slope.window
        return slope

    def _doubt(
        self, direction: Direction, sampler: Sampler, claimed: float, slope: Slope, k: int
    ) -> bool:
        """Whether a slope is not to be trusted, since the function moves in steps."""
        block = direction.block
        if block is None or abs(claimed - slope.value) <= slope.error:
            return False
        steps = self.quantisations.setdefault(k, Quantisation())
        doubt = steps.doubt(sampler, claimed, slope, block, self.subject.point.eps(block))
        if doubt is Doubt.NARROW:
            self._distrust_narrow()
        misled = _is_narrow(slope) and _IN_STEPS in self.subject.notes
        return misled or doubt is not Doubt.NONE

    def _distrust_narrow(self) -> None:
        """Take back what narrow windows denied so far, now that they are known to mislead."""
        if _IN_STEPS in self.subject.notes:
            return
        self.subject.notes.append(_IN_STEPS)
        for k, c in enumerate(self.comparisons):
            if _is_narrow(c.slope) and abs(c.gap) > c.slope_bar:
                slope = dataclasses.replace(c.slope, smoothness=Smoothness.UNKNOWN)
                self.comparisons[k] = dataclasses.replace(c, slope=slope)
        self._judge_all()

    def _hints(self, direction: Direction, share: float, k: int) -> dict[str, Any]:
        """Noise and step known from slopes before: a slope then costs one window, not five."""
        last = self.last.get(k)
        if last is None:
            return {}
        part, known = direction.parts[0], {"noise": last.noise, "stepped": last.stepped}
        if part.entry is not None and share == KNOWN:
            return {}  # entries are swept where what was known of the block was no help
        if part.entry is not None:  # the same displacement, in units of the entry's own scale
            stretch = self.subject.point.blocks[part.block].scale / part.step
            return {**known, "start": min(max(last.window * stretch, _NARROWEST), START)}
        window = self.windows.get((k, part.block)) if direction.block is not None else None
        if window is not None:
            start = max(window, _NARROWEST)
            return {**known, "start": start, "widest": start}
        return {**known, "start": max(last.window, _NARROWEST)}

    def _unit(self, direction: Direction, k: int) -> float:
        """How much the claimed gradient of one block contributes to a slope along a direction.

        In a joint direction, of the block that contributes least, unless that is next to
        nothing: such a block is measured on its own.
        """
        claim, blocks = self._claim(k), self.subject.point.blocks
        units = sorted(
            claim.norms[part.block] * part.step
            * (RMS if part.entry is None else blocks[part.block].count ** -0.5)
            for part in direction.parts
            if claim.finite(part.block) and claim.norms[part.block] > 0
        )  # fmt: skip
        return max(units[0], 0.1 * units[len(units) // 2]) if units else self._value(k)

    def limits(self, direction: Direction) -> Bands:
        """The bands of the blocks that move: the narrowest."""
        return min((self.bands[p.block] for p in direction.parts), key=lambda b: b.correct_below)

    @property
    def judgements(self) -> list[Judgement]:
        """The judgements of all blocks, brought up to date where something was measured."""
        while self.stale:
            index = self.stale.pop()
            self.judged[index] = self._judge(index)
        return self.judged

    def _judge_all(self) -> None:
        self.stale.update(range(len(self.leading)))

    def _judge(self, index: int) -> Judgement:
        """The judgement of a block: of the projection for which it is worst."""
        point = self.subject.point
        moving = [c for c in self.comparisons if c.direction.part(index) is not None]
        each = [
            judge(
                point.blocks[index],
                [c for c in moving if c.projection == k],
                norm=projection.claim.norms[index],
                value=self._value(k),
                eps=point.eps(index),
                bands=self.bands[index],
                rms=RMS,
            )
            for k, projection in enumerate(self.subject.projections)
        ]
        self.each[index] = each
        self.leading[index], judgement = combined(each)
        if index in self.untied and judgement.verdict not in (Verdict.WRONG, Verdict.SUSPECT):
            self.leading[index], least = self.untied[index]
            return miscounted(judgement, least)
        if index in self.subject.not_linear and judgement.draws:
            return dataclasses.replace(judgement, verdict=Verdict.WRONG, reason=_NOT_LINEAR)
        return judgement

    def in_doubt(self, index: int) -> bool:
        """Whether slopes, and not only the cotangents, speak against a block."""
        return self.judgements[index].low > self.bands[index].correct_below

    def _value(self, k: int) -> float:
        """The magnitude of a projection, against which a zero gradient is judged."""
        projection = self.subject.projections[k]
        scale = max(projection.scale, abs(float(projection.centre)))
        return max(scale, self.around) if math.isfinite(scale) else 0.0

    def _look_around(self) -> None:
        """Where the value is zero, its scale is what it becomes one step away, or some more.

        What is less than a rounding of what it becomes further away is a remnant of round-off.
        """
        line = self.subject.line(self.screen().joint(range(len(self.leading))))
        values = [
            max(abs(float(v)) for v in self.subject.evaluate(line, distance))
            for distance in _AROUND
        ]
        line.back()
        finite = [value for value in values if math.isfinite(value)]
        least = sys.float_info.epsilon * max(finite, default=0.0)
        self.around = next((value for value in finite if value > least), 0.0)


def _is_narrow(slope: Slope) -> bool:
    """Whether a slope is one that steps can mislead: from a narrow window, or a flat one."""
    return slope.window < NARROW or slope.value == 0
