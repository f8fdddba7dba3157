"""The levels of effort."""

import dataclasses
from itertools import pairwise

import pytest

from gradproof.errors import UsageError
from gradproof.plan.effort import LEVELS, effort


def test_each_level_spends_more_than_the_one_before():
    for less, more in pairwise(["quick", "standard", "thorough"]):
        for field in ("joint", "own", "most", "sharpen", "name", "sweep"):
            assert getattr(effort(less), field) <= getattr(effort(more), field)


def test_two_fresh_draws_at_least_move_every_block():
    assert all(level.joint >= 2 for level in LEVELS.values())
    assert effort("standard").own >= 2


def test_only_the_sweep_measures_every_entry_of_everything():
    assert [name for name, level in LEVELS.items() if level.always] == ["sweep"]


def test_levels_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        effort("quick").joint = 1


@pytest.mark.parametrize("name", ["", "Standard", "high", None, 3, ["quick"], {}])
def test_other_names_are_refused_with_the_names_there_are(name):
    with pytest.raises(UsageError, match="quick, standard, thorough, sweep"):
        effort(name)
