"""Layer normalisation of the rows of a matrix, by its loss."""

import numpy as np

rng = np.random.default_rng(17)
x, weights = rng.normal(size=(4, 6)), rng.normal(size=(4, 6))


def loss(x):
    mean = x.mean(axis=1, keepdims=True)
    centred = x - mean
    std = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    return np.sum(weights * np.sin(centred / std))


def gradient(x):
    n = x.shape[1]
    centred = x - x.mean(axis=1, keepdims=True)
    rstd = 1 / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    y = centred * rstd
    dy = weights * np.cos(y)
    c1 = (dy * y).sum(axis=1, keepdims=True) / n
    c2 = dy.sum(axis=1, keepdims=True) / n
    return (dy - y * c1 - c2) * rstd


def report(gp):
    return gp.check(loss, x, grad=gradient)
