"""The search over windows: shrink while the lack of fit stands above the noise, else grow.

The noise comes from a *pilot window*, the same window at a tiny scale: its slope is wide but
honest, so every larger window must agree with it (Lepski's method). Without it a feature narrower
than the window looks like noise, and growing the window makes the bar small and the slope wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from .sampler import Sampler
from .sides import kinked
from .window import RATIO, SYMMETRIC, Stencil, Window, merge

START = 1e-3  # half-width of the first window, in units of the scale
PILOT = 1e-7  # of the pilot window
SECOND = 3e-7  # of another, where the first one stands alone
NARROWEST = PILOT * RATIO  # no slope starts below: one more must be left to show a kink
WIDEST = 0.6  # no window is wider
MOST = 10  # windows in one search
LACK_OF_FIT = 6.0  # a scatter this many times the noise is lack of fit (4 degrees of freedom each)
ROUGH = (0.5, 1.9)  # scatter that shrinks with such powers of the window belongs to |t|^p
SLOWEST = 0.05  # power with which a slope can settle and still be followed
_COARSEST = 2.0**-7  # relative step of bfloat16, the coarsest format for which steps are noise
LEVELS = 4  # a half with fewer different values shows steps, not a slope


Enough = Callable[[float, float], bool]
Faint = Callable[[float, float], bool]


def never(bar: float, bend: float) -> bool:  # noqa: ARG001
    """No bar is next to nothing."""
    return False


@dataclass(slots=True)
class Search:
    """Windows taken so far, the noise they show, and which of them to believe."""

    sampler: Sampler
    stencil: Stencil
    enough: Enough
    noise: float | None = None  # per evaluation; None until a pilot window has measured it
    widest: float = WIDEST  # no window beyond it
    windows: list[Window] = field(default_factory=list)
    pilot: Window | None = None
    faint: Faint = never  # whether a bar is next to nothing beside a bend
    stepped: bool = False  # whether its values move in steps at the smallest scale, if at all

    def run(self, start: float = START) -> Window | None:
        """The best window, or None where none could be believed."""
        first = self.take(start)
        if self.noise is None:
            if self.done(first) and first.levels >= LEVELS:
                return first
            self._measure_noise(first)
        self._explore()
        if self.pilot is not None and self.best() is self.pilot and len(self.windows) > 2:
            self._second_pilot()
        return self.best()

    def _explore(self) -> None:
        while len(self.windows) < MOST and not self.done(self.best()):
            half_width = self._next()
            if half_width is None or (self.stencil is SYMMETRIC and kinked(self.windows)):
                return
            self.take(half_width)

    def _second_pilot(self) -> None:
        """The pilot window rejects all wider ones: make sure that it was no lucky one."""
        assert self.noise is not None
        second = self.take(SECOND)
        if second.finite and second.scatter > self.noise:
            self.noise = second.scatter
            self._explore()

    def take(self, half_width: float) -> Window:
        """Sample one more window."""
        window = self.sampler.window(self.stencil, half_width)
        self.windows.append(window)
        return window

    def best(self) -> Window | None:
        """The window with the smallest bar among those that agree with every smaller one."""
        ordered = sorted((w for w in self.windows if w.finite), key=lambda w: w.half_width)
        trusted = [w for i, w in enumerate(ordered) if self._agrees(w, ordered[:i])]
        trusted += [w for w, smaller in self._merged(ordered) if self._agrees(w, smaller)]
        return min(trusted, key=self.bar, default=None)

    def _merged(self, ordered: list[Window]) -> Iterator[tuple[Window, list[Window]]]:
        """Neighbours in one fit, each with the windows narrower than the wider of the two."""
        if self.stencil is not SYMMETRIC:
            return
        for i, (narrow, wide) in enumerate(pairwise(ordered), 1):
            if math.isclose(wide.half_width, RATIO * narrow.half_width):
                yield merge(narrow, wide), ordered[:i]

    def bar(self, window: Window) -> float:
        """The bar of a window, never below what the measured noise implies."""
        return window.bar(self.noise or 0.0)

    def unsettled(self, window: Window) -> float:
        """How far the slope has still to go where no window fits, however narrow it is.

        Near t + |t|^p, p < 2, no fit can tell how much of the singular term is in its slope,
        but scatter shrinks as H^p and the slope moves as H^(p-1), so the rest is a geometric
        series. Two neighbours have to show such a p: noise has p = 0, and a smooth lack of fit 5.
        """
        wider = [w for w in self.windows if w.half_width >= window.half_width]
        chain = sorted(wider, key=lambda w: w.half_width)[:3]
        if len(chain) < 3 or not all(0 < w.scatter < np.inf for w in chain):
            return 0.0
        powers = [
            math.log(b.scatter / a.scatter, b.half_width / a.half_width) for a, b in pairwise(chain)
        ]
        if not all(ROUGH[0] < power < ROUGH[1] for power in powers):
            return 0.0
        growth: float = (chain[1].half_width / chain[0].half_width) ** max(powers[0] - 1, SLOWEST)
        return 2 * abs(chain[1].slope - chain[0].slope) / (growth - 1)

    def denied(self, window: Window) -> float:
        """How far a much wider window is from one whose steps may be those of a few entries alone.

        Where the arguments are rounded inside the function, small entries move before large
        ones do, in windows that look as linear as any other.
        """
        wider = min(RATIO**2 * window.half_width, WIDEST)
        if not self.stepped or window.levels == 1 or wider < RATIO * window.half_width:
            return 0.0
        other = self.sampler.window(self.stencil, wider)
        apart = abs(other.slope - window.slope) if other.finite else 0.0
        return apart if apart > self.bar(window) + self.bar(other) else 0.0

    def lacks_fit(self, window: Window) -> bool:
        """Whether a window shows more than noise: curvature, a kink, an edge."""
        noise = max(self.noise or 0.0, window.roundoff)
        return not window.finite or window.scatter > LACK_OF_FIT * noise

    def _agrees(self, window: Window, smaller: list[Window]) -> bool:
        return all(
            abs(window.slope - other.slope) <= self.bar(window) + self.bar(other)
            for other in smaller
        )

    def done(self, window: Window | None) -> bool:
        """Whether the caller has enough in this window."""
        if window is None or not window.finite:
            return False
        bar = self.bar(window)
        return self.enough(window.slope, bar) or (
            abs(window.slope) <= bar and self.faint(bar, self.bend())
        )

    def bend(self) -> float:
        """How much the slope changes over one unit, by the widest window that tells.

        What a narrow one shows is only taken to go on as far as the first window of a search.
        """
        found, widest = 0.0, 0.0
        for window in self.windows:
            if window.half_width > widest and window.finite and self.stencil is SYMMETRIC:
                bend = window.bend(self.noise or 0.0)
                if bend > 0:
                    widest = window.half_width
                    found = bend / max(widest, START)
        return found

    def _next(self) -> float | None:
        """The half-width to try next, or None where nothing is left to try."""
        bad = [w for w in self.windows if self.lacks_fit(w)]
        good = [w for w in self.windows if not self.lacks_fit(w)]
        narrowest_bad = min((w.half_width for w in bad), default=np.inf)
        widest_good = max((w.half_width for w in good if w.half_width < narrowest_bad), default=0.0)
        if bad and narrowest_bad > widest_good * RATIO * 1.5:
            return narrowest_bad / RATIO if narrowest_bad >= PILOT * RATIO else None
        wider = widest_good * RATIO
        if bad or wider > self.widest or not self._agreed(widest_good):
            return None
        return wider

    def _agreed(self, half_width: float) -> bool:
        best = self.best()
        return best is not None and best.half_width == half_width

    def _measure_noise(self, first: Window) -> None:
        """Take the pilot window; where values come in steps, the smallest that shows a slope."""
        if first.finite and first.levels < LEVELS:
            self.pilot = self._climb_steps(first)
        else:
            self.pilot = self._descend(first)
        scatter = self.pilot.scatter if self.pilot.finite else 0.0
        self.noise = max(scatter, self.pilot.roundoff)

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
