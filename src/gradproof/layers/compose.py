"""From the balances of a model's calls to its report."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..judge.bands import Bands, bands
from ..naming import place
from ..records.finding import Finding, Kind, SourceLine
from ..records.operation import Operation
from ..records.verdict import Verdict, worst
from ..report.report import BlockResult, Report
from ..report.wording import figure
from ..subject.asked import Options
from .balance import Balance
from .line import Line, Moved

_ALONE = (
    "right by itself, but not in this model: what it keeps for its backward is written over before "
    "that is called"
)


def to_look_into(found: Sequence[Balance], line: Line, options: Options) -> list[int]:
    """The calls whose layers are checked by themselves: the doubtful, and those known too little.

    Of several calls of a layer that are not at fault the first will do. Of a layer with others
    inside, of which one is at fault, its own check would say nothing.
    """
    chosen = [k for k, one in enumerate(found) if one.doubtful and one.record.pulled]
    seen = {id(found[k].record.entry.target) for k in chosen}
    for moved in line.moved:
        limits = _limits(moved, options)
        for k in moved.claims:
            one, target = found[k], id(found[k].record.entry.target)
            blunt = moved.resolution(k, one.width) > limits.wrong_above
            if blunt and target not in seen and not _spoiled(k, found, line):
                chosen.append(k)
                seen.add(target)
    return sorted(chosen)


def _spoiled(k: int, found: Sequence[Balance], line: Line) -> bool:
    """Whether a call inside another is at fault, or in doubt."""
    return any(found[c].doubtful for c in line.inside.get(k, ()))


def decided(one: Balance, local: Report | None, *, spoiled: bool) -> Balance:
    """The balance of a call with what the check of its layer by itself adds to it.

    That tells which gradients are wrong, and small ones that are little of the whole; and a small
    discrepancy that it does not see is none.
    """
    if local is None or one.judged.reason:
        return one
    if one.verdict is Verdict.WRONG:
        changed = one.judged if local.verdict.rejects else replace(one.judged, reason=_ALONE)
    elif not spoiled and (local.verdict.rejects or one.verdict.rejects):
        changed = replace(one.judged, verdict=local.verdict)
    else:
        return one
    return replace(one, judged=changed)


def composed(
    name: str,
    found: Sequence[Balance],
    local: Mapping[int, Report],
    line: Line,
    options: Options,
) -> Report:
    """The report: every call, and of those at fault what their own checks say."""
    found = [
        decided(one, local.get(k), spoiled=_spoiled(k, found, line)) for k, one in enumerate(found)
    ]
    operations = tuple(_operation(one, local.get(k), found[:k]) for k, one in enumerate(found))
    wrong = [k for k, one in enumerate(found) if one.verdict.rejects]
    findings: list[Finding] = []
    for k in wrong:
        findings.append(_headline(operations[k], len(found) - len(wrong)))
        if k in local:
            findings += [_within(operations[k].path, f) for f in local[k].findings]
    blocks = _blocks(found, local, line, options)
    first = next((local[k] for k in wrong if k in local and local[k].origin is not None), None)
    errors = [b.error for b in blocks if math.isfinite(b.error)] or [0.0]
    inquiry = sum(r.evaluations for r in local.values())
    return Report(
        name=name,
        verdict=worst([*(o.verdict for o in operations), *(b.verdict for b in blocks)]),
        difference=float(max(errors) / (2 + max(errors))),
        resolution=float(max([b.resolution for b in blocks], default=math.inf)),
        evaluations=line.evaluations + inquiry,
        inquiry=inquiry,
        gradient_calls=1 + sum(r.gradient_calls for r in local.values()),
        seconds=0.0,
        seed=int(options.seed),
        effort=options.effort,
        blocks=tuple(blocks),
        findings=tuple(findings),
        notes=tuple(_notes(found, operations, line)),
        operations=operations,
        origin=None if first is None else first.origin,
    )


def _within(path: str, finding: Finding) -> Finding:
    """A finding about a block of a layer, with the layer's place before its name."""
    if finding.block is None:
        return finding
    block = _joined(path, finding.block)
    message = block + finding.message.removeprefix(finding.block)
    named = finding.message.startswith(finding.block)
    return replace(finding, block=block, message=message if named else finding.message)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}".removeprefix(".")


