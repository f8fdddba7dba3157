"""Which blocks disagree: one draw each, or halving where there are many."""

from __future__ import annotations

from collections.abc import Generator

from ..records.direction import Direction
from ..records.judgement import Judgement
from .effort import ONE_BY_ONE, UNNAMED
from .setting import Setting, State
from .strategy import Steps, strategy

Search = Generator[Direction, State, tuple[State, list[int]]]


@strategy("single-out", place=20)
def single_out(state: State) -> Steps:
    """Draw blocks alone; then only those that disagree again, until their verdict stands."""
    setting = state.setting
    if state.drawn and not state.disagreements:
        return state
    search = _one_by_one if len(setting.finite) <= ONE_BY_ONE else _halving
    state, doubtful = yield from search(state)
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


def _one_by_one(state: State) -> Search:
    """Each block alone."""
    setting, doubtful = state.setting, []
    for index in setting.finite:
        if state.drawn and spent(state):
            break
        state = yield setting.alone(index, state.drawn)
        doubtful += [index] if state.disagreed else []
    return state, doubtful


def _halving(state: State) -> Search:
    """Halve what disagrees until one block is left, as long as the others together disagree.

    From the end: an error spoils every block before it in the forward pass. Where one half agrees
    the fault is in the other. As soon as some are found, a part is as large as what it took to find
    one, so that a few among many and many in a row are both found soon (Hwang, 1972). In the end
    all others move together twice: that leaves no block open, nor any to be looked at alone.
    """
    setting, wrong, right = state.setting, list[int](), 0
    rest = setting.finite
    while rest and not spent(state):
        if wrong or right:
            others = [i for i in setting.finite if i not in wrong]
            state = yield setting.joint(others, state.drawn)
            if not state.disagreed:
                state = yield setting.joint(others, state.drawn)
                break
        group, size = rest, right // len(wrong) if wrong else len(rest)
        while len(group) > 1 and not spent(state):
            size = min(max(size, 1), len(group) // 2)
            part = group[-size:]
            state = yield _through(setting, part, state.drawn)
            group, size = (part if state.disagreed else group[:-size]), len(group)
            if not state.disagreed:
                rest, right = [i for i in rest if i not in part], right + len(part)
        if len(group) == 1:
            state = yield setting.alone(group[0], state.drawn)
            rest = [i for i in rest if i not in group]
            wrong, right = ([*wrong, *group], right) if state.disagreed else (wrong, right + 1)
    return state, wrong


def _through(setting: Setting, group: list[int], draw: int) -> Direction:
    return setting.joint(group, draw) if len(group) > 1 else setting.alone(group[0], draw)


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
