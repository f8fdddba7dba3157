"""Where claims beside a kink are asked for."""

import numpy as np
import pytest

from gradproof.plan.effort import RANDOM_SHIFTS
from gradproof.plan.shifts import TINY, Apart, aimed, alone, balanced, shifts
from gradproof.records.block import Block


def blocks(*shapes):
    return [
        Block(k, f"x{k}", shape, "float64", int(np.prod(shape)), 1.0)
        for k, shape in enumerate(shapes)
    ]


def moves(shift, every):
    return [shift.moves(block) for block in every]


def test_there_are_few_and_they_are_those_of_the_seed():
    one, three = blocks((5,)), blocks((4, 3), (3,), (1,))
    assert len(list(shifts(one, 0))) == 3 + RANDOM_SHIFTS
    every = list(shifts(three, 0))
    assert len(every) == 1 + 2 * (1 + 1 + 3 + 1) + RANDOM_SHIFTS
    again = list(shifts(three, 0))
    for one_, other in zip(every, again, strict=True):
        for a, b in zip(moves(one_, three), moves(other, three), strict=True):
            assert (a == b).all()
    assert (every[0].moves(three[0]) != next(shifts(three, 1)).moves(three[0])).any()


def test_they_reach_the_corners():
    """All up, all down, and each block while the others hardly move."""
    every = blocks((4, 3), (3,))
    found = [moves(shift, every) for shift in shifts(every, 0)]
    for sign in (1, -1):
        assert any(all((sign * m > 0.8).all() for m in row) for row in found)
        for k in range(2):
            assert any(
                (sign * row[k] > 0.8).all() and (np.abs(row[1 - k]) <= 2 * TINY).all()
                for row in found
            )


def test_no_two_entries_are_moved_alike():
    """A tie that is left beside a kink is a kink again."""
    (block,) = blocks((1000,))
    found = np.abs(Apart(0).moves(block))
    assert np.diff(np.sort(found)).min() > 0.5 / 1000
    assert found.min() >= 0.5
    assert found.max() <= 1.5


def test_entries_that_are_alike_need_no_balance():
    rng = np.random.default_rng(0)
    assert not list(balanced([rng.normal(size=50) ** 2 + 0.1], 0, 0))
    assert not list(balanced([np.zeros(4)], 0, 0))


def test_where_some_move_far_more_they_are_balanced():
    effects = [np.array([1e3, 2e3, 1.0, 2.0])]
    (block,) = blocks((4,))
    found = np.array([np.abs(a.moves(block)) * effects[0] for a in balanced(effects, 0, 0)])
    assert (found.max(1) / found.min(1)).min() < 10
    assert np.abs(found / effects[0]).max() <= 1.5


def test_on_demand_each_entry_goes_where_it_was_best():
    every = blocks((3,))
    best = [np.array([1.0, -1.0, 1.0])]
    rows = [np.sign(a.moves(every[0])) for a in aimed(every, best, best, best, 0, 0)]
    assert any((row == best[0]).all() for row in rows)


@pytest.mark.parametrize("entry", [0, 2])
def test_one_entry_alone_and_at_rest(entry):
    every = blocks((3,))
    rows = [a.moves(every[0]) for a in alone(every, 0, entry, 0, 0)]
    others = np.arange(3) != entry
    assert sum(abs(row[entry]) > 10 * np.abs(row[others]).max() for row in rows) == 2
    assert sum(abs(row[entry]) < 0.1 * np.abs(row[others]).min() for row in rows) == 4
