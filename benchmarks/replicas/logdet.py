"""Independent components: the negative log-likelihood of an unmixing matrix."""

import numpy as np

rng = np.random.default_rng(33)
S = rng.normal(size=(3, 20))
W = np.eye(3) + 0.3 * rng.normal(size=(3, 3))


def nll(W):
    Y = W @ S
    return np.log(np.cosh(Y)).sum() / S.shape[1] - np.log(abs(np.linalg.det(W)))


def score(W):
    Y = W @ S
    inverse = np.linalg.inv(W)
    return np.tanh(Y) @ S.T / S.shape[1] - inverse.T


def report(gp):
    return gp.check(nll, W, grad=score)
