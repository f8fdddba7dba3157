"""What hides below the pilot window: detail of the function looks like noise until it is reached.

Noise is as large next to the point as anywhere, and the increments of a function that has a slope
die out. One more value, as near to the point as numbers go, tells them apart.
"""

from __future__ import annotations

import numpy as np

from .sampler import Sampler
from .window import Stencil, Window

# Steps, in units of the scale: by the first, numbers of its size move by 45 ulps. The others are
# for functions that do not move by so little.
NEAREST = (1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9)
SHOWN = 30.0  # scatter beyond so many roundings may be shape
_STRAIGHT = 1e-6  # or less than such a share of what the values move by
_PLAINLY = 1e-9  # in the pilot window
DIED_OUT = 10.0  # increments and a scatter so many times smaller: by chance in one of a million
_CLEAR = 30.0  # increments of so many roundings make a window
_KINK = 100.0  # times the round-off: that much of a kink is seen in the narrowest window for one
LEVELS = 4  # a half with fewer different values shows steps, not a slope
_KNOWN = 300.0  # a distance from the line is known to such a part of it


def is_straight(window: Window, share: float = _STRAIGHT) -> bool:
    """Whether a window scatters too little for detail to hide in it."""
    seen = float(np.abs(window.increments).max())
    return window.scatter <= max(SHOWN * window.roundoff, share * seen)


def may_hide(window: Window) -> bool:
    """Whether a pilot window scatters so much that its noise may be shape."""
    return not (window.finite and is_straight(window, _PLAINLY))


def deeper(sampler: Sampler, stencil: Stencil, window: Window) -> Window | None:
    """A window in which what ``window`` scatters has died out, or None where it is noise."""
    scatter = window.scatter if window.finite else np.inf
    # In a window so narrow a kink at the point would still be seen above the round-off.
    kink = window.half_width * _KINK * sampler.near_roundoff / scatter
    for step in NEAREST:
        near = _died_out(sampler, stencil, window, step)
        if near is None or (near == 0 and window.levels < LEVELS):
            return None
        if near > _CLEAR * sampler.near_roundoff:
            for half_width in sorted({max(step, kink), step}, reverse=True):
                found = sampler.window(stencil, half_width)
                if found.finite and found.levels > 2 and found.scatter * DIED_OUT <= scatter:
                    return found
            if found.levels >= LEVELS:
                return None
    return None


def _died_out(sampler: Sampler, stencil: Stencil, window: Window, step: float) -> float | None:
    """How far the value moves by a step, or None where that is as much as ``window`` scatters."""
    scatter, slope = (window.scatter, window.slope) if window.finite else (np.inf, 0.0)
    largest = 0.0
    for side in stencil.sides:
        moved = sampler.increment(side * step)
        rest = min(abs(moved), abs(moved - slope * side * step))
        if not np.isfinite(moved) or rest * DIED_OUT > scatter:
            return None
        largest = max(largest, abs(moved))
        if moved == 0:
            break
    return largest


def is_staircase(stencil: Stencil, straight: Window, broken: Window, coarsest: float) -> bool:
    """Whether ``broken`` leaves the line of a ``straight`` window in steps, as rounding does.

    Beyond a step two neighbours are equally far from the line, and by no more than ``coarsest``;
    what bends or has a kink goes on leaving it.
    """
    if not broken.finite:
        return False
    known = straight.bar() * broken.half_width + 4 * broken.roundoff
    apart = broken.increments - straight.slope * broken.half_width * stencil.nodes
    left = (np.abs(apart) > _KNOWN * known) & (np.abs(apart) <= coarsest)
    alike = np.abs(np.diff(apart)) <= 2 * known
    beside = np.diff(np.sign(stencil.nodes)) == 0
    return bool((left[1:] & left[:-1] & alike & beside).any())
