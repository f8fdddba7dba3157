"""Which relative errors count as correct, which as wrong; which values are the same."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from ..errors import UsageError
from .thresholds import BANDS, T


@dataclass(frozen=True, slots=True)
class Bands:
    """``correct_below`` and ``wrong_above``, as relative errors of a block."""

    correct_below: float
    wrong_above: float


_USUAL = {dtype: Bands(*limits) for dtype, limits in BANDS.items()}


def bands(dtype: str, correct_below: float | None, wrong_above: float | None) -> Bands:
    """The bands for a claim of one dtype, with what the user set in their place."""
    if correct_below is None and wrong_above is None:
        return _USUAL[_precision(dtype)]
    for name, limit in (("correct_below", correct_below), ("wrong_above", wrong_above)):
        if limit is not None and not _is_limit(limit):
            raise UsageError(f"{name} must be a positive finite number, but is {limit!r}.")
    low, high = BANDS[_precision(dtype)]
    low = low if correct_below is None else float(correct_below)
    high = max(high, low) if wrong_above is None else float(wrong_above)
    if correct_below is None:
        low = min(low, high)
    if low > high:
        raise UsageError(f"correct_below ({low:g}) must not be larger than wrong_above ({high:g}).")
    return Bands(low, high)


def round_off(one: float, other: float, eps: float) -> float:
    """What two evaluations in different precisions say about the noise of the coarser one.

    0 where they are the same but for the last digits, their difference where round-off has
    grown inside the function or the value is nothing but round-off, infinity where they are
    two different things (or not finite).
    """
    if not (np.isfinite(one) and np.isfinite(other)):
        return float("inf")
    apart, size = abs(one - other), max(abs(one), abs(other))
    if apart <= min(T.same_value * eps, T.same_at_most) * size:
        return 0.0
    return apart if apart <= T.same_at_most * size or size <= T.same_value * eps else float("inf")


def _is_limit(number: Any) -> bool:
    if isinstance(number, bool) or not isinstance(number, Real):
        return False
    return 0 < float(number) < float("inf")


def _precision(dtype: str) -> str:
    if dtype == "complex64":
        return "float32"
    return dtype if dtype in BANDS else "float64"
