"""From wrong blocks to findings: where the error is, what it is, which line computed it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import arrays
from ..diagnose.diagnosis import diagnose
from ..diagnose.evidence import Evidence
from ..diagnose.numbers import name_factor
from ..diagnose.places import by_entry, located
from ..judge.credible import sharp_enough
from ..judge.explain import is_discrepant, is_plain, is_sharp, same_number
from ..judge.thresholds import T
from ..plan.effort import ONE_BY_ONE
from ..plan.locate import Located
from ..plan.sweep import spans_scales
from ..records.block import Block
from ..records.comparison import Comparison
from ..records.direction import Direction
from ..records.finding import Finding, Kind
from ..records.verdict import Verdict, severity
from ..subject.claim import Claim
from ..subject.outputs import Projected
from ..subject.session import Session
from . import held, inner, jacobian, misfit
from .compare import compare, unit
from .loop import Run
from .state import State, miscounted, update
from .unheard import unheard
from .views import View, named
from .watch import Watch as Progress

# Of more wrong blocks than are more likely handed on, among more than are singled out one by one,
# only the last are looked into.
_LAST = 2


@dataclass(slots=True)
class _Inquiry:
    """A run that goes on while somebody asks why."""

    session: Session
    state: State
    watch: Progress

    def measure(self, direction: Direction, leading: int) -> Comparison:
        """One more comparison, good enough to say what a fault is."""
        self.watch.direction = direction
        made = compare(self.session, self.state, direction, T.known_well, only=leading)
        self.state = update(self.state, made)
        return made.made[0]


@dataclass(slots=True)
class _Asking:
    """One explanation after another, the cheapest first; ``before`` it so much was spent."""

    inquiry: _Inquiry
    findings: dict[int, Finding]
    before: int
    known: dict[int, Evidence] = field(default_factory=dict)
    in_part: dict[int, Finding] = field(default_factory=dict)
    views: Mapping[int, list[View]] = field(default_factory=dict)

    @property
    def spent(self) -> int:
        """Evaluations for explanations so far."""
        return self.inquiry.session.evaluations - self.before

    def first(self, block: Block) -> None:
        """What can be said from a few slopes through the whole block, or of a Jacobian."""
        session, state = self.inquiry.session, self.inquiry.state
        said = unheard(session, state, block)
        if said is None and state.setting.effort.inquire:
            said = jacobian.explained(session, block, self.spent)
        if said is not None:
            self.findings[block.index] = said
            return
        evidence = _evidence(self.inquiry, block)
        if evidence is None:
            return
        self.known[block.index] = evidence
        said = _diagnosed(evidence, measuring=False)
        if said is None:
            return
        only = _some_outputs(self.inquiry, block)
        if block.count == 1 and said.kind is Kind.SCALE and not _is_called(said, evidence):
            self.in_part[block.index] = said  # any fault at all is some factor of one number
        elif only:
            text = said.message.replace(f"{block.name}: ", f"{block.name}, for {only}: ", 1)
            self.in_part[block.index] = replace(said, message=text)
        else:
            self.findings[block.index] = said

    def look_inside(self, rejected: Sequence[Block]) -> None:
        """One value of the backward that explains all open blocks, or a path that is left out."""
        session, effort = self.inquiry.session, self.inquiry.state.setting.effort
        open_ = [b for b in rejected if b.index in self.known and self._is_open(b)]
        alike = self._alike(rejected) if open_ or callable(session.grad) else []
        if not (open_ or alike) or not effort.inquire or not session.finite:
            return
        for block in open_:
            self.known[block.index].need(_DRAWS)
        state, names = self.inquiry.state, {b.index: b.name for b in session.point.blocks}
        forward = held.watched(session) if open_ else held.unwatched()
        self.views = forward.views
        numbers = partial(_named, self.known[(open_ or alike)[0].index])
        search = inner.search(session, state, forward, rejected, numbers)
        for together in [open_, *([b] for b in open_ if len(open_) > 1)]:
            left = [b for b in together if self._is_open(b)]
            found = inner.asked(search, left) if left and search is not None else None
            if found is not None and search is not None:
                made = {b.index: inner.finding(b, found, search, names) for b in left}
                self.findings.update(made)
        self._left_out(open_, forward)
        if search is not None:
            found = inner.shared(search, alike) if alike else None
            for block in alike if found is not None else ():
                assert found is not None
                said = self.findings[block.index]
                self.findings[block.index] = replace(said, line=found.line)
            inner.restored(search)

    def _alike(self, rejected: Sequence[Block]) -> list[Block]:
        """Blocks with one and the same factor: where two are, one statement may be at fault."""
        said = {b.index: self.findings.get(b.index) for b in rejected}
        scaled = [b for b in rejected if _is_scale(said[b.index])]
        same = [b for b in scaled if _same_factor(said[b.index], said[scaled[0].index])]
        return same if len(same) > 1 else []

    def _left_out(self, blocks: Sequence[Block], forward: held.Forward) -> None:
        """Paths through ``fun`` that are left out; one that explains a block may explain others."""
        session, state = self.inquiry.session, self.inquiry.state
        for block in blocks:
            if not self._is_open(block):
                continue
            budget = T.unexplained - _SAMPLE - self.spent
            draws = self.known[block.index].draws
            path = held.left_out(session, state, forward, draws, budget)
            for other in blocks if path is not None else ():
                assert path is not None
                draws = self.known[other.index].draws
                if other is block or (
                    self._is_open(other) and held.explains(session, state, forward, path, draws)
                ):
                    entries = _named_by(self.known[other.index])
                    self.findings[other.index] = held.finding(other, forward, path, entries)

    def _is_open(self, block: Block) -> bool:
        """Whether nothing is said yet, or only that a gradient is zero."""
        said = self.findings.get(block.index)
        return said is None or (said.kind is Kind.ZERO and said.entries is None)

    def last(self, block: Block) -> None:
        """What takes slopes of its own, and the names that entries have in ``fun``."""
        state, said = self.inquiry.state, self.findings.get(block.index)
        if said is None:
            said = self.in_part.get(block.index)
        if said is None and block.index in self.known:
            measuring = self.inquiry.session.evaluations <= state.setting.effort.inquire
            said = _diagnosed(self.known[block.index], measuring=measuring)
        if said is not None:
            views = self.views.get(block.index, [])
            self.findings[block.index] = named(said, block, views)


def explain(run: Run, watch: Progress) -> tuple[Run, dict[int, Finding]]:
    """A finding for each wrong or suspect block that can be explained, worst first."""
    findings: dict[int, Finding] = {}
    rejected = _rejected(run)
    if len(rejected) > T.handed_on and len(run.state.setting.blocks) > ONE_BY_ONE:
        # The last ones may be at fault, the others have inherited it.
        rejected = sorted(rejected, key=lambda b: b.index)[-_LAST:]
    inquiry = _Inquiry(run.session, run.state, watch)
    for block in _misfits(run.state):
        measuring = run.session.evaluations <= run.state.setting.effort.inquire
        findings[block.index] = misfit.explained(run.session, run.state, block, measuring=measuring)
    asking = _Asking(inquiry, findings, run.session.evaluations)
    for block in rejected:
        asking.first(block)
    asking.look_inside(rejected)
    for block in rejected:
        asking.last(block)
    return replace(run, state=inquiry.state), findings


def _is_scale(said: Finding | None) -> bool:
    return said is not None and said.kind in (Kind.SCALE, Kind.SIGN) and said.factor is not None


def _same_factor(one: Finding | None, other: Finding | None) -> bool:
    assert one is not None
    assert other is not None
    bar = (one.factor_bar or 0.0) + (other.factor_bar or 0.0)
    return same_number(one.factor or 0.0, other.factor or 0.0, bar)


def _is_called(said: Finding, evidence: Evidence) -> bool:
    """Whether a factor is a number that people write, or the size of something."""
    factor, bar = said.factor or 0.0, said.factor_bar or 0.0
    return is_plain(factor, bar) or bool(name_factor(factor, bar, evidence))


def _some_outputs(inquiry: _Inquiry, block: Block) -> str:
    """The outputs whose gradient is wrong, where that of others is right."""
    session, state = inquiry.session, inquiry.state
    if not isinstance(session.outputs, Projected):
        return ""
    wrong: dict[tuple[str, ...], bool] = {}
    for c in state.comparisons:
        if c.direction.block == block.index:
            names = tuple(session.outputs.names(session.projections[c.projection].reading))
            wrong[names] = wrong.get(names, False) or is_discrepant(c)
    if all(wrong.values()):
        return ""
    return " and ".join(name for names, off in wrong.items() if off for name in names)


def _diagnosed(evidence: Evidence, *, measuring: bool) -> Finding | None:
    with np.errstate(all="ignore"):
        return diagnose(evidence, measuring=measuring)


def _named_by(evidence: Evidence) -> tuple[tuple[int, ...], ...] | None:
    """The entries that are wrong, if only some are and all are known."""
    found = evidence.where()
    if not (found.complete and found.entries):
        return None
    wrong = np.zeros(evidence.block.count, dtype=bool)
    wrong[list(found.entries)] = True
    return located(by_entry(wrong, evidence.block))[0]


_DRAWS = 3  # slopes along directions of a block before its backward is asked
_SAMPLE = 24  # evaluations that are left for entries of what nobody explains


def _named(evidence: Evidence, factor: float, bar: float) -> str:
    return name_factor(factor, bar, evidence)


def _misfits(state: State) -> list[Block]:
    """The blocks of which something of another shape is claimed."""
    known = [set(claim.misfits) for claim in state.claims if isinstance(claim, Claim)]
    return [block for block in state.setting.blocks if block.index in set().union(*known)]


def _rejected(run: Run) -> list[Block]:
    state, judgements = run.state, run.state.judgements
    rejected = [
        block
        for block in state.setting.blocks
        if judgements[block.index].verdict.rejects
        and (block.index not in state.ruled or _in_doubt(state, block))
        and _has_finite_claim(state, block)
        and (_is_smooth(state, block) or not miscounted(state, block.index))
    ]
    return sorted(rejected, key=lambda b: severity(judgements[b.index].verdict))


def _in_doubt(state: State, block: Block) -> bool:
    """Whether slopes, and not only the cotangents, speak against a block."""
    return state.judgements[block.index].low > state.bands[block.index].correct_below


def _is_smooth(state: State, block: Block) -> bool:
    """Whether some draw of a block alone met no kink."""
    alone = [c for c in state.comparisons if c.direction.block == block.index]
    return any([c.direction.parts[0].whole and not c.kinked for c in alone])


def _has_finite_claim(state: State, block: Block) -> bool:
    return all(claim.finite(block.index) for claim in state.claims)


def _evidence(inquiry: _Inquiry, block: Block) -> Evidence | None:
    """What there is to look at; None where the claim is not known entry by entry."""
    session, state = inquiry.session, inquiry.state
    leading, point = state.judged[block.index].leading, session.point
    claim = state.claims[leading]
    claimed = claim.gradient(block.index)
    if claimed is None:
        return None
    measure = partial(inquiry.measure, leading=leading)
    mute = spans_scales(state.setting, block)
    draws = [
        c if is_sharp(c) or _is_sharp(state, c) else measure(c.direction)
        for c in _of(state, block, leading)
        if c.direction.parts[0].whole
    ]
    return Evidence(
        block=block,
        claimed=_flat(claimed),
        point=_flat(point.host(block.index)),
        others={
            b.name: _flat(claim.gradients[b.index])
            for b in point.blocks
            if isinstance(claim, Claim)
        },
        right=frozenset(
            b.name for b in point.blocks if state.judgements[b.index].verdict is Verdict.CORRECT
        ),
        shapes={b.name: b.shape for b in point.blocks},
        arguments=session.caller.arrays(),
        draws=[c for c in draws if math.isfinite(c.slope_bar) and not c.kinked and not mute],
        measure=measure,
        slopes_left=state.setting.effort.locate,
        vain=state.setting.effort.vain,
        seed=state.setting.seed,
        located=_swept(_of(state, block, leading), block),
        mute=mute,
        least=point.least.get(block.index, 0.0),
    )


def _flat(array: NDArray[Any]) -> NDArray[np.float64]:
    return arrays.flat(array).astype(np.float64)


def _of(state: State, block: Block, leading: int) -> Sequence[Comparison]:
    """The comparisons that moved one block alone."""
    every = state.comparisons
    return [c for c in every if c.projection == leading and c.direction.block == block.index]


def _is_sharp(state: State, comparison: Comparison) -> bool:
    """Whether a slope was measured to the end, and not only until a gap was plain."""
    direction, k = comparison.direction, comparison.projection
    enough = sharp_enough(unit(state, direction, k), state.limits(direction))
    return comparison.slope.error <= enough


def _swept(comparisons: Sequence[Comparison], block: Block) -> Located | None:
    """The entries, where every one of them was measured already."""
    entries = {
        part.entry: c for c in comparisons if (part := c.direction.parts[0]).entry is not None
    }
    if len(entries) < block.count:
        return None
    wrong = tuple(sorted(entry for entry, c in entries.items() if is_discrepant(c)))
    return Located(wrong, complete=True, sample=tuple(entries.values()))
