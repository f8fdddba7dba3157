"""Branches that a try takes lead to the next tries."""

import sys

import numpy as np
import pytest

import gradproof as gp
from gradproof.hunt import cover
from gradproof.hunt.branches import followed, forks_of


def fun(x):
    return float(np.sum(np.sin(x)))


def nested(x):
    slope = np.cos(x)
    if x[0] <= 4.5:
        return slope
    if x[1] >= -x[0]:
        return slope
    if x[2] > 2 * x[0]:
        slope[0] *= 1.5
    return slope


def taken(function, *arguments):
    with followed(forks_of([function])) as branches:
        function(*arguments)
    return frozenset(branches)


def test_each_way_through_the_code_has_its_branches():
    ways = {taken(nested, np.array(x)) for x in ([0.0] * 3, [5, 0, 0], [5, -6, 0], [5, -6, 11])}
    assert len(ways) == 4
    assert taken(nested, np.array([5.0, 0, 0])) == taken(nested, np.array([7.0, 1, 1]))
    assert not taken(fun, np.zeros(3))


def test_long_loops_are_not_followed_to_their_end():
    def long(n):
        total = 0
        for k in range(n):
            total += k
        return total

    assert taken(long, 100_000)
    assert sys.gettrace() is None


def test_who_follows_the_code_already_is_left_alone():
    mine = lambda *_: None
    sys.settrace(mine)
    try:
        branches = taken(nested, np.zeros(3))
        assert sys.gettrace() is mine
    finally:
        sys.settrace(None)
    assert not branches


def found(seed):
    return bool(gp.hunt(fun, gp.arrays(3), grad=nested, seed=seed).found)


@pytest.mark.slow
def test_a_fault_behind_three_conditions_is_found_and_only_so(monkeypatch):
    assert all(found(seed) for seed in range(1, 5))
    monkeypatch.setattr(cover, "_FEWEST_LEADS", 10_000)
    assert sum(found(seed) for seed in range(1, 5)) <= 1
