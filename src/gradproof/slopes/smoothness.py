"""What the function looks like at 0: smooth, kinked, jumping, at the edge of its domain.

Judged from windows already taken where possible. A kink or a jump sits *at* the point when
it shows in every window however small; one beside the point only makes the window smaller.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from ..records.slope import Slope, Smoothness
from .search import PILOT, Search
from .sides import kinked
from .window import BAR, LEFT, MIRRORED, RATIO, RIGHT, SYMMETRIC, Stencil, Window, halves


def conclude(search: Search, start: float) -> Slope:
    """Turn a finished search into a ``Slope``; look closer where it found no smooth function."""
    best = search.best()
    narrowest = min(search.windows, key=lambda w: w.half_width)
    if not narrowest.finite:
        return _at_edge(search, narrowest, start)
    if search.sampler.counts and best is not None and best.levels > 1:
        return _none(
            search, Smoothness.UNKNOWN
        )  # a count has no slope; rounding might have made it
    if search.done(best):
        return _slope(search, best)
    if kinked(search.windows):
        return _at_kink(search, best, start)
    if _jumps(search):
        return _none(search, Smoothness.JUMP)
    return _slope(search, best)


def _jumps(search: Search) -> bool:
    """Whether the two sides stay as far apart however near they are looked at."""
    narrow = min(search.windows, key=lambda w: w.half_width)
    near = _gap(narrow)
    if not near:
        return False
    far = _gap(search.take(narrow.half_width * RATIO))
    return far != 0 and abs(near - far) < abs(near) / 2


def _gap(window: Window) -> float:
    """How far the right side stands above the left; 0 where their spread could explain it."""
    if not window.finite:
        return 0.0
    half = len(window.increments) // 2
    right, left = window.increments[:half], window.increments[half:]
    gap = float(right.mean() - left.mean())
    spread = float(np.ptp(right) + np.ptp(left)) + 2 * window.roundoff
    return gap if abs(gap) > BAR / 2 * spread else 0.0


def _at_kink(search: Search, best: Window | None, start: float) -> Slope:
    right, left = _beside_kink(search, start)
    side_error = max(right.error, left.error)
    if not math.isfinite(side_error):
        return _none(search, Smoothness.UNKNOWN)
    if abs(right.value - left.value) <= 2 * side_error:
        return _slope(search, best)
    return Slope(
        value=(right.value + left.value) / 2,
        error=abs(right.value - left.value) / 2 + side_error,
        evaluations=search.sampler.evaluations,
        noise=max(right.noise, left.noise),
        smoothness=Smoothness.KINK,
        left=left.value,
        right=right.value,
        side_error=side_error,
        window=min(right.window, left.window),
    )


def _at_edge(search: Search, narrowest: Window, start: float) -> Slope:
    """One side is not finite however near: the slope of the other side, if it has one."""
    finite = np.isfinite(narrowest.increments)
    half = finite.size // 2
    if finite[:half].all() and not finite[half:].any():
        side = _one_sided(search, RIGHT, start)
    elif finite[half:].all() and not finite[:half].any():
        side = _one_sided(search, LEFT, start)
    else:
        return _none(search, Smoothness.NOT_FINITE)
    if side.smoothness is not Smoothness.SMOOTH:
        return _none(search, Smoothness.UNKNOWN)
    return dataclasses.replace(side, smoothness=Smoothness.EDGE)


def _beside_kink(search: Search, start: float) -> list[Slope]:
    """The slopes from the right and from the left; the noise is known, or seen in the halves."""
    narrow = min((w for w in search.windows if w.finite), key=lambda w: w.half_width)
    sides = halves(narrow)
    noise = max(side.scatter for side in sides) if search.pilot else search.noise
    found = []
    for stencil, side in zip((RIGHT, LEFT), sides, strict=True):
        one = Search(search.sampler, stencil, search.enough, max(noise or 0.0, side.roundoff))
        few = MIRRORED * side.amplification  # two degrees of freedom
        one.windows.append(dataclasses.replace(side, amplification=few))
        found.append(_slope(one, one.run(max(start, PILOT * RATIO))))
    return found


def _one_sided(search: Search, stencil: Stencil, start: float) -> Slope:
    """The slope from one side alone, by a search of its own."""
    side = Search(search.sampler, stencil, search.enough)
    return _slope(side, side.run(max(start, PILOT * RATIO)))


def _slope(search: Search, window: Window | None) -> Slope:
    if window is None:
        return _none(search, Smoothness.UNKNOWN)
    error, rest = search.bar(window), search.unsettled(window)
    settled, error = rest <= error, max(error, rest)
    seen = np.abs(window.increments).max()
    known = search.done(window) or window.levels == 1 or error * window.half_width <= seen
    if (
        not known and search.stencil is SYMMETRIC
    ):  # it may be detail finer than all windows: as steep as what was seen next to 0
        error = max(error, BAR * search.sampler.steepest)
    return Slope(
        value=window.slope,
        error=error,
        evaluations=search.sampler.evaluations,
        noise=max(search.noise or 0.0, window.roundoff),
        smoothness=Smoothness.SMOOTH if known else Smoothness.UNKNOWN,
        window=window.half_width,
        has_pilot=search.noise is not None and settled,
        stepped=search.stepped,
        bend=search.bend(),
    )


def _none(search: Search, smoothness: Smoothness) -> Slope:
    return Slope(
        value=math.nan,
        error=math.inf,
        evaluations=search.sampler.evaluations,
        noise=search.noise or 0.0,
        smoothness=smoothness,
    )
