"""What windows of any width show of a function that moves in steps, or bends near the point.

Facts about a function, and no claim: what they mean for one is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..records.slope import Slope
from .below import DIED_OUT, LEVELS, NEAREST
from .sampler import Sampler
from .search import PILOT, WIDEST
from .window import BAR, RATIO, SYMMETRIC, Window

# Slopes from windows below this half-width are narrow: steps can mislead them.
_NARROW = 1e-4

# Half-widths of the windows beyond it, and of those that show all of a function in steps.
FAR = 1e-2
_WIDE = (FAR, 1e-1)

# What bends leaves half of itself in half an interval, a jump all; so many times in a row.
_HALVINGS = 16
_STAYS = 0.9
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
    """What windows wider than that of a slope show, narrowest first."""
    wide = (*_WIDE, WIDEST) if stepped else _WIDE
    for half_width in [w for w in wide if w > slope.window]:
        window = sampler.window(SYMMETRIC, half_width)
        if window.finite:
            yield _seen(window)


def rests(sampler: Sampler, slope: Slope) -> tuple[float, float]:
    """How far the function is off the line of a slope, on the right and on the left of 0."""
    return _rest(sampler, slope, FAR), _rest(sampler, slope, -FAR)


def _rest(sampler: Sampler, slope: Slope, step: float) -> float:
    return sampler.increment(step) - slope.value * step


def jumps(sampler: Sampler, slope: Slope, right: float, left: float) -> bool:
    """Whether the function leaves the line of a slope by a jump; ``right``, ``left``: its `rests`.

    The half in which it leaves it farther is halved again: what bends goes with the length, and a
    jump stays as high.
    """
    far, above = (FAR, right) if abs(right) >= abs(left) else (-FAR, left)
    near, below = 0.0, 0.0
    stayed = 0
    for _ in range(_HALVINGS):
        middle, height = (near + far) / 2, abs(above - below)
        rest = _rest(sampler, slope, middle)
        if abs(rest - below) > abs(above - rest):
            far, above = middle, rest
        else:
            near, below = middle, rest
        stayed = stayed + 1 if abs(above - below) > _STAYS * height else 0
        if stayed == _SURE:
            return True
    return False


def narrowed(sampler: Sampler, seen: Seen) -> Seen:
    """What the next narrower window shows."""
    return _seen(sampler.window(SYMMETRIC, seen.half_width / RATIO))


def _seen(window: Window) -> Seen:
    bar = window.bar()
    scatter = bar * window.half_width / (BAR * window.amplification)
    return Seen(window.half_width, window.slope, bar, window.step, scatter)
