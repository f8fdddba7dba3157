"""Matrix factorisation of the ratings that were given, with penalties."""

import numpy as np

rng = np.random.default_rng(59)
R = rng.normal(size=(6, 5))
seen = (rng.random((6, 5)) > 0.45).astype(float)
seen[:, 0] = 1
p = {"U": rng.normal(size=(6, 3)), "V": rng.normal(size=(5, 3)), "mu": rng.normal(size=6)}
reg = 0.1


def cost(p):
    E = (p["U"] @ p["V"].T + p["mu"][:, None] - R) * seen
    counts = seen.sum(axis=1)
    data = 0.5 * np.sum(E**2 / counts[:, None])
    return data + 0.5 * reg * (np.sum(p["U"] ** 2) + np.sum(p["V"] ** 2))


def gradient(p):
    E = (p["U"] @ p["V"].T + p["mu"][:, None] - R) * seen
    counts = seen.sum(axis=1)
    E = E / counts[:, None]
    dU = E @ p["V"] + reg * p["U"]
    dV = E.T @ p["U"] + reg * p["V"]
    return {"U": dU, "V": dV, "mu": E.sum(axis=1)}


def report(gp):
    return gp.check(cost, p, grad=gradient)
