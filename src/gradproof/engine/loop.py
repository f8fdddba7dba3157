"""The algorithm of a check: measure, compare, judge, and ask what to measure next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..plan.strategy import Plan
from ..space.special import special
from ..subject.asked import Asked
from ..subject.prepare import prepare
from ..subject.session import Session
from .at_kink import AtKink, at_kink, is_hidden
from .compare import compare
from .hiding import hiding
from .reach import reach
from .restart import Restart, Why, after, moved_beside
from .rulings import ruled
from .start import start, with_known_noise
from .state import State, exempt, update
from .watch import Watch


@dataclass(frozen=True, slots=True)
class Run:
    """A session and the state it has come to; ``at`` is the run at a kink that led to this one.

    ``kinks`` are the blocks whose claim at that kink is none of those beside it.
    """

    session: Session
    state: State
    at: Run | None = None
    kinks: Mapping[int, AtKink] = field(default_factory=dict)


def check(asked: Asked, watch: Watch, first: tuple[Any, ...] = ()) -> Run:
    """Measure until the verdict stands, at the point or beside its kink; nobody asks why yet.

    ``first`` holds what a first call of the function has returned, if there was one.
    """
    restart: Restart | None = Restart(prepare(asked, first=first))
    run: Run | None = None
    while restart is not None:
        session = restart.session
        watch.on(session, restart.why.value)
        reach(session)
        state = settled(session, follow(session, start(session), "check", watch), watch)
        if state.kink is None and state.rejects:
            state = replace(state, hidden=is_hidden(session))
        if restart.why is Why.KINK and run is not None:
            run = Run(session, state, run, at_kink(run.session))
        else:
            run = Run(session, state)
        restart = after(restart, state)
    assert run is not None
    return run if run.at is not None else _looked_beside(run, watch)


def _looked_beside(run: Run, watch: Watch) -> Run:
    """A second look, a quick one, where a point is so special that faults may hide there."""
    session, state = run.session, run.state
    if not (state.right and session.movable and special(session.point)):
        return run
    moved = moved_beside(session, "quick")
    if moved is None:
        return run
    watch.on(moved, "beside a special point")
    there = settled(moved, follow(moved, start(moved), "check", watch), watch)
    return replace(run, state=hiding(session, state, there))


def follow(session: Session, state: State, stage: str, watch: Watch) -> State:
    """The loop: a plan goes from state to state until it has nothing left to ask."""
    plan = Plan(stage)
    while session.finite and (direction := plan.next(state)) is not None:
        watch.direction = direction
        before, state = state, update(state, compare(session, state, direction))
        if state.kink is not before.kink and session.leaves_kinks:
            return state  # the check goes on beside it
    return state


def settled(session: Session, state: State, watch: Watch) -> State:
    """With the round-off of the claims where it matters, and what is no fault of theirs exempt."""
    wider = with_known_noise(session, state)
    if wider is not state:  # with bars so much wider, one draw is seldom enough
        state = follow(session, wider, "sharpen", watch)
    return ruled(session, exempt(state))
