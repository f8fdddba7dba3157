"""The algorithm of a check: measure, compare, judge, and ask what to measure next."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..plan.strategy import Plan
from ..subject.asked import Asked
from ..subject.prepare import prepare
from ..subject.session import Session
from .compare import compare
from .restart import beside, spoiled
from .start import start, with_known_noise
from .state import State, excused, update
from .watch import Watch


@dataclass(frozen=True, slots=True)
class Run:
    """A session and the state it has come to; ``at`` is the run at a kink that led to this one."""

    session: Session
    state: State
    at: Run | None = None


def check(asked: Asked, watch: Watch) -> Run:
    """Measure until the verdict stands, at the point or beside its kink; nobody asks why yet."""
    session = prepare(asked)
    run = measured(session, watch.on(session, "slopes"))
    if spoiled(run.session, run.state):
        run = measured(session, watch.on(session, "slopes once more"))
    if run.state.kink is None or not session.movable:
        return run
    moved = beside(session, run.state)
    found = measured(moved, watch.on(moved, "slopes beside the kink"))
    swept = follow(session, run.state, "kink", watch)
    return replace(found, at=replace(run, state=swept))


def measured(session: Session, watch: Watch) -> Run:
    """All that one point has to say."""
    state = start(session)
    if session.finite:
        state = follow(session, state, "check", watch)
        wider = with_known_noise(session, state)
        if wider is not state:  # with bars so much wider, one draw is seldom enough
            state = follow(session, wider, "sharpen", watch)
        state = excused(state)
    return Run(session, state)


def follow(session: Session, state: State, stage: str, watch: Watch) -> State:
    """The loop: a plan goes from state to state until it has nothing left to ask."""
    plan = Plan(stage)
    while (direction := plan.next(state)) is not None:
        watch.direction = direction
        before, state = state, update(state, compare(session, state, direction))
        if state.kink is not before.kink and session.movable:
            return state  # the check goes on beside it
    return state
