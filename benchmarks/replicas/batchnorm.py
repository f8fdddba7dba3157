"""Batch normalisation of images over samples, rows and columns, as a vjp."""

import numpy as np

rng = np.random.default_rng(13)
x = rng.normal(size=(3, 2, 4, 5)) * 1.7 + 0.3
params = {
    "x": x,
    "gamma": rng.uniform(0.5, 2, size=(1, 2, 1, 1)),
    "beta": rng.normal(size=(1, 2, 1, 1)),
}
EPS = 1e-3


def normalise(p):
    mu = p["x"].mean(axis=(0, 2, 3), keepdims=True)
    var = p["x"].var(axis=(0, 2, 3), keepdims=True)
    xhat = (p["x"] - mu) / np.sqrt(var + EPS)
    return p["gamma"] * xhat + p["beta"]


def backward(p, dout):
    x, gamma = p["x"], p["gamma"]
    N, C, H, W = x.shape
    M = N * H * W
    mu = x.mean(axis=(0, 2, 3), keepdims=True)
    istd = 1 / np.sqrt(x.var(axis=(0, 2, 3), keepdims=True) + EPS)
    xhat = (x - mu) * istd
    dgamma = (dout * xhat).sum(axis=(0, 2, 3), keepdims=True)
    dbeta = dout.sum(axis=(0, 2, 3), keepdims=True)
    dxhat = dout * gamma
    total = dxhat.sum(axis=(0, 2, 3), keepdims=True)
    along = (dxhat * xhat).sum(axis=(0, 2, 3), keepdims=True)
    dx = istd * (dxhat - total / M - xhat * along / M)
    return {"x": dx, "gamma": dgamma, "beta": dbeta}


def report(gp):
    return gp.check_vjp(normalise, backward, params)
