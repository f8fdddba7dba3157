"""Straight-through estimators: flat as they stand, and checked against what they pretend to be."""

import numpy as np
import pytest
import torch

import gradproof as gp
from gradproof.errors import UsageError

torch.set_num_threads(1)

X = np.array([0.3, 1.2, -2.4, 0.7])
W = np.array([1.0, -2.0, 0.5, 3.0])


def rounded(x):
    return np.round(x * 8) / 8


def held(x, value):
    """``value`` with the gradient of ``x``."""
    return x + gp.stop_gradient(value - x)


STEPS = {
    "round": (rounded, lambda x: x, np.ones_like),
    "sign": (np.sign, lambda x: np.clip(x, -1, 1), lambda x: (np.abs(x) < 1) * 1.0),
    "step": (lambda x: (x > 0) * 1.0, lambda x: 1 / (1 + np.exp(-x)), None),
    "floor": (np.floor, lambda x: x, np.ones_like),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_claim_by_hand_is_that_of_the_surrogate(name):
    step, smooth, slope = STEPS[name]
    slope = slope or (lambda x: smooth(x) * (1 - smooth(x)))
    fun = lambda x: float(W @ step(x))
    surrogate = lambda x: float(W @ smooth(x))
    grad = lambda x: W * slope(x)
    report = gp.check(fun, X, grad=grad)
    assert report.verdict == "wrong"
    assert any("surrogate=" in finding.message for finding in report.findings)
    assert gp.check(fun, X, grad=grad, surrogate=surrogate).ok
    wrong = lambda x: 1.01 * grad(x)
    assert gp.check(fun, X, grad=wrong, surrogate=surrogate).verdict == "wrong"
    both = lambda x: (fun(x), grad(x))
    assert gp.check(both, X, grad=True, surrogate=surrogate).ok
    assert gp.check(fun, X, grad=grad(X), surrogate=surrogate).ok


def through(factor):
    class Round(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return torch.round(x * 8) / 8

        @staticmethod
        def backward(ctx, g):
            return factor * g

    return Round.apply


@pytest.mark.parametrize("after", [lambda y: (y**2).sum(), torch.tanh, lambda y: {"y": y * y}])
def test_autograds_claim_is_that_of_fun_and_the_slopes_are_the_surrogates(after):
    x = torch.tensor(X)
    surrogate = lambda x: after(held(x, torch.round(x * 8) / 8))
    assert gp.check(lambda x: after(through(1)(x)), x, surrogate=surrogate).ok
    report = gp.check(lambda x: after(through(1.5)(x)), x, surrogate=surrogate)
    assert report.verdict == "wrong"


def test_a_surrogate_is_a_function():
    with pytest.raises(UsageError, match="function"):
        gp.check(lambda x: float(x @ x), X, grad=lambda x: 2 * x, surrogate=3)


def test_an_undecided_block_says_what_would_decide():
    x = np.arange(-10, 10, dtype=np.float32)
    y = (x - 1.234) ** 2 + 3.456
    fun = lambda p: p[0] * (x - p[1]) ** 2 + p[2] - y.astype(np.float32)
    jac = lambda p: [(x - p[1]) ** 2, -2 * p[0] * (x - p[1]), np.ones_like(x)]
    report = gp.check(fun, (1.0, 1.0, 2.0), grad=jac)
    assert report.verdict == "undecided"
    reasons = [b.reason for b in report.blocks if b.verdict == "undecided"]
    assert all("float32" in reason and "wrong_above=" in reason for reason in reasons)
    bands = [float(reason.split("wrong_above=")[1].split()[0]) for reason in reasons]
    assert gp.check(fun, (1.0, 1.0, 2.0), grad=jac, wrong_above=max(bands)).ok
