"""Which call in a JAX function is at fault."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...judge.bands import Bands
from ...judge.thresholds import T
from ...records.finding import Finding
from ...records.operation import Operation
from ...records.verdict import Verdict
from ...subject.session import Session
from ..ladder import Balance, Passes
from ..located import Located, Question
from ..measured import MOST, limits_of, line_of, measured, sharpness
from ..verdicts import Judged
from . import told
from .local import question
from .passes import Claimed, Traced, captured, claimed, replayed, traced
from .plan import Call, Kind
from .reach import reached
from .source import Place, described

# So many calls at fault are looked at by themselves.
_ASKED = 3


@dataclass(frozen=True, slots=True)
class _Found:
    """A model with its claim, what was found out about each call, and in how many passes."""

    model: Traced
    claim: Claimed
    results: list[Judged]
    values: frozenset[int]
    passes: int


def located(session: Session) -> Located:
    """One pass forward and back, then passes forward along one direction, for all calls at once."""
    model = traced(session, loops=False)
    claim = claimed(model)
    passes = Passes(replayed(model, claim, line_of(session)), MOST)
    passes.at(0.0)
    limits = [limits_of(session, float(eps)) for eps in claim.eps]

    def changed(place: int, balance: Balance) -> Balance:
        cut = model.calls[place].kind is Kind.CUT
        return _harmless(balance, claim, place) if cut else balance

    _, results = measured(passes, claim.sums, claim.eps, sharpness(session), limits, changed)
    values = frozenset(
        place
        for place in model.places
        if claim.apart[place] > limits[place].correct_below and not results[place].verdict.rejects
    )
    for place in values:
        results[place] = _another_value(model.calls[place], claim.apart[place], limits[place])
    return _told(_Found(model, claim, results, values, len(passes.made) + 1))


def _harmless(balance: Balance, claim: Claimed, place: int) -> Balance:
    """A cut of which the result does not depend, as that of the maximum in a softmax.

    What comes to it from above is nothing but rounding then.
    """
    rounding = T.cotangents * float(claim.eps[place]) * claim.whole
    return replace(balance, size=0.0) if balance.size <= rounding else balance


def _another_value(call: Call, apart: float, limits: Bands) -> Judged:
    verdict = Verdict.WRONG if apart > limits.wrong_above else Verdict.SUSPECT
    return Judged(verdict, float(apart), 0.0, limits.correct_below, told.another_value(call))


def _told(found: _Found) -> Located:
    calls, results = found.model.calls, found.results
    shown = [
        k for k in range(len(calls))
        if (found.claim.sums[k] > 0 or k in found.values)
        and (calls[k].kind is not Kind.CUT or results[k].verdict.rejects)
    ]  # fmt: skip
    operations = tuple(_operation(calls[k], results[k]) for k in shown)
    wrong = [k for k in shown if results[k].verdict.rejects]
    right = sum(o.verdict is Verdict.CORRECT for o in operations[1:])
    by_place = dict(zip(shown, operations, strict=True))
    findings = tuple(_finding(found, by_place[k], k, right) for k in wrong)
    flows = reached(found.model.body)
    spoiled = frozenset[int]().union(*(flows.get(k, frozenset()) for k in wrong))
    own = frozenset(i for i, k in enumerate(shown) if calls[k].kind not in (Kind.CUT, Kind.WHOLE))
    located = Located(operations, findings, spoiled, found.passes, functions=own)
    return replace(located, questions=_questions(found, shown, wrong))


def _questions(found: _Found, shown: list[int], wrong: list[int]) -> tuple[Question, ...]:
    calls = found.model.calls
    single = [k for k in wrong if calls[k].kind not in (Kind.CUT, Kind.WHOLE)]
    asked = [k for k in single if k not in found.values][:_ASKED]
    if not asked:
        return ()
    inputs = captured(found.model, asked)
    options = found.model.session.asked.options
    made = [question(k, calls[k], inputs[k], found.claim, options) for k in asked]
    return tuple(replace(q, place=shown.index(q.place)) for q in made if q is not None)


def _finding(found: _Found, operation: Operation, place: int, right: int) -> Finding:
    call = found.model.calls[place]
    if place in found.values:
        return told.of_value(operation, call, _forward(call), float(found.claim.apart[place]))
    if call.kind is Kind.CUT:
        return told.of_cut(operation, call)
    if call.kind is Kind.WHOLE:
        return told.of_whole(operation, call)
    return told.of_rule(operation, call, right)


def _forward(call: Call) -> Place:
    """The rule that computes the value."""
    thunk = call.equation.params.get("fwd_jaxpr_thunk")
    return call.rule if thunk is None else described(thunk)


def _operation(call: Call, found: Judged) -> Operation:
    return Operation(
        name=call.name, path=call.path, call=call.count, file=call.rule.file,
        line=call.rule.line, verdict=found.verdict, error=float(found.error), bar=float(found.bar),
        resolution=float(found.resolution), reason=found.reason,
    )  # fmt: skip
