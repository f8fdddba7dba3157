"""Right gradients, written as they usually are: none is accused at any point that is tried."""

import numpy as np
import pytest
from scipy import special

import gradproof as gp


def total(f):
    return lambda x: float(np.sum(f(x)))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def matrix(x, *, square=False):
    if x.ndim != 2 or (square and x.shape[0] != x.shape[1]):
        raise ValueError("a matrix is wanted")


def log_det(x):
    matrix(x)
    return float(np.linalg.slogdet(x)[1])


def batch_norm(x):
    matrix(x)
    centred = x - x.mean(0)
    return float(np.sum((centred / np.sqrt((centred**2).mean(0) + 1e-5)) ** 3))


def batch_norm_slope(x):
    centred = x - x.mean(0)
    scale = 1 / np.sqrt((centred**2).mean(0) + 1e-5)
    made, n = centred * scale, len(x)
    g = 3 * made**2
    return scale / n * (n * g - g.sum(0) - made * (g * made).sum(0))


def ranked(x):
    return float(np.sum(np.sort(x.ravel()) * np.arange(x.size)))


def ranked_slope(x):
    slope = np.empty(x.size)
    slope[np.argsort(x.ravel(), kind="stable")] = np.arange(x.size)
    return slope.reshape(x.shape)


def log_sum(x):
    return float(np.log(np.sum(np.exp(x))))


RIGHT = {
    "softplus": (total(lambda x: np.log(1 + np.exp(x))), sigmoid),
    "sigmoid": (total(sigmoid), lambda x: sigmoid(x) * (1 - sigmoid(x))),
    "tanh": (total(np.tanh), lambda x: 1 - np.tanh(x) ** 2),
    "by way of tanh": (
        total(lambda x: np.logaddexp(0, x)), lambda x: 0.5 * (1 + np.tanh(x / 2))
    ),
    "log sum": (log_sum, lambda x: np.exp(x) / np.exp(x).sum()),
    "relu, 1 at 0": (total(lambda x: np.maximum(x, 0)), lambda x: (x >= 0) * 1.0),
    "largest": (
        lambda x: float(x.max()), lambda x: (np.arange(x.size) == x.argmax()).reshape(x.shape) * 1.0
    ),
    "ranks": (ranked, ranked_slope),
    "reciprocal": (total(lambda x: 1 / x), lambda x: -1 / x**2),
    "x log x": (total(lambda x: x * np.log(x)), lambda x: np.log(x) + 1),
    "variance": (lambda x: float(np.var(x)), lambda x: 2 * (x - x.mean()) / x.size),
    "log gamma": (total(special.gammaln), special.digamma),
    "determinant": (log_det, lambda x: np.linalg.inv(x).T),
    "batch norm": (batch_norm, batch_norm_slope),
    "hinge": (total(lambda x: np.maximum(0, 1 - x)), lambda x: np.where(x < 1, -1.0, 0.0)),
    "log cosh": (total(lambda x: np.log(np.cosh(x))), np.tanh),
    "arcsine": (total(np.arcsin), lambda x: 1 / np.sqrt(1 - x * x)),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", RIGHT)
def test_nobody_is_accused(name):
    fun, grad = RIGHT[name]
    hunt = gp.hunt(fun, gp.arrays(), grad=grad)
    assert hunt.ok, hunt
