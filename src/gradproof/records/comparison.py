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

    ``projection`` says which number made of the outputs it is about, ``samples`` hold the steps
    and the values from which the slope was measured, one pair of arrays for each window.
    """

    direction: Direction
    claimed: float
    claimed_bar: float
    slope: Slope
    projection: int = 0
    samples: tuple[tuple[NDArray[np.float64], NDArray[np.float64]], ...] = field(
        default=(), compare=False, repr=False
    )

    @property
    def kinked(self) -> bool:
        """Whether the function has a kink at the point in this direction."""
        return self.slope.smoothness is Smoothness.KINK

    @property
    def gap(self) -> float:
        """How far the claim is from the slope; at a kink, from the one-sided slopes."""
        left, right = self.slope.left, self.slope.right
        if left is None or right is None:
            return self.claimed - self.slope.value
        low, high = min(left, right), max(left, right)
        return max(self.claimed - high, 0.0) + min(self.claimed - low, 0.0)

    @property
    def slope_bar(self) -> float:
        """The error bar of the slope; at a kink, of each one-sided slope."""
        return self.slope.error if self.slope.side_error is None else self.slope.side_error
