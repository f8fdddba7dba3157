"""Dropout with a given mask between two layers."""

import numpy as np

rng = np.random.default_rng(41)
x, keep = rng.normal(size=(8, 5)), (rng.random((8, 6)) > 0.4)
rate = 0.4
p = {"W": rng.normal(size=(5, 6)), "v": rng.normal(size=6)}


def loss(p):
    h = np.maximum(x @ p["W"], 0.0)
    dropped = h * keep / (1 - rate)
    return float(np.sum(np.sin(dropped @ p["v"])))


def gradient(p):
    pre = x @ p["W"]
    h = np.maximum(pre, 0.0)
    dropped = h * keep / (1 - rate)
    up = np.cos(dropped @ p["v"])
    dv = dropped.T @ up
    dh = np.outer(up, p["v"]) * keep / (1 - rate)
    dpre = dh * (pre > 0)
    return {"W": x.T @ dpre, "v": dv}


def report(gp):
    return gp.check(loss, p, grad=gradient)
