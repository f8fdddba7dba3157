"""Windows narrower than any in a search: what lies nearer than its smallest scale may acquit.

A kink, an edge or a pole within 1e-7 of the point's size cannot be told from noise, so a search
stops there. But if a window below it is straight, and its slope is the one that is claimed, that
is no accident. If it is another one, it may as well be noise, and says nothing.
"""

from __future__ import annotations

from .judge.compare import acquits, disputed
from .records.slope import Slope, Smoothness
from .slopes.sampler import Sampler
from .slopes.search import LEVELS, WITNESS
from .slopes.window import RATIO, SYMMETRIC

_CLOSER = 3  # windows below the smallest of a search


def nearby(sampler: Sampler, claimed: float, slope: Slope) -> Slope:
    """The slope nearer to the point, where that is the claim and the one found is not."""
    if not disputed(claimed, slope, sampler.largest):
        return slope
    found, half_width = [], WITNESS
    for _ in range(_CLOSER):
        half_width /= RATIO
        window = sampler.window(SYMMETRIC, half_width)
        if not window.finite:
            continue  # an edge nearer still
        if window.levels < LEVELS or not acquits(claimed, window.slope, window.bar()):
            break
        found.append(window)
    if not found:
        return slope
    best = min(found, key=lambda w: w.bar())
    return Slope(
        value=best.slope,
        error=best.bar(),
        evaluations=sampler.evaluations,
        noise=max(best.scatter, best.roundoff),
        smoothness=Smoothness.SMOOTH,
        window=best.half_width,
        witnessed=True,
    )
