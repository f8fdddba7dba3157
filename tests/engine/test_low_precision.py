"""Float32: the claim's own round-off is measured before slopes are sharpened for it."""

import numpy as np
import pytest

import gradproof as gp

RNG = np.random.default_rng(3)
LAYERS = 12
X = RNG.normal(size=(64, 10))
POINT = [(RNG.normal(size=(10, 10)) / 3).astype(np.float32) for _ in range(LAYERS)]


def cost(weights):
    h = X.astype(weights[0].dtype)
    for w in weights:
        h = np.tanh(h @ w)
    return np.mean(h * h)


def backprop(factor=1.0):
    def grad(weights):
        hs = [X.astype(weights[0].dtype)]
        for w in weights:
            hs.append(np.tanh(hs[-1] @ w))
        d, found = 2 * hs[-1] / hs[-1].size, []
        for w, before, after in zip(weights[::-1], hs[-2::-1], hs[:0:-1], strict=True):
            dz = d * (1 - after * after)
            found.append(before.T @ dz)
            d = dz @ w.T
        found[3] = found[3] * factor
        return found[::-1]

    return grad


def test_two_joint_directions_are_enough_for_a_right_claim():
    report = gp.check(cost, POINT, grad=backprop())
    print(report.evaluations, report.resolution)
    assert report.verdict is gp.Verdict.CORRECT
    assert report.evaluations <= 14
    assert report.resolution <= 1e-3


@pytest.mark.parametrize("factor", [1 + 3e-3, 1 - 1e-2, 0.5, -1.0])
def test_a_fault_beyond_the_round_off_is_none_of_it(factor):
    report = gp.check(cost, POINT, grad=backprop(np.float32(factor)))
    assert report.verdict is gp.Verdict.WRONG
    assert [b.name for b in report.blocks if b.verdict is gp.Verdict.WRONG] == [
        f"params[{LAYERS - 4}]"
    ]


def test_the_round_off_is_measured_once():
    grad, calls = backprop(), []

    def counted(weights):
        calls.append(weights[0].dtype)
        return grad(weights)

    assert gp.check(cost, POINT, grad=counted)
    assert calls.count(np.dtype(np.float64)) == 1
