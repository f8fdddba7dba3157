"""When a check starts again: with a function that spoils what it is given, or beside a kink."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..judge.thresholds import T
from ..subject.prepare import beside
from ..subject.session import Session
from .state import State


class Why(Enum):
    """What is measured, in the words of the progress line."""

    POINT = "slopes"
    SPOILED = "slopes once more"
    KINK = "slopes beside the kink"


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
    if last.why is Why.POINT and session.spoiled(state.flat):
        return Restart(session, Why.SPOILED)
    if last.why is Why.KINK or state.kink is None or not session.movable:
        return None
    everything = state.setting.joint(range(len(state.setting.blocks)), 0)
    return Restart(beside(session, everything, T.beside), Why.KINK)
