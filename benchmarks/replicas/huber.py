"""A robust regression with sample weights, an intercept and an elastic penalty."""

import numpy as np

rng = np.random.default_rng(32)
X, y = rng.normal(size=(12, 3)), 2 * rng.normal(size=12)
sample_weight = rng.uniform(0.5, 2.0, size=12)
theta = rng.normal(size=4)
DELTA, ALPHA = 1.1, 0.3


def residuals(theta):
    return y - X @ theta[:-1] - theta[-1]


def objective(theta):
    r = residuals(theta)
    small = np.abs(r) <= DELTA
    rho = np.where(small, 0.5 * r**2, DELTA * np.abs(r) - 0.5 * DELTA**2)
    return sample_weight @ rho / sample_weight.sum() + 0.5 * ALPHA * theta[:-1] @ theta[:-1]


def gradient(theta):
    r = residuals(theta)
    psi = np.where(np.abs(r) <= DELTA, r, DELTA * np.sign(r))
    w = sample_weight / sample_weight.sum()
    out = np.empty_like(theta)
    out[:-1] = -X.T @ (w * psi) + ALPHA * theta[:-1]
    out[-1] = -np.sum(w * psi)
    return out


def report(gp):
    return gp.check(objective, theta, grad=gradient)
