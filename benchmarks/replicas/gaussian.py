"""The likelihood of normal observations with their errors, and with a scale of its own."""

import numpy as np

rng = np.random.default_rng(47)
t = np.linspace(0, 2, 15)
sigma = rng.uniform(0.2, 1.5, 15)
y = np.exp(-t) + sigma * rng.normal(size=15)
theta = np.array([1.3, 0.8, 0.2])


def model(theta):
    return theta[0] * np.exp(-theta[1] * t) + theta[2]


def nll(theta):
    r = (y - model(theta)) / sigma
    return 0.5 * np.sum(r**2) + 0.5 * 0.04 * np.sum(theta**2)


def score(theta):
    decay = np.exp(-theta[1] * t)
    jac = np.stack([decay, -theta[0] * t * decay, np.ones_like(t)], axis=1)
    r = (y - model(theta)) / sigma
    return -jac.T @ (r / sigma) + 0.04 * theta


def report(gp):
    return gp.check(nll, theta, grad=score)
