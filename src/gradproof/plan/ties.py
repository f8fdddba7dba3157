"""Tied entries together: however a claim shares out a tie at a kink, it has to add up."""

from __future__ import annotations

from .setting import State
from .strategy import Steps, strategy


@strategy("ties", place=10, stages=("kink",))
def ties(state: State) -> Steps:
    """All entries of each block that moved where the kink was seen, by the same step."""
    setting = state.setting
    for index in state.kinked:
        if setting.blocks[index].count > 1 and state.evaluations <= setting.effort.name:
            state = yield setting.together(index, state.drawn)
    return state
