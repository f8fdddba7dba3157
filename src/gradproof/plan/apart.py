"""Zeros and ties of a large block, each alone, and the rest together: of claims in arrays."""

from __future__ import annotations

from ..records.block import Block
from ..records.direction import Part
from ..records.verdict import Verdict
from .effort import GENERIC, PER_ENTRY
from .setting import State
from .strategy import Steps, strategy


@strategy("apart", place=55)
def apart(state: State) -> Steps:
    """Where a kink was seen and too many entries moved at once to tell what it leaves open.

    Kinks are where entries are zero or equal, as a rule: along the others the function has a slope.
    """
    setting, effort = state.setting, state.setting.effort
    for index in state.kinked:
        block = setting.blocks[index]
        entries = setting.alike(index)
        room = effort.inquire - state.evaluations
        undecided = state.judgements[index].verdict is Verdict.UNDECIDED
        if undecided and block.count > effort.sweep and len(entries) <= room // PER_ENTRY:
            state = yield from _apart(state, block, entries)
    return state


def _apart(state: State, block: Block, entries: frozenset[int]) -> Steps:
    setting, index = state.setting, block.index
    rest = tuple([entry for entry in range(block.count) if entry not in entries])
    for _ in range(GENERIC if rest else 0):
        state = yield setting.along([Part(index, block.scale, only=rest)], state.drawn)
        if state.disagreed:
            return state
    for entry in sorted(entries):
        state = yield setting.entry(index, entry, state.drawn)
    return state
