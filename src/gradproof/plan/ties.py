"""Tied entries together: however a claim shares out a tie at a kink, it has to add up."""

from __future__ import annotations

from .setting import State
from .strategy import Steps, strategy


@strategy("ties", place=45)
def ties(state: State) -> Steps:
    """All entries by the same step, of each block at the kink and of all: of claims in arrays.

    A claim that is a function is looked at beside the kink instead.
    """
    setting = state.setting
    groups = [[index] for index in state.kinked]
    groups += [list(state.kinked)] if len(groups) > 1 else []
    for group in groups:
        many = sum([setting.blocks[index].count for index in group]) > 1
        if many and state.evaluations <= 2 * setting.effort.name:
            state = yield setting.together(group, state.drawn)
    return state
