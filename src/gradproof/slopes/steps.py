"""What windows of any width show of a function that moves in steps, or bends near the point.

Facts about a function, and no claim: what they mean for one is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..records.slope import Slope, Smoothness
from .sampler import Sampler
from .search import LEVELS, PILOT, START, WIDEST
from .window import RATIO, SYMMETRIC, Window, halves

# Slopes from windows below this half-width are narrow: steps can mislead them.
_NARROW = 1e-4

# Half-widths of the windows beyond it, and of those that show all of a function in steps.
_WIDE = (1e-2, 1e-1)

# A straight window is no narrower than this.
_BOTTOM = 1e-6

# A function that is flat in a window so wide has a slope of zero, whatever wider ones show.
_PIECE = 1e-6
_ROUNDINGS = 16  # of its arguments in their own precision: a window is flat for no other reason

_CLOSER = 3  # windows below the smallest of a search


@dataclass(frozen=True, slots=True)
class Seen:
    """The slope of one window, with its bar and the smallest step between its values."""

    slope: float
    bar: float
    step: float


def is_narrow(slope: Slope) -> bool:
    """Whether a slope comes from a narrow window."""
    return slope.window < _NARROW


def is_straight(slope: Slope) -> bool:
    """Whether some window was straight, and not only one next to the smallest scale."""
    return slope.smoothness is Smoothness.SMOOTH and slope.window >= _BOTTOM


def piece(eps: float) -> float:
    """The half-width of a flat piece; ``eps`` is the spacing of 1.0 of the arguments."""
    return max(_PIECE, _ROUNDINGS * eps)


def is_flat(sampler: Sampler, half_width: float) -> bool:
    """Whether a window shows a single value."""
    return sampler.window(SYMMETRIC, half_width).levels == 1


def is_stepped(sampler: Sampler) -> bool:
    """Whether the function moves in steps at the smallest scale, if at all."""
    return sampler.window(SYMMETRIC, PILOT).levels < LEVELS


def wider(sampler: Sampler, slope: Slope, *, stepped: bool) -> Iterator[Seen]:
    """What windows wider than that of a slope show, narrowest first."""
    wide = (*_WIDE, WIDEST) if stepped else _WIDE
    for half_width in [w for w in wide if w > slope.window]:
        window = sampler.window(SYMMETRIC, half_width)
        if window.finite:
            yield Seen(window.slope, window.bar(), window.step)


def sides(sampler: Sampler) -> list[tuple[float, float]]:
    """The right and the left slope of the first window of a search, with their bars."""
    return [(side.slope, side.bar()) for side in halves(sampler.window(SYMMETRIC, START))]


def closer(sampler: Sampler) -> Iterator[Window]:
    """Windows below the smallest of a search, until one shows too few values; no edge between."""
    half_width = PILOT
    for _ in range(_CLOSER):
        half_width /= RATIO
        window = sampler.window(SYMMETRIC, half_width)
        if window.finite and window.levels < LEVELS:
            return
        if window.finite:
            yield window


def settled(sampler: Sampler, window: Window) -> Slope:
    """The slope of one window that was believed by itself."""
    return Slope(
        value=window.slope,
        error=window.bar(),
        evaluations=sampler.evaluations,
        noise=max(window.scatter, window.roundoff),
        smoothness=Smoothness.SMOOTH,
        window=window.half_width,
        has_pilot=True,
    )
