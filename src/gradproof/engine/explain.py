"""From wrong blocks to findings: where the error is, what it is, which line computed it."""

from __future__ import annotations

import contextlib
import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import arrays
from ..diagnose.diagnosis import diagnose
from ..diagnose.evidence import Evidence
from ..diagnose.lines import Watch, parts
from ..diagnose.numbers import name_factor
from ..diagnose.places import by_entry, located
from ..judge.credible import sharp_enough
from ..judge.explain import is_discrepant, is_sharp
from ..judge.thresholds import T
from ..plan.effort import ONE_BY_ONE
from ..plan.locate import Located
from ..plan.sweep import spans_scales
from ..records.block import Block
from ..records.comparison import Comparison
from ..records.direction import Direction
from ..records.finding import Finding, Kind, SourceLine
from ..records.verdict import Verdict, severity
from ..space.tree import beginnings, lookup
from ..subject.claim import Claim
from ..subject.outputs import Projected
from ..subject.providers import again, watchable
from ..subject.session import Session
from . import held, inner, jacobian, misfit
from .compare import compare, unit
from .loop import Run
from .state import State, miscounted, update
from .unheard import unheard
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
    known: dict[int, Evidence] = {}
    parts_only: dict[int, Finding] = {}
    spent = run.session.evaluations
    for block in rejected:
        if (silent := unheard(run.session, run.state, block)) is not None:
            findings[block.index] = silent
        elif (by_output := _of_jacobian(inquiry, block, spent)) is not None:
            findings[block.index] = by_output
        elif (evidence := _evidence(inquiry, block)) is not None:
            known[block.index] = evidence
            found = _diagnosed(evidence, measuring=False)
            only = _some_outputs(inquiry, block) if found is not None else ""
            _note(parts_only if only else findings, block, found, only)
    _look_inside(inquiry, rejected, known, findings, spent)
    findings = {**parts_only, **findings}
    for block in rejected:
        if block.index in known and block.index not in findings:
            measuring = run.session.evaluations <= run.state.setting.effort.inquire
            _note(findings, block, _diagnosed(known[block.index], measuring=measuring))
    return replace(run, state=inquiry.state), findings


def _of_jacobian(inquiry: _Inquiry, block: Block, before: int) -> Finding | None:
    session = inquiry.session
    if not inquiry.state.setting.effort.inquire:
        return None
    return jacobian.explained(session, block, session.evaluations - before)


def _note(
    findings: dict[int, Finding], block: Block, finding: Finding | None, only: str = ""
) -> None:
    """Keep what is said of a block, or of ``only`` some outputs."""
    if finding is not None:
        message = finding.message.replace(f"{block.name}: ", f"{block.name}, for {only}: ", 1)
        findings[block.index] = replace(finding, message=message) if only else finding


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


def _look_inside(
    inquiry: _Inquiry,
    rejected: Sequence[Block],
    known: Mapping[int, Evidence],
    findings: dict[int, Finding],
    before: int,
) -> None:
    """One value of the backward that explains all open blocks, or one path that is left out."""
    session, state = inquiry.session, inquiry.state
    open_ = [b for b in rejected if b.index in known and _is_open(findings.get(b.index))]
    if not open_ or not state.setting.effort.inquire or not session.finite:
        return
    for evidence in (known[b.index] for b in open_):
        evidence.need(_DRAWS)
    state, names = inquiry.state, {b.index: b.name for b in state.setting.blocks}
    forward = held.watched(session)
    numbers = partial(_named, known[open_[0].index])
    search = inner.search(session, state, forward, rejected, numbers)
    for together in [open_, *([b] for b in open_ if len(open_) > 1)]:
        left = [b for b in together if _is_open(findings.get(b.index))]
        found = inner.asked(session, search, left) if left and search is not None else None
        if found is not None and search is not None:
            findings.update({b.index: inner.finding(b, found, search, names) for b in left})
    _left_out(inquiry, open_, known, findings, forward, before)


