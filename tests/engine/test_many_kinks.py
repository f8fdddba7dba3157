"""So many kinks that some lie in any usual window: few evaluations, and no fault is passed."""

import functools
import itertools

import numpy as np
import pytest

import gradproof as gp

BATCH = 64


class Network:
    """Rectified layers, half the mean of the squared errors; one block's gradient is spoiled."""

    def __init__(self, seed, layers=(60, 200, 100, 5)):
        rng = np.random.default_rng(seed)
        self.weights = [
            rng.normal(size=(m, n)) * (2 / m) ** 0.5 for m, n in itertools.pairwise(layers)
        ]
        self.X, self.Y = rng.normal(size=(BATCH, layers[0])), rng.normal(size=(BATCH, layers[-1]))

    def activations(self, weights):
        found = [self.X]
        for w in weights[:-1]:
            found.append(np.maximum(found[-1] @ w, 0))
        return [*found, found[-1] @ weights[-1]]

    def cost(self, weights):
        rest = self.activations(weights)[-1] - self.Y
        return float(np.vdot(rest, rest)) / (2 * BATCH)

    def backprop(self, weights, factor=1.0):
        found = self.activations(weights)
        d, grads = (found[-1] - self.Y) / BATCH, []
        for w, before in zip(weights[::-1], found[-2::-1], strict=True):
            grads.append(before.T @ d)
            d = (d @ w.T) * (before > 0)
        grads[1] = grads[1] * factor
        return grads[::-1]


@pytest.mark.parametrize("seed", range(12))
def test_a_right_claim_takes_few_evaluations(seed):
    net = Network(seed)
    report = gp.check(net.cost, net.weights, grad=net.backprop, seed=seed)
    print(f"seed {seed}: {report.evaluations}, {report.resolution:.1e}")
    assert report.verdict is gp.Verdict.CORRECT
    assert report.evaluations <= 40
    assert report.resolution <= 1e-6


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("factor", [1 + 2e-5, 0.99, -1.0])
def test_a_fault_is_never_passed(seed, factor):
    net = Network(seed)
    report = gp.check(
        net.cost, net.weights, grad=lambda w: net.backprop(w, factor), seed=seed, effort="quick"
    )
    assert report.verdict in (gp.Verdict.WRONG, gp.Verdict.SUSPECT)


DENSE = (60, 1500, 400, 5)


@pytest.mark.parametrize("seed", range(3))
def test_where_kinks_are_denser_still_a_right_claim_takes_little_more(seed):
    net = Network(seed, DENSE)
    report = gp.check(net.cost, net.weights, grad=net.backprop, seed=seed)
    print(f"seed {seed}: {report.evaluations}, {report.resolution:.1e}")
    assert report.verdict is gp.Verdict.CORRECT
    assert report.resolution <= 1e-6


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("factor", [1 + 2e-5, -1.0])
def test_nor_is_a_fault_passed_there(seed, factor):
    net = Network(seed, DENSE)
    grad = functools.partial(net.backprop, factor=factor)
    report = gp.check(net.cost, net.weights, grad=grad, seed=seed, effort="quick")
    assert report.verdict in (gp.Verdict.WRONG, gp.Verdict.SUSPECT)
