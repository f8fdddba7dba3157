"""The suites that are recorded: each yields a case's name, what is said of it, and its cost.

Only what cannot differ from run to run is said: verdicts, the blocks that are not correct, kinds
of findings, lines of a repair; no time and no figure with an error bar.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ablating.rules import EXPLAINING, switched_off
from trial.contestants.gradproof import claimed
from trial.result import Counted
from trial.specimen import Specimen

import gradproof as gp

from .record import Said

Cases = Iterator[tuple[str, Said]]

FUNCTIONS = 100  # random functions at each level of noise
SECONDS = 600.0  # of a search for repairs: so long that it never ends one that is recorded

# Faults whose search tries thousands of sets of edits: it takes minutes, or ends with its time.
LONG_SEARCHES = frozenset({
    "attention: keys get the gradient of the queries",
    "attention: softmax taken for a product",
    "charges: no reaction to the action",
    "cosine: projection forgotten",
    "dense: last bias forgotten",
    "elu: alpha forgotten below zero",
    "gaussian, cholesky: logarithm of the diagonal forgotten",
    "gelu: tanh approximation in the backward only",
    "layer normalisation: mean term missing",
    "layer normalisation: variance taken for a constant",
    "log-softmax: sum of the upstream forgotten",
    "lstm: no path through the cell",
    "max pooling: to everyone in the cell",
    "max pooling: to the first of the cell",
    "mean pooling: tiled, not repeated",
    "norms: norm in the denominator",
    "saturated logistic: through the probability",
    "swish: half of the product rule",
    "three layers: second layer copied",
    "tied autoencoder: decoder forgotten",
    "tied embedding: used as input only",
    "tied embedding: used as output only",
    "weighted cross-entropy: class weights forgotten",
})  # fmt: skip


@dataclass(frozen=True)
class Suite:
    """``run(part)`` yields its cases, all of them or a part that takes seconds."""

    name: str
    run: Callable[[bool], Cases]
    seconds: int  # about, for all of it


def _checked(call: Callable[[], gp.Report]) -> tuple[str, gp.Report | None]:
    """What a report says, in a line, and itself; or the exception in its place."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        np.random.seed(0)  # noqa: NPY002 - some specimens draw from the old generator
        try:
            report = call()
        except Exception as error:  # noqa: BLE001 - whatever it raises is what it says
            return f"raised {type(error).__name__}", None
        return _line(report), report


def _line(report: gp.Report) -> str:
    blocks = [f"{b.name} {b.verdict}" for b in report.blocks if str(b.verdict) != "correct"]
    findings = [f"{f.kind} of {f.block or 'all'}" for f in _by_block(report)]
    return "; ".join([str(report.verdict), *blocks, *findings])


def _by_block(report: gp.Report) -> list[Any]:
    """Findings about blocks that are equally wrong come in an order that round-off makes."""
    return sorted(report.findings, key=lambda finding: finding.block or "all")


def _judged(specimen: Specimen) -> Said:
    """Its verdict; why it is wrong is recorded of the faults that were planted for that."""
    problem = specimen.make()
    fun = Counted(problem.fun)
    given = claimed(problem)
    with switched_off(EXPLAINING):
        said, _ = _checked(lambda: gp.check(fun, problem.params, grad=given, args=problem.args))
    return Said(said, fun.calls)


def _specimens(chosen: Callable[[], Iterable[Specimen]], part: bool) -> Cases:
    every = [s for s in chosen() if s.name not in LEFT_OUT]
    for specimen in every[::_STRIDE] if part else every:
        yield specimen.name, _judged(specimen)


# Sums of a million float32 numbers differ from one processor to the next, and so does where an
# optimiser ends, and what is found with them; the verdict does not, which the trial itself tests.
LEFT_OUT = frozenset({
    "1,000,000 parameters of float32, W2 times 1.01",
    "the minimum of logistic regression in 2, 1e-10 from it, claimed 0.001",
})  # fmt: skip

_STRIDE = 10  # a part: every tenth


def _compared() -> Iterable[Specimen]:
    from trial.specimens import ALL

    return ALL


def _steps() -> Iterable[Specimen]:
    from trial.specimens.steps import ALL_STEPS

    return ALL_STEPS


def _further() -> Iterable[Specimen]:
    from trial.specimens import FURTHER
    from trial.specimens.steps import FAMILY

    return (s for s in FURTHER if s.family != FAMILY)


