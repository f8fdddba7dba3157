"""When a check starts again: with a function that spoils what it is given, or beside a kink."""

from __future__ import annotations

from ..backend.registry import outside
from ..judge.thresholds import T
from ..subject import prepare
from ..subject.session import Session
from .state import State


def spoiled(session: Session, state: State) -> bool:
    """Whether the slopes are of a function that wrote into its arguments, or kept them.

    From now on it is given others at every call.
    """
    return session.spoiled(state.flat)


def beside(session: Session, state: State) -> Session | None:
    """The same check a little way from a kink, where the gradient is unique.

    At the kink itself every entry of a small block is compared with its one-sided slopes. None
    where both ways lead out of the domain.
    """
    everything = state.setting.joint(range(len(state.setting.blocks)), 0)
    for distance in (T.beside, -T.beside):
        try:
            moved = prepare.beside(session, everything, distance)
        except Exception as error:
            if not outside(error):
                raise
            continue
        if moved.finite:
            return moved
    return None
