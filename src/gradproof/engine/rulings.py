"""Before a claim is rejected: treads of fun, round-off of the claim, chance, or a tolerance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..judge.thresholds import T
from ..records.comparison import Comparison
from ..records.direction import Direction, Part
from ..records.finding import Kind
from ..records.verdict import Ruling, Verdict
from ..subject import claim as claims
from ..subject import providers
from ..subject.claim import Claim, Claimed
from ..subject.session import Session
from ..subject.solvers import Solver, solver
from .compare import compare
from .further import solved_further
from .state import State, with_claims
from .treads import on_treads

# Claims along a line: as many as a window has values, and a cubic through them. Round-off is the
# same in a wide window and a narrow one; what bends or jumps in a claim is less in the narrow one.
_NODES = np.cos(np.pi * (np.arange(8) + 0.5) / 8)
_DEGREE = 3
_WIDE, _NARROW = 1e-3, 1e-3 / 16

# So many seeds, and so many where they leave it open; and as many claims that are the same are not
# drawn.
_SEEDS = (8, 32)
_SAME = 3


def ruled(session: Session, state: State) -> State:
    """The state with the rejections that something else explains turned into what they are."""
    if state.right or not session.movable:
        return state
    for rule in (_round_off, _chance, _tolerance, _treads):
        state = _with(state, rule(session, state))
    return state


def _rejected(state: State) -> list[int]:
    """Blocks that slopes alone reject."""
    kept = {*state.ruled, *state.not_finite}
    every = enumerate(state.judgements)
    return [i for i, j in every if j.verdict.rejects and i not in kept]


def _with(state: State, found: Mapping[int, Ruling]) -> State:
    return replace(state, ruled={**state.ruled, **found}, known={}) if found else state


def _treads(session: Session, state: State) -> dict[int, Ruling]:
    return on_treads(session, state, _rejected(state))


# Round-off of the claim: what claims along a line scatter, beyond a smooth curve.


def _round_off(session: Session, state: State) -> dict[int, Ruling]:
    """Small gaps that the round-off of a claim explains; in float64 it is not known otherwise."""
    if session.promoted or not all(isinstance(c, Claim) for c in state.claims):
        return {}
    near = [i for i in _rejected(state) if _may_be_round_off(state, i)]
    if not near:
        return {}
    wide, narrow = _scatter(session, _WIDE), _scatter(session, _NARROW)
    alike = np.maximum(wide, narrow) <= T.same_scatter * np.minimum(wide, narrow)
    noise = np.where(alike, np.maximum(wide, narrow), np.minimum(wide, narrow))
    found = {}
    for i in near:
        judgement, leading = state.judgements[i], state.judged[i].leading
        scatter = float(noise[leading, i])
        share = T.claim_noise * scatter / judgement.size
        small = scatter <= _most_round_off(state, i) and share <= T.round_off_at_most
        if small and max(judgement.low, judgement.error - judgement.bar) <= share:
            sure = max(share, judgement.error) <= T.round_off_known
            verdict = Verdict.CORRECT if sure else Verdict.UNDECIDED
            words = f"to within the round-off of the claim, {share:.1e} of it"
            found[i] = Ruling(verdict, words, share)
    return found


def _may_be_round_off(state: State, index: int) -> bool:
    """Whether a gap is so small, beside the gradient and by itself, before any claim is made."""
    judgement = state.judgements[index]
    gap = judgement.error * judgement.size
    return judgement.error <= T.small_gap and gap <= T.claim_noise * _most_round_off(state, index)


def _most_round_off(state: State, index: int) -> float:
    """Numbers next to 1 inside, or the function itself, are rounded: no more than that."""
    block, value = state.setting.blocks[index], state.values[state.judged[index].leading]
    rounded = state.eps[index] * max(1.0, value) * max(1.0, 1 / block.scale)
    return T.same_value * rounded


def _claimed(session: Session) -> list[Claim]:
    """The claims where the working copy now is."""
    products = isinstance(session.grad, providers.Products)
    return providers.claim(session, session.result() if products else None)


def _scatter(session: Session, width: float) -> NDArray[np.float64]:
    """The norm of what each claim scatters along a line, by projection and block."""
    blocks = session.point.blocks
    line = session.line(Direction(tuple(Part(b.index, b.scale) for b in blocks), 0, 0))
    seen = []
    try:
        for t in (width * _NODES).tolist():
            line.move(t)
            made = _claimed(session)
            seen.append([claims.sketch(claim, blocks) for claim in made])
    finally:
        line.back()
    values = np.array(seen)  # nodes, projections, blocks, numbers of a sketch
    flat = values.reshape(len(_NODES), -1)
    if not np.isfinite(flat).all():
        return np.zeros(values.shape[1:3])
    curve = np.polynomial.chebyshev.chebvander(_NODES, _DEGREE)
    best, *_ = np.linalg.lstsq(curve, flat, rcond=None)
    free = len(_NODES) - _DEGREE - 1
    squares = ((flat - curve @ best) ** 2).sum(axis=0) / free
    found: NDArray[np.float64] = np.sqrt(squares.reshape(values.shape[1:]).mean(axis=-1))
    return found / claims.RMS


# Chance: a claim that is drawn anew at every call.


def _chance(session: Session, state: State) -> dict[int, Ruling]:
    """Gaps of a claim that is a random estimate: wrong only where their mean is off."""
    lines = _doubtful(session, state)
    if not lines or not all(isinstance(c, Claim) for c in state.claims):
        return {}
    caller, seed = session.caller, session.caller.seed
    centres = [projection.centre for projection in session.projections]
    gaps: dict[int, list[Comparison]] = {i: [] for i in lines}
    drawn, seeds = False, iter(range((seed or 0) + 1, (seed or 0) + _SEEDS[-1] + 1))
    try:
        for most in _SEEDS:
            while len(next(iter(gaps.values()))) < most:
                caller.seed = next(seeds)
                made = _claimed(session)
                drawn = drawn or not _same(session, made, state.claims)
                for i, found in _under_seed(session, state, made, lines).items():
                    gaps[i].append(found)
                if len(gaps[i]) == _SAME and not drawn:
                    return {}
            if not any([_near(each) for each in gaps.values()]):
                break
    finally:
        caller.seed = seed
        for projection, centre in zip(session.projections, centres, strict=True):
            projection.centre = centre
    rulings = {i: _estimate(each, seeded=seed is not None) for i, each in gaps.items()}
    return {i: ruling for i, ruling in rulings.items() if ruling is not None}


def _under_seed(
    session: Session, state: State, made: Sequence[Claim], lines: Mapping[int, Comparison]
) -> dict[int, Comparison]:
    """The claims and slopes of one seed, block by block."""
    for projection, value in zip(session.projections, session.here(), strict=True):
        projection.centre = value
    there = with_claims(state, made)
    return {
        i: compare(session, there, first.direction, only=first.projection).made[0]
        for i, first in lines.items()
    }


def _doubtful(session: Session, state: State) -> dict[int, Comparison]:
    """Blocks that are rejected, or undecided for the noise of a claim, and a comparison of each."""
    rejected = _rejected(state)
    undecided = [
        i
        for i, j in enumerate(state.judgements)
        if j.verdict is Verdict.UNDECIDED and any([claim.noise[i] for claim in state.claims])
    ]
    # A framework's own derivative is of the same draws as the function.
    seeded = session.caller.seed is not None and not isinstance(session.grad, providers.Autodiff)
    drawn = seeded or any([f.kind is Kind.NONDETERMINISTIC for f in session.findings])
    firsts = {i: _first(state, i) for i in (*rejected, *undecided)} if drawn else {}
    return {i: first for i, first in firsts.items() if first is not None}


def _first(state: State, index: int) -> Comparison | None:
    """The first comparison of one block alone, for the claim that is worst."""
    leading = state.judged[index].leading
    alone = (
        c
        for c in state.comparisons
        if c.direction.block == index and c.projection == leading and math.isfinite(c.slope_bar)
    )
    return next(alone, None)


def _same(session: Session, made: Sequence[Claim], before: Sequence[Claimed]) -> bool:
    """Whether claims under another seed are the same, but for round-off."""
    for one, other in zip(made, before, strict=True):
        assert isinstance(other, Claim)
        for block, apart in zip(session.point.blocks, claims.apart(one, other), strict=True):
            if apart > T.same_value * session.point.eps(block.index) * one.norms[block.index]:
                return False
    return True


def _moments(each: Sequence[Comparison]) -> tuple[float, float, float]:
    """Mean and scatter of the gaps of one block, each under a seed of its own, and the bar."""
    gaps = np.array([c.gap for c in each])
    scatter = float(gaps.std(ddof=1))
    bar = T.mean_off[len(each) > _SEEDS[0]] * scatter / len(each) ** 0.5
    return abs(float(gaps.mean())), scatter, bar + max([c.slope_bar for c in each])


def _near(each: Sequence[Comparison]) -> bool:
    """Whether more seeds are worth it: the mean may be off, and is not plainly so."""
    off, _, bar = _moments(each)
    return bar / 2 < off <= bar or bar > T.mean_known * _size(each)


def _size(each: Sequence[Comparison]) -> float:
    """The magnitude of the slopes beside which gaps are looked at."""
    return float(np.mean([abs(c.slope.value) for c in each]))


def _estimate(each: Sequence[Comparison], *, seeded: bool) -> Ruling | None:
    """What the gaps say of a claim; None where they say nothing new."""
    size = _size(each)
    off, scatter, bar = _moments(each)
    if not size > 0 or not math.isfinite(bar):
        return None
    words = (
        f"grad is a random estimate: over {len(each)} seeds it scatters by {scatter / size:.2g} of "
        f"itself, and its mean is off by {off / size:.2g} ± {bar / size:.2g}"
    )
    if off > bar:
        return Ruling(Verdict.WRONG, words) if off > T.plainly_off * size else None
    if seeded and bar > T.mean_known * size:
        return None  # too little is known of the mean to take back what one seed proves
    words += "; average more draws to decide, or fix the seed inside"
    return Ruling(Verdict.UNDECIDED, words, T.claim_noise * scatter / size)


# Tolerance: a function that is solved for, no further than a solver goes.


def _solver(session: Session) -> Solver | None:
    return solver(session.again, session.fun, providers.watchable(session))


def _tolerance(session: Session, state: State) -> dict[int, Ruling]:
    """Gaps of the size that a solver's tolerance explains."""
    errors = {i: state.judgements[i].error for i in _rejected(state)}
    rejected = [i for i, error in errors.items() if error <= T.solved_at_most]
    if not rejected:
        return {}
    given = session.asked.options.tolerance
    found = Solver("", given) if given is not None else _solver(session)
    if found is None:
        return {}
    limit = min(T.solved * found.tolerance, T.solved_at_most)
    near = [i for i in rejected if errors[i] <= limit]
    further = solved_further(session, state, {i: f for i in rejected if (f := _first(state, i))})
    where = f" of {found.name}" if found.name else ""
    words = (
        f"right within the tolerance{where}, {found.tolerance:.1e}: a smaller one in fun would "
        "decide"
    )
    rulings = {i: Ruling(Verdict.UNDECIDED, words, limit) for i in near}
    rulings |= {i: ruling for i, ruling in further.items() if ruling is not None}
    return {i: ruling for i, ruling in rulings.items() if further.get(i, ruling) is not None}
