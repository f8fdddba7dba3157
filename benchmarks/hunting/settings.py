"""Options off their defaults (TAXONOMY: 16 %)."""

from __future__ import annotations

import numpy as np

import gradproof as gp

from .replica import Replica
from .values import sigmoid, summed


def softplus(x, beta=1.0):
    return np.logaddexp(0, beta * x) / beta


def leaky(x, slope=0.01):
    return np.where(x > 0, x, slope * x)


def smooth_l1(x, beta=1.0):
    return np.where(np.abs(x) < beta, x**2 / (2 * beta), np.abs(x) - beta / 2)


def gaussian(x, sigma=1.0):
    return x**2 / (2 * sigma**2) + np.log(sigma)


def reduced(x, reduction="sum"):
    value = np.sum(x**4)
    return float(value / max(x.size, 1) if reduction == "mean" else value)


def ridge(x, penalty=0.0):
    return float(np.sum(np.cos(x)) + penalty * np.sum(x**2))


def p_norm(x, p=2.0):
    return np.abs(x) ** p


def weighted(x, weight=None):
    return float(np.sum(x**3 if weight is None else weight * x**3))


def smoothing(x, epsilon=0.0):
    return (1 - epsilon) * np.logaddexp(0, -x) + epsilon * np.logaddexp(0, x)


def student(x, nu=1.0):
    return 0.5 * (nu + 1) * np.log1p(x**2 / nu)


def focal(x, gamma=0.0):
    return sigmoid(-x) ** gamma * np.logaddexp(0, -x)


def focal_slope(x, gamma, *, whole):
    q = sigmoid(-x)
    slope = -(q**gamma) * q
    if whole and gamma:
        slope = slope - gamma * q**gamma * sigmoid(x) * np.logaddexp(0, -x)
    return slope


def soft_cap(x, cap=None):
    return x**2 if cap is None else (cap * np.tanh(x / cap)) ** 2


def cap_slope(x, cap, *, chain):
    if cap is None:
        return 2 * x
    t = np.tanh(x / cap)
    return 2 * cap * t * ((1 - t**2) if chain else 1.0)


REPLICAS = [
    Replica(
        "softplus: beta forgotten",
        "settings",
        summed(softplus),
        lambda x, beta: sigmoid(x),
        lambda x, beta: sigmoid(beta * x),
        1,
        None,
        {"beta": gp.one_of(1.0, 0.5, 4.0)},
    ),
    Replica(
        "leaky: slope fixed at its default",
        "settings",
        summed(leaky),
        lambda x, slope: np.where(x > 0, 1.0, 0.01),
        lambda x, slope: np.where(x > 0, 1.0, slope),
        1,
        None,
        {"slope": gp.one_of(0.01, 0.2)},
    ),
    Replica(
        "smooth L1: beta missing in the quadratic part",
        "settings",
        summed(smooth_l1),
        lambda x, beta: (
            np.clip(x, -1, 1) if beta == 1 else np.where(np.abs(x) < beta, x, np.sign(x))
        ),
        lambda x, beta: np.clip(x / beta, -1, 1),
        1,
        None,
        {"beta": gp.one_of(1.0, 2.0)},
    ),
    Replica(
        "gaussian: sigma instead of its square",
        "settings",
        summed(gaussian),
        lambda x, sigma: x / sigma,
        lambda x, sigma: x / sigma**2,
        1,
        None,
        {"sigma": gp.one_of(1.0, 2.0)},
    ),
    Replica(
        "reduction: mean not divided",
        "settings",
        reduced,
        lambda x, reduction: 4 * x**3,
        lambda x, reduction: 4 * x**3 / (x.size if reduction == "mean" else 1),
        2,
        None,
        {"reduction": gp.one_of("sum", "mean")},
    ),
    Replica(
        "ridge: half of the penalty's slope",
        "settings",
        ridge,
        lambda x, penalty: -np.sin(x) + penalty * x,
        lambda x, penalty: -np.sin(x) + 2 * penalty * x,
        1,
        None,
        {"penalty": gp.one_of(0.0, 0.1, 10.0)},
    ),
    Replica(
        "power: exponent fixed at two",
        "settings",
        summed(p_norm),
        lambda x, p: 2 * x,
        lambda x, p: p * np.sign(x) * np.abs(x) ** (p - 1),
        1,
        None,
        {"p": gp.one_of(2.0, 3.0)},
    ),
    Replica(
        "weights: left out of the gradient",
        "settings",
        weighted,
        lambda x, weight: 3 * x**2,
        lambda x, weight: 3 * x**2 * (1 if weight is None else weight),
        1,
        None,
        {"weight": gp.one_of(None, 0.5)},
    ),
    Replica(
        "label smoothing: not in the gradient",
        "settings",
        summed(smoothing),
        lambda x, epsilon: -sigmoid(-x),
        lambda x, epsilon: -(1 - epsilon) * sigmoid(-x) + epsilon * sigmoid(x),
        1,
        None,
        {"epsilon": gp.one_of(0.0, 0.1)},
    ),
    Replica(
        "student: right for one degree of freedom",
        "settings",
        summed(student),
        lambda x, nu: (nu + 1) * x / (1 + x**2) / 1.0 if nu == 1 else (nu + 1) * x / (1 + x**2),
        lambda x, nu: (nu + 1) * x / (nu + x**2),
        1,
        None,
        {"nu": gp.one_of(1.0, 2.0, 30.0)},
    ),
    Replica(
        "focal: product rule forgotten",
        "settings",
        summed(focal),
        lambda x, gamma: focal_slope(x, gamma, whole=False),
        lambda x, gamma: focal_slope(x, gamma, whole=True),
        1,
        None,
        {"gamma": gp.one_of(0.0, 2.0)},
    ),
    Replica(
        "soft cap: derivative of tanh missing",
        "settings",
        summed(soft_cap),
        lambda x, cap: cap_slope(x, cap, chain=False),
        lambda x, cap: cap_slope(x, cap, chain=True),
        1,
        None,
        {"cap": gp.one_of(None, 3.0)},
    ),
]
