"""The algorithm of a check: measure, compare, judge, and ask what to measure next."""

from __future__ import annotations

from dataclasses import dataclass

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
    state = follow(session, start(session), "check", watch.on(session, "slopes"))
    state = settled(session, state, watch)
    if spoiled(session, state):
        again = follow(session, start(session), "check", watch.on(session, "slopes once more"))
        state = settled(session, again, watch)
    if state.kink is None or not session.movable:
        return Run(session, state)
    moved = beside(session, state)
    found = follow(moved, start(moved), "check", watch.on(moved, "slopes beside the kink"))
    found = settled(moved, found, watch)
    return Run(moved, found, Run(session, follow(session, state, "kink", watch)))


def follow(session: Session, state: State, stage: str, watch: Watch) -> State:
    """The loop: a plan goes from state to state until it has nothing left to ask."""
    plan = Plan(stage)
    while session.finite and (direction := plan.next(state)) is not None:
        watch.direction = direction
        before, state = state, update(state, compare(session, state, direction))
        if state.kink is not before.kink and session.movable:
            return state  # the check goes on beside it
    return state


def settled(session: Session, state: State, watch: Watch) -> State:
    """With the round-off of the claims where it matters, and what is a choice at a kink excused."""
    wider = with_known_noise(session, state)
    if wider is not state:  # with bars so much wider, one draw is seldom enough
        state = follow(session, wider, "sharpen", watch)
    return excused(state)
