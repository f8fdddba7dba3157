"""Where no claim can be right: at jumps, and where a slope is larger than any number."""

import numpy as np

import gradproof as gp

WEIGHTS = np.array([1.0, 1.3, 1.6])


def steps(x):
    return float(np.sum(np.ceil(x) * WEIGHTS))


POINTS = gp.arrays(3, "float64", low=-40, high=40)


def test_at_a_jump_nothing_is_found():
    hunt = gp.hunt(steps, POINTS, grad=np.zeros_like, tries=60)
    assert hunt.ok
    assert any("jumps" in note for note in hunt.notes)


def test_a_wrong_claim_beside_jumps_is_found():
    assert gp.hunt(steps, POINTS, grad=lambda x: 0 * x + 0.1, tries=30).found


def test_a_slope_that_float32_cannot_hold_is_no_fault():
    def fun(x):
        return np.sum(np.exp(30 * x))

    def grad(x):
        with np.errstate(over="ignore"):
            return 30 * np.exp(30 * x)

    point = np.array([2.9], dtype=np.float32)  # of 6e37, times 30
    assert np.isinf(grad(point)).all()
    assert np.isfinite(fun(point))
    assert gp.hunt(fun, gp.one_of(np.ones(1, np.float32), point), grad=grad).ok

    def doubled(x):
        return np.where(x > 2, np.inf, grad(x))

    assert gp.hunt(fun, gp.one_of(np.ones(1), np.full(1, 2.9)), grad=doubled).found
