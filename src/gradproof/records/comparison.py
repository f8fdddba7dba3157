"""Claimed against slope along one direction."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .direction import Direction
from .slope import Slope, Smoothness


@dataclass(frozen=True, slots=True)
class Comparison:
    """``claimed`` is the claimed gradient along ``direction``, known to ``claimed_bar``.

    ``rounding`` is what is known of the claim's own round-off along it, whether it counts or not.
    ``projection`` says which number made of the outputs it is about, ``samples`` hold the steps
    and the values from which the slope was measured, one pair of arrays for each window.
    ``gap`` is how far the claim is from the slope, at a kink from the one-sided slopes;
    ``slope_bar`` the error bar of the slope, at a kink of each one-sided slope.
    """

    direction: Direction
    claimed: float
    claimed_bar: float
    slope: Slope
    projection: int = 0
    samples: tuple[tuple[NDArray[np.float64], NDArray[np.float64]], ...] = field(
        default=(), compare=False, repr=False
    )
    rounding: float = 0.0
    gap: float = field(init=False, compare=False, repr=False)
    slope_bar: float = field(init=False, compare=False, repr=False)
    kinked: bool = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        slope, claimed = self.slope, self.claimed
        gap, bar = claimed - slope.value, slope.error
        if slope.left is not None and slope.right is not None:
            low, high = min(slope.left, slope.right), max(slope.left, slope.right)
            gap = max(claimed - high, 0.0) + min(claimed - low, 0.0)
        if slope.side_error is not None:
            bar = slope.side_error
        object.__setattr__(self, "gap", gap)  # once: the judge asks again and again
        object.__setattr__(self, "slope_bar", bar)
        object.__setattr__(self, "kinked", slope.smoothness is Smoothness.KINK)
