"""When an explanation of a wrong gradient counts: thresholds of locating and diagnosing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..records.comparison import Comparison

# Residuals of a right explanation stay within a few bars, or are round-off of the fit.
_BARS = 3.0
_ROUNDING = 1e-9

# It has to leave this little of the gap, or the bars are too wide to tell.
_SHARE = 0.9

# A factor is recognised as a number when it is this close, relatively, beyond its own bar.
_SAME_NUMBER = 1e-6

# A ratio that is known well is known to this share of itself.
_KNOWN = 1e-3

# A ramp's ratio is an index only where its error is well below the distance of two indices.
_DIGIT = 0.1

# A slope known less well than this share of its gap was not meant to tell what the fault is.
_SHARP = 1e-6

# What holds for so many of the entries, and the others are too small to tell, holds for all.
_MOST = 0.5

# So many slopes have to disagree plainly with the claim before anything can be explained.
_TELLING = 2


def allowed(bars: NDArray[np.float64], slopes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest residuals that an explanation may leave."""
    return _BARS * bars + _ROUNDING * np.abs(slopes)


def explained(
    residuals: NDArray[np.float64],
    bars: NDArray[np.float64],
    gaps: NDArray[np.float64],
    slopes: NDArray[np.float64],
) -> float:
    """The share of the gaps that a corrected gradient explains; 0 where it does not hold."""
    if np.count_nonzero(np.abs(gaps) > _BARS * bars) < _TELLING:
        return 0.0
    if not (np.abs(residuals) <= allowed(bars, slopes)).all():
        return 0.0
    size = float(np.linalg.norm(gaps))
    share = 1 - float(np.linalg.norm(residuals)) / size if size > 0 else 0.0
    return share if share >= _SHARE else 0.0


def is_sharp(comparison: Comparison) -> bool:
    """Whether a slope is good enough to tell what a fault is, and not only that there is one."""
    return comparison.slope_bar <= _SHARP * abs(comparison.gap)


def is_zero(numbers: NDArray[np.float64], bars: NDArray[np.float64]) -> bool:
    """Whether all numbers are zero as far as their bars tell."""
    return bool((np.abs(numbers) <= _BARS * bars).all())


def is_discrepant(comparison: Comparison) -> bool:
    """Whether a comparison of some entries shows that they are wrong, and not only noise."""
    return abs(comparison.gap) > _BARS * (comparison.slope_bar + comparison.claimed_bar)


def is_told(comparison: Comparison) -> bool:
    """Whether a claim is large enough for its slope to tell whether it is right."""
    bar = comparison.slope_bar + comparison.claimed_bar
    return max(abs(comparison.claimed), abs(comparison.slope.value)) > _BARS * bar


def accounts(entry: Comparison, draws: Sequence[Comparison], shares: Sequence[float]) -> bool:
    """Whether the gap of one entry is all of the gap of draws that move it by ``shares``."""
    return all(
        abs(draw.gap - share * entry.gap)
        <= _BARS * (draw.slope_bar + draw.claimed_bar + abs(share) * entry.slope_bar)
        + _ROUNDING * abs(draw.slope.value)
        for draw, share in zip(draws, shares, strict=True)
    )


def are_most(told: NDArray[np.bool_], entries: NDArray[np.bool_]) -> bool:
    """Whether the entries that are large enough to tell are not only a few of them."""
    return int(told.sum()) >= _MOST * max(int(entries.sum()), 1)


def same_number(factor: float, candidate: float, bar: float) -> bool:
    """Whether a measured factor is a given number."""
    return abs(factor - candidate) <= _BARS * bar + _SAME_NUMBER * abs(candidate)


def digit(plain: Comparison, ramped: Comparison, length: int) -> int | None:
    """The index along an axis of ``length`` that all of the error has, from two gaps."""
    if not is_discrepant(plain) or not np.isfinite(ramped.slope_bar):
        return None
    ratio = ramped.gap / plain.gap
    index = (ratio - 0.5) * length - 0.5
    bars = ramped.slope_bar + abs(ratio) * plain.slope_bar
    error = length * (bars / abs(plain.gap) + _ROUNDING)
    nearest = round(index)
    if error > _DIGIT or abs(index - nearest) > error or not 0 <= nearest < length:
        return None
    return nearest


def pattern(ratios: Sequence[float], bars: Sequence[float] | None = None) -> float | None:
    """The one number that all ratios are as far as their ``bars`` tell, or None.

    Most of them have to be known well: a wide bar allows any number.
    """
    if not ratios or not np.isfinite(ratios).all():
        return None
    numbers = np.asarray(ratios)
    known = np.zeros(numbers.size) if bars is None else np.asarray(bars)
    sharp = known <= _KNOWN * np.abs(numbers)
    if sharp.sum() <= _MOST * numbers.size:
        return None
    best = float(np.median(numbers[sharp]))
    spread = np.abs(numbers - best) - _BARS * known
    return best if spread.max() <= 10 * _SAME_NUMBER * max(abs(best), 1.0) else None
