"""One examination: measure until the verdict stands, ask why, and freeze it into a report."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace

from ..naming import called
from ..plan.effort import effort
from ..progress import ProgressLine
from ..records.finding import Finding, SourceLine
from ..records.verdict import Verdict
from ..report.report import Report
from ..subject.asked import Asked
from ..subject.guards import generators_restored
from .brief import Glance, glance
from .evidence import scanned
from .explain import explain
from .inside import answered, look_inside
from .loop import check
from .origins import find_lines
from .summary import Explained, compose
from .watch import Watch


def examine(asked: Asked, reproduce: str = "", *, inside: bool = True) -> Report:
    """Check whatever claims the gradient of a function at a point.

    ``reproduce`` is the call that asks again. Where a framework's own backward pass is rejected,
    the operations ``inside`` are looked at.
    """
    began, options = time.perf_counter(), asked.options
    chosen = effort(options.effort)
    blocks = asked.where.blocks
    with generators_restored(), asked.where.session(), ExitStack() as stack:
        seen = glance(asked)
        if seen.run is not None:
            return _later(asked, seen, time.perf_counter() - began, reproduce)
        watch = Watch(_title(asked), chosen.expected(blocks))
        stack.enter_context(ProgressLine(lambda: str(watch), watch.spent))
        run = check(asked, watch, seen.first)
        spent = run.session.evaluations
        verdicts = {j.verdict for j in run.state.judgements}
        findings: dict[int, Finding] = {}
        lines: dict[int, SourceLine] = {}
        if not verdicts.isdisjoint(chosen.scan):
            watch.on(run.session, "what is wrong", max(chosen.expected(blocks), chosen.inquire))
        located = look_inside(run, watch) if inside else None
        located = located and answered(located, alone)
        if verdicts != {Verdict.CORRECT} and not (located and located.explains):
            run, findings = explain(run, watch)
            lines = find_lines(run, findings)
        run = scanned(run, chosen.scan)
        explained = Explained(findings, lines, run.session.evaluations - spent, located)
        run.session.caller.calls["fun"] = run.session.evaluations + seen.calls
        report = compose(run, explained, watch.title, time.perf_counter() - began, reproduce)
    origin = located.origin if located is not None and located.origin is not None else asked
    return report if report.ok else replace(report, origin=origin)


def _title(asked: Asked) -> str:
    return str(asked.options.name or called(asked.fun))


def _later(asked: Asked, seen: Glance, seconds: float, reproduce: str) -> Report:
    """The report of what is plainly right: written when somebody reads it."""
    run = seen.run
    assert run is not None

    def write() -> Report:
        return compose(run(), Explained({}, {}, 0), _title(asked), seconds, reproduce)

    return Report.later(write, verdict=Verdict.CORRECT, evaluations=seen.calls, findings=())


def alone(asked: Asked) -> Report:
    """The check of one operation by itself."""
    return examine(asked, inside=False)
