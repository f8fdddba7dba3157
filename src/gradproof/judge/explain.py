"""When an explanation of a wrong gradient counts: what locating and diagnosing ask."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..records.comparison import Comparison
from .thresholds import T


def allowed(bars: NDArray[np.float64], slopes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest residuals that an explanation may leave."""
    return T.residual_bars * bars + T.residual_rounding * np.abs(slopes)


def explained(
    residuals: NDArray[np.float64],
    bars: NDArray[np.float64],
    gaps: NDArray[np.float64],
    slopes: NDArray[np.float64],
) -> float:
    """The share of the gaps that a corrected gradient explains; 0 where it does not hold."""
    if np.count_nonzero(np.abs(gaps) > T.residual_bars * bars) < T.plain_gaps:
        return 0.0
    if not (np.abs(residuals) <= allowed(bars, slopes)).all():
        return 0.0
    size = float(np.linalg.norm(gaps))
    share = 1 - float(np.linalg.norm(residuals)) / size if size > 0 else 0.0
    return share if share >= T.explained else 0.0


def is_sharp(comparison: Comparison) -> bool:
    """Whether a slope is good enough to tell what a fault is, and not only that there is one."""
    return comparison.slope_bar <= T.gap_known * abs(comparison.gap)


def is_zero(numbers: NDArray[np.float64], bars: NDArray[np.float64]) -> bool:
    """Whether all numbers are zero as far as their bars tell."""
    return bool((np.abs(numbers) <= T.residual_bars * bars).all())


def is_discrepant(comparison: Comparison) -> bool:
    """Whether a comparison of some entries shows that they are wrong, and not only noise."""
    return abs(comparison.gap) > T.residual_bars * (comparison.slope_bar + comparison.claimed_bar)


def is_ratio_apart(comparison: Comparison) -> bool:
    """Whether a claim is large enough for its slope to tell whether it is right."""
    bar = comparison.slope_bar + comparison.claimed_bar
    return max(abs(comparison.claimed), abs(comparison.slope.value)) > T.residual_bars * bar


def accounts(entry: Comparison, draws: Sequence[Comparison], shares: Sequence[float]) -> bool:
    """Whether the gap of one entry is all of the gap of draws that move it by ``shares``."""
    return all(
        abs(draw.gap - share * entry.gap)
        <= T.residual_bars * (draw.slope_bar + draw.claimed_bar + abs(share) * entry.slope_bar)
        + T.residual_rounding * abs(draw.slope.value)
        for draw, share in zip(draws, shares, strict=True)
    )


def are_most(seen: NDArray[np.bool_], entries: NDArray[np.bool_]) -> bool:
    """Whether the entries that are large enough to tell are not only a few of them."""
    return int(seen.sum()) >= T.most_entries * max(int(entries.sum()), 1)


def same_number(factor: float, candidate: float, bar: float) -> bool:
    """Whether a measured factor is a given number."""
    return abs(factor - candidate) <= T.residual_bars * bar + T.same_number * abs(candidate)


def is_plain(number: float, bar: float) -> bool:
    """Whether a number is one that people write: a short decimal, a fraction, its root, or of π.

    It has to be known so well that such a number is no accident.
    """
    size = abs(number)
    if not (size > 0 and bar <= T.plainly_known * size):
        return False
    exponent = np.floor(np.log10(size))
    short = np.round(size / 10**exponent, 2) * 10**exponent
    if same_number(size, float(short), bar):
        return True
    for value, known in ((size, bar), (size / np.pi, bar / np.pi), (size**2, 2 * size * bar),
                         (size**2 / np.pi, 2 * size * bar / np.pi)):  # fmt: skip
        for below in range(1, 13):
            above = float(np.rint(value * below))
            if 0 < above <= _NUMERATOR and same_number(value, above / below, known):
                return True
    return False


_NUMERATOR = 64


def digit(plain: Comparison, ramped: Comparison, length: int) -> int | None:
    """The index along an axis of ``length`` that all of the error has, from two gaps."""
    if not is_discrepant(plain) or not np.isfinite(ramped.slope_bar):
        return None
    ratio = ramped.gap / plain.gap
    index = (ratio - 0.5) * length - 0.5
    bars = ramped.slope_bar + abs(ratio) * plain.slope_bar
    error = length * (bars / abs(plain.gap) + T.residual_rounding)
    nearest = round(index)
    if error > T.digit or abs(index - nearest) > error or not 0 <= nearest < length:
        return None
    return nearest


def ratio_bar(comparison: Comparison) -> float:
    """How well the ratio of claim and slope is known."""
    slope = comparison.slope.value
    if not slope:
        return np.inf
    return abs(comparison.claimed / slope) * (comparison.slope_bar / abs(slope))  # no square of it


def is_ratio_known(comparison: Comparison) -> bool:
    """Whether the ratio of claim and slope is known so well that it can be known from others."""
    slope = comparison.slope
    return abs(slope.value) > 0 and slope.error <= T.ratio_known * abs(slope.value)


def pattern(ratios: Sequence[float], bars: Sequence[float] | None = None) -> float | None:
    """The one number that all ratios are as far as their ``bars`` tell, or None.

    Most of them have to be known well: a wide bar allows any number.
    """
    if not ratios or not np.isfinite(ratios).all():
        return None
    numbers = np.asarray(ratios)
    known = np.zeros(numbers.size) if bars is None else np.asarray(bars)
    sharp = known <= T.ratio_known * np.abs(numbers)
    if sharp.sum() <= T.most_entries * numbers.size:
        return None
    best = float(np.median(numbers[sharp]))
    spread = np.abs(numbers - best) - T.residual_bars * known
    return best if spread.max() <= 10 * T.residual_rounding * max(abs(best), 1.0) else None
