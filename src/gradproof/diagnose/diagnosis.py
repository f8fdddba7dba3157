"""What kind of fault explains a wrong block: one suspicion after another, simplest first."""

from ..records.finding import Finding, Kind
from .entries import sampled
from .evidence import Evidence, Explanation
from .places import by_entry, located
from .rules import rules


def diagnose(evidence: Evidence, *, measuring: bool) -> Finding | None:
    """The first explanation that holds, or what was sampled; None where nothing was asked."""
    for rule in rules():
        if measuring or not rule.measures:
            for explanation in rule.suspect(evidence):
                return _finding(evidence, explanation)
    if not measuring:
        return None
    name = evidence.block.name
    return Finding(
        Kind.UNEXPLAINED,
        name,
        f"{name}: no simple fault explains it. {sampled(evidence)}.",
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
