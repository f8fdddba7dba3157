"""Every entry of the small blocks about which there is still a doubt."""

from __future__ import annotations

from ..judge.thresholds import T
from ..records.block import Block
from ..records.verdict import Verdict
from .effort import AT_KINK, PER_ENTRY, SWEPT
from .setting import Setting, State
from .strategy import Steps, strategy


@strategy("sweep", place=50)
def sweep(state: State) -> Steps:
    """Entry by entry, where that is affordable; all blocks where the effort says so."""
    setting, effort = state.setting, state.setting.effort
    for block in setting.blocks:
        verdict = state.judgements[block.index].verdict
        # Where one side alone is finite, nothing shows whether the other is a kink.
        one_sided = verdict.rejects and block.index in state.one_sided
        open_ = verdict is Verdict.UNDECIDED or one_sided or spans_scales(setting, block)
        unseen = not state.judgements[block.index].draws
        doubtful = open_ and (block.count > 1 or unseen)
        room = (AT_KINK if state.kinked else SWEPT) * effort.name - state.evaluations
        affordable = block.count <= min(effort.sweep, room // PER_ENTRY)
        if effort.always or (doubtful and affordable):
            state = yield from _entries(state, block)
    return state


def spans_scales(setting: Setting, block: Block) -> bool:
    """Whether no step fits all entries of a small block, so that only each alone can reject."""
    return block.count <= setting.effort.sweep and setting.spread(block.index) > T.spans


def _entries(state: State, block: Block) -> Steps:
    for entry in range(block.count):
        state = yield state.setting.entry(block.index, entry, state.drawn)
    return state
