"""What is known of one block after some comparisons."""

from dataclasses import dataclass

from .verdict import Verdict


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with the interval it rests on.

    ``error`` ± ``bar`` is the relative error ``|claimed - true| / |true|`` of the block. It is
    above ``low`` and below ``high``, each in 99 of 100 runs at least. ``resolution`` is the
    smallest one that would have been noticed with 99 % probability: beyond what was seen, and so
    ``high``; beyond the bars where the block is rejected. ``size`` is ``|true|`` as far as it is
    known, ``draws`` the number of slopes of this block alone. It is ``sharp`` where the resolution
    is all that was asked for, ``open`` where further draws alone may change the verdict. Where the
    gradient is next to nothing, all of them are relative to its ``natural`` scale instead: what it
    becomes one scale of the block away. It is ``zero`` where no slope stands above its bar.
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
    natural: bool = False
    reason: str = ""
