"""Complex arithmetic: a linear operator with its adjoint, and a cost of a spectrum."""

import numpy as np

rng = np.random.default_rng(67)
M = rng.normal(size=(4, 3)) + 1j * rng.normal(size=(4, 3))
x = rng.normal(size=3) + 1j * rng.normal(size=3)
data = rng.normal(size=4) + 1j * rng.normal(size=4)


def apply(x):
    return M @ x


def apply_vjp(x, g):
    return M.conj().T @ g


def misfit(x):
    r = M @ x - data
    return float(np.sum(np.abs(r) ** 2) + 0.3 * np.sum(np.abs(x) ** 2))


def misfit_gradient(x):
    r = M @ x - data
    return 2 * M.conj().T @ r + 2 * 0.3 * x


def report(gp, what="apply"):
    if what == "apply":
        return gp.check_vjp(apply, apply_vjp, x)
    return gp.check(misfit, x, grad=misfit_gradient)
