"""A slope from four points: enough to accept a claim, never to reject one.

Central differences over h and h/2 are extrapolated (Richardson, 1911), and what they differ by
bounds the error that is left. The even part shrinks fourfold where the function is smooth, and
twofold at a kink, so what it fails to shrink by belongs to the bar as well.
"""

from __future__ import annotations

import math

from ..records.slope import Slope, Smoothness
from .sampler import Sampler
from .window import BAR

_AMPLIFICATION = 1.91  # standard error of the slope for unit noise per evaluation and unit h
_DIFFERENT = 5  # values: a function that moves in steps shows fewer
# Round-off is less than such a share of the bar, and so much less up to the usual width: in a
# narrow window kinks are rarer, in a wide one the scatter of values of many terms matters less.
_LEAST, _AMPLE = 1.5, 8.0
_ODD = 0.9  # widths are this times a power of 2: no float32, as values of float32 are looked for
_NARROWEST, _USUAL, _WIDEST = 2.0**-20, 2.0**-16, 2.0**-12


def half_width(sampler: Sampler, sharp: float) -> float:
    """That of the window in which four points may have a ``sharp`` bar; infinite if none has."""
    if not sharp > 0:
        return math.inf
    least = _noise(sampler) / sharp
    found = max(_LEAST * least, min(_AMPLE * least, _USUAL), _NARROWEST)
    return _ODD * 2.0 ** math.ceil(math.log2(found / _ODD)) if found <= _WIDEST else math.inf


def four_points(sampler: Sampler, width: float, sharp: float) -> Slope | None:
    """The slope in a window of half the ``width`` to either side, None if its bar is not sharp."""
    if not width <= _WIDEST:
        return None
    steps = [width, width / 2, -width / 2, -width]
    values, taken = sampler.take(steps)
    if len({0.0, *values}) < _DIFFERENT or not all(map(math.isfinite, values)):
        return None
    far, near, behind, back = steps if taken is None else taken.tolist()
    wide, narrow = (values[0] - values[3]) / (far - back), (values[1] - values[2]) / (near - behind)
    uneven = abs(values[0] + values[3] - 4 * (values[1] + values[2])) / width
    error = abs(narrow - wide) / 3 + max(uneven, _noise(sampler) / width)
    if not error <= sharp:
        return None
    value, noise = (4 * narrow - wide) / 3, sampler.roundoff
    return Slope(value, error, sampler.evaluations, noise, Smoothness.SMOOTH, window=width)


def _noise(sampler: Sampler) -> float:
    """The bar that round-off alone makes, in a window of half-width 1."""
    return BAR * _AMPLIFICATION * sampler.roundoff
