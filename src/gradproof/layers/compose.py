"""From the balances of a model's calls to its report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..judge.bands import bands
from ..records.finding import Finding, Kind, SourceLine
from ..records.operation import Operation
from ..records.verdict import worst
from ..report.report import BlockResult, Report
from ..report.wording import figure
from ..subject.asked import Options
from .balance import Balance
from .line import Line

_ALONE = "right by itself, but not in this model: what it keeps for its backward is overwritten"


def composed(
    name: str,
    found: Sequence[Balance],
    local: Mapping[int, Report | None],
    line: Line,
    options: Options,
) -> Report:
    """The report: every call, and of those at fault what their own checks say."""
    operations = tuple(_operation(one, local.get(k), found[:k]) for k, one in enumerate(found))
    wrong = [k for k, one in enumerate(found) if one.verdict.rejects]
    blocks: list[BlockResult] = []
    findings: list[Finding] = []
    for k in wrong:
        findings.append(_headline(operations[k], len(found) - len(wrong)))
        report = local.get(k)
        if report is not None:
            prefix = operations[k].path
            findings += [replace(f, block=_under(prefix, f.block)) for f in report.findings]
            blocks += [replace(b, name=f"{prefix}.{b.name}".lstrip(".")) for b in report.blocks]
    blocks += _others(found, line, options, {b.name for b in blocks})
    checks = [report for report in local.values() if report is not None]
    first = next((r for r in checks if r.origin is not None), None)
    errors = [b.error for b in blocks if math.isfinite(b.error)] or [0.0]
    return Report(
        name=name,
        verdict=worst([o.verdict for o in operations] + [b.verdict for b in blocks]),
        difference=max(errors) / (2 + max(errors)),
        resolution=max([b.resolution for b in blocks], default=math.inf),
        evaluations=line.evaluations + sum(r.evaluations for r in checks),
        inquiry=sum(r.evaluations for r in checks),
        gradient_calls=1 + sum(r.gradient_calls for r in checks),
        seconds=0.0,
        seed=int(options.seed),
        effort=options.effort,
        blocks=tuple(blocks),
        findings=tuple(findings),
        notes=tuple(_notes(found, operations, line)),
        operations=operations,
        origin=None if first is None else first.origin,
    )


def _under(path: str, block: str | None) -> str | None:
    return block if block is None else f"{path}.{block}".lstrip(".")


def _operation(one: Balance, local: Report | None, before: Sequence[Balance]) -> Operation:
    record = one.record
    wrong, line, reason = (), None, one.reason
    if local is not None:
        wrong = tuple(b.name for b in local.blocks if b.verdict.rejects)
        lines = [f.line for f in local.findings if f.line is not None and f.block in wrong]
        line = lines[0] if lines else None
        reason = reason or ("" if wrong or record.entry.layer is None else _ALONE)
    file, number = _where(record.entry.layer.calls.source, line)
    return Operation(
        name=record.entry.layer.name,
        path=record.path,
        call=1 + sum(other.record.path == record.path for other in before),
        file=file,
        line=number,
        verdict=one.verdict,
        error=one.error,
        bar=one.bar,
        resolution=one.resolution,
        inputs=wrong,
        reason=reason,
    )


def _where(source: object, line: SourceLine | None) -> tuple[str, int]:
    if line is not None:
        return line.file, line.number
    code = getattr(source, "__code__", None)
    return ("", 0) if code is None else (code.co_filename, code.co_firstlineno)


def _headline(operation: Operation, right: int) -> Finding:
    """The line that people look for."""
    where = f" ({operation.file.rsplit('/', 1)[-1]}:{operation.line})" if operation.file else ""
    what = f", in the gradient of {' and '.join(operation.inputs)}" if operation.inputs else ""
    off = "" if operation.reason else f", off by {figure(operation.error)} of what it contributes"
    why = f": {operation.reason}" if operation.reason else ""
    others = f"; the {right} other calls are not at fault" if right else ""
    return Finding(
        Kind.OPERATION,
        None,
        f"The backward of {operation.where}{where} is {operation.verdict}{what}{off}{why}{others}.",
    )


def _others(
    found: Sequence[Balance], line: Line, options: Options, known: set[str]
) -> list[BlockResult]:
    """The parameters and inputs of the calls that are not at fault."""
    blocks = []
    for moved in line.moved:
        calls = [found[k] for k in moved.claims] or (list(found[:1]) if moved.leaf == 0 else [])
        if moved.name in known or any(one.verdict.rejects for one in calls):
            continue
        limits = bands(str(moved.base.dtype), options.correct_below, options.wrong_above)
        bars = [one.bar for one in calls]
        blocks.append(
            BlockResult(
                name=moved.name,
                shape=moved.base.shape,
                dtype=str(moved.base.dtype),
                verdict=worst([one.verdict for one in calls]),
                error=max([one.error for one in calls], default=math.inf),
                bar=max(bars, default=math.inf),
                resolution=max([one.resolution for one in calls], default=math.inf),
                correct_below=limits.correct_below,
                wrong_above=limits.wrong_above,
            )
        )
    return blocks


def _notes(found: Sequence[Balance], operations: Sequence[Operation], line: Line) -> list[str]:
    """What the faults of some calls make of the gradients before them."""
    last = max([k for k, one in enumerate(found) if one.verdict.rejects], default=0)
    spoiled = [m.name for m in line.moved if m.claims and max(m.claims) < last]
    if not spoiled:
        return []
    return [
        f"The gradients of {', '.join(spoiled[:3])}{', …' if len(spoiled) > 3 else ''} "
        f"({len(spoiled)} before {operations[last].where}) are wrong in this model because of it, "
        "and not by a fault of their own layers."
    ]
