"""Strategies: each is one file that registers itself, and a plan is a row of them.

A strategy is a generator: it is given the state, yields the direction to measure next, is sent
the state that came of it, and returns the last one to the strategy after it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from ..records.direction import Direction
from ..registry import Registry
from .setting import State

Steps = Generator[Direction, State, State]
Make = Callable[[State], Steps]


@dataclass(frozen=True, slots=True)
class Strategy:
    """What to measure next, until it is satisfied; ``place`` orders those of one ``stage``.

    The stages are ``check``, at the point or beside a kink; ``sharpen``, after bars have become
    wider.
    """

    name: str
    place: int
    stages: tuple[str, ...]
    steps: Make


_STRATEGIES: Registry[Strategy] = Registry("gradproof.plan", "gradproof.strategies")


def strategy(
    name: str, *, place: int, stages: tuple[str, ...] = ("check",)
) -> Callable[[Make], Make]:
    """Register a strategy, a module of this package or an entry point of another one.

    Parameters
    ----------
    name : str
        What it is called: small letters, digits and hyphens.
    place : int
        Its place in the plan: joint directions are at 10, the sweep at 50.
    stages : tuple of str
        When it is followed.

    """

    def registered(steps: Make) -> Make:
        _STRATEGIES.add(name, Strategy(name, place, stages, steps))
        return steps

    return registered


# Of each stage, with all that there were when it was put in order.
_ROWS: dict[str, tuple[list[Strategy], list[Strategy]]] = {}


def strategies(stage: str = "check") -> list[Strategy]:
    """Those of one stage, in their order."""
    every = list(_STRATEGIES.all().values())
    known, row = _ROWS.get(stage, ([], []))
    if known != every:
        row = sorted([one for one in every if stage in one.stages], key=lambda one: one.place)
        _ROWS[stage] = every, row
    return row


class Plan:
    """The strategies of one stage, one after the other."""

    def __init__(self, stage: str = "check") -> None:
        self._row = strategies(stage)
        self._steps: Steps | None = None

    def next(self, state: State) -> Direction | None:
        """The direction to measure, given what is known, or None where nothing is left to do."""
        while self._row:
            try:
                if self._steps is not None:
                    return self._steps.send(state)
                self._steps = self._row[0].steps(state)
                return next(self._steps)
            except StopIteration as over:
                self._row, self._steps, state = self._row[1:], None, over.value
        return None
