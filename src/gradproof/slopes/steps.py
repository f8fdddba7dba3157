"""What windows of any width show of a function that moves in steps, or bends near the point.

Facts about a function, and no claim: what they mean for one is decided elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..records.slope import Slope
from .below import DIED_OUT, LEVELS, NEAREST, SHOWN
from .sampler import Sampler
from .search import PILOT, WIDEST
from .window import LEFT, RIGHT, SYMMETRIC, Stencil, Window

# Slopes from windows below this half-width are narrow: steps can mislead them.
_NARROW = 1e-4

# Half-widths of the windows beyond it, and of those that show all of a function in steps.
FAR = 1e-2
_WIDE = (FAR, 1e-1)

# Windows around a step, as shares of it. A jump stays as high in half of an interval, so many times
# in a row; of several in it, or of a wave, some are lost on the way. So many intervals are tried.
_NARROWER = (0.5, 0.05, 0.005)
_STAYS = 0.9
_SURE = 10
_FALLS = 6
_TRIED = 2

Place = tuple[float, float]  # an argument, and what is left of a value there
_NODES = SYMMETRIC.nodes
_QUINTIC = np.linalg.pinv(np.vander(_NODES, 6))

# A slope shows by such a step, if at all, that what scatters in wider windows is no noise.
DIES_OUT = DIED_OUT * NEAREST[0]

# A function that is flat in a window so wide has a slope of zero, whatever wider ones show.
_PIECE = 1e-6
_ROUNDINGS = 16  # of its arguments in their own precision: a window is flat for no other reason


@dataclass(frozen=True, slots=True)
class Seen:
    """The slope of one window, with its bar and the smallest step between its values."""

    half_width: float
    slope: float
    bar: float
    step: float


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


def chord(sampler: Sampler, step: float) -> float:
    """The slope between both ends of a step to either side; outside the domain that of one side."""
    right, left = sampler.increment(step), sampler.increment(-step)
    if math.isfinite(right - left):
        return (right - left) / (2 * step)
    return (right if math.isfinite(right) else -left) / step


def jump(sampler: Sampler, far: float) -> float:
    """The height of a jump around a step; NaN where the function is not finite there, 0 for none.

    Windows are narrowed until what bends leaves a polynomial by less than a jump does.
    """
    for share in _NARROWER:
        moved, _ = sampler.take([far * (1 + share * node) for node in _NODES.tolist()])
        if not all(map(math.isfinite, moved)):
            return math.nan
        fitted = _QUINTIC @ moved
        rests = moved - np.polyval(fitted, _NODES)
        if float(np.linalg.norm(rests)) <= SHOWN * sampler.roundoff:
            return 0.0

        def left(node: float, share: float = share, fitted: NDArray[Any] = fitted) -> float:
            moved = sampler.increment(far * (1 + share * node))
            return moved - float(np.polyval(fitted, node))

        # A polynomial follows a jump next to an end: it may show in the second largest rest.
        pairs = pairwise(zip(_NODES.tolist(), rests.tolist(), strict=True))
        for ends in sorted(pairs, key=_height, reverse=True)[:_TRIED]:
            if (height := _bracketed(left, *ends)) > 0:
                return height
    return 0.0


def _bracketed(rest: Callable[[float], float], one: Place, other: Place) -> float:
    """The height of a jump between two places, or 0: what bends goes with every halving."""
    falls = stays = 0
    while falls < _FALLS and stays < _SURE:
        middle = (one[0] + other[0]) / 2
        before, between = _height((one, other)), (middle, rest(middle))
        one, other = max((one, between), (between, other), key=_height)
        stayed = _height((one, other)) > _STAYS * before
        falls, stays = falls + (not stayed), stays + 1 if stayed else 0
    return _height((one, other)) if stays == _SURE else 0.0


def _height(ends: tuple[Place, Place]) -> float:
    return abs(ends[1][1] - ends[0][1])


def _seen(window: Window) -> Seen:
    return Seen(window.half_width, window.slope, window.bar(), window.step)
