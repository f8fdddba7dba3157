"""All blocks at once, until two directions agree with the claim."""

from __future__ import annotations

from .setting import State
from .strategy import Steps, strategy


@strategy("joint", place=10)
def joint(state: State) -> Steps:
    """A few directions through every block whose claim is finite."""
    setting = state.setting
    finite = setting.finite
    if len(setting.blocks) == 1 or not finite:
        return state
    for _ in range(setting.effort.joint):
        state = yield setting.joint(finite, state.drawn)
        enough = state.drawn * setting.looks >= setting.effort.joint and not state.disagreements
        if enough and all([j.sharp for j in state.judgements]):
            break
    return state
