"""How far a block of small numbers is moved: as far as its gradient needs to be seen.

A step of its own size shows nothing of a block that is tiny beside what the function makes of it,
as both factors of a low-rank update may be: the round-off of the value is larger. Such a block is
moved further, by no more than is needed, and at most as far as a block of zeros.
"""

from __future__ import annotations

import math
from functools import partial

from ..judge.bands import bands
from ..judge.credible import sharp_enough
from ..judge.thresholds import T
from ..records.block import Block
from ..records.direction import Direction, Part
from ..slopes.four import too_narrow
from ..slopes.sampler import Sampler
from ..space.directions import RMS
from ..subject.session import Session
from .compare import sampler


def reach(session: Session) -> None:
    """Give the blocks that need it a larger scale; two evaluations for each."""
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
    chosen = range(len(session.projections))
    made = [sampler(session, direction, line, values, k) for k in chosen]
    needed = max(too_narrow(one.roundoff, _sharp(session, block, k)) for k, one in enumerate(made))
    if needed > 1 and any([_bends(one) for one in made]):
        needed = 1.0
    line.back()
    return max(block.scale, min(needed * block.scale, 1.0))


def _sharp(session: Session, block: Block, k: int) -> float:
    options, norm = session.asked.options, session.projections[k].claim.norms[block.index]
    limits = bands(block.dtype, options.correct_below, options.wrong_above)
    if norm == 0 and session.projections[k].size == 0:
        return math.inf  # a value of zero has no round-off that hides a slope
    return sharp_enough(norm * block.scale * RMS, limits)


def _bends(one: Sampler) -> bool:
    """Whether the function bends within the block's own size, far more than it slopes: an optimum.

    A larger step would lead out of the neighbourhood that the block's size says.
    """
    (ahead, behind), _ = one.take([0.5, -0.5])
    return abs(ahead + behind) > T.bends_more * max(one.roundoff, abs(ahead - behind))