def _left_out(
    inquiry: _Inquiry,
    blocks: Sequence[Block],
    known: Mapping[int, Evidence],
    findings: dict[int, Finding],
    forward: held.Forward,
    before: int,
) -> None:
    """Paths through ``fun`` that are left out; one that explains a block may explain others."""
    session, state = inquiry.session, inquiry.state
    for block in blocks:
        if not _is_open(findings.get(block.index)):
            continue
        budget = T.unexplained - _SAMPLE - (session.evaluations - before)
        draws = known[block.index].draws
        path = held.left_out(session, state, forward, draws, budget)
        if path is None:
            continue
        for other in blocks:
            draws = known[other.index].draws
            if other is block or (
                _is_open(findings.get(other.index))
                and held.explains(session, state, forward, path, draws)
            ):
                entries = _named_by(known[other.index])
                findings[other.index] = held.finding(other, forward, path, entries)


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


def _is_open(finding: Finding | None) -> bool:
    """Whether nothing is said yet, or only that a gradient is zero."""
    return finding is None or (finding.kind is Kind.ZERO and finding.entries is None)


def _named(evidence: Evidence, factor: float, bar: float) -> str:
    return name_factor(factor, bar, evidence)


def _misfits(state: State) -> list[Block]:
    """The blocks of which something of another shape is claimed."""
    known = [set(claim.misfits) for claim in state.claims if isinstance(claim, Claim)]
    return [block for block in state.setting.blocks if block.index in set().union(*known)]


def find_lines(run: Run, findings: Mapping[int, Finding]) -> dict[int, SourceLine]:
    """The statements that computed the wrong blocks' gradients, where that is sure."""
    session, state = run.session, run.state
    wrong = [
        b
        for b, judged in zip(state.setting.blocks, state.judged, strict=True)
        if (judged.judgement.verdict.rejects or not _has_finite_claim(state, b))
        and isinstance(state.claims[judged.leading], Claim)
    ]
    if not wrong or not callable(given := watchable(session)):
        return {}
    code = getattr(inspect.unwrap(_function(given)), "__code__", None)
    if code is None:
        return {}
    given = [parts(session.point.host(b.index)) for b in state.setting.blocks]
    given += [parts(a) for a in session.caller.arrays().values() if a.dtype.kind in "fc"]
    signs = {b.index: _signs(state, b, findings.get(b.index), given) for b in wrong}
    sizes = frozenset(math.prod(b.shape) for b in wrong)
    watch = Watch(code.co_filename, sizes, np.unique(np.concatenate(list(signs.values()))))
    reading = session.projections[state.judged[wrong[0].index].leading].reading
    gradient = watch.run(lambda: again(session, reading))
    known = beginnings(session.point.tree.paths)
    found = {}
    for block in wrong:
        array = None
        with contextlib.suppress(KeyError):
            array = lookup(gradient, session.point.path(block.index), known)
        told = findings.get(block.index)
        open_ = told is None or told.kind is Kind.UNEXPLAINED
        line = None if open_ and watch.is_store(array) else watch.origin(signs[block.index])
        line = line or watch.line(array)
        if line is not None:
            found[block.index] = line
    return found


_SIGNS = 40  # wrong numbers of a block that are followed to where they come from
_ORDERS = (Kind.TRANSPOSE, Kind.FLIP, Kind.PERMUTATION, Kind.EXCHANGED)


def _signs(
    state: State, block: Block, finding: Finding | None, given: Sequence[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Numbers that are claimed where the claim is wrong, and neither ``given`` nor common.

    None where the numbers are right, and only their order is not.
    """
    claim = state.claims[state.judged[block.index].leading].gradient(block.index)
    if claim is None or (finding is not None and finding.kind in _ORDERS):
        return np.empty(0)
    chosen = np.asarray(claim)
    if finding is not None and finding.entries and len(finding.entries[0]) == chosen.ndim:
        chosen = chosen[tuple(np.array(finding.entries).T)]
    numbers = np.unique(parts(chosen.reshape(-1)))
    numbers = numbers[np.isfinite(numbers) & (numbers != np.rint(numbers))]
    for array in given:
        numbers = numbers[~np.isin(numbers, array)]
    step = max(1, numbers.size // _SIGNS)
    return np.asarray(numbers[::step], np.float64)


def _function(given: Any) -> Any:
    """The Python function inside whatever was given to compute the gradient."""
    while isinstance(given, partial):
        given = given.func
    if inspect.isfunction(given) or inspect.ismethod(given):
        return given
    return getattr(given, "__wrapped__", type(given).__call__)


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
