"""Which operation inside the function is at fault, where its framework shows them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..errors import UsageError
from ..operations.located import Located, locate
from ..progress import ProgressLine
from ..records.finding import Finding
from ..records.verdict import worst
from ..report.report import Report
from ..subject.asked import Asked
from ..subject.guards import generators_restored
from ..subject.prepare import prepare
from ..subject.providers import Autodiff
from .loop import Run
from .watch import Watch


def look_inside(run: Run, watch: Watch) -> Located | None:
    """The operations of a function whose own backward pass was rejected, or None."""
    session = run.session
    rejected = any(judgement.verdict.rejects for judgement in run.state.judgements)
    reverse = isinstance(session.grad, Autodiff) and "reverse" in session.modes
    if not (rejected and reverse and session.finite):
        return None
    watch.on(session, "which operation is at fault")
    try:
        found = locate(session)
    except Exception as error:  # noqa: BLE001 - the verdict stands, whatever it is
        text = f"{type(error).__name__}: {error}".splitlines()[0]
        session.notes.append(f"The operations could not be looked at one by one: {text}")
        return None
    if found is not None:
        session.caller.calls["fun"] = session.evaluations + found.passes
    return found


def answered(found: Located, ask: Callable[[Asked], Report]) -> Located:
    """With what checks of the operations at fault by themselves say: which inputs, and why."""
    operations, findings = list(found.operations), list(found.findings)
    for place, question in found.questions:
        report = ask(question)
        wrong = tuple(
            str(question.where.path(block)[-1])
            for block, result in enumerate(report.blocks)
            if result.verdict.rejects
        )
        operations[place] = replace(operations[place], inputs=wrong)
        why = [f for f in report.findings if f.block is not None]
        findings += why
        if why and findings[0].factor is None:  # a figure that a program can read
            first = replace(findings[0], factor=why[0].factor, factor_bar=why[0].factor_bar)
            findings[0] = first
    return replace(found, operations=tuple(operations), findings=tuple(findings))


def operations_of(asked: Asked, ask: Callable[[Asked], Report], reproduce: str = "") -> Report:
    """The report of the operations alone: no parameter is looked at.

    ``ask`` makes the checks of single operations.
    """
    began, options = time.perf_counter(), asked.options
    watch = Watch(str(options.name))
    line = ProgressLine(lambda: str(watch), watch.spent)
    with generators_restored(), asked.where.session(), line:
        session = prepare(asked)
        watch.on(session, "its operations")
        found = locate(session)
        if found is not None:
            found = answered(found, ask)
    if found is None:
        raise UsageError(f"check_operations cannot look into {session.library.about.name}.")
    errors = [o.error for o in found.operations if math.isfinite(o.error)]
    report = Report(
        name=watch.title,
        verdict=worst(o.verdict for o in found.operations),
        difference=max(errors, default=0.0),
        resolution=max((o.resolution for o in found.operations), default=math.inf),
        evaluations=session.evaluations + found.passes,
        gradient_calls=session.gradient_calls,
        seconds=time.perf_counter() - began,
        seed=int(options.seed),
        effort=options.effort,
        blocks=(),
        findings=(*_general(session.findings), *found.findings),
        notes=tuple(session.notes),
        left_alone=tuple(session.point.left_alone.items()),
        inquiry=found.passes,
        operations=found.operations,
        reproduce=reproduce,
        modes=("reverse",),
    )
    return report if report.ok else replace(report, origin=found.origin or asked)


def _general(findings: Sequence[Finding]) -> list[Finding]:
    """What concerns the function as a whole: parameters are not looked at."""
    return [finding for finding in findings if finding.block is None]
