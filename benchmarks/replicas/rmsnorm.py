"""A residual block: root-mean-square normalisation with a gain, a gated unit, a skip."""

import numpy as np

rng = np.random.default_rng(31)
x, target = rng.normal(size=(5, 4)), rng.normal(size=(5, 4))
params = {"gain": 1 + 0.2 * rng.normal(size=4), "U": rng.normal(size=(4, 6)) / 2,
          "V": rng.normal(size=(4, 6)) / 2, "O": rng.normal(size=(6, 4)) / 2}  # fmt: skip
EPS = 1e-5


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def forward(p):
    rms = np.sqrt((x**2).mean(axis=-1, keepdims=True) + EPS)
    n = x / rms
    h = n * p["gain"]
    u, v = h @ p["U"], h @ p["V"]
    gate = u * sigmoid(u)
    return n, h, u, v, gate, x + (gate * v) @ p["O"]


def loss(p):
    return 0.5 * np.mean((forward(p)[-1] - target) ** 2)


def gradient(p):
    n, h, u, v, gate, out = forward(p)
    d_out = (out - target) / out.size
    d_prod = d_out @ p["O"].T
    d_gate = d_prod * v
    d_v = d_prod * gate
    s = sigmoid(u)
    d_u = d_gate * (s + u * s * (1 - s))
    d_h = d_u @ p["U"].T + d_v @ p["V"].T
    return {
        "gain": (d_h * n).sum(axis=0),
        "U": h.T @ d_u,
        "V": h.T @ d_v,
        "O": (gate * v).T @ d_out,
    }


def report(gp):
    return gp.check(loss, params, grad=gradient)
