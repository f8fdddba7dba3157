"""Special values: zeros, signs, sizes, ends of a domain (TAXONOMY: 22 %)."""

from __future__ import annotations

import numpy as np
from scipy import special

import gradproof as gp

from .replica import Replica


def summed(f):
    return lambda x, **options: float(np.sum(f(x, **options)))


def sigmoid(x):
    return special.expit(x)


def sinc(x):
    return np.sinc(x / np.pi)


def sinc_slope(x, below):
    small = np.abs(x) < below
    safe = np.where(small, 1.0, x)
    far = (np.cos(safe) - np.sin(safe) / safe) / safe
    return np.where(small, -x / 3 + x**3 / 30, far)


def elu(x):
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def selu(x, alpha=1.67, scale=1.05):
    return scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def smooth_abs(x, eps=1e-6):
    return np.sqrt(x**2 + eps)


def norm(x):
    return float(np.sqrt(np.sum(x**2)))


def norm_slope(x, at_zero):
    size = np.sqrt(np.sum(x**2))
    return np.full(x.shape, at_zero) if size == 0 else x / size


def hard_sigmoid(x):
    return np.clip(x / 6 + 0.5, 0, 1)


def xlog1p(x):
    return x * np.log1p(x**2)


def power(x):
    return np.abs(x) ** 2.5


def entropy(p):
    return -special.xlogy(p, p)


def gelu(x):
    return x * special.ndtr(x)


def density(x):
    return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


REPLICAS = [
    Replica(
        "tanh: zero where the input is zero",
        "values",
        summed(np.tanh),
        lambda x: np.where(x == 0, 0.0, 1 / np.cosh(np.clip(x, -300, 300)) ** 2),
        lambda x: 1 / np.cosh(np.clip(x, -300, 300)) ** 2,
        1,
    ),
    Replica(
        "norm: NaN at zero",
        "values",
        norm,
        lambda x: x / np.sqrt(np.sum(x**2)),
        lambda x: norm_slope(x, 0.0),
        1,
    ),
    Replica(
        "sinc: cancellation at small arguments",
        "values",
        summed(sinc),
        lambda x: sinc_slope(x, 1e-200),
        lambda x: sinc_slope(x, 0.01),
        1,
    ),
    Replica(
        "sigmoid: overflow at large arguments",
        "values",
        summed(sigmoid),
        lambda x: np.exp(x) / (1 + np.exp(x)) ** 2,
        lambda x: sigmoid(x) * sigmoid(-x),
        1,
    ),
    Replica(
        "elu: the branch is chosen by the sign of the output",
        "values",
        summed(elu),
        lambda x: np.where(x >= 0, 1.0, elu(x)),
        lambda x: np.where(x > 0, 1.0, np.exp(np.minimum(x, 0))),
        1,
    ),
    Replica(
        "selu: scale missing for negative entries",
        "values",
        summed(selu),
        lambda x: np.where(x > 0, 1.05, 1.67 * np.exp(np.minimum(x, 0))),
        lambda x: 1.05 * np.where(x > 0, 1.0, 1.67 * np.exp(np.minimum(x, 0))),
        1,
    ),
    Replica(
        "softplus: threshold returns the identity's slope too early",
        "values",
        summed(lambda x: np.logaddexp(0, x)),
        lambda x: np.where(x > 8, 1.0, sigmoid(x)),
        sigmoid,
        1,
    ),
    Replica(
        "hard sigmoid: slope kept beyond saturation",
        "values",
        summed(hard_sigmoid),
        lambda x: np.where(x < 4, (x > -3) / 6, 0.0),
        lambda x: ((x > -3) & (x < 3)) / 6,
        1,
    ),
    Replica(
        "x log(1 + x²): absolute value of the argument",
        "values",
        summed(xlog1p),
        lambda x: np.log1p(x**2) + 2 * np.abs(x) * x / (1 + x**2),
        lambda x: np.log1p(x**2) + 2 * x * x / (1 + x**2),
        1,
    ),
    Replica(
        "|x|^2.5: sign forgotten",
        "values",
        summed(power),
        lambda x: 2.5 * np.abs(x) ** 1.5,
        lambda x: 2.5 * np.sign(x) * np.abs(x) ** 1.5,
        1,
    ),
    Replica(
        "entropy: clipped logarithm",
        "values",
        summed(entropy),
        lambda p: -np.log(np.maximum(p, 0.05)) - 1,
        lambda p: -np.log(p) - 1,
        1,
        gp.arrays(low=0),
    ),
    Replica(
        "gelu: tanh approximation in one direction only",
        "values",
        summed(gelu),
        lambda x: np.where(np.abs(x) < 2.5, special.ndtr(x) + x * density(x), x > 0),
        lambda x: special.ndtr(x) + x * density(x),
        1,
    ),
]
