"""Which call in a torch function is at fault."""

from __future__ import annotations

from ...backend.arrays import eps
from ...judge.bands import Bands, bands
from ...judge.thresholds import T
from ...records.direction import Direction, Part
from ...records.finding import Finding, Kind
from ...records.operation import Operation
from ...records.verdict import Verdict
from ...report.wording import figure, near
from ...subject.session import Session
from ..ladder import Passes, balances
from ..located import Located
from ..verdicts import Judged, judged
from .calls import Call
from .graph import reached
from .lines import place_of
from .passes import claimed, replayed
from .target import Target

# Passes forward: the point, and so many windows of eight.
_MOST = 1 + 4 * 8


def located(session: Session) -> Located:
    """One pass forward and back, then passes forward along one direction, for all calls at once."""
    parts = tuple(Part(block.index, block.scale) for block in session.point.blocks)
    line = session.line(Direction(parts, session.asked.options.seed, 0))
    dtype, limits = _precision(session)
    target = Target(session)
    tape = claimed(target, line)
    passes = Passes(replayed(target, tape, line), _MOST)
    passes.at(0.0)
    found = balances(passes, tape.sums, eps(dtype), T.sharp * limits.correct_below)
    results = [judged(balance, limits) for balance in found]
    shown = [i for i in range(len(results)) if tape.sums[i] > 0]
    operations = tuple(_operation(tape.calls[i], results[i]) for i in shown)
    wrong = [tape.calls[i] for i in shown if results[i].verdict.rejects]
    right = sum(o.verdict is Verdict.CORRECT for o in operations)
    findings = tuple(
        _finding(o, tape.calls[i], right)
        for o, i in zip(operations, shown, strict=True)
        if o.verdict.rejects
    )
    leaves = {leaf for call in wrong for leaf in reached(tape.flows, call)}
    spoiled = frozenset(tape.blocks[leaf] for leaf in leaves & tape.blocks.keys())
    return Located(operations, findings, spoiled, len(passes.made) + 1)


def _precision(session: Session) -> tuple[str, Bands]:
    """The precision in which the claim is computed here, and its bands."""
    coarsest = max(session.point.blocks, key=lambda b: session.point.eps(b.index))
    options = session.asked.options
    dtype = "float64" if session.promoted else coarsest.dtype
    return dtype, bands(dtype, options.correct_below, options.wrong_above)


def _operation(call: Call, found: Judged) -> Operation:
    file, line = place_of(call)
    return Operation(
        name=call.name, path=call.path, call=call.count, file=file, line=line,
        verdict=found.verdict, error=found.error, bar=found.bar, resolution=found.resolution,
        reason=found.reason,
    )  # fmt: skip


def _finding(operation: Operation, call: Call, right: int) -> Finding:
    size = f"{100 * operation.error:.3g} %" if operation.error >= 1e-4 else figure(operation.error)
    inside = f" from {operation.path}" if operation.path else ""
    text = (
        f"{operation.name}{_ending(call)} ({near(operation.file)}:{operation.line}), called"
        f"{inside} ({near(call.file)}:{call.line}){_which(operation)}, is at fault: what it "
        f"returns is off by {size} ± {figure(operation.bar)} of what passes through it; "
        f"{right} other calls are right."
    )
    return Finding(Kind.OPERATION, None, text)


def _ending(call: Call) -> str:
    return ".backward" if isinstance(call.owner, type) else ""


def _which(operation: Operation) -> str:
    return f", call {operation.call}" if operation.call > 1 else ""
