"""When a check starts again: with a function that spoils what it is given, or beside a kink."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..backend.registry import outside
from ..judge.thresholds import T
from ..plan.shifts import Apart
from ..records.finding import Kind
from ..subject.prepare import beside, prepare
from ..subject.session import Session
from .state import State


class Why(Enum):
    """What is measured, in the words of the progress line."""

    POINT = "slopes"
    SPOILED = "slopes once more"
    KINK = "slopes beside the kink"
    CONFINED = "slopes at the kink"


@dataclass(frozen=True, slots=True)
class Restart:
    """A session to measure from the beginning."""

    session: Session
    why: Why = Why.POINT


def after(last: Restart, state: State) -> Restart | None:
    """What follows a session that has come to a state; None where that is the end.

    A function that wrote into its arguments, or kept them, is given others at every call. A kink
    is left for a place beside it, where the gradient is unique; at the kink itself every entry of
    a small block is compared with its one-sided slopes.
    """
    session = last.session
    left = last.why is Why.POINT and session.left_behind()  # before fun comes to the point again
    if last.why is Why.POINT and session.spoiled(state.flat):
        return Restart(session, Why.SPOILED)
    if left:
        anew = prepare(session.asked, session.caller.calls, traces=True)
        if any([f.kind is Kind.STATEFUL for f in anew.findings]):
            return Restart(anew, Why.SPOILED)
    if last.why is Why.KINK or not (state.kink or state.hidden) or not session.leaves_kinks:
        return None
    moved = moved_beside(session)
    if moved is not None:
        return Restart(moved, Why.KINK)
    session.confined = True
    return Restart(session, Why.CONFINED)


def moved_beside(session: Session, effort: str = "") -> Session | None:
    """The same check a little way from the point; None where both ways lead out of the domain."""
    apart = Apart(session.asked.options.seed)
    for distance in (T.beside, -T.beside):
        try:
            moved = beside(session, apart.moves, distance, effort)
        except Exception as error:
            if not outside(error):
                raise
            continue
        if moved.finite:
            return moved
    return None
