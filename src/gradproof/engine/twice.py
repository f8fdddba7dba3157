"""The check of a backward pass as a function of its own: which pair of arguments is at fault.

The function returns gradients, one for each of ``rows``; its derivatives are second derivatives.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from ..judge.whole import combined
from ..naming import called
from ..plan.effort import effort
from ..progress import ProgressLine
from ..records.finding import Finding, Kind
from ..records.verdict import Verdict
from ..report.report import Report
from ..subject.asked import Asked
from ..subject.guards import generators_restored
from ..subject.outputs import Projected
from .explain import explain
from .loop import Run, check
from .summary import Explained, compose
from .watch import Watch


def examine_twice(asked: Asked, rows: Sequence[str], reproduce: str = "") -> Report:
    """The report of second derivatives; ``rows`` are the names of the gradients in order."""
    began, chosen = time.perf_counter(), effort(asked.options.effort)
    watch = Watch(str(asked.options.name or called(asked.fun)), chosen.expected(asked.where.blocks))
    with (
        generators_restored(),
        asked.where.session(),
        ProgressLine(lambda: str(watch), watch.spent),
    ):
        run = check(asked, watch)
        spent = run.session.evaluations
        findings: dict[int, Finding] = {}
        if {j.verdict for j in run.state.judgements} != {Verdict.CORRECT}:
            run, findings = explain(run, watch)
        pairs = _pairs(run, rows)
        explained = Explained(findings, {}, run.session.evaluations - spent)
        report = compose(run, explained, watch.title, time.perf_counter() - began, reproduce)
    silent = {f.block for f in report.findings if f.kind in _SILENT}
    reported = _reported(pairs, {name for name in silent if name is not None})
    about = {finding.block for finding in reported}
    right = {block.name for block in report.blocks if block.verdict is Verdict.CORRECT}
    others = [
        f
        for f in report.findings
        if not (f.kind in _SILENT and f.block in about)
        # A second derivative may well be zero.
        and not (f.kind is Kind.MISSING_BLOCK and f.block in right)
    ]
    return replace(report, findings=(*reported, *others))


_SILENT = frozenset({Kind.MISSING_BLOCK, Kind.CUT, Kind.ZERO})


def _pairs(run: Run, rows: Sequence[str]) -> dict[tuple[str, str], Verdict]:
    """The verdict on each gradient by each block, where it was read by itself."""
    outputs, found = run.session.outputs, {}
    for block, judged in zip(run.session.point.blocks, run.state.judged, strict=True):
        for index, row in enumerate(rows):
            each = [
                judgement
                for k, judgement in enumerate(judged.each)
                if _reads(outputs, run.session.projections[k].reading, index, len(rows))
            ]
            if each:
                verdict = combined(each)[1].verdict
                right = judged.judgement.verdict is Verdict.CORRECT
                found[row, block.name] = Verdict.CORRECT if right else verdict
    return found


def _reads(outputs: object, reading: int, index: int, count: int) -> bool:
    """Whether a reading is of one output alone, and of that."""
    if not isinstance(outputs, Projected):
        return True
    on = [k for k, c in enumerate(outputs.cotangents[reading]) if c is not None]
    return on == [index] and count > index


def _reported(pairs: Mapping[tuple[str, str], Verdict], silent: Collection[str]) -> list[Finding]:
    """Which second derivatives are wrong, and whether their mirror images are right.

    Gradients that are alike in that are reported together, and why a derivative is zero once.
    """
    alike: dict[tuple[str, Verdict, bool], list[str]] = {}
    for (row, column), verdict in pairs.items():
        if verdict.rejects:
            mirrored = row != column and pairs.get((column, row)) is Verdict.CORRECT
            alike.setdefault((column, verdict, mirrored), []).append(row)
    found, why = [], _CONSTANT
    for (column, verdict, mirrored), rows in alike.items():
        text = f"∂(gradient of {_listed(rows)})/∂{column} is {verdict}"
        if mirrored:
            text += f", ∂(gradient of {column})/∂{_listed(rows)} is right: the second derivative "
            text += "is not symmetric"
        if column in silent:
            text, why = f"{text}. It comes out as zero{why}", ""
        kind = Kind.ASYMMETRIC if mirrored else Kind.SECOND_ORDER
        found.append(Finding(kind, column, text + "."))
    return found


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


_CONSTANT = (
    ": what a backward uses of the forward pass is a constant to it where it was kept as it is "
    "(ctx.r = …), detached or stopped, and what is once_differentiable has no derivative. Compute "
    "it again from what was saved (save_for_backward)"
)
