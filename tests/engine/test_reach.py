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


ROUNDED = {
    "cos(x) - 1": (lambda x: np.sum(np.cos(x) - 1), lambda x: -np.sin(x), 1e-8),
    "exp(x) - 1 - x": (lambda x: np.sum(np.exp(x) - 1 - x), np.expm1, 1e-7),
    "a root beside 100": (
        lambda x: np.sum(np.sqrt(1e4 + x * x) - 1e2),
        lambda x: x / np.sqrt(1e4 + x * x),
        1e-6,
    ),
}


@pytest.mark.parametrize("name", ROUNDED)
@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("seed", range(4))
def test_what_is_rounded_inside_is_judged_where_it_shows(name, count, seed):
    fun, grad, size = ROUNDED[name]
    at = size * (1 + 0.3 * np.random.default_rng(seed).normal(size=count))
    right = gp.check(fun, at, grad=grad, seed=seed).verdict
    assert right == "correct" or (right == "undecided" and "100" in name)  # few digits are left
    for factor in (1.1, -1.0, 0.0):
        claim = gp.check(fun, at, grad=lambda x, f=factor: f * grad(x), seed=seed)
        assert claim.verdict == "wrong"


def test_a_gradient_below_all_round_off_is_not_called_right_for_what_it_becomes_elsewhere():
    at = 1e-7 * np.array([1.0, 0.7, 1.2])
    for factor in (1.0, -1.0, 0.5, 0.0):
        claim = gp.check(
            lambda x: np.sum(x - np.sin(x)), at, grad=lambda x, f=factor: f * 2 * np.sin(x / 2) ** 2
        )
        assert claim.verdict == "undecided" or (factor != 1 and claim.verdict == "wrong")


def test_nothing_claimed_of_what_moves_in_steps_at_its_own_size_is_right():
    for size in (1.0, 1e-4, 1e-8):
        at = size * np.array([1.1, 0.7, 1.3])
        stair = gp.check(lambda x, s=size: np.sum(np.round(10 * x / s)), at, grad=lambda x: 0 * x)
        assert stair.verdict == "correct"
        steep = gp.check(lambda x, s=size: np.sum(np.sin(x / s)), at, grad=lambda x: 0 * x)
        assert steep.verdict == "wrong"


def test_a_kink_farther_away_than_a_small_block_is_large_is_not_reached():
    at = 1e-8 * np.array([1.0, 0.7, 1.2])
    hinge = gp.check(lambda x: np.sum(np.maximum(x - 3e-8, 0)), at, grad=lambda x: 0 * x)
    assert hinge.verdict == "correct"
    assert gp.check(lambda x: np.sum(x**4), at, grad=lambda x: 4 * x**3).verdict == "correct"
    assert gp.check(lambda x: np.sum(x**4), at, grad=lambda x: 0 * x).verdict == "wrong"
