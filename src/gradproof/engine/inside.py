"""Which operation inside the function is at fault, where its framework shows them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..backend.protocol import ONLY_FORWARD
from ..diagnose.lines import Watch as Watched
from ..errors import UsageError
from ..operations.located import Located, Question, locate
from ..progress import ProgressLine
from ..records.finding import Finding, SourceLine
from ..records.verdict import worst
from ..report.report import Report
from ..subject.asked import Asked
from ..subject.guards import generators_restored
from ..subject.prepare import prepare
from ..subject.providers import Autodiff
from ..subject.session import Session
from .loop import Run
from .watch import Watch


def look_inside(run: Run, watch: Watch) -> Located | None:
    """The operations of a function whose own derivatives were rejected, or None."""
    session = run.session
    rejected = run.state.rejects or bool(session.refused)
    if not (rejected and isinstance(session.grad, Autodiff) and session.finite):
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
    behind = dict(found.behind)
    for asked in found.questions:
        place, question = asked.place, asked.asked
        report = ask(question)
        wrong = tuple(
            str(question.where.path(block)[-1])
            for block, result in enumerate(report.blocks)
            if result.verdict.rejects
        )
        operations[place] = replace(operations[place], inputs=wrong)
        if wrong and asked.through.keys() >= set(wrong):
            # What comes through its other inputs is right.
            behind[place] = frozenset[int]().union(*(asked.through[name] for name in wrong))
        lines = _lines(asked, report, operations[place].file)
        why = [replace(f, line=lines.get(f.block)) for f in report.findings if f.block is not None]
        if one := next(iter(lines.values()), None):
            operations[place] = replace(operations[place], line=one.number)
        findings += why
        if why and findings[0].factor is None:  # a figure that a program can read
            first = replace(findings[0], factor=why[0].factor, factor_bar=why[0].factor_bar)
            findings[0] = first
    return replace(found, operations=tuple(operations), findings=tuple(findings), behind=behind)


def _lines(asked: Question, report: Report, file: str) -> dict[str | None, SourceLine]:
    """The statements of a backward that made the wrong gradients, where that is sure."""
    blocks = asked.asked.where.blocks
    watch = Watched(file, frozenset(math.prod(block.shape) for block in blocks))
    try:
        gradients = asked.watched(watch.run)
    except Exception:  # noqa: BLE001 - no line then: whoever wrote it has seen it run before
        return {}
    found = dict[str | None, SourceLine]()
    for block, result, gradient in zip(blocks, report.blocks, gradients, strict=True):
        line = watch.line(gradient) if result.verdict.rejects else None
        if line is not None:
            found[block.name] = line
    return found


def operations_of(asked: Asked, ask: Callable[[Asked], Report], reproduce: str = "") -> Report:
    """The report of the operations alone: no parameter is looked at.

    ``ask`` makes the checks of single operations.
    """
    began, options = time.perf_counter(), asked.options
    watch = Watch(str(options.name))
    line = ProgressLine(lambda: str(watch), watch.spent)
    with generators_restored(), asked.where.session(), line:
        session = _prepared(asked)
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
        modes=tuple(session.modes),
    )
    return report if report.ok else replace(report, origin=found.origin or asked)


def _prepared(asked: Asked) -> Session:
    """In reverse mode, or in forward mode where the framework says that there is no other."""
    try:
        return prepare(asked)
    except Exception as error:
        framework = asked.where.library
        if framework.meaning(error) != ONLY_FORWARD:
            raise
        forward = Autodiff(framework, reverse=False, forward=True)
        return prepare(replace(asked, grad=forward))


def _general(findings: Sequence[Finding]) -> list[Finding]:
    """What concerns the function as a whole: parameters are not looked at."""
    return [finding for finding in findings if finding.block is None]
