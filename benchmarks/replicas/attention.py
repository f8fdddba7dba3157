"""Attention with one head, and the gradient of a loss for its three inputs."""

import numpy as np

rng = np.random.default_rng(71)
p = {name: rng.normal(size=(5, 4)) for name in ("Q", "K", "V")}
G = rng.normal(size=(5, 4))


def rows_softmax(s):
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def loss(p):
    scale = 1 / np.sqrt(p["Q"].shape[1])
    A = rows_softmax(p["Q"] @ p["K"].T * scale)
    return np.sum(G * (A @ p["V"]))


def gradient(p):
    scale = 1 / np.sqrt(p["Q"].shape[1])
    A = rows_softmax(p["Q"] @ p["K"].T * scale)
    dV = A.T @ G
    dA = G @ p["V"].T
    dS = A * (dA - (dA * A).sum(axis=1, keepdims=True))
    dQ = dS @ p["K"] * scale
    dK = dS.T @ p["Q"] * scale
    return {"Q": dQ, "K": dK, "V": dV}


def report(gp):
    return gp.check(loss, p, grad=gradient)
