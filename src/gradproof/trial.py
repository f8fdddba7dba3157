"""One check under way: follow the plan, measure, compare, judge."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field

from .judge.bands import Bands
from .judge.block import judge
from .judge.compare import (
    KNOWN,
    NARROW,
    contradicted,
    denied,
    disagrees,
    known_enough,
    sharp_enough,
)
from .plan.effort import Effort
from .plan.screen import Plan, Screen
from .records.comparison import Comparison
from .records.direction import Direction
from .records.judgement import Judgement
from .records.progress import Progress
from .records.slope import Slope, Smoothness
from .records.verdict import Verdict
from .slopes.measure import measure
from .slopes.sampler import Sampler
from .slopes.search import START, WITNESS
from .slopes.window import RATIO, SYMMETRIC
from .space.directions import RMS
from .space.point import Course
from .subject.gradient import Gradient
from .subject.prepare import doubt

# No slope starts from a narrower window: one more, narrower still, must be left to show a kink.
_NARROWEST = WITNESS * RATIO


_AT_KINK = (
    "the point is a kink, where a claim outside the one-sided slopes can still be a valid choice; "
    "give grad as a function, so that it can be checked beside the kink"
)


# How far, in units of each block's scale, a value is looked for where it is zero at the point.
_AROUND = (1.0, -1.0, 10.0, -10.0, 100.0)

# Half-widths of the windows that may deny a narrow one.
_WIDE = (1e-2, 1e-1)

_IN_STEPS = (
    "fun moves in steps, as log(1 - A) does where A is next to 1: over small steps its slope is "
    "not what it is over large ones, which agree with the claim. A stable formula (logaddexp, "
    "log1p) would let it be checked."
)


@dataclass(slots=True)
class Trial:
    """One check under way: the comparisons so far and what they mean."""

    subject: Gradient
    bands: tuple[Bands, ...]
    effort: Effort
    seed: int
    comparisons: list[Comparison] = field(default_factory=list)
    judgements: list[Judgement] = field(default_factory=list)
    last: Slope | None = None
    windows: dict[int, float] = field(default_factory=dict)
    kink: Comparison | None = None
    around: float = 0.0

    def run(self) -> None:
        """Follow the plan to its end, or to the first kink if the check can go on beside it."""
        everything = range(len(self.subject.point.blocks))
        self.judgements = [self._judge(index) for index in everything]
        if math.isfinite(float(self.subject.centre)):
            if self.value == 0:
                self._look_around()
            self._follow(self.screen().plan())
            self._reconsider()
            self._excuse_kinks()

    def _reconsider(self) -> None:
        """Before a low-precision claim is accused, see how much of the gap is its round-off."""
        accused = {Verdict.WRONG, Verdict.SUSPECT}
        if not (self.subject.promoted and accused & {j.verdict for j in self.judgements}):
            return
        noise = doubt(self.subject)
        self.subject.claim = dataclasses.replace(
            self.subject.claim, noise=tuple(map(max, self.subject.claim.noise, noise))
        )
        self.comparisons = [
            dataclasses.replace(c, claimed_bar=self.subject.claimed_bar(c.direction))
            for c in self.comparisons
        ]
        self.judgements = [self._judge(index) for index in range(len(self.judgements))]

    def flat(self) -> Course | None:
        """The moves of a comparison whose slope is exactly zero although a gradient is claimed."""
        for comparison in self.comparisons:
            if comparison.slope.value == 0 and comparison.gap != 0:
                return self.subject.course(comparison.direction)
        return None

    def is_sharp(self, comparison: Comparison) -> bool:
        """Whether a slope was measured to the end, and not only until a gap was plain."""
        limits = self._limits(comparison.direction)
        return comparison.slope.error <= sharp_enough(self._unit(comparison.direction), limits)

    def screen(self) -> Screen:
        """The plan's view of the blocks."""
        point, claim = self.subject.point, self.subject.claim
        return Screen(point.blocks, claim.norms, self.effort, self.seed, point.entry_scale)

    def _follow(self, plan: Plan) -> None:
        direction = next(plan, None)
        while direction is not None:
            comparison = self.compare(direction)
            if comparison.kinked and self.kink is None:
                self.kink = comparison
                if self.subject.movable:
                    return
            progress = Progress(
                tuple(self.judgements), disagrees(comparison, self._limits(direction)),
                self.subject.evaluations,
            )  # fmt: skip
            try:
                direction = plan.send(progress)
            except StopIteration:
                return

    def sweep(self) -> None:
        """Measure every entry of the small blocks: at a kink nothing else is conclusive."""
        for block in sorted(self.subject.point.blocks, key=lambda b: b.count):
            if block.count > self.effort.sweep or self.subject.evaluations > self.effort.name:
                return
            for direction in self.screen().entries(block):
                self.compare(direction)

    def kinks_denied(self, index: int) -> bool:
        """Whether the claim for a kinked entry of a block is beyond all excuse."""
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
            accused = judgement.verdict in (Verdict.WRONG, Verdict.SUSPECT)
            if accused and index in kinked and not self.kinks_denied(index):
                self.judgements[index] = dataclasses.replace(
                    judgement, verdict=Verdict.UNDECIDED, reason=_AT_KINK
                )

    def compare(self, direction: Direction, share: float = KNOWN) -> Comparison:
        """Measure the slope along a direction, set the claim beside it, and judge again."""
        course = self.subject.course(direction)
        claimed = course.along(self.subject.claim.gradients)
        slope = self._slope(direction, course, claimed, share)
        comparison = Comparison(direction, claimed, self.subject.claimed_bar(direction), slope)
        course.back()
        self.comparisons.append(comparison)
        for part in direction.parts:
            self.judgements[part.block] = self._judge(part.block)
        return comparison

    def _slope(self, direction: Direction, course: Course, claimed: float, share: float) -> Slope:
        limits = self._limits(direction)
        sharp = sharp_enough(self._unit(direction), limits)
        floor = sharp_enough(self.value, limits)
        part = direction.parts[0]
        lone = len(direction.parts) == 1 and (
            part.entry is not None or self.subject.point.blocks[part.block].count == 1
        )
        sampler = Sampler(
            lambda t: self.subject.evaluate(course, t),
            taken=course.taken if lone else None,
            centre=self.subject.centre,
            scatter=self.subject.spread,
        )
        slope = measure(
            sampler,
            lambda value, error: (
                error <= sharp or known_enough(claimed, value, error, floor, share)
            ),
            **self._hints(direction, share),
        )
        if share == KNOWN and self._in_steps(direction, sampler, claimed, slope):
            return dataclasses.replace(slope, smoothness=Smoothness.UNKNOWN)
        if slope.witnessed and slope.smoothness is Smoothness.SMOOTH:
            self.last = slope
            if direction.block is not None:
                self.windows[direction.block] = slope.window
        return slope

    def _in_steps(
        self, direction: Direction, sampler: Sampler, claimed: float, slope: Slope
    ) -> bool:
        """Whether a narrow window denies a claim that a wide one confirms."""
        if (
            direction.block is None
            or slope.window >= NARROW
            or abs(claimed - slope.value) <= slope.error
        ):
            return False
        for half_width in _WIDE:
            window = sampler.window(SYMMETRIC, half_width)
            if window.finite and contradicted(claimed, slope, window.slope, window.bar()):
                self._distrust_narrow()
                return True
        return _IN_STEPS in self.subject.notes

    def _distrust_narrow(self) -> None:
        """Take back what narrow windows denied so far, now that they are known to mislead."""
        if _IN_STEPS in self.subject.notes:
            return
        self.subject.notes.append(_IN_STEPS)
        for k, c in enumerate(self.comparisons):
            if c.slope.window < NARROW and abs(c.gap) > c.slope_bar:
                slope = dataclasses.replace(c.slope, smoothness=Smoothness.UNKNOWN)
                self.comparisons[k] = dataclasses.replace(c, slope=slope)
        self.judgements = [self._judge(index) for index in range(len(self.judgements))]

    def _hints(self, direction: Direction, share: float) -> dict[str, float]:
        """Noise and step known from slopes before: a slope then costs one window, not five."""
        if self.last is None:
            return {}
        part = direction.parts[0]
        if part.entry is not None and share == KNOWN:
            return {}  # entries are swept where what was known of the block was no help
        if part.entry is not None:  # the same displacement, in units of the entry's own scale
            stretch = self.subject.point.blocks[part.block].scale / part.step
            start = min(max(self.last.window * stretch, _NARROWEST), START)
            return {"start": start, "noise": self.last.noise}
        known = self.windows.get(direction.parts[0].block) if direction.block is not None else None
        if known is not None:
            start = max(known, _NARROWEST)
            return {"start": start, "widest": start, "noise": self.last.noise}
        return {"start": max(self.last.window, _NARROWEST), "noise": self.last.noise}

    def _unit(self, direction: Direction) -> float:
        """How much the claimed gradient of one block contributes to a slope along a direction.

        In a joint direction, of the block that contributes least, unless that is next to
        nothing: such a block is measured on its own.
        """
        claim, blocks = self.subject.claim, self.subject.point.blocks
        units = sorted(
            claim.norms[part.block] * part.step
            * (RMS if part.entry is None else blocks[part.block].count ** -0.5)
            for part in direction.parts
            if claim.finite(part.block) and claim.norms[part.block] > 0
        )  # fmt: skip
        return max(units[0], 0.1 * units[len(units) // 2]) if units else self.value

    def _limits(self, direction: Direction) -> Bands:
        return min((self.bands[p.block] for p in direction.parts), key=lambda b: b.correct_below)

    def _judge(self, index: int) -> Judgement:
        point = self.subject.point
        return judge(
            point.blocks[index],
            [c for c in self.comparisons if c.direction.part(index) is not None],
            norm=self.subject.claim.norms[index],
            value=self.value,
            eps=point.eps(index),
            bands=self.bands[index],
            rms=RMS,
        )

    @property
    def value(self) -> float:
        """The magnitude of the function, against which a zero gradient is judged."""
        centre = float(self.subject.centre)
        return max(abs(centre), self.around) if math.isfinite(centre) else 0.0

    def _look_around(self) -> None:
        """Where the value is zero, its scale is what it becomes one step away, or some more."""
        course = self.subject.course(self.screen().joint(range(len(self.judgements))))
        for distance in _AROUND:
            value = abs(float(self.subject.evaluate(course, distance)))
            if value > 0 and math.isfinite(value):
                self.around = value
                break
        course.back()
