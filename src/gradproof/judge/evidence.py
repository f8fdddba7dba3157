"""What the comparisons of one block show, per unit of its gradient's norm.

Comparisons that move the block alone say how wrong it is; those that move others with it can
only support its claim. At a kink every one-sided slope, and all between them, is a valid claim.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..records.block import Block
from ..records.comparison import Comparison
from ..records.direction import Part
from .credible import bar_of
from .thresholds import T


@dataclass(frozen=True, slots=True)
class Evidence:
    """Magnitudes along each direction, and how many blocks it ``moved``.

    ``roundings`` are the round-off of the claims, where it was measured and does not count yet.
    A ``sweep`` measured every coordinate, one by one.
    """

    gaps: list[float]
    bars: list[float]
    claims: list[float]
    slopes: list[float]
    slope_bars: list[float]
    moved: list[int]
    bends: list[float]
    sweep: bool = False
    steps: list[float] = field(default_factory=list)
    roundings: list[float] = field(default_factory=list)


NOTHING = Evidence([], [], [], [], [], [], [])


Pairs = list[tuple[Comparison, Part]]


def collect(
    block: Block, comparisons: Sequence[Comparison], rms: float
) -> tuple[Evidence, Evidence, Evidence]:
    """What moved the block alone, what moved it with or without others, and some entries apart.

    These are its smallest ones, or at a kink all by the same step, so that tied ones stay tied: a
    claim may give the tie to any of them, or share it out, but not give it more than once.

    ``rms`` is the root mean square of one coordinate of a direction of step 1. A full sweep of
    the block, of known slopes, replaces all else.
    """
    own: Pairs = []
    shared: Pairs = []
    small: Pairs = []
    entries: dict[int, tuple[Comparison, Part]] = {}
    for c in comparisons:
        part, alone = c.direction.places.get(block.index), c.direction.block is not None
        if part is None:
            continue
        if alone and part.entry is not None:
            entries[part.entry] = c, part
        # At a kink a random direction says nothing: with several kinks at the point, a valid choice
        # at each can lie outside the one-sided slopes along a direction that mixes them.
        if part.whole and not c.kinked:
            shared.append((c, part))
            own += [(c, part)] if alone else []
        elif alone and (part.only or (part.even and not c.kinked)):
            small.append((c, part))
    if len(entries) == block.count:
        swept = _scaled(list(entries.values()), 1.0, sweep=True)
        if len(swept.gaps) == block.count:
            return swept, swept, _scaled([pair for pair in small if pair[1].even], rms)
    every = _scaled(shared, rms)
    lone = every if len(own) == len(shared) else _scaled(own, rms)
    return lone, every, _scaled(small, rms)


def _scaled(pairs: Pairs, rms: float, *, sweep: bool = False) -> Evidence:
    """Comparisons of known slopes, each per unit of what its direction moves the block by."""
    if not pairs:
        return NOTHING
    found = Evidence([], [], [], [], [], [], [], sweep)
    for c, part in pairs:  # one loop: this is asked for every block after every direction
        bar, unit = bar_of(c), rms * part.step
        if bar < math.inf:
            found.gaps.append(abs(c.gap) / unit)
            found.bars.append(bar / unit)
            found.claims.append(abs(c.claimed) / unit)
            found.slopes.append(abs(c.slope.value) / unit)
            found.slope_bars.append(c.slope_bar / unit)
            found.moved.append(len(c.direction.parts))
            found.bends.append(c.slope.bend / unit)
            found.steps.append(part.step)
            found.roundings.append(T.claim_noise * c.rounding / unit)
    return found


def common(numbers: Sequence[float], others: Sequence[float], bars: Sequence[float]) -> float:
    """The ratio that all pairs share, or 0 where they share none.

    Two of them have to know it; where the ``bars`` of the numbers hide it they have to allow it.
    """
    pairs = [(n / o, b / o) for n, o, b in zip(numbers, others, bars, strict=True) if o > 0]
    known = [ratio for ratio, bar in pairs if bar <= T.same_ratio * ratio]
    if len(known) < 2 or max(known) - min(known) > T.same_ratio * min(known):
        return 0.0
    middle = sum(known) / len(known)
    return middle if all([abs(r - middle) <= b + T.same_ratio * middle for r, b in pairs]) else 0.0


def typical(numbers: Sequence[float], evidence: Evidence) -> float:
    """Root mean square over random draws; over a sweep, the norm of the vector of entries."""
    if not numbers:
        return math.inf
    total = math.hypot(*numbers)
    return total if evidence.sweep else total / math.sqrt(len(numbers))