def _calls(part: bool) -> Cases:
    """Products and modules, by gradproof's own count."""
    from trial.specimens.calls import ALL_CALLS

    for call in ALL_CALLS[:: 2 if part else 1]:
        said, report = _checked(call.ask)
        yield call.name, Said(said, 0 if report is None else report.evaluations)


def _faults(part: bool) -> Sequence[Any]:
    from faults import ALL_FAULTS

    return list({f.family: f for f in ALL_FAULTS}.values()) if part else ALL_FAULTS


def _diagnosis(part: bool) -> Cases:
    """Kind and block of every finding, with the entries that it names."""
    for fault in _faults(part):
        for told, gradient in (("right", fault.right), ("wrong", fault.wrong)):
            fun = Counted(fault.fun)
            functools.update_wrapper(fun, fault.fun)

            def call(fun: Any = fun, fault: Any = fault, gradient: Any = gradient) -> gp.Report:
                return gp.check(fun, fault.point, grad=gradient, args=fault.args)

            yield f"{fault.name}, {told}", Said(_explained(call), fun.calls)


def _explained(call: Callable[[], gp.Report]) -> str:
    said, report = _checked(call)
    named = [] if report is None else [f for f in _by_block(report) if f.entries is not None]
    return "; ".join([said, *map(_entries, named)])


def _entries(finding: Any) -> str:
    told = " ".join(str(list(map(int, index))) for index in finding.entries)
    return f"{finding.block} at {told}"


def _bars(part: bool) -> Cases:
    """Whether the derivative is inside its bar, for special and for noisy functions."""
    from error_bars import NOISES, answer
    from functions import SPECIAL, random_set

    for specimen in SPECIAL:
        yield specimen.name, _inside(answer("gradproof", specimen, 0.0, (0,)))
    for level, noise in enumerate(NOISES):
        for i, specimen in enumerate(random_set(FUNCTIONS // (_STRIDE if part else 1), 0)):
            found = answer("gradproof", specimen, noise, (0, level, i))
            yield f"{specimen.name} {i}, noise {noise:g}", _inside(found)


def _inside(found: Any) -> Said:
    said = "inside" if found.inside else "refused" if found.refused else "outside"
    wrong = ", silently wrong" if found.silently_wrong else ""
    return Said(f"{said}{wrong}: {found.remark}", found.evaluations)


def _repairs(part: bool) -> Cases:
    """The lines that the first repair changes; its cost is that of the check before it.

    How many sets of edits were tried depends on which of the processes is the first to answer.

    Without the long searches, which the time may end before they come to anything.
    """
    for fault in _faults(part):
        if fault.name in LONG_SEARCHES:
            continue
        report = gp.check(fault.fun, fault.point, grad=fault.wrong, args=fault.args)
        found = gp.suggest_fixes(report, most=1, seconds=SECONDS)
        yield fault.name, Said(_changed(found), report.evaluations)


def _changed(found: Any) -> str:
    lines = found[0].diff.splitlines()[2:] if found else ["no repair"]
    return " ⏎ ".join(" ".join(x.split()) for x in lines if x[0] in "+-n")


def _operators(part: bool) -> Cases:
    """Operators of torch on their first samples."""
    import opinfo
    import torch
    from opinfo_notes import QUICK

    torch.set_num_threads(1)
    for op in opinfo.operators(names=QUICK if part else ()):
        yield op.full_name, _operator(opinfo, op)


def _operator(opinfo: Any, op: Any) -> Said:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case = next(opinfo.cases(op, 1), None)
    if case is None:
        return Said("nothing to differentiate", 0)
    fun = Counted(case.fun)
    opinfo.reseed(0)
    said, _ = _checked(lambda: gp.check(lambda x: fun(*x), case.inputs))
    return Said(said, fun.calls)


ALL: tuple[Suite, ...] = (
    Suite("trial", functools.partial(_specimens, _compared), 20),
    Suite("steps", functools.partial(_specimens, _steps), 10),
    Suite("further", functools.partial(_specimens, _further), 20),
    Suite("calls", _calls, 20),
    Suite("diagnosis", _diagnosis, 10),
    Suite("error bars", _bars, 5),
    Suite("repairs", _repairs, 200),
    Suite("operators", _operators, 60),
)
