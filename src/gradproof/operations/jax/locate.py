"""Which call in a JAX function is at fault."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import jax

from ...errors import UsageError
from ...judge.bands import Bands
from ...judge.thresholds import T
from ...records.finding import Finding
from ...records.operation import Operation
from ...records.verdict import Verdict
from ...subject.session import Session
from ..ladder import Balance, Passes
from ..located import Located
from ..measured import FIRST_STEP, MOST, limits_of, line_of, measured, sharpness
from ..verdicts import Judged
from . import sentences
from .forward import one_way, pushed, transposed
from .local import Real, question, real
from .passes import Claimed, Traced, captured, claimed, replayed, traced
from .plan import Call, Kind
from .reach import reached
from .source import Place, described

# So many calls at fault are looked at by themselves.
_ASKED = 3

# The first version whose jaxprs are read here.
_SINCE = (0, 10, 0)


@dataclass(frozen=True, slots=True)
class _Found:
    """A model with its claim, what was found out about each call, and in how many passes.

    ``values`` are calls whose rule returns another value, ``bent`` those that are not linear,
    ``rules`` those by which reverse mode is wrong and forward mode is not.
    """

    model: Traced
    claim: Claimed
    results: list[Judged]
    passes: int
    forward: bool
    values: set[int] = field(default_factory=set)
    bent: set[int] = field(default_factory=set)
    rules: dict[int, Place] = field(default_factory=dict)

    @property
    def rejected(self) -> list[int]:
        """The places of those that are wrong or suspect."""
        return [k for k, result in enumerate(self.results) if result.verdict.rejects]


def located(session: Session) -> Located:
    """One pass forward and back, then passes forward along one direction, for all calls at once.

    A function that has no reverse mode is looked at in forward mode.
    """
    if jax.__version_info__ < _SINCE:
        needed = ".".join(map(str, _SINCE))
        raise UsageError(f"Looking into a JAX function takes jax {needed} or newer.")
    modes = [mode for mode in ("reverse", "forward") if mode in session.modes]
    found, spent = _searched(session, forward=modes[0] == "forward"), 0
    if len(modes) > 1 and not found.rejected:  # then it is what the other mode has alone
        spent = found.passes
        other = _searched(session, forward=True)
        found = other if other.rejected else found
    return _reported(found, spent)


def _searched(session: Session, *, forward: bool) -> _Found:
    """What is found out about all calls in one mode."""
    model, line = traced(session, loops=forward), line_of(session)
    if forward:
        claim, run = pushed(model, line)
    else:
        claim = claimed(model)
        run = replayed(model, claim, line)
    passes = Passes(run, MOST)
    passes.at(0.0)
    passes.at(FIRST_STEP)
    limits = [limits_of(session, float(eps)) for eps in claim.eps]

    def changed(place: int, balance: Balance) -> Balance:
        known = model.calls[place].kind in (Kind.CUT, Kind.WHOLE)
        return _rounded(balance, claim, place) if known else balance

    _, results = measured(passes, claim.sums, claim.eps, sharpness(session), limits, changed)
    found = _Found(model, claim, results, len(passes.made) + claim.passes, forward)
    _add_what_no_slope_shows(found, limits)
    return found


def _rounded(balance: Balance, claim: Claimed, place: int) -> Balance:
    """With the rounding of what comes from above, beside what the result is made of.

    Where that is all there is, nothing passes through: a cut of which the result does not depend,
    as that of the maximum in a softmax.
    """
    rounding = T.cotangents * float(claim.eps[place]) * claim.whole
    size = balance.size if balance.size > rounding else 0.0
    return replace(balance, size=size, noise=balance.noise + rounding)


def _add_what_no_slope_shows(found: _Found, limits: list[Bands]) -> None:
    """Rules that return another value or no number, or are not linear in what is above."""
    claim, results = found.claim, found.results
    for k in claim.broken:
        results[k] = Judged(Verdict.WRONG, math.inf, 0.0, 0.0, sentences.NO_NUMBER)
    for k in found.model.places:
        if claim.apart[k] > limits[k].correct_below:
            found.values.add(k)
            if not results[k].verdict.rejects:
                results[k] = _another_value(found.model.calls[k], claim.apart[k], limits[k])
        elif claim.bent[k] > 0 and not results[k].verdict.rejects:
            found.bent.add(k)
            off = float(claim.bent[k])
            results[k] = Judged(Verdict.WRONG, off, 0.0, off, sentences.NOT_LINEAR)


def _another_value(call: Call, apart: float, limits: Bands) -> Judged:
    verdict = Verdict.WRONG if apart > limits.wrong_above else Verdict.SUSPECT
    return Judged(verdict, float(apart), 0.0, limits.correct_below, sentences.another_value(call))


def _reported(found: _Found, spent: int) -> Located:
    calls, results = found.model.calls, found.results
    shown = [
        k for k in range(len(calls))
        if (found.claim.sums[k] != 0 or results[k].verdict.rejects)
        and (calls[k].kind is not Kind.CUT or results[k].verdict.rejects)
    ]  # fmt: skip
    wrong = [k for k in shown if results[k].verdict.rejects]
    alone = _alone(found, wrong)
    for k, one in alone.items():
        if _only_back(found, k, one):
            found.rules[k] = transposed(calls[k], one.inputs)
    operations = tuple(_operation(found, k) for k in shown)
    by_place = dict(zip(shown, operations, strict=True))
    right = sum(o.verdict is Verdict.CORRECT for k, o in by_place.items() if k)
    flows = reached(found.model.body)
    options = found.model.session.asked.options
    made = [question(k, calls[k], one, options, flows[k]) for k, one in alone.items()]
    behind = {shown.index(k): frozenset[int]().union(*flows.get(k, ())) for k in wrong}
    return Located(
        operations,
        tuple(f for k in wrong for f in _findings(found, by_place[k], k, right)),
        behind,
        found.passes + spent,
        tuple(replace(q, place=shown.index(q.place)) for q in made if q is not None),
        frozenset(i for i, k in enumerate(shown) if _can_be_asked(found, k)),
    )


def _alone(found: _Found, wrong: list[int]) -> dict[int, Real]:
    """The calls out of balance that are looked at by themselves, as they were made."""
    calls = found.model.calls
    chosen = [k for k in wrong if _can_be_asked(found, k)][:_ASKED]
    inputs = captured(found.model, chosen) if chosen else {}
    return {k: real(k, calls[k], inputs[k], found.claim) for k in chosen}


def _can_be_asked(found: _Found, place: int) -> bool:
    """Whether a slope says something of a rule that a check of it alone can explain."""
    call, reason = found.model.calls[place], found.results[place].reason
    known = reason in (sentences.NOT_LINEAR, sentences.NO_NUMBER, sentences.another_value(call))
    return call.own and not known and call.kind not in (Kind.CUT, Kind.WHOLE)


def _only_back(found: _Found, place: int, one: Real) -> bool:
    """Whether a call whose reverse mode is wrong is right in forward mode: its transpose is."""
    call = found.model.calls[place]
    several = call.kind is not Kind.VJP and not found.forward
    session = found.model.session
    return several and one_way(session, call, one.inputs).verdict is Verdict.CORRECT


def _findings(found: _Found, operation: Operation, place: int, right: int) -> Iterator[Finding]:
    call = found.model.calls[place]
    if place in found.values:
        yield sentences.of_value(operation, call, _forward(call), float(found.claim.apart[place]))
    if operation.reason == sentences.another_value(call):
        return
    if operation.reason == sentences.NO_NUMBER:
        yield sentences.of_no_number(operation, call)
    elif place in found.bent:
        yield sentences.of_nonlinear(operation, call)
    elif call.kind is Kind.CUT:
        yield sentences.of_cut(operation, call)
    elif call.kind is Kind.WHOLE:
        yield sentences.of_whole(operation, call, found.model.opaque)
    else:
        yield sentences.of_rule(operation, call, right, found.rules.get(place))


def _forward(call: Call) -> Place:
    """The rule that computes the value."""
    thunk = call.equation.params.get("fwd_jaxpr_thunk")
    return call.rule if thunk is None else described(thunk)


def _operation(found: _Found, place: int) -> Operation:
    call, judged = found.model.calls[place], found.results[place]
    rule = found.rules.get(place, call.rule)
    return Operation(
        name=call.name, path=call.path, call=call.count, file=rule.file, line=rule.line,
        verdict=judged.verdict, error=float(judged.error), bar=float(judged.bar),
        resolution=float(judged.resolution), reason=judged.reason,
    )  # fmt: skip
