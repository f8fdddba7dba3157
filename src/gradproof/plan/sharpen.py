"""Measure again, alone, the blocks in doubt, then those whose resolution is too coarse."""

from __future__ import annotations

from ..records.block import Block
from ..records.judgement import Judgement
from ..records.verdict import Verdict
from .effort import PER_WINDOW, Effort
from .setting import State
from .strategy import Steps, strategy


@strategy("sharpen", place=40, stages=("check", "sharpen"))
def sharpen(state: State) -> Steps:
    """The bluntest block first, as long as evaluations are left."""
    blocks, effort = state.setting.blocks, state.setting.effort
    while True:
        judged = state.judgements
        blunt = doubtful = [b for b in blocks if _doubtful(b, judged[b.index], effort)]
        if not doubtful:
            blunt = [b for b in blocks if _blunt(b, judged[b.index], effort)]
        limit = effort.name if doubtful else effort.sharpen - PER_WINDOW
        if not blunt or state.evaluations > limit:
            return state
        worst = max(blunt, key=lambda b: judged[b.index].resolution)
        state = yield state.setting.alone(worst.index, state.drawn)


def _blunt(block: Block, judgement: Judgement, effort: Effort) -> bool:
    """Whether a draw of this block alone may show more than has been seen so far."""
    few = judgement.draws < (effort.own if block.count > 1 else 1)
    return few and not judgement.sharp and not judgement.verdict.rejects


def _doubtful(block: Block, judgement: Judgement, effort: Effort) -> bool:
    """Whether draws of this block alone may turn ``undecided`` into a verdict."""
    most = effort.most if judgement.open and block.count > 1 else 1
    return judgement.verdict is Verdict.UNDECIDED and judgement.draws < most
