"""One check under way: follow the plan, measure, compare, judge."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from .judge.bands import Bands
from .judge.block import disagrees, judge, known_enough, sharp_enough
from .plan.effort import Effort
from .plan.screen import Plan, Screen
from .records.comparison import Comparison
from .records.direction import Direction
from .records.judgement import Judgement
from .records.progress import Progress
from .records.slope import Slope, Smoothness
from .slopes.measure import measure
from .slopes.sampler import Sampler
from .space.directions import RMS
from .space.point import Course
from .subject.gradient import Gradient


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

    def run(self) -> None:
        """Follow the plan to its end, or to the first kink if the check can go on beside it."""
        everything = range(len(self.subject.point.blocks))
        self.judgements = [self._judge(index) for index in everything]
        if math.isfinite(float(self.subject.centre)):
            self._follow(self.screen().plan())

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
        """Measure every entry, if there are few: at a kink nothing else is conclusive."""
        blocks = self.subject.point.blocks
        if sum(block.count for block in blocks) <= self.effort.sweep:
            for block in blocks:
                for direction in self.screen().entries(block):
                    self.compare(direction)

    def compare(self, direction: Direction) -> Comparison:
        """Measure the slope along a direction, set the claim beside it, and judge again."""
        course = self.subject.course(direction)
        claimed, claimed_bar = self.subject.claimed(course)
        comparison = Comparison(
            direction, claimed, claimed_bar, self._slope(direction, course, claimed)
        )
        course.back()
        self.comparisons.append(comparison)
        for part in direction.parts:
            self.judgements[part.block] = self._judge(part.block)
        return comparison

    def _slope(self, direction: Direction, course: Course, claimed: float) -> Slope:
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
        )
        slope = measure(
            sampler,
            lambda value, error: error <= sharp or known_enough(claimed, value, error, floor),
            **self._hints(direction),
        )
        if slope.witnessed and slope.smoothness is Smoothness.SMOOTH:
            self.last = slope
            if direction.block is not None:
                self.windows[direction.block] = slope.window
        return slope

    def _hints(self, direction: Direction) -> dict[str, float]:
        """Noise and step known from slopes before: a slope then costs one window, not five."""
        if self.last is None or direction.parts[0].entry is not None:
            return {}
        known = self.windows.get(direction.parts[0].block) if direction.block is not None else None
        if known is not None:
            return {"start": known, "widest": known, "noise": self.last.noise}
        return {"start": self.last.window, "noise": self.last.noise}

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
        return abs(centre) if math.isfinite(centre) else 0.0
