"""Which of the windows taken so far to believe.

A window counts if it agrees with every narrower one (Lepski's method).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from .window import RATIO, SYMMETRIC, Stencil, Window, merge

START = 1e-3  # half-width of the first window, in units of the scale
LACK_OF_FIT = 6.0  # a scatter this many times the noise is lack of fit (4 degrees of freedom each)
ROUGH = (0.5, 1.9)  # scatter that shrinks with such powers of the window belongs to |t|^p
SLOWEST = 0.05  # power with which a slope can settle and still be followed


class Ladder:
    """Windows of all widths, and what they say together.

    ``noise`` is that of one evaluation, None until a pilot window has measured it; ``shallow`` the
    pilot window where another had to be taken below it.
    """

    __slots__ = ()
    stencil: Stencil
    windows: list[Window]
    noise: float | None
    shallow: Window | None

    def best(self) -> Window | None:
        """The window with the smallest bar among those that agree with every smaller one."""
        ordered = sorted((w for w in self.windows if w.finite), key=width)
        widest = self._widest_to_believe()
        trusted = [w for i, w in enumerate(ordered) if self._agrees(w, ordered[:i])]
        trusted = [w for w in trusted if w.half_width <= widest]
        trusted += [
            w
            for w, smaller in self._merged(ordered)
            if self._agrees(w, smaller) and (w.half_width <= widest or not self.lacks_fit(w))
        ]
        return min(trusted, key=self.bar, default=None)

    def _widest_to_believe(self) -> float:
        """Where a straight window is next to a broken one, no wider one: it may average over waves.

        What scatters in a window below which another pilot was taken is shape for certain.
        """
        straight, broken = self.around_the_break()
        if broken is None:
            return math.inf
        if straight and not self.is_open(straight, broken):
            return width(straight)
        return width(broken) if self.shallow else math.inf

    @staticmethod
    def is_open(straight: Window, broken: Window) -> bool:
        """Whether there is room for more windows between a straight and a broken one."""
        return width(broken) > 1.5 * RATIO * width(straight)

    def _merged(self, ordered: list[Window]) -> Iterator[tuple[Window, list[Window]]]:
        """Neighbours in one fit, each with the windows narrower than the wider of the two."""
        if self.stencil is not SYMMETRIC:
            return
        for i, (narrow, wide) in enumerate(pairwise(ordered), 1):
            if math.isclose(wide.half_width, RATIO * narrow.half_width):
                yield merge(narrow, wide), ordered[:i]

    def _agrees(self, window: Window, smaller: list[Window]) -> bool:
        return all(
            abs(window.slope - other.slope) <= self.bar(window) + self.bar(other)
            for other in smaller
        )

    def bar(self, window: Window) -> float:
        """The bar of a window, never below what the measured noise implies."""
        return window.bar(self.noise or 0.0)

    def lacks_fit(self, window: Window) -> bool:
        """Whether a window shows more than noise: curvature, a kink, an edge."""
        noise = max(self.noise or 0.0, 2 * window.roundoff)  # the steps are rounded, too
        return not window.finite or window.scatter > LACK_OF_FIT * noise

    def around_the_break(self) -> tuple[Window | None, Window | None]:
        """The narrowest window that lacks fit, after the widest that is narrower and does not."""
        bad = [w for w in self.windows if self.lacks_fit(w)]
        broken = min(bad, key=width, default=None)
        good = [
            w
            for w in self.windows
            if not self.lacks_fit(w) and (not broken or width(w) < width(broken))
        ]
        return max(good, key=width, default=None), broken

    def unsettled(self, window: Window) -> float:
        """How far the slope has still to go where no window fits, however narrow it is.

        Near t + |t|^p, p < 2, no fit can tell how much of the singular term is in its slope,
        but scatter shrinks as H^p and the slope moves as H^(p-1), so the rest is a geometric
        series. Two neighbours have to show such a p: noise has p = 0, and a smooth lack of fit 5.
        """
        wider = {w.half_width: w for w in self.windows if w.half_width >= window.half_width}
        chain = [wider[half_width] for half_width in sorted(wider)[:3]]
        if len(chain) < 3 or not all(0 < w.scatter < np.inf for w in chain):
            return 0.0
        powers = [
            math.log(b.scatter / a.scatter, b.half_width / a.half_width) for a, b in pairwise(chain)
        ]
        if not all(ROUGH[0] < power < ROUGH[1] for power in powers):
            return 0.0
        growth: float = (chain[1].half_width / chain[0].half_width) ** max(powers[0] - 1, SLOWEST)
        return 2 * abs(chain[1].slope - chain[0].slope) / (growth - 1)

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


def width(window: Window) -> float:
    """The half-width of a window."""
    return window.half_width
