"""Branches: numbers in the code beyond which something else is done."""

from __future__ import annotations

import numpy as np
from scipy import special

import gradproof as gp

from .replica import Replica
from .values import summed


def huber(x, limit=3.75):
    return np.where(np.abs(x) < limit, x**2 / 2, limit * np.abs(x) - limit**2 / 2)


def log_gamma_slope(x, far):
    return np.where(x > far, np.log(x) - 1 / (2 * x), special.digamma(x))


def clipped(x):
    size = np.sqrt(np.sum(x**2))
    return float(size**2 / 2 if size < 12 else 12 * size - 72)


def clipped_slope(x, *, scaled):
    size = np.sqrt(np.sum(x**2))
    return x if size < 12 else 12 * x / (size if scaled else 1.0)


def piecewise(x):
    return np.where(x < 1.7, x**3, 1.7**3 + 3 * 1.7**2 * (x - 1.7))


def windowed(x):
    total = np.sum(x)
    return float(np.sin(total) if total < 25 else np.sin(25.0) + np.cos(25.0) * (total - 25))


def windowed_slope(x, *, beyond):
    total = np.sum(x)
    return np.full(x.shape, np.cos(total) if total < 25 else beyond)


def taylor(x):
    return np.where(np.abs(x) < 0.02, x - x**3 / 6, np.sin(x))


def taylor_slope(x, term):
    return np.where(np.abs(x) < 0.02, 1 - term * x**2, np.cos(x))


def wave(x):
    return np.where(x > 0.6931, np.cos(x), np.cos(0.6931) - np.sin(0.6931) * (x - 0.6931))


def tiered(x, bands=(1.3, 6.5)):
    first, second = bands
    return 0.1 * x + 0.2 * np.maximum(x - first, 0) + 0.4 * np.maximum(x - second, 0)


def erf_like(x):
    return special.erf(x)


def long_sum(x):
    return float(np.sum(x**2) if x.size < 48 else np.sum(np.abs(x) ** 2))


REPLICAS = [
    Replica(
        "huber: sign missing beyond the limit",
        "branches",
        summed(huber),
        lambda x: np.where(np.abs(x) < 3.75, x, 3.75),
        lambda x: np.clip(x, -3.75, 3.75),
        1,
    ),
    Replica(
        "log gamma: short series beyond 9",
        "branches",
        summed(special.gammaln),
        lambda x: log_gamma_slope(x, 9.0),
        special.digamma,
        1,
        gp.arrays(low=0.1),
    ),
    Replica(
        "clipping by the norm: not divided by it",
        "branches",
        clipped,
        lambda x: clipped_slope(x, scaled=False),
        lambda x: clipped_slope(x, scaled=True),
        1,
    ),
    Replica(
        "cubic with a linear tail: slope of the cubic kept",
        "branches",
        summed(piecewise),
        lambda x: 3 * x**2,
        lambda x: np.where(x < 1.7, 3 * x**2, 3 * 1.7**2),
        1,
    ),
    Replica(
        "a tail that begins where the sum is 25",
        "branches",
        windowed,
        lambda x: windowed_slope(x, beyond=0.0),
        lambda x: windowed_slope(x, beyond=np.cos(25.0)),
        1,
    ),
    Replica(
        "series near zero: wrong coefficient",
        "branches",
        summed(taylor),
        lambda x: taylor_slope(x, 1 / 3),
        lambda x: taylor_slope(x, 1 / 2),
        1,
    ),
    Replica(
        "tail to the left: slope of the other side",
        "branches",
        summed(wave),
        lambda x: -np.sin(x),
        lambda x: np.where(x > 0.6931, -np.sin(x), -np.sin(0.6931)),
        1,
    ),
    Replica(
        "tariff: the highest band missing",
        "branches",
        summed(tiered),
        lambda x: 0.1 + 0.2 * (x > 1.3),
        lambda x: 0.1 + 0.2 * (x > 1.3) + 0.4 * (x > 6.5),
        1,
    ),
    Replica(
        "erf: cut off too early",
        "branches",
        summed(erf_like),
        lambda x: np.where(np.abs(x) > 2.2, 0.0, 2 / np.sqrt(np.pi) * np.exp(-(x**2))),
        lambda x: 2 / np.sqrt(np.pi) * np.exp(-(x**2)),
        1,
    ),
    Replica(
        "long arrays take another way",
        "branches",
        long_sum,
        lambda x: 2 * x if x.size < 48 else 2 * np.abs(x),
        lambda x: 2 * x,
        48,
    ),
]
