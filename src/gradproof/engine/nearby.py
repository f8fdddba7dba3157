"""Windows narrower than any in a search: what lies nearer than its smallest scale.

A kink, an edge or a pole within 1e-7 of the point's size cannot be told from noise, so a search
stops there. But if a window below it is straight, and its slope is the one that is claimed, or the
one that the function has on one side of a kink, that is no accident: the kink is beside the point.
If it is another one, it may as well be noise, and says nothing.
"""

from __future__ import annotations

from ..judge.compare import disputed, is_side, supports
from ..records.slope import Slope, Smoothness
from ..slopes.sampler import Sampler
from ..slopes.search import LEVELS, PILOT, START
from ..slopes.window import RATIO, SYMMETRIC, halves

_CLOSER = 3  # windows below the smallest of a search


def nearby(sampler: Sampler, claimed: float, slope: Slope) -> Slope:
    """The slope nearer to the point, where that is the claim, or one side of what was a kink."""
    if not disputed(claimed, slope, sampler.largest):
        return slope
    sides = [(side.slope, side.bar()) for side in halves(sampler.window(SYMMETRIC, START))]
    found, half_width = [], PILOT
    for _ in range(_CLOSER):
        half_width /= RATIO
        window = sampler.window(SYMMETRIC, half_width)
        if not window.finite:
            continue  # an edge nearer still
        told = supports(claimed, window.slope, window.bar()) or is_side(
            window.slope, window.bar(), sides
        )
        if window.levels < LEVELS or not told:
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
        has_pilot=True,
    )
