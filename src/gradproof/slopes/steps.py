"""What windows of any width show of a function that moves in steps, or bends near the point.

Facts about a function, and no claim: what they mean for one is decided elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..records.slope import Slope
from .below import DIED_OUT, LEVELS, NEAREST
from .sampler import Sampler
from .search import PILOT, WIDEST
from .window import BAR, LEFT, RATIO, RIGHT, SYMMETRIC, Stencil, Window

# Slopes from windows below this half-width are narrow: steps can mislead them.
_NARROW = 1e-4

# Half-widths of the windows beyond it, and of those that show all of a function in steps.
FAR = 1e-2
_WIDE = (FAR, 1e-1)

# What bends leaves half of itself in half an interval, a jump all; so many times in a row.
_HALVINGS = 16
_STAYS = 0.9
_CUBIC = (3.0, 6.0)  # how much more a chord of twice the length changes, where a cubic bends it
_SURE = 4

# A slope shows by such a step, if at all, that what scatters in wider windows is no noise.
DIES_OUT = DIED_OUT * NEAREST[0]

# A function that is flat in a window so wide has a slope of zero, whatever wider ones show.
_PIECE = 1e-6
_ROUNDINGS = 16  # of its arguments in their own precision: a window is flat for no other reason


@dataclass(frozen=True, slots=True)
class Seen:
    """The slope of one window, with its bar and the smallest step between its values.

    ``scatter`` is what single values scatter around the fit.
    """

    half_width: float
    slope: float
    bar: float
    step: float
    scatter: float


def is_narrow(slope: Slope) -> bool:
    """Whether a slope comes from a narrow window."""
    return slope.window < _NARROW


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
    """What windows wider than that of a slope show, narrowest first; of one side at an edge."""
    wide = (*_WIDE, WIDEST) if stepped else _WIDE
    for half_width in [w for w in wide if w > slope.window]:
        window = sampler.window(SYMMETRIC, half_width)
        if not window.finite:
            half = len(window.increments) // 2
            window = sampler.window(_side(window.increments, half), half_width)
        if window.finite:
            yield _seen(window)


def _side(increments: NDArray[np.float64], half: int) -> Stencil:
    return RIGHT if np.isfinite(increments[:half]).all() else LEFT


@dataclass(frozen=True, slots=True)
class Rests:
    """How far the function is ``off`` the line of a slope at two steps to either side of 0.

    Outside its domain nothing is known: of one side then.
    """

    far: float
    right: float
    left: float

    @property
    def chord(self) -> float:
        """By how much the slope of wide steps is another one."""
        if not math.isfinite(self.right - self.left):
            return (self.right if math.isfinite(self.right) else -self.left) / self.far
        return (self.right - self.left) / (2 * self.far)


def rests(sampler: Sampler, slope: Slope) -> Iterator[Rests]:
    """The nearer ones first."""
    for far in _WIDE:
        yield _rests(sampler, slope, far)


def _rests(sampler: Sampler, slope: Slope, far: float) -> Rests:
    return Rests(far, _rest(sampler, slope, far), _rest(sampler, slope, -far))


def bends(sampler: Sampler, slope: Slope, at: Rests) -> bool:
    """Whether a chord changes as that of what bends smoothly does: half as far by a quarter."""
    near = _rests(sampler, slope, at.far / 2)
    return _CUBIC[0] * abs(near.chord) < abs(at.chord) < _CUBIC[1] * abs(near.chord)


def _rest(sampler: Sampler, slope: Slope, step: float) -> float:
    return sampler.increment(step) - slope.value * step


def jumps(sampler: Sampler, slope: Slope, at: Rests) -> bool:
    """Whether the function leaves the line of a slope by a jump.

    The half in which it leaves it farther is halved again: what bends goes with the length, and a
    jump stays as high.
    """
    sides = [(at.far, at.right), (-at.far, at.left)]
    far, above = max([s for s in sides if math.isfinite(s[1])], key=lambda side: abs(side[1]))
    near, below = 0.0, 0.0
    stayed = 0
    for left in reversed(range(_HALVINGS)):
        middle, height = (near + far) / 2, abs(above - below)
        rest = _rest(sampler, slope, middle)
        if abs(rest - below) > abs(above - rest):
            far, above = middle, rest
        else:
            near, below = middle, rest
        stayed = stayed + 1 if abs(above - below) > _STAYS * height else 0
        if stayed == _SURE or stayed + left < _SURE:
            return stayed == _SURE
    return False


def narrowed(sampler: Sampler, seen: Seen) -> Seen:
    """What the next narrower window shows."""
    return _seen(sampler.window(SYMMETRIC, seen.half_width / RATIO))


def _seen(window: Window) -> Seen:
    bar = window.bar()
    scatter = bar * window.half_width / (BAR * window.amplification)
    return Seen(window.half_width, window.slope, bar, window.step, scatter)
