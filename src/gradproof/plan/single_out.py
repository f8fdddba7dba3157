"""Which blocks disagree: one draw each, or halving where there are many."""

from __future__ import annotations

from collections.abc import Sequence

from ..records.judgement import Judgement
from .effort import ONE_BY_ONE, UNNAMED
from .setting import Setting, State
from .strategy import Steps, strategy


@strategy("single-out", place=20)
def single_out(state: State) -> Steps:
    """Draw blocks alone; then only those that disagree again, until their verdict stands.

    Many are halved from the end: an error spoils every block before it in the forward pass, and
    the evaluations may not last for all of them.
    """
    setting = state.setting
    finite = setting.finite
    if state.drawn and not state.disagreements:
        return state
    groups = [[i] for i in finite] if len(finite) <= ONE_BY_ONE else _halves(finite)
    doubtful = []
    while groups and not (state.drawn and spent(state)):
        group = groups.pop(0)
        draw = state.drawn
        state = yield (
            setting.alone(group[0], draw) if len(group) == 1 else setting.joint(group, draw)
        )
        if len(group) > 1 and state.disagreed:
            groups = _halves(group) + groups
        elif state.disagreed:
            doubtful.append(group[0])
    for index in doubtful:
        before = -1
        while not (
            state.judgements[index].draws == before  # the last one said nothing: a kink, say
            or _settled(setting, index, state.judgements[index])
            or spent(state)
        ):
            before = state.judgements[index].draws
            state = yield setting.alone(index, state.drawn)
    return state


def spent(state: State) -> bool:
    """Whether the limit is reached; while no block is found wrong it is a wider one."""
    limit = state.setting.effort.name
    if not limit < state.evaluations <= UNNAMED * limit:
        return state.evaluations > limit  # whatever is known, so that nobody has to judge
    return any([j.verdict.rejects for j in state.judgements])


def _settled(setting: Setting, index: int, judgement: Judgement) -> bool:
    if setting.blocks[index].count == 1 or judgement.draws >= setting.effort.most:
        return True
    return judgement.draws >= setting.effort.own and not judgement.open


def _halves(group: Sequence[int]) -> list[list[int]]:
    """The second half first."""
    middle = len(group) // 2
    return [list(group[middle:]), list(group[:middle])]
