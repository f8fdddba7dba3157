"""Small numbers are moved as far as their gradient needs to be seen, and no further."""

import numpy as np
import pytest

import gradproof as gp
from gradproof.engine.reach import reach
from gradproof.space.point import Point
from gradproof.subject.asked import Asked, Options
from gradproof.subject.prepare import prepare

DATA = np.random.default_rng(0).normal(size=(4, 9))
TARGET = np.random.default_rng(1).normal(size=(5, 9))
WEIGHTS = np.random.default_rng(2).normal(size=(5, 4))


def loss(p):
    return 0.5 * np.sum(((WEIGHTS + p["A"] @ p["B"]) @ DATA - TARGET) ** 2)


def slopes(p):
    g = ((WEIGHTS + p["A"] @ p["B"]) @ DATA - TARGET) @ DATA.T
    return {"A": g @ p["B"].T, "B": p["A"].T @ g}


def spoilt(block, factor):
    def claim(p):
        right = slopes(p)
        return {**right, block: factor * right[block]}

    return claim


def pair(size):
    rng = np.random.default_rng(3)
    return {"A": size * rng.normal(size=(5, 2)), "B": size * rng.normal(size=(2, 4))}


def scales(fun, point, grad):
    where = Point(point)
    session = prepare(Asked(fun=fun, where=where, grad=grad, options=Options()))
    reach(session)
    before = [block.scale for block in where.blocks]
    return before, [block.scale for block in session.point.blocks]


@pytest.mark.parametrize("size", [1e-4, 1e-6, 1e-8])
def test_both_factors_of_a_low_rank_change_are_judged(size):
    assert gp.check(loss, pair(size), grad=slopes).verdict == "correct"
    for block, factor in (("A", 1.01), ("B", -1.0)):
        report = gp.check(loss, pair(size), grad=spoilt(block, factor))
        assert [b.name[-3] for b in report.blocks if b.verdict == "wrong"] == [block]


def test_a_smaller_pair_is_never_passed_with_a_wrong_sign():
    for size in (1e-9, 1e-11):
        verdicts = gp.check(loss, pair(size), grad=spoilt("B", -1.0)).blocks
        assert {b.name[-3]: b.verdict for b in verdicts}["B"] == "wrong"


def test_no_further_than_needed_and_than_zeros_are_moved():
    for size in (1e-4, 1e-6, 1e-8):
        before, after = scales(loss, pair(size), slopes)
        assert all(b < a <= 1.0 for b, a in zip(before, after, strict=True))

    def line(x):
        return 1.0 + np.sum(np.sin(x))

    (before,), (after,) = scales(line, np.full(3, 1e-8), np.cos)
    assert 10 * before < after < 1e-2


def test_what_shows_its_gradient_keeps_its_own_size():
    before, after = scales(loss, pair(1.0), slopes)
    assert after == before
    at = 1e-9 * np.arange(1.0, 6.0)

    def waves(x):
        return np.sum(np.cos(x / 1e-9))

    before, after = scales(waves, at, lambda x: -np.sin(x / 1e-9) / 1e-9)
    assert after == before


def test_an_optimum_in_small_units_is_not_left():
    best = 1e-9 * np.arange(1.0, 6.0)

    def bowl(x):
        return np.sum(np.cos((x - best) / 1e-9))

    before, after = scales(bowl, best, lambda x: -np.sin((x - best) / 1e-9) / 1e-9)
    assert after == before
    right = gp.check(bowl, best, grad=lambda x: -np.sin((x - best) / 1e-9) / 1e-9)
    assert right.verdict == "correct"
    assert gp.check(bowl, best, grad=lambda x: np.full(5, 1e7)).verdict == "wrong"


def test_entries_of_many_sizes_in_a_small_block_are_swept_at_their_own():
    x = np.array([1e-5, 1e-9, 1e-12])

    def fun(x):
        return 1.0 + np.sum(np.sin(x))

    assert gp.check(fun, x, grad=np.cos).verdict == "correct"
    assert gp.check(fun, x, grad=lambda x: np.cos(x) * [1, 1, -1]).verdict == "wrong"
