"""A function of several outputs with its vector-Jacobian product, and a mean over time."""

import numpy as np

rng = np.random.default_rng(79)
x = rng.uniform(0.3, 1.5, size=6)


def both(x):
    return np.sin(x) * x, x**3, np.cumsum(x)


def both_vjp(x, g):
    first, second, third = g
    summed = np.cumsum(third[::-1])[::-1]
    return first * (np.cos(x) * x + np.sin(x)) + second * 3 * x**2 + summed


def report(gp):
    return gp.check_vjp(both, both_vjp, x)
