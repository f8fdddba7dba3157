"""The search over windows: shrink while the lack of fit stands above the noise, else grow.

The noise comes from a *pilot window*, the same window at a tiny scale: its slope is wide but
honest, so every larger window must agree with it (Lepski's method). Without it a feature narrower
than the window looks like noise, and growing the window makes the bar small and the slope wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from .below import LEVELS, NEAREST, deeper, is_staircase, is_straight, may_hide
from .ladder import START, Ladder, width
from .sampler import Sampler
from .sides import kinked
from .window import RATIO, SYMMETRIC, Stencil, Window

PILOT = 1e-7  # of the pilot window
NARROWEST = NEAREST[0] * RATIO  # no slope starts below: one more must be left to show a kink
WIDEST = 0.6  # no window is wider
MOST = 10  # windows in one search
_FAR = RATIO**3  # between a good window and a bad one there is room for several
_COARSEST = 2.0**-7  # relative step of bfloat16, the coarsest format for which steps are noise


Enough = Callable[[float, float], bool]
Negligible = Callable[[float, float], bool]
Expected = Callable[[float, float], bool]


def never(value: float, other: float) -> bool:  # noqa: ARG001
    """No bar is next to nothing, and no slope is expected."""
    return False


def always(value: float, other: float) -> bool:  # noqa: ARG001
    """Of every slope."""
    return True


@dataclass(slots=True)
class Search(Ladder):
    """One search: which window to take next, and when to stop."""

    sampler: Sampler
    stencil: Stencil
    enough: Enough
    noise: float | None = None  # per evaluation; None until a pilot window has measured it
    widest: float = WIDEST  # no window beyond it
    windows: list[Window] = field(default_factory=list)
    pilot: Window | None = None
    shallow: Window | None = None  # the pilot window where another had to be taken below it
    negligible: Negligible = never  # whether a bar is next to nothing beside a bend
    careful: Enough = never  # whether such a slope is to be no average over waves
    expected: Expected = never  # whether it is a slope that noise may stand around
    stepped: bool = False  # whether its values move in steps at the smallest scale, if at all

    def run(self, start: float = START) -> Window | None:
        """The best window, or None where none could be believed."""
        first = self.take(start)
        if self.noise is None:
            if self.done(first) and first.levels >= LEVELS and is_straight(first):
                return first
            self._measure_noise(first)
            self._look_below()
        self._explore()
        if self.shallow is not None and self._on_a_tread(self.shallow):
            self._refuse_below(self.shallow)
            self._explore()
        return self.best()

    def _explore(self, *, until_done: bool = True) -> None:
        while len(self.windows) < MOST and not (until_done and self.done(self.best())):
            half_width = self._next()
            if half_width is None or self._kinked():
                return
            self.take(half_width)

    def _kinked(self) -> bool:
        return self.stencil is SYMMETRIC and kinked(self.windows)

    def _on_a_tread(self, shallow: Window) -> bool:
        """Whether narrow windows show a tread of a staircase, which rounding inside has made."""
        coarsest = _COARSEST * self.sampler.largest
        if not shallow.scatter <= coarsest or self._kinked():
            return False
        self._explore(until_done=False)
        straight, broken = self.around_the_break()
        if straight is None or broken is None:
            return False
        if is_staircase(self.stencil, straight, broken, coarsest):
            return True
        between = self.sampler.window(self.stencil, math.sqrt(width(straight) * width(broken)))
        return is_staircase(self.stencil, straight, between, coarsest)

    def _refuse_below(self, shallow: Window) -> None:
        self.windows = [w for w in self.windows if w.half_width >= shallow.half_width]
        self.pilot = shallow
        self._trust(shallow)

    def take(self, half_width: float) -> Window:
        """Sample one more window."""
        window = self.sampler.window(self.stencil, half_width)
        self.windows.append(window)
        return window

    def done(self, window: Window | None) -> bool:
        """Whether the caller has enough in this window."""
        if window is None or not window.finite:
            return False
        if window.levels == 1 and self.stencil is not SYMMETRIC:
            return True  # the flat side of a kink
        bar = self.bar(window)
        if self.careful(window.slope, bar) and self._may_average(window):
            return False
        return self.enough(window.slope, bar) or (
            abs(window.slope) <= bar and self.negligible(bar, self.bend())
        )

    def _may_average(self, window: Window) -> bool:
        """Whether a window that lacks fit is far from the straight ones: waves may lie between."""
        straight, broken = self.around_the_break()
        between = straight is not None and broken is not None and self.is_open(straight, broken)
        return between and self.lacks_fit(window)

    def _next(self) -> float | None:
        """The half-width to try next, or None where nothing is left to try."""
        straight, bad = self.around_the_break()
        widest_good = straight.half_width if straight else 0.0
        narrowest_bad = bad.half_width if bad else np.inf
        if bad and narrowest_bad > widest_good * RATIO * 1.5:
            return self._between(widest_good, narrowest_bad)
        wider = widest_good * RATIO
        if bad or wider > self.widest or not self._agreed(widest_good):
            return None
        return wider

    def _between(self, good: float, bad: float) -> float | None:
        """A narrower window than the narrowest bad one: far above a good one, half the way."""
        if bad < (PILOT if good == 0 else NEAREST[0]) * RATIO:
            return None
        far = good > 0 and _FAR * good < bad < START / RATIO
        return math.sqrt(good * bad) if far else bad / RATIO

    def _agreed(self, half_width: float) -> bool:
        best = self.best()
        return best is not None and best.half_width == half_width

    def _measure_noise(self, first: Window) -> None:
        """Take the pilot window; where values come in steps, the smallest that shows a slope."""
        if first.finite and first.levels < LEVELS:
            self.pilot = self._climb_steps(first)
        else:
            self.pilot = self._descend(first)
        self._trust(self.pilot)

    def _look_below(self) -> None:
        """Take what the pilot window scatters for shape where it is, unless for noise it will do.

        Ripples that stand around the expected slope are those of round-off or of a solver; they
        have slopes of their own, which nobody asks for.
        """
        if self.pilot is None or self.stepped or not may_hide(self.pilot):
            return
        closer = deeper(self.sampler, self.stencil, self.pilot)
        if closer is None or self._expected():
            return
        self.windows.append(closer)
        self.shallow, self.pilot = self.pilot, closer
        self._trust(closer)

    def _expected(self) -> bool:
        """Whether wide windows show the expected slope, and no more noise than the narrowest."""
        before, pilot = list(self.windows), self.pilot
        self._explore()
        best = self.best()
        if pilot is None or best is None or best.half_width < RATIO**2 * pilot.half_width:
            wide = False
        else:
            wide = not self.lacks_fit(best) and self.expected(best.slope, self.bar(best))
        self.windows = self.windows if wide else before
        return wide

    def _trust(self, pilot: Window) -> None:
        scatter = pilot.scatter if pilot.finite else 0.0
        self.noise = max(scatter, pilot.roundoff)

    def _descend(self, first: Window) -> Window:
        half_width = PILOT
        while half_width < first.half_width / RATIO:
            window = self.take(half_width)
            if not window.finite or window.levels >= LEVELS:
                return window
            self.windows.remove(window)  # flat: neither a slope nor a noise
            self.stepped = True
            half_width *= RATIO
        return first

    def _climb_steps(self, first: Window) -> Window:
        """The first window saw (almost) one value: a constant, or a function in steps.

        Steps are rounding inside the function (float16 or bfloat16, say) if both sides show
        them and none is coarser than those formats; else the flat piece is the function.
        """
        widest = self.take(self.widest)
        if widest.finite and widest.levels == 1:
            return first
        half_width = first.half_width * RATIO
        # In a wide window a steep function has no two values one step apart: climb.
        while half_width < self.widest:
            window = self.take(half_width)
            if _stepped(window, self.sampler.largest):
                self.windows.remove(first)
                return window
            self.windows.remove(window)
            half_width *= RATIO
        if not _stepped(widest, self.sampler.largest):
            return first
        self.windows.remove(first)
        return widest


def _stepped(window: Window, largest: float) -> bool:
    """Whether both halves move, in steps that a low-precision format could have made."""
    if not window.finite:
        return False
    half = len(window.increments) // 2
    for side in (window.increments[:half], window.increments[half:]):
        levels = np.unique(np.append(side, 0.0))
        if levels.size < LEVELS or np.diff(levels).min() > _COARSEST * largest:
            return False
    return True
