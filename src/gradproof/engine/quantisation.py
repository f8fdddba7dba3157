"""When windows disagree with each other, what is a slope that rejects a claim worth.

Functions that move in steps (a kernel in bfloat16, ``log(1 - A)`` where ``A`` is next to 1,
``floor``) are flat between two of them, which is no more their derivative than a tread is a
staircase's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import partial

from ..judge.credible import contradicted, is_small, outstepped, unresolved
from ..judge.thresholds import T
from ..records.slope import Slope
from ..slopes import steps
from ..slopes.sampler import Sampler
from ..slopes.steps import Seen


class Doubt(Enum):
    """What there is to be said against a slope that rejects a claim."""

    NONE = auto()
    SLOPE = auto()  # this slope says nothing
    NARROW = auto()  # no narrow window of this function says anything


@dataclass(frozen=True, slots=True)
class Steps:
    """What is known of the steps of one projection.

    ``stepped``: whether it moves in steps at the smallest scale, if at all; ``step`` the largest
    of the smallest ones seen, ``settled`` the blocks whose claim no wide window allowed.
    """

    stepped: bool | None = None
    step: float = 0.0
    settled: frozenset[int] = frozenset()


def doubted(
    known: Steps,
    sampler: Sampler,
    claimed: float,
    slope: Slope,
    block: int,
    eps: float,
    size: float = 0.0,
    rounding: float = 0.0,
) -> tuple[Doubt, Steps]:
    """Look at a slope along a block that rejects a claim, of which ``size`` is typical.

    ``eps`` is the block's precision, ``rounding`` one of numbers of its size in double precision.
    """
    if unresolved(claimed, slope, sampler.largest, steps.DIES_OUT, rounding):
        return Doubt.SLOPE, known  # waves that nothing tells from noise, or roundings
    known, stepped = _stepped(known, sampler, slope)
    if claimed != 0 and not (stepped or steps.is_narrow(slope)):
        return Doubt.NONE, known
    if slope.value == 0 and abs(claimed) * slope.window < known.step:
        return Doubt.SLOPE, known  # the claim would not have reached the next step
    piece = steps.piece(eps)
    visible = abs(slope.value) * piece > T.roundings_seen * sampler.roundoff
    if claimed == 0 and visible and steps.is_flat(sampler, piece):
        return Doubt.SLOPE, known  # flat, but for the jumps beside the point
    if block in known.settled:
        return Doubt.NONE, known
    seen = list(steps.wider(sampler, slope, stepped=stepped))
    look = partial(contradicted, claimed, slope, size=size)
    if any([look(wide.slope, wide.bar) for wide in seen]):
        return Doubt.NARROW, known
    found = Doubt.NONE
    if stepped:
        found, known = _outstepped(known, sampler, claimed, slope, seen)
    if not any([abs(claimed - wide.slope) <= wide.bar for wide in seen]):
        known = replace(known, settled=known.settled | {block})
    return found, known


def _outstepped(
    known: Steps, sampler: Sampler, claimed: float, slope: Slope, seen: list[Seen]
) -> tuple[Doubt, Steps]:
    """Whether one of them allows what a window that is flat rejects."""
    for wide in seen:
        step = wide.step if is_small(wide.step, sampler.largest) else 0.0
        known = replace(known, step=max(known.step, step))
        if outstepped(claimed, slope, wide.slope, wide.bar, step):
            return Doubt.SLOPE, known
    return Doubt.NONE, known


def _stepped(known: Steps, sampler: Sampler, slope: Slope) -> tuple[Steps, bool]:
    """Looked at once, unless a slope says it."""
    if slope.value == 0:
        return known, True
    if slope.has_pilot:
        known = replace(known, stepped=slope.stepped or bool(known.stepped))
    if known.stepped is None:
        known = replace(known, stepped=steps.is_stepped(sampler))
    return known, bool(known.stepped)
