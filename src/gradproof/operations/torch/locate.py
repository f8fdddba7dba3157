"""Which call in a torch function is at fault."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from types import FunctionType, MethodType

from ...judge.bands import Bands
from ...records.finding import Finding
from ...records.operation import Operation
from ...records.verdict import Verdict
from ...space.point import Line
from ...subject.session import Session
from ..ladder import Balance, Passes, balances
from ..located import Located, Question
from ..measured import FIRST_STEP, MOST, limits_of, line_of, measured, sharpness
from ..verdicts import Judged, judged
from .calls import Call, Slot
from .cuts import Cut, cuts, made_up_for, together, within
from .graph import reached
from .layouts import layouts, nonlinear, repeatable
from .lines import place_of
from .local import captured, question
from .passes import Tape, claimed, moved, replayed
from .real import Real, is_own
from .sentences import (
    of_cut,
    of_layout,
    of_nonlinear,
    of_operation,
    of_stand_in,
    of_surrogate,
)
from .surrogates import driven, moves_in_steps
from .target import Target

# Passes forward, fewer where some are made once more with inputs held.
_FIRST, _FEW = 1 + 3 * 8, 1 + 8

# So many operations at fault are looked at by themselves.
_ASKED = 3

_NOT_LINEAR = "it is not linear in the gradient from above"
_LAYOUT = "it depends on the memory layout of the gradient from above"
_TOGETHER = "it is in balance together with what it belongs to, and not by itself"
_STEPPED = "its forward moves in steps, and its backward returns a gradient"
_STAND_IN = "it moves in steps, or cuts a gradient off, and surrogate= stands in for it"
_CUT = "it cuts off the gradient of an input of {}"


@dataclass(slots=True)
class _Search:
    """A claim with its passes, and what they said of each call.

    Of calls in balance together with others the places are ``exempt``; ``stepped`` are Functions
    whose forward moves in steps.
    """

    target: Target
    line: Line
    tape: Tape
    passes: Passes
    found: list[Balance]
    results: list[Judged]
    limits: list[Bands]
    sharp: float
    cut: dict[int, Cut] = field(default_factory=dict)
    exempt: set[int] = field(default_factory=set)
    stepped: dict[int, Real] = field(default_factory=dict)
    further: int = 1  # the pass with the backward

    def rejected(self, places: Iterable[int]) -> list[int]:
        """Those of some calls that are out of balance."""
        return [i for i in places if self.results[i].verdict.rejects]

    def whole(self, place: int) -> Balance:
        """The balance of a call with everything inside it."""
        members = within(self.tape.calls, place)
        sums = together(self.tape.sums, members)
        eps = self.tape.eps[members].max(keepdims=True)
        return balances(self.passes.of(members), sums, eps, self.sharp)[0]


def located(session: Session) -> Located | None:
    """One pass forward and back, then passes forward along one direction, for all calls at once."""
    if "reverse" not in session.modes:
        return None
    target, line = Target(session), line_of(session)
    tape, asked = claimed(target, line), 1
    if still := _unwanted(session, tape):
        target, line = Target(session, still), line_of(session, still)
        tape, asked = claimed(target, line), 2
    passes = Passes(replayed(target, tape, line), MOST)
    passes.at(0.0)
    passes.at(FIRST_STEP)
    passes.most = _FIRST if tape.loose.moved else MOST
    limits = [limits_of(session, float(eps)) for eps in tape.eps]
    sharp = sharpness(session)
    found, results = measured(passes, tape.sums, tape.eps, sharp, limits)
    search = _Search(target, line, tape, passes, found, results, limits, sharp, further=asked)
    _set_right(search)
    return _reported(search)


def _unwanted(session: Session, tape: Tape) -> frozenset[int]:
    """Data to which some backward returns no gradient, since in training nobody asks for it."""
    silent = {id(getattr(f.source[0], "variable", None)) for f in tape.flows if not f.cotangents}
    blocks = {tape.blocks[leaf] for leaf in silent & tape.blocks.keys()}
    data = {k for k in blocks if not session.point.leaf(k).requires_grad}
    return frozenset(data) if len(data) < len(session.point.blocks) else frozenset()


def _set_right(search: _Search) -> None:
    """Tell what is at fault from what is out of balance only because of a cut or a hook."""
    tape, results = search.tape, search.results
    found = _origins(search, cuts(tape.calls, tape.loose))
    hooks = {i: call for i, call in enumerate(tape.calls) if _is_hook(call)}
    still: list[Slot] = []
    for place in {c.place for c in found} | {_parent(tape, i) for i in search.rejected(hooks)}:
        inside = search.rejected(within(tape.calls, place))
        if not inside:
            continue
        total = search.whole(place)
        here = [c for c in found if c.place == place]
        if made_up_for(total, [search.found[i] for i in inside]):
            search.exempt |= set(inside)
            for i in inside:
                results[i] = replace(results[i], verdict=Verdict.CORRECT, reason=_TOGETHER)
            continue
        still += [slot for c in here for slot in c.slots]
        own = [i for i in search.rejected(hooks) if _parent(tape, i) == place]
        for i in own if here else ():
            results[i] = judged(replace(total, size=search.found[i].size), search.limits[i])
        for cut in () if own else here:
            search.cut.setdefault(place, cut)
    search.stepped = _stepped(search)
    if still or search.stepped:
        _hold(search, still)
    if search.target.stood_in:
        _stand_in(search)


def _stepped(search: _Search) -> dict[int, Real]:
    """The Functions out of balance whose forward moves in steps."""
    calls = search.tape.calls
    own = [i for i in search.rejected(range(len(calls))) if is_own(calls[i].owner)]
    if not own:
        return {}
    real = captured(search.target, [calls[i].key for i in own])
    search.further += 1
    known = {i: real[calls[i].key] for i in own if calls[i].key in real}
    return {i: one for i, one in known.items() if moves_in_steps(one)}


def _stand_in(search: _Search) -> None:
    """What is left at fault where a surrogate is what the gradient is meant to be of.

    It stands in for Functions that move in steps, and for what goes on between calls: they are at
    fault only where nothing else is.
    """
    results, calls = search.results, search.tape.calls
    wrong = search.rejected(range(len(calls)))
    between = {i for i in wrong if not is_own(calls[i].owner) and not _is_hook(calls[i])}
    if meant := between | search.stepped.keys():
        others = set(wrong) - meant
        kept = set() if others else set(search.stepped) or between
        verdict = Verdict.WRONG if len(kept) == 1 else Verdict.SUSPECT
        for i in meant:
            if i in kept:
                results[i] = replace(results[i], verdict=verdict, reason=_STAND_IN)
            else:  # nothing is known of it by itself
                results[i] = Judged(Verdict.CORRECT, 0.0, 0.0, math.inf, _STAND_IN)


def _origins(search: _Search, found: Sequence[Cut]) -> list[Cut]:
    """The cuts by which others come: what is computed from a tensor without a graph has none."""
    origins: list[Cut] = []
    loose, step = search.tape.loose, FIRST_STEP
    moving = set(loose.moved)
    for cut in sorted(found, key=lambda c: c.before):
        if moving.isdisjoint(cut.slots) or not search.rejected(range(len(search.results))):
            continue
        origins.append(cut)
        if cut is not found[-1] or len(found) > len(origins):
            moving = moved(search.target, search.tape, search.line, step, _slots(origins))
            search.further += 1
    return origins


def _slots(cuts: Iterable[Cut]) -> list[Slot]:
    return [slot for cut in cuts for slot in cut.slots]


def _hold(search: _Search, still: Sequence[Slot]) -> None:
    """Look at everything once more with the inputs held to which no gradient goes.

    What Functions return whose forward moves in steps moves by itself.
    """
    stepped = {search.tape.calls[i].key: one for i, one in search.stepped.items()}
    own = driven(stepped, search.target.session.asked.options.seed)
    held = Passes(replayed(search.target, search.tape, search.line, still, own), _FEW)
    known = {i for i, call in enumerate(search.tape.calls) if _is_hook(call)}
    found = balances(held, search.tape.sums, search.tape.eps, search.sharp)
    off = search.results
    for place, cut in search.cut.items():
        inside = search.rejected(within(search.tape.calls, place))
        worst = max((off[i] for i in inside), key=lambda judgement: judgement.error)
        off[place] = replace(worst, reason=_CUT.format(search.tape.calls[cut.before].name))
    for i in search.stepped:
        off[i] = replace(off[i], reason=_STEPPED)
    for i, balance in enumerate(found):
        if i not in known | search.exempt | search.cut.keys() | search.stepped.keys():
            off[i] = judged(balance, search.limits[i])
    search.further += len(held.made)


def _reported(search: _Search) -> Located:
    tape, results = search.tape, search.results
    shown = [i for i in range(len(results)) if tape.sums[i] > 0 or i in search.cut]
    operations = tuple(_operation(tape.calls[i], results[i]) for i in shown)
    wrong = [i for i in shown if results[i].verdict.rejects]
    right = sum(o.verdict is Verdict.CORRECT for o in operations)
    pairs = zip(operations, shown, strict=True)
    findings = tuple(_finding(search, o, i, right) for o, i in pairs if i in wrong)
    behind = {k: _behind(tape, tape.calls[i]) for k, i in enumerate(shown) if i in wrong}
    made = len(search.passes.made) + search.further
    return _alone(search, Located(operations, findings, behind, made), shown)


def _finding(search: _Search, operation: Operation, place: int, right: int) -> Finding:
    call = search.tape.calls[place]
    if place in search.cut:
        return of_cut(operation, search.tape.calls[search.cut[place].before])
    if place in search.stepped and search.target.stood_in:
        return of_stand_in(operation, call, alone=operation.verdict is Verdict.WRONG)
    if place in search.stepped:
        return of_surrogate(operation, call, right)
    return of_operation(operation, call, right)


def _behind(tape: Tape, call: Call) -> frozenset[int]:
    """The blocks whose gradients go through a call."""
    leaves = reached(tape.flows, call) & tape.blocks.keys()
    return frozenset(tape.blocks[leaf] for leaf in leaves)


def _alone(search: _Search, located: Located, shown: Sequence[int]) -> Located:
    """What one can ask of single Functions: those at fault, and one call of each of the user's."""
    calls = [search.tape.calls[i] for i in shown]
    own = [k for k, i in enumerate(shown) if is_own(calls[k].owner) and i not in search.stepped]
    first = {calls[i].owner: i for i in reversed(own)}
    wrong = [i for i in own if located.operations[i].verdict.rejects][:_ASKED]
    chosen = sorted({*first.values(), *wrong})
    if not chosen:
        return located
    located = replace(located, functions=frozenset(own))
    real = captured(search.target, [calls[i].key for i in chosen])
    known = {i: real[calls[i].key] for i in chosen if calls[i].key in real}
    known = {i: one for i, one in known.items() if repeatable(one)}
    options = search.target.session.asked.options
    asked = [(i, known[i], question(known[i], options)) for i in wrong if i in known]
    operations, findings = list(located.operations), list(located.findings)
    for i, one in known.items():
        reported = next(layouts(one), None)
        if not operations[i].verdict.rejects and (off := nonlinear(one)):
            operations[i] = replace(
                operations[i], verdict=Verdict.WRONG, error=off, bar=0.0, reason=_NOT_LINEAR
            )
            findings.append(of_nonlinear(operations[i], off))
        elif reported is not None:
            operations[i] = replace(
                operations[i], verdict=Verdict.WRONG, error=reported[1], bar=0.0, reason=_LAYOUT
            )
            findings.append(of_layout(operations[i], *reported))
    return replace(
        located,
        operations=tuple(operations),
        findings=tuple(findings),
        passes=located.passes + 1,
        questions=tuple(
            Question(i, q, one.watched, _through(one, located.behind[i]))
            for i, one, q in asked
            if q is not None
        ),
    )


def _through(real: Real, behind: frozenset[int]) -> dict[str, frozenset[int]]:
    """By the name of an input the blocks behind it.

    Blocks of which the graph shows no way (a backward that runs a forward again) may come by any.
    """
    hidden = behind.difference(*real.through)
    return {n: b | hidden for n, b in zip(real.names(), real.through, strict=True)}


def _parent(tape: Tape, place: int) -> int:
    parent = tape.calls[place].parent
    return 0 if parent is None else tape.calls.index(parent)


def _is_hook(call: Call) -> bool:
    return isinstance(call.owner, FunctionType | MethodType) and call.parent is not None


def _operation(call: Call, found: Judged) -> Operation:
    file, line = place_of(call)
    return Operation(
        name=call.name, path=call.path, call=call.count, file=file, line=line,
        verdict=found.verdict, error=found.error, bar=found.bar, resolution=found.resolution,
        reason=found.reason,
    )  # fmt: skip
