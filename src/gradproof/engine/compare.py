"""One comparison: move, measure the slopes, set the claims beside them.

Nothing else evaluates the user's function along a direction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ..judge.bands import Bands
from ..judge.credible import (
    amid_noise,
    flat_enough,
    known_enough,
    rejected_by_shape,
    sharp_enough,
)
from ..judge.thresholds import T
from ..records.block import Block
from ..records.comparison import Comparison
from ..records.direction import Direction
from ..records.slope import Slope, Smoothness
from ..slopes.four import four_points, half_width
from ..slopes.ladder import START
from ..slopes.measure import measure
from ..slopes.sampler import Sampler
from ..slopes.search import NARROWEST
from ..space.directions import RMS
from ..space.point import Line
from ..subject.promotion import claimed_round_off
from ..subject.session import Session
from .quantisation import Doubt, doubted
from .state import Learned, Measurement, Memory, State, noise

_EPS = 2.0**-52
# Where so many coordinates move, kinks lie near: the window is halved so often, and if they are in
# the narrowest as well, so many other directions are tried.
_MANY = 1000
_HALVINGS = 6
_REDRAWS = 1


def compare(
    session: Session,
    state: State,
    direction: Direction,
    share: float = T.known,
    only: int | None = None,
) -> Measurement:
    """Measure the slopes along a direction, and set the claims beside them.

    One comparison for each projection, or for ``only`` one: they share the evaluations. A gap is
    measured to a ``share`` of itself.
    """
    chosen = range(len(state.claims)) if only is None else [only]
    for redraw in range(_REDRAWS + 1):
        moved = replace(direction, draw=direction.draw + redraw) if redraw else direction
        line = session.line(moved)
        claims = [(k, state.claims[k].along(line)) for k in chosen]
        values = partial(session.evaluate, line)
        samplers = [sampler(session, direction, line, values, k) for k in chosen]
        line.ready()
        with session.caller.many():
            tried = _four(state, direction, claims, samplers) if share == T.known else None
            if redraw < _REDRAWS and tried and any([elsewhere for _, elsewhere in tried]):
                continue
            made, learned = _each(session, state, line, claims, samplers, share, tried)
        break
    line.back()
    return Measurement(line.direction, made, learned, session.evaluations)


Tried = Sequence[tuple[Slope | None, bool]]


def _four(
    state: State,
    direction: Direction,
    claims: Sequence[tuple[int, float]],
    samplers: Sequence[Sampler],
) -> Tried | None:
    """Four points for each claim; None where they are not tried, as they seldom were enough.

    Along a direction that shows next to nothing of a claim a slope has to be known to a share of
    that little: else a wrong factor would not be seen there. Whether another direction is drawn
    does not depend on what is claimed, but for that.
    """
    width = _width(state, direction, samplers, [k for k, _ in claims])
    if not width < math.inf:
        return None
    limits, tried = state.limits(direction), list[tuple[Slope | None, bool]]()
    halvings = _HALVINGS if _is_large(state, direction) else 0
    for (k, claimed), sampler in zip(claims, samplers, strict=True):
        sharp = sharp_enough(unit(state, direction, k), limits)
        least = _sharp_for(claimed, sharp, limits)
        slope, elsewhere = None, False
        if not _nothing(state, direction, k):
            blunt = T.blunt if halvings and least == sharp else 1.0
            slope, elsewhere = four_points(sampler, width, least, halvings, blunt)
        tried.append((slope, elsewhere and least == sharp))
    return tried


def _sharp_for(claimed: float, sharp: float, limits: Bands) -> float:
    """The bar with which a claim is accepted: a wrong factor of it is to be seen, too."""
    return min(sharp, limits.correct_below * abs(claimed))


def _nothing(state: State, direction: Direction, k: int) -> bool:
    """Whether nothing at all is claimed along a direction."""
    return not any([state.claims[k].norms[part.block] for part in direction.parts])


def _is_large(state: State, direction: Direction) -> bool:
    """Whether so much moves that kinks may lie in any window, along one draw or another."""
    parts, blocks = direction.parts, state.setting.blocks
    count = sum([blocks[part.block].count for part in parts])
    return count >= _MANY and all([part.whole for part in parts])


def _each(
    session: Session,
    state: State,
    line: Line,
    claims: Sequence[tuple[int, float]],
    samplers: Sequence[Sampler],
    share: float,
    tried: Tried | None,
) -> tuple[tuple[Comparison, ...], Learned]:
    """A comparison for each claim."""
    learned, made, direction = state.learned, list[Comparison](), line.direction
    for i, ((k, claimed), sampler) in enumerate(zip(claims, samplers, strict=True)):
        quick = None
        if tried is not None and not _nothing(state, direction, k):
            quick = _accepted(session, state, line, k, claimed, tried[i][0])
            narrow = quick.window if quick and _is_large(state, direction) else math.inf
            learned = replace(
                learned,
                accepted=learned.accepted + (1 if quick else -1),
                width=min(learned.width, narrow),
            )
        if quick is None:
            quick, learned = _slope(state, learned, direction, sampler, claimed, share, k)
        bar, samples = noise(state, direction, k), tuple(sampler.samples)
        known = _round_off(session, line, k) if session.round_off is not None else 0.0
        made.append(Comparison(direction, claimed, bar, quick, k, samples, known))
    return tuple(made), learned


def sampler(
    session: Session,
    direction: Direction,
    line: Line,
    values: Callable[[float], tuple[Any, ...]],
    k: int,
) -> Sampler:
    """What evaluates a function along a line, for one projection."""
    part, projection = direction.parts[0], session.projections[k]
    lone = direction.block is not None and (
        part.entry is not None or session.point.blocks[part.block].count == 1
    )
    return Sampler(
        values,
        pick=k,
        taken=line.taken if lone else None,
        centre=projection.centre,
        scatter=projection.spread,
        largest=projection.scale,
    )


def _width(
    state: State, direction: Direction, samplers: Sequence[Sampler], chosen: Sequence[int]
) -> float:
    """That of a window whose four points may be enough for all; infinite if they seldom were.

    What is small beside its block is measured as well as it can be: no norm says how well.
    """
    if state.learned.accepted < 0 or any([part.only is not None for part in direction.parts]):
        return math.inf
    limits = state.limits(direction)
    width = max([
        half_width(sampler.roundoff, sharp_enough(unit(state, direction, k), limits))
        for k, sampler in zip(chosen, samplers, strict=True)
    ])  # fmt: skip
    return min(width, state.learned.width) if _is_large(state, direction) else width


def _slope(
    state: State,
    learned: Learned,
    direction: Direction,
    sampler: Sampler,
    claimed: float,
    share: float,
    k: int,
) -> tuple[Slope, Learned]:
    limits, memory = state.limits(direction), learned.memories[k]
    size = unit(state, direction, k)
    sharp, floor = sharp_enough(size, limits), sharp_enough(state.values[k], limits)
    nothing = _nothing(state, direction, k)
    # Of what is moved farther than it is large, neither value nor bend say what is small.
    farther = any([state.setting.blocks[part.block].enlarged for part in direction.parts])
    rounded = abs(claimed) <= T.roundoff * state.values[k]
    zero = floor if rounded and not (nothing or farther) else 0.0

    def enough(value: float, error: float) -> bool:
        done = error <= sharp and not nothing
        return done or known_enough(claimed, value, error, zero, share)

    def negligible(error: float, bend: float) -> bool:
        small = abs(claimed) <= error <= sharp_enough(bend, limits)
        return small and not nothing and not farther

    def careful(value: float, error: float) -> bool:
        return share == T.known and abs(claimed - value) > error

    expected = partial(amid_noise, claimed, unit=0.0 if nothing else size, bands=limits)
    hints = _hints(state, memory, direction, share)
    measured = partial(
        measure, sampler, enough, negligible=negligible, careful=careful, expected=expected
    )
    slope = measured(**hints)
    if hints and share == T.known and rejected_by_shape(claimed, slope):
        slope = measured()  # what is known from neighbours tells no noise from waves here
    floor = max(floor, flat_enough(slope.bend, limits))
    if nothing and known_enough(claimed, slope.value, slope.error, floor):
        slope = replace(slope, smoothness=Smoothness.SMOOTH)
    if share == T.known:
        learned, says_nothing = _doubt(state, learned, direction, sampler, claimed, slope, k)
        if says_nothing:
            return replace(slope, smoothness=Smoothness.UNKNOWN), learned
    if slope.has_pilot and slope.smoothness is Smoothness.SMOOTH:
        windows = memory.windows
        if direction.block is not None:
            windows = {**windows, direction.block: slope.window}
        learned = _remembering(learned, k, Memory(slope, windows, learned.memories[k].steps))
    return slope, learned


def _accepted(
    session: Session, state: State, line: Line, k: int, claimed: float, slope: Slope | None
) -> Slope | None:
    """The slope of four points, if the claim agrees with it: no other is believed.

    The round-off of a claim in low precision is measured where a gap may be no more than that, by
    what is plainly less than what counts as wrong.
    """
    if slope is None:
        return None
    direction, limits = line.direction, state.limits(line.direction)
    size, gap = unit(state, direction, k), abs(claimed - slope.value)
    sharp = _sharp_for(claimed, sharp_enough(size, limits), limits)
    if gap <= min(slope.error, (T.blunt if slope.limited else 1.0) * sharp - slope.error):
        return slope
    plainly = T.tells * limits.wrong_above * size
    if gap > plainly:
        return None
    return slope if gap <= min(T.claim_noise * _round_off(session, line, k), plainly) else None


def _round_off(session: Session, line: Line, k: int) -> float:
    """What is known of the round-off of a claim along a line; 0 for what is not promoted."""
    if not session.promoted:
        return 0.0
    if session.round_off is None:
        line.back()
    every = claimed_round_off(session)[k]
    return math.hypot(*[part.step * every[part.block] for part in line.direction.parts])


def _doubt(
    state: State,
    learned: Learned,
    direction: Direction,
    sampler: Sampler,
    claimed: float,
    slope: Slope,
    k: int,
) -> tuple[Learned, bool]:
    """Whether a slope says nothing, since the function moves in steps."""
    block, limits = direction.block, state.limits(direction)
    if block is None:
        return learned, False
    memory = learned.memories[k]
    size = unit(state, direction, k) if state.claims[k].norms[block] else 0.0
    # A gap that is beyond its bar by next to nothing, beside the band, rejects nobody.
    if abs(claimed - slope.value) <= slope.error + T.tells * limits.correct_below * size:
        return learned, False
    rounding = _EPS * max(1.0, state.setting.blocks[block].scale)
    doubt, steps = doubted(
        memory.steps, sampler, claimed, slope, block, state.eps[block], size, rounding
    )
    learned = _remembering(learned, k, replace(memory, steps=steps))
    if doubt is Doubt.NARROW:
        learned = replace(learned, narrow_misleads=True)
    return learned, doubt is not Doubt.NONE


def _remembering(learned: Learned, k: int, memory: Memory) -> Learned:
    memories = (*learned.memories[:k], memory, *learned.memories[k + 1 :])
    return replace(learned, memories=memories)


def _hints(state: State, memory: Memory, direction: Direction, share: float) -> dict[str, Any]:
    """Noise and step known from slopes before: a slope then costs one window, not five."""
    last = memory.last
    if last is None:
        return {}
    part, known = direction.parts[0], {"noise": last.noise, "stepped": last.stepped}
    if part.entry is not None and share == T.known:
        return {}  # entries are swept where what was known of the block was no help
    if part.entry is not None:  # the same displacement, in units of the entry's own scale
        stretch = state.setting.blocks[part.block].scale / part.step
        return {**known, "start": min(max(last.window * stretch, NARROWEST), START)}
    window = memory.windows.get(part.block) if direction.block is not None else None
    if window is not None:
        start = max(window, NARROWEST)
        return {**known, "start": start, "widest": start}
    return {**known, "start": max(last.window, NARROWEST)}


def unit(state: State, direction: Direction, k: int) -> float:
    """How much the claimed gradient of one block contributes to a slope along a direction.

    In a joint direction, of the block that contributes least, unless that is next to
    nothing: such a block is measured on its own.
    """
    return smallest_share(state.claims[k].norms, direction, state.setting.blocks, state.values[k])


def smallest_share(
    norms: Sequence[float], direction: Direction, blocks: Sequence[Block], otherwise: float
) -> float:
    """The same for the norms of a claim; ``otherwise`` where nothing is claimed."""
    units = []
    for part in direction.parts:
        if 0 < norms[part.block] < math.inf:
            share = RMS if part.entry is None else blocks[part.block].count ** -0.5
            units.append(norms[part.block] * part.step * share)
    units.sort()
    return max(units[0], 0.1 * units[len(units) // 2]) if units else otherwise
