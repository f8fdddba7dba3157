"""Where no claim can be right: at jumps, and where a slope is larger than any number."""

import numpy as np

import gradproof as gp
from gradproof.hunt.steep import jumps
from gradproof.hunt.target import Manner, target_of

WEIGHTS = np.array([1.0, 1.3, 1.6])


def steps(x):
    return float(np.sum(np.ceil(x) * WEIGHTS))


def jumping(fun, x):
    target = target_of(fun, np.zeros_like, {"point": gp.arrays(3)}, Manner(), None)
    return jumps(target, {"point": np.array(x)})


def test_which_functions_jump_and_where():
    assert jumping(steps, [30.0, 0.5, 0.5])
    assert jumping(steps, [0.5, 0.5, -2.0])
    assert not jumping(steps, [0.5, 1.5, 2.5])
    assert not jumping(lambda x: float(np.sum(np.abs(x))), [0.0, 1.0, 2.0])
    assert not jumping(lambda x: float(np.sum(np.sqrt(x))), [0.0, 1.0, 2.0])


def test_at_a_jump_nothing_is_found():
    hunt = gp.hunt(steps, gp.arrays(3), grad=np.zeros_like, tries=50)
    assert hunt.ok
    assert gp.hunt(steps, gp.arrays(3), grad=lambda x: 0 * x + 0.1, tries=30).found


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
