"""From the balance of an operation to its verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..judge.bands import Bands
from ..judge.chance import largest_within
from ..judge.thresholds import T
from ..records.slope import Smoothness
from ..records.verdict import Verdict
from .ladder import Balance


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with its figures, relative to how much the operation moves what comes out of it."""

    verdict: Verdict
    error: float
    bar: float
    resolution: float
    reason: str = ""


def judged(balance: Balance, bands: Bands) -> Judged:
    """The verdict on one operation.

    It stands alone, seen along one direction: to be rejected it has to be out of balance by several
    bars. At a kink the balance may be anything between its one-sided slopes.
    """
    slope, size = balance.slope, balance.size
    if size == 0:
        return Judged(Verdict.CORRECT, 0.0, 0.0, math.inf, "nothing that moves passes through it")
    gap, bar = slope.value, slope.error + balance.noise
    if slope.left is not None and slope.right is not None and slope.side_error is not None:
        low, high = min(slope.left, slope.right), max(slope.left, slope.right)
        gap, bar = max(low, 0.0) + min(high, 0.0), slope.side_error + balance.noise
    if slope.smoothness is Smoothness.UNKNOWN or not math.isfinite(bar):
        reason = "what it returns shows no slope at any step size"
        return Judged(Verdict.UNDECIDED, math.inf, math.inf, math.inf, reason)
    error, bar = abs(gap) / size, bar / size
    least, most = error - T.single_observation * bar, error + bar
    resolution = largest_within((bar,), 1 - T.confidence)
    if least > bands.wrong_above:
        return Judged(Verdict.WRONG, error, bar, resolution)
    if least > bands.correct_below:
        return Judged(Verdict.SUSPECT, error, bar, resolution)
    if most <= bands.wrong_above:
        return Judged(Verdict.CORRECT, error, bar, max(resolution, error))
    reason = "the error bar of its slope is too wide"
    return Judged(Verdict.UNDECIDED, error, bar, max(resolution, error), reason)
