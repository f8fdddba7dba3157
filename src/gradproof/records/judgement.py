"""What is known of one block after some comparisons."""

from __future__ import annotations

from dataclasses import dataclass

from .verdict import Verdict


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with the interval it rests on.

    ``error`` ± ``bar`` is the relative error ``|claimed - true| / |true|`` of the block. It is at
    least ``low`` (or that of one entry is), and at most ``high``, each in 99 of 100 runs.
    ``resolution`` is the smallest one that would have been noticed with 99 % probability: beside
    what was seen, and so ``high``; where the block is rejected, beyond the bars. ``size`` is
    ``|true|`` as far as it is known, ``draws`` the number of slopes of this block alone. It is
    ``sharp`` where the resolution is all that was asked for, ``open`` where further draws alone
    may change the verdict. Where the true gradient is zero, all of them are relative to the value
    of the function instead (``zero``).
    """

    verdict: Verdict
    error: float
    bar: float
    low: float
    high: float
    resolution: float
    size: float
    draws: int
    sharp: bool
    open: bool
    zero: bool
    reason: str = ""
