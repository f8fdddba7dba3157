"""What is too small to show beside the rest, in one direction of its own."""

from __future__ import annotations

from .setting import State
from .single_out import spent
from .strategy import Steps, strategy


@strategy("small", place=30)
def small(state: State) -> Steps:
    """All that is small together, and each part alone if that disagrees."""
    setting = state.setting
    if not setting.small:
        return state
    state = yield setting.along(setting.small, state.drawn)
    if state.disagreed and len(setting.small) > 1:
        for part in setting.small:
            if spent(state):
                break
            state = yield setting.along([part], state.drawn)
    return state
