"""What random directions can hide, and what they prove.

A block's error ``e`` shows along a random direction ``v`` as ``z |e|`` with ``z = v·e/|e|``,
of unit variance when ``v`` is scaled so. How likely a small ``|z|`` is depends on the
pattern of the error. For small ``x`` the worst there is are two equal entries, for which
P(|z| <= x) = sqrt(2) x - x^2 near 0 up to the scale of ``v``; further out three to five of them;
many small errors are Gaussian.
Where other blocks move too, ``e`` is a part of the error that shows: that hides less often.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SQRT2 = math.sqrt(2.0)
_RMS = 1.0408  # of magnitudes uniform in [0.5, 1.5]
_Z99 = 2.3263478740408408  # 99 % quantile of the unit Gaussian

# Two magnitudes are the same, and their signs opposite, this often: 128 bytes make 85 of them.
_EQUAL = 107 / 128**2

# Halvings of a bracket of ratio 2 in `largest_hidden`: a hundredth of the answer is enough.
_HALVINGS = 6


# Where three to five equal entries are the worst, in steps.
_FROM, _TO, _STEP = 0.5, 1.5, 1 / 256


def chance_below(x: float) -> float:
    """An upper bound, over all patterns of error, of the probability that |z| <= x."""
    gaussian = math.erf(x / SQRT2)
    # Two equal entries cancel in half of all draws, up to the difference of their magnitudes.
    y = min(_RMS * SQRT2 * x, 1.0)
    alone = min(max(_RMS * x - 0.5, 0.0), 1.0)
    return max(gaussian, y - y * y / 2, alone, _EQUAL, _few(x))


def _few(x: float) -> float:
    if not _FROM <= x < _TO:
        return 0.0
    return _table()[int((x - _FROM) / _STEP)]


@lru_cache
def _table() -> list[float]:
    """The largest of three to five equal entries, at the end of each step."""
    ends = np.arange(_FROM + _STEP, _TO + _STEP, _STEP)
    found: list[float] = np.maximum.reduce([_equal(n, ends) for n in (3, 4, 5)]).tolist()
    return found


def _equal(n: int, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """P(|z| <= x) for ``n`` equal entries: a sum over how many of their signs are negative.

    Magnitudes less 0.5 are uniform, and so are 1.5 less magnitudes: the sum of the signed ones is
    that of ``n`` uniform numbers (Irwin, 1927; Hall, 1927), moved.
    """
    y = _RMS * math.sqrt(n) * x
    moved = [n / 2 - 2 * negative for negative in range(n + 1)]
    every = np.array([_uniform(n, y - m) - _uniform(n, -y - m) for m in moved])
    weights = np.array([math.comb(n, k) / 2**n for k in range(n + 1)])
    found: NDArray[np.float64] = weights @ every
    return found


def _uniform(n: int, t: NDArray[np.float64]) -> NDArray[np.float64]:
    """The distribution function of the sum of ``n`` uniform numbers."""
    t = np.clip(t, 0.0, n)
    terms = [(-1) ** k * math.comb(n, k) * np.maximum(t - k, 0.0) ** n for k in range(n + 1)]
    found: NDArray[np.float64] = np.sum(terms, axis=0) / math.factorial(n)
    return found


def largest_hidden(gaps: Sequence[float], chance: float, bars: Sequence[float] = ()) -> float:
    """The largest error that may show no more than ``gaps``; an error is larger by ``chance``.

    The product rule of `largest_within` holds for bars that were there before the draws, and not
    for gaps, of which some are always small. Take the largest gap, in bars (of one width, where
    none are given): an error ``s`` times the largest that stays within them shows ``s`` bars in
    some draw but for ``chance``. So the largest gap bounds ``s``, whatever the error is.
    """
    # No gap is known better than to a rounding of the largest.
    least = sys.float_info.epsilon * max(gaps, default=0.0)
    widths = [max(bar, least) for bar in bars or [1.0] * len(gaps)]
    most = max([gap / width for gap, width in zip(gaps, widths, strict=True) if gap], default=1.0)
    return largest_within(tuple(widths), chance) * most


@lru_cache(maxsize=256)  # asked several times for the same bars
def largest_within(bars: tuple[float, ...], chance: float) -> float:
    """The largest error that shows no more than its bar in every draw.

    "Largest" means: with at least the probability ``chance``. ``bars`` are in units of the error
    along a direction of unit variance; infinity stands for a draw that says nothing.
    """
    informative = [x for x in bars if math.isfinite(x)]
    if not informative:
        return math.inf
    largest = max(informative)
    if largest == 0:
        return 0.0
    if largest < sys.float_info.min:
        return _within(tuple(informative), chance)
    # So few digits that bars in the same proportions are the same, however blocks are scaled.
    shares = tuple([float(f"{x / largest:.9e}") for x in informative])
    return largest * _within(shares, chance)


@lru_cache(maxsize=256)  # asked for every block that moved in the same directions
def _within(informative: tuple[float, ...], chance: float) -> float:
    """The same for finite bars, not all of them zero."""
    high = max(informative)
    while _all_hidden(informative, high) > chance:
        high *= 2
        if math.isinf(high):
            return math.inf
    smallest = min(x for x in informative if x > 0)
    while high > smallest and _all_hidden(informative, high / 2) <= chance:
        high /= 2
    low = high / 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _all_hidden(informative, middle) > chance:
            low = middle
        else:
            high = middle
    return high


def _all_hidden(shown: Sequence[float], error: float) -> float:
    return math.prod(chance_below(x / error) for x in shown)


def smallest_proven(shown: Sequence[float]) -> float:
    """The smallest error that could have shown as much as ``shown``, at 99 % confidence.

    The sum of squares of k unit Gaussians exceeds its quantile with probability 1 %; random
    signs have lighter tails (Hoeffding, 1963). The quantile is Wilson and Hilferty's (1931).
    """
    k = len(shown)
    total = math.hypot(*shown) if shown else 0.0
    if total == 0:
        return 0.0
    spread = 2 / (9 * k)
    return total / math.sqrt(k * (1 - spread + _Z99 * math.sqrt(spread)) ** 3)
