"""How far a block of small numbers is moved: as far as its gradient needs to be seen.

A step of its own size shows nothing of a block that is tiny beside what the function makes of it,
as both factors of a low-rank update may be: the round-off of the value is larger. Such a block is
moved further, by no more than is needed, and at most as far as a block of zeros.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from ..judge.bands import bands
from ..judge.credible import sharp_enough
from ..judge.thresholds import T
from ..records.block import Block
from ..records.direction import Direction, Part
from ..slopes.four import too_narrow
from ..slopes.sampler import Sampler
from ..slopes.window import SYMMETRIC, Window
from ..space.directions import RMS
from ..subject.session import Session
from .compare import sampler

_LEAST = T.roundings_seen * 2.0**-52  # roundings of numbers of size 1
_OWN = 0.5  # half-width of a window of a block's own size
_FARTHER, _NARROWER = 4.0, 8.0  # from one to the next
_ALIKE = 2  # values: too few to say what they are multiples of
_WHOLE, _OF_THE_LEAST = 1e-3, range(1, 9)  # multiples of such a share of the smallest step


def reach(session: Session) -> None:
    """Give the blocks that need it a larger scale; two evaluations for most."""
    small = [block for block in session.point.blocks if block.scale < T.tiny]
    if small and session.finite:
        scales = {block.index: _seen(session, block) for block in small}
        if any([scales[block.index] > block.scale for block in small]):
            session.rescale(scales)


def _seen(session: Session, block: Block) -> float:
    """The size of a step that shows the gradient of a block; its own where that does."""
    direction = Direction((Part(block.index, block.scale),), int(session.asked.options.seed), 0)
    line = session.line(direction)
    values = partial(session.evaluate, line)
    needed = []
    for k, projection in enumerate(session.projections):
        one = sampler(session, direction, line, values, k)
        norm = projection.claim.norms[block.index]
        sharp = _sharp(session, block, norm)
        needed.append(_needed(one, sharp, 1 / block.scale, nothing=norm == 0))
    line.back()
    return max(block.scale, min(max(needed) * block.scale, 1.0))


def _sharp(session: Session, block: Block, norm: float) -> float:
    options = session.asked.options
    limits = bands(block.dtype, options.correct_below, options.wrong_above)
    return sharp_enough(norm * block.scale * RMS, limits)


def _needed(one: Sampler, sharp: float, farthest: float, *, nothing: bool) -> float:
    """How many times its own size a block is to be moved, given a bar that tells.

    Not at all where the function bends within that size, far more than it slopes: at an optimum,
    a larger step would lead out of the neighbourhood that the size says. Nor where nothing is
    claimed of what shows at that size, or of a value of zero, which has no round-off.
    """
    ends, _ = one.take([_OWN, -_OWN])
    known, largest, moved = one.roundoff, one.largest, max(map(abs, ends))
    noise = known
    if moved <= T.hides_no_more * _LEAST:
        window = _moving(one, farthest)
        moved = float(np.abs(window.increments).max())
        noise = max(known, _roundings(one, window, farthest))
    if nothing and (moved > T.hides_no_more * noise or (largest == 0 and noise == known)):
        return 1.0
    slope = ends[0] - ends[1]
    if abs(sum(ends)) > T.bends_more * max(noise, abs(slope)):
        return 1.0
    times = min(too_narrow(noise, sharp), farthest)
    return _alike(one, slope, times) if abs(slope) > T.bends_more * noise else times


def _alike(one: Sampler, slope: float, times: float) -> float:
    """How many ``times`` farther the chord is still what it is at a block's own size."""
    while times > 1:
        (ahead, behind), _ = one.take([times * _OWN, -times * _OWN])
        if abs((ahead - behind) / times - slope) <= T.alike * abs(slope):
            return times
        times /= _NARROWER
    return 1.0


def _moving(one: Sampler, farthest: float) -> Window:
    """A window of a block's own size, or the next wider one that shows more than two values."""
    window, far = one.window(SYMMETRIC, _OWN), _OWN
    while len(set(window.increments.tolist())) <= _ALIKE and far < farthest:
        far *= _FARTHER
        if one.increment(far) or one.increment(-far):
            window = one.window(SYMMETRIC, far)
    return window


def _roundings(one: Sampler, window: Window, farthest: float) -> float:
    """The scatter of larger numbers that are rounded inside, where it shows; else 0.

    ``cos(x) - 1`` moves in steps of one spacing of 1.0, whatever the size of its value.
    """
    moved, least = window.scatter or window.step, _LEAST
    if moved > least and _in_multiples(window):
        least = T.hidden_share * max(map(abs, one.take([farthest, -farthest])[0]))
    return moved if moved <= least else 0.0


def _in_multiples(window: Window) -> bool:
    """Whether all values differ by multiples of one number, as what is rounded does."""
    times = window.increments / window.step if window.step else window.increments
    return float(np.ptp(times)) >= _ALIKE and any(
        [np.abs(k * times - np.round(k * times)).max() < _WHOLE for k in _OF_THE_LEAST]
    )
