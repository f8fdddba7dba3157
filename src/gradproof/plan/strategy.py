"""Strategies: each is one file that registers itself, and a plan is a row of them.

A strategy is a generator: it is given the state, yields the direction to measure next, is sent
the state that came of it, and returns the last one to the strategy after it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass

from ..records.direction import Direction
from .setting import State

Steps = Generator[Direction, State, State]
Make = Callable[[State], Steps]


@dataclass(frozen=True, slots=True)
class Strategy:
    """What to measure next, until it is satisfied; ``place`` orders those of one ``stage``.

    The stages are ``check``, at the point or beside a kink; ``sharpen``, after bars have become
    wider; ``kink``, at the kink itself.
    """

    name: str
    place: float
    stages: tuple[str, ...]
    steps: Make


_KNOWN: dict[str, Strategy] = {}


def strategy(name: str, place: float, *stages: str) -> Callable[[Make], Make]:
    """Register a strategy under a name; it takes the place of one of the same name.

    Parameters
    ----------
    name : str
        What it is called.
    place : float
        Its place in the plan: joint directions are at 10, the sweep at 50.
    *stages : str
        When it is followed; ``check`` where none is given.

    """

    def registered(steps: Make) -> Make:
        _KNOWN[name] = Strategy(name, place, stages or ("check",), steps)
        return steps

    return registered


def strategies(stage: str = "check") -> list[Strategy]:
    """Those of one stage, in their order."""
    chosen = [one for one in _KNOWN.values() if stage in one.stages]
    return sorted(chosen, key=lambda one: one.place)


def forget(name: str) -> None:
    """Take a strategy out of every plan to come."""
    del _KNOWN[name]


class Plan:
    """The strategies of one stage, one after the other."""

    def __init__(self, stage: str = "check") -> None:
        self._row = [one.steps for one in strategies(stage)]
        self._steps: Steps | None = None

    def next(self, state: State) -> Direction | None:
        """The direction to measure, given what is known, or None where nothing is left to do."""
        try:
            if self._steps is not None:
                return self._steps.send(state)
            self._steps = _followed(self._row, state)
            return next(self._steps)
        except StopIteration:
            return None


def _followed(row: Iterable[Make], state: State) -> Steps:
    for steps in row:
        state = yield from steps(state)
    return state
