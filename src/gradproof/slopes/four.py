"""A slope from four points: enough to accept a claim, never to reject one.

Central differences over h and h/2 are extrapolated (Richardson, 1911), and what they differ by
bounds the error that is left. The even part shrinks fourfold where the function is smooth, and
twofold at a kink, so what it fails to shrink by belongs to the bar as well.
"""

from __future__ import annotations

import math
from dataclasses import replace

from ..records.slope import Slope, Smoothness
from .sampler import Sampler
from .window import BAR

_AMPLIFICATION = 1.91  # standard error of the slope for unit noise per evaluation and unit h
_DIFFERENT = 5  # values: a function that moves in steps shows fewer
# Round-off is less than such a share of the bar, and so much less up to the usual width: in a
# narrow window kinks are rarer, in a wide one the scatter of values of many terms matters less.
_LEAST, _AMPLE = 1.5, 8.0
_ODD = 0.9  # widths are this times a power of 2: no float32, as values of float32 are looked for
_BARELY = 1.1  # the same where there are kinks: the next window is half as wide
_SAME = 0.02  # a kink at the point is in all windows, with the same bar
NARROWEST, _USUAL, _WIDEST = 2.0**-20, 2.0**-16, 2.0**-12
_BESIDE = 2.0**-22  # no narrower window beside kinks

Points = list[tuple[float, float]]


def half_width(roundoff: float, sharp: float) -> float:
    """That of the window in which four points may have a ``sharp`` bar; infinite if none has."""
    if not sharp > 0:
        return math.inf
    least = _noise(roundoff) / sharp
    found = max(_LEAST * least, min(_AMPLE * least, _USUAL), NARROWEST)
    return _ODD * 2.0 ** math.ceil(math.log2(found / _ODD)) if found <= _WIDEST else math.inf


def too_narrow(roundoff: float, sharp: float) -> float:
    """How many times wider than the widest window one has to be for a ``sharp`` bar."""
    return _noise(roundoff) / sharp / _WIDEST if sharp > 0 else math.inf


def nodes(width: float) -> list[float]:
    """The four steps of a window."""
    return [width, width / 2, -width / 2, -width]


def four_points(
    sampler: Sampler, width: float, sharp: float, halvings: int = 0, blunt: float = 1.0
) -> tuple[Slope | None, bool]:
    """The slope in a window of half the ``width`` to either side, None if its bar is not sharp.

    Where that is for its shape, kinks beside the point, and not for its noise, half of it is tried,
    whose outer points are there: up to so many ``halvings``, and to a bar that is up to ``blunt``
    times as wide, where kinks are in all windows in which round-off allows a sharper one. And
    whether another direction may have what this one has not: no kink so near.
    """
    if not width <= _WIDEST:
        return None, False
    before, points = 0.0, _points(sampler, nodes(width))
    for halving in range(halvings + 1):
        found = through(points, width, sampler.roundoff, sampler.evaluations)
        if found is None or found.error <= sharp:
            return found, False
        if found.error <= min(blunt * sharp, _BARELY * _noise(sampler.roundoff) / width):
            return replace(found, limited=True), False
        width /= 2
        if halving == halvings:
            break
        if abs(found.error - before) <= _SAME * before:
            return None, False
        if width < _BESIDE or _BARELY * _noise(sampler.roundoff) / width > blunt * sharp:
            break
        before = found.error
        inner = _points(sampler, [width / 2, -width / 2])
        points = [points[1], inner[0], inner[1], points[2]]
    return None, halvings > 0


def _points(sampler: Sampler, steps: list[float]) -> Points:
    """Steps as they were taken, and by what the value changes."""
    values, taken = sampler.take(steps)
    return list(zip(steps if taken is None else taken.tolist(), values, strict=True))


def through(points: Points, width: float, roundoff: float, evaluations: int) -> Slope | None:
    """The slope from four points, outermost first and last; None where they show no slope."""
    (far, a), (near, b), (behind, c), (back, d) = points
    values = (a, b, c, d)
    if len({0.0, *values}) < _DIFFERENT or not all(map(math.isfinite, values)):
        return None
    wide, narrow = (a - d) / (far - back), (b - c) / (near - behind)
    uneven = abs(a + d - 4 * (b + c)) / width
    error = abs(narrow - wide) / 3 + max(uneven, _noise(roundoff) / width)
    value = (4 * narrow - wide) / 3
    return Slope(value, error, evaluations, roundoff, Smoothness.SMOOTH, window=width)


def _noise(roundoff: float) -> float:
    """The bar that round-off alone makes, in a window of half-width 1."""
    return BAR * _AMPLIFICATION * roundoff
