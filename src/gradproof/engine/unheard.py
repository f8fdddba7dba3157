"""One output of several from which no gradient comes: a cotangent ignored, an output detached."""

from __future__ import annotations

from ..records.block import Block
from ..records.finding import Finding, Kind
from ..subject.outputs import Projected
from ..subject.providers import Autodiff
from ..subject.session import Projection, Session
from .state import State

_FORWARD = "the JVP is zero for {outputs}, although {it} changes with it."

_PRODUCT = "the cotangent of {outputs} has no effect on its gradient, but {it} changes with it."

_DETACHED = (
    "{outputs} changes with it, but no gradient comes from there: detached, or marked as not "
    "differentiable. If that is meant, leave it out: check what returns the others alone."
)


def unheard(session: Session, state: State, block: Block) -> Finding | None:
    """Which output it is, if others have a gradient."""
    outputs, silent = session.outputs, session.projections[state.judged[block.index].leading]
    if not isinstance(outputs, Projected):
        return None
    names, claimed = outputs.names(silent.reading), dict[bool, float]()
    for c in state.comparisons:
        projection = session.projections[c.projection]
        if c.direction.block == block.index and projection.mode == silent.mode:
            own = outputs.names(projection.reading) == names
            claimed[own] = max(claimed.get(own, 0.0), abs(c.claimed))
    if claimed.get(True) != 0 or not claimed.get(False):
        return None
    text = _sentence(session, silent).format(
        outputs=" and ".join(names[:3]), it="it" if len(names) == 1 else "one of them"
    )
    return Finding(Kind.ZERO, block.name, f"{block.name}: {text}", factor=0.0, explained=1.0)


def _sentence(session: Session, silent: Projection) -> str:
    if isinstance(session.grad, Autodiff):
        return _DETACHED
    forward = silent.mode and silent.mode == session.grad.labels[1]
    return _FORWARD if forward else _PRODUCT
