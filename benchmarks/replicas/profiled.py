"""A concentrated likelihood: the scale is a function of the coefficients."""

import numpy as np

rng = np.random.default_rng(53)
X, y = rng.normal(size=(30, 4)), rng.normal(size=30)
beta = rng.normal(size=4)


def scale(beta):
    r = y - X @ beta
    return np.mean(r**2) + 0.05 * np.sum(np.sin(beta))


def nll(beta):
    s = scale(beta)
    r = y - X @ beta
    return 15 * np.log(s) + 0.5 * np.sum(np.abs(r) ** 3) / s


def score(beta):
    s = scale(beta)
    r = y - X @ beta
    ds = -2 * X.T @ r / len(y) + 0.05 * np.cos(beta)
    outer = 15 / s - 0.5 * np.sum(np.abs(r) ** 3) / s**2
    return outer * ds - 1.5 * X.T @ (r * np.abs(r)) / s


def report(gp):
    return gp.check(nll, beta, grad=score)
