"""A trajectory of an oscillator by Heun's method, and its adjoint sweep."""

import numpy as np

rng = np.random.default_rng(38)
params = {"k": np.array([1.3, 0.4]), "x0": np.array([1.0, -0.5])}
weights = rng.normal(size=(7, 2))
H, STEPS = 0.2, 6


def rhs(x, k):
    return np.array([x[1], -k[0] * np.sin(x[0]) - k[1] * x[1]])


def rhs_vjp(x, k, g):
    dx = np.array([-k[0] * np.cos(x[0]) * g[1], g[0] - k[1] * g[1]])
    dk = np.array([-np.sin(x[0]) * g[1], -x[1] * g[1]])
    return dx, dk


def solve(p):
    xs = [p["x0"]]
    for _ in range(STEPS):
        f1 = rhs(xs[-1], p["k"])
        f2 = rhs(xs[-1] + H * f1, p["k"])
        xs.append(xs[-1] + H / 2 * (f1 + f2))
    return np.array(xs)


def loss(p):
    return float(np.sum(weights * solve(p) ** 2))


def adjoint(p):
    xs = solve(p)
    lam = 2 * weights[-1] * xs[-1]
    dk = np.zeros(2)
    for t in reversed(range(STEPS)):
        x = xs[t]
        f1 = rhs(x, p["k"])
        dx2, dk2 = rhs_vjp(x + H * f1, p["k"], H / 2 * lam)
        dx1, dk1 = rhs_vjp(x, p["k"], H / 2 * lam + H * dx2)
        dk += dk1 + dk2
        lam = lam + dx1 + dx2 + 2 * weights[t] * x
    return {"k": dk, "x0": lam}


def report(gp):
    return gp.check(loss, params, grad=adjoint)
