"""The softmax of rows and its logarithm, as vector-Jacobian products."""

import numpy as np

rng = np.random.default_rng(29)
z = rng.normal(size=(3, 5))


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_vjp(z, g):
    s = softmax(z)
    inner = (g * s).sum(axis=-1, keepdims=True)
    return s * (g - inner)


def log_softmax(z):
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def log_softmax_vjp(z, g):
    p = np.exp(log_softmax(z))
    return g - p * g.sum(axis=-1, keepdims=True)


def report(gp, what="softmax"):
    if what == "softmax":
        return gp.check_vjp(softmax, softmax_vjp, z)
    return gp.check_vjp(log_softmax, log_softmax_vjp, z)
