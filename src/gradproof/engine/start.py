"""The first state of a check: what the claims are, and what everything is measured against."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from ..backend import arrays
from ..judge.bands import Bands, bands
from ..judge.credible import may_be_small
from ..judge.thresholds import T
from ..plan.effort import effort
from ..plan.setting import Setting
from ..records.direction import Part
from ..records.finding import Finding, Kind
from ..records.verdict import Ruling, Verdict
from ..space.point import Point
from ..space.special import alike
from ..subject.claim import Claim, Claimed
from ..subject.promotion import claimed_round_off, doubt
from ..subject.roundings import Roundings, is_half, lost
from ..subject.session import Session
from .finite import not_finite
from .state import Learned, Memory, State, reclaimed, with_claims

# So many of the smallest entries of a block are looked at.
_MOST = 4096


def start(session: Session) -> State:
    """Nothing compared yet."""
    point, options, projections = session.point, session.asked.options, session.projections
    limits = tuple([
        bands(block.dtype, options.correct_below, options.wrong_above) for block in point.blocks
    ])  # fmt: skip
    claims = tuple([projection.claim for projection in projections])
    lone = len(claims) == 1 and session.finite
    setting = Setting(
        blocks=point.blocks,
        norms=[math.hypot(*norms) for norms in zip(*[c.norms for c in claims], strict=True)],
        effort=effort(options.effort),
        seed=int(options.seed),
        entry_scale=point.entry_scale,
        spread=point.spread,
        alike=partial(alike, point),
        looks=len(claims),
        small=_small(point, claims[0], limits) if lone else (),
    )
    return State(
        setting=setting,
        bands=limits,
        eps=tuple([point.eps(block.index) for block in point.blocks]),
        claims=claims,
        values=tuple([projection.size for projection in projections]),
        learned=Learned((Memory(),) * len(claims)),
        ruled=dict(session.refused),
        not_finite=not_finite(session, setting),
        evaluations=session.evaluations,
    )


def _small(point: Point, claim: Claimed, bands: tuple[Bands, ...]) -> list[Part]:
    """The parts of one direction through all that cannot show beside the rest; often none.

    A norm forgets what is so much smaller that no band reaches down to it: a block of which
    nothing is claimed beside steep ones, and the smallest entries of a block. Entries that are
    claimed to be zero are left out: most are, rightly, behind a ReLU.
    """
    steep, parts = any([norm > 0 for norm in claim.norms]), []
    for block, limits in zip(point.blocks, bands, strict=True):
        norm = claim.norms[block.index]
        if norm == 0 and steep:
            parts.append(Part(block.index, block.scale))
        elif 0 < norm < math.inf and may_be_small(point.eps(block.index), limits):
            gradient = claim.gradient(block.index)
            if gradient is not None:
                small = arrays.smallest(gradient, limits.correct_below * norm, _MOST)
                parts += [Part(block.index, block.scale, only=small)] if small else []
    return parts


def with_known_noise(session: Session, state: State) -> State:
    """Before a claim in low precision is rejected, see how much of the gap is its round-off.

    In half precision that itself is judged. The same state where there is nothing to see.
    """
    if not session.promoted:
        return state
    half = is_half(session)
    if not (state.rejects or half):
        return state
    noise, finer = doubt(session) if half else (claimed_round_off(session), [])
    wider = state
    if state.rejects:
        claims = [
            replace(claim, noise=tuple(map(max, claim.noise, known)))
            for claim, known in zip(state.claims, noise, strict=True)
        ]
        wider = with_claims(state, claims)
    if not (half and finer):
        return wider
    lossy = lost(session, noise, finer)
    wider = _refusing(session, wider, lossy) if lossy else wider
    return _off_in_double(session, wider, finer)


def _off_in_double(session: Session, state: State, finer: Sequence[Claim]) -> State:
    """The state where the same code is off in float64 too, by what no rounding explains.

    The bands of half precision are for what its roundings do.
    """
    options, blocks = session.asked.options, session.point.blocks
    if options.correct_below is not None or options.wrong_above is not None:
        return state
    along = [finer[c.projection].along(session.line(c.direction)) for c in state.comparisons]
    limits = [T.roundings_inside * eps / 2 for eps in state.eps]
    narrow = replace(
        reclaimed(state, finer, along),
        bands=tuple([bands(b.dtype, e, e) for b, e in zip(blocks, limits, strict=True)]),
    )
    off = {}
    for block, mine, twin in zip(blocks, state.judgements, narrow.judgements, strict=True):
        if twin.verdict is Verdict.WRONG and mine.verdict is Verdict.CORRECT:
            off[block.index] = Ruling(Verdict.SUSPECT, _OFF_IN_DOUBLE, twin.bar, twin.error)
    return replace(state, ruled={**state.ruled, **off}, known={}) if off else state


_OFF_IN_DOUBLE = "off in float64 too, where no rounding explains it"


def _refusing(session: Session, state: State, lossy: Mapping[int, Roundings]) -> State:
    """The state where claims that are right in float64 lose too much of it."""
    ruled = dict(state.ruled)
    for index, found in lossy.items():
        block, limits = session.point.blocks[index], state.bands[index]
        if state.judgements[index].verdict.rejects:
            continue  # by more than all of its round-off
        verdict = Verdict.WRONG if found.share > limits.wrong_above else Verdict.SUSPECT
        why = f"right in float64, not in {block.dtype}"
        ruled[index] = Ruling(verdict, why, found.share / found.seen, found.share)
        reported = found.reported(block.name, block.dtype)
        session.findings.append(Finding(Kind.LOW_PRECISION, block.name, reported))
    return replace(state, ruled=ruled, known={})
