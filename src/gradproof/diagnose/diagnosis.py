"""What kind of fault explains a wrong block: one suspicion after another, simplest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..records.finding import Finding, Kind
from . import branch, convention, entries, other, parameter, precision, rows, scale, shape, zero
from .evidence import Evidence, Explanation
from .places import by_entry, located

Suspicion = Callable[[Evidence], Iterator[Explanation]]

# Those before the bar need no slope beyond a few of the whole block; the others measure.
CHEAP: tuple[Suspicion, ...] = (
    zero.suspect,
    scale.suspect,
    branch.suspect,
    convention.suspect,
    shape.suspect,
    other.suspect,
    parameter.suspect,
    precision.suspect,
    parameter.suspect_with_factor,
)
MEASURING: tuple[Suspicion, ...] = (zero.suspect_some, entries.suspect, rows.suspect)


def diagnose(evidence: Evidence, *, measuring: bool) -> Finding | None:
    """The first explanation that holds, or what was sampled; None where nothing was asked."""
    suspicions = CHEAP + MEASURING if measuring else CHEAP
    for suspicion in suspicions:
        for explanation in suspicion(evidence):
            return _finding(evidence, explanation)
    if not measuring:
        return None
    name = evidence.block.name
    return Finding(
        Kind.UNEXPLAINED,
        name,
        f"{name}: no simple fault explains it. {entries.sampled(evidence)}.",
        explained=0.0,
    )


def _finding(evidence: Evidence, explanation: Explanation) -> Finding:
    named, grid = None, None
    if explanation.wrong is not None:
        named, grid = located(by_entry(explanation.wrong, evidence.block))
    return Finding(
        kind=explanation.kind,
        block=evidence.block.name,
        message=explanation.message,
        entries=named,
        grid=grid,
        factor=explanation.factor,
        factor_bar=explanation.factor_bar,
        explained=explanation.explained,
    )