def _operation(one: Balance, local: Report | None, before: Sequence[Balance]) -> Operation:
    record, wrong, line = one.record, list[str](), None
    if local is not None and one.verdict.rejects:
        wrong = [b.name for b in local.blocks if b.verdict.rejects]
        lines = [f.line for f in local.findings if f.line is not None and f.block in wrong]
        line = next(iter(lines), None)
    file, number = _where(record.entry.layer.calls.source, line)
    return Operation(
        name=record.entry.layer.name,
        path=record.path,
        call=1 + sum(other.record.path == record.path for other in before),
        file=file,
        line=number,
        verdict=one.verdict,
        error=float(one.judged.error),
        bar=float(one.judged.bar),
        resolution=float(one.judged.resolution),
        inputs=tuple(wrong),
        reason=one.judged.reason,
    )


def _where(source: object, line: SourceLine | None) -> tuple[str, int]:
    """The line that made the gradient, else where the backward begins."""
    if line is not None:
        return line.file, line.number
    code = getattr(inspect.unwrap(source) if callable(source) else source, "__code__", None)
    return ("", 0) if code is None else (code.co_filename, code.co_firstlineno)


def _headline(operation: Operation, right: int) -> Finding:
    """The line that people look for."""
    where = f" ({place(operation.file, operation.line, short=True)})" if operation.file else ""
    what = f", in the gradient of {' and '.join(operation.inputs)}" if operation.inputs else ""
    off = f", off by {figure(operation.error)} of what the call contributes"
    why = f": {operation.reason}" if operation.reason else off
    others = f"; the {right} other calls are not at fault" if right else ""
    return Finding(
        Kind.OPERATION,
        None,
        f"The backward of {operation.where}{where} is {operation.verdict}{what}{why}{others}.",
    )


def _blocks(
    found: Sequence[Balance], local: Mapping[int, Report], line: Line, options: Options
) -> list[BlockResult]:
    """Of layers that were checked by themselves what that says, then all other parameters."""
    blocks: dict[str, BlockResult] = {}
    for k, report in local.items():
        own = {_joined(found[k].record.path, b.name): b for b in report.blocks}
        right = not found[k].verdict.rejects
        for name, block in own.items():
            if not (right and block.name not in found[k].record.params):
                blocks.setdefault(name, replace(block, name=name))
    for moved in line.moved:
        if moved.name not in blocks:
            calls = list(moved.claims) or [0]
            blocks[moved.name] = _block(moved, calls, found, options)
    return list(blocks.values())


def _block(
    moved: Moved, calls: Sequence[int], found: Sequence[Balance], options: Options
) -> BlockResult:
    limits = _limits(moved, options)
    several = [found[k] for k in calls]
    sharp = [
        moved.resolution(k, found[k].width) if moved.claims else found[k].judged.resolution
        for k in calls
    ]
    return BlockResult(
        name=moved.name,
        shape=moved.base.shape,
        dtype=str(moved.base.dtype),
        verdict=worst([one.verdict for one in several]),
        error=float(max([one.judged.error for one in several])),
        bar=float(max([one.judged.bar for one in several])),
        resolution=float(max(sharp)),
        correct_below=limits.correct_below,
        wrong_above=limits.wrong_above,
    )


def _limits(moved: Moved, options: Options) -> Bands:
    return bands(str(moved.base.dtype), options.correct_below, options.wrong_above)


def _notes(found: Sequence[Balance], operations: Sequence[Operation], line: Line) -> list[str]:
    """What a wrong gradient of inputs makes of all gradients before it; steps inside a backward."""
    stepping = [k for k, one in enumerate(found) if one.record.changed]
    reported = [_reported(operations[k], found[k].record.changed) for k in stepping]
    handing = [
        k for k, one in enumerate(found)
        if one.verdict.rejects and not set(operations[k].inputs) <= set(one.record.params)
    ]  # fmt: skip
    last = max(handing, default=0)
    spoiled = [m.name for m in line.moved if m.claims and max(m.claims) < last]
    if not spoiled:
        return reported
    listed = ", ".join(spoiled[:3]) + (", …" if len(spoiled) > 3 else "")
    how = "are wrong because of it, and not by a fault of their own layers."
    return [
        f"The gradients before {operations[last].where} ({listed}; {len(spoiled)} in all) {how}"
    ]


def _reported(operation: Operation, changed: Sequence[str]) -> str:
    return (
        f"The backward of {operation.where} changes {' and '.join(changed)}, an optimiser's step "
        "inside it: here the parameters were put back after each pass."
    )
