"""The thresholds: which relative errors count as correct, which as wrong.

For a double-precision gradient the bands are the classic ones of gradient checking, 1e-7
and 1e-5. A gradient computed in a lower precision carries round-off of its own, so its
bands are wider.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from ..errors import UsageError

# dtype of the claimed gradient: (correct_below, wrong_above)
TABLE = {
    "float64": (1e-7, 1e-5),
    "float32": (1e-5, 1e-3),
    "float16": (1e-2, 1e-1),
    "bfloat16": (5e-2, 3e-1),
}

# Two evaluations in different precisions count as the same value within this many units, but
# never beyond the share below it.
_SAME_VALUE = 1e4
_SAME_AT_MOST = 0.1

# The probability behind every interval and every resolution.
CONFIDENCE = 0.99


@dataclass(frozen=True, slots=True)
class Bands:
    """``correct_below`` and ``wrong_above``, as relative errors of a block."""

    correct_below: float
    wrong_above: float


def bands(dtype: str, correct_below: float | None, wrong_above: float | None) -> Bands:
    """The bands for a claim of one dtype, with what the user set in their place."""
    for name, limit in (("correct_below", correct_below), ("wrong_above", wrong_above)):
        if limit is not None and not _is_limit(limit):
            raise UsageError(f"{name} must be a positive finite number, but is {limit!r}.")
    low, high = TABLE[_precision(dtype)]
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
    if apart <= min(_SAME_VALUE * eps, _SAME_AT_MOST) * size:
        return 0.0
    return apart if apart <= _SAME_AT_MOST * size or size <= _SAME_VALUE * eps else float("inf")


def _is_limit(number: Any) -> bool:
    if isinstance(number, bool) or not isinstance(number, Real):
        return False
    return 0 < float(number) < float("inf")


def _precision(dtype: str) -> str:
    name = {"complex64": "float32", "float32": "float32", "float16": "float16"}
    return name.get(dtype, dtype if dtype in TABLE else "float64")
