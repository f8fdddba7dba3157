"""Complex parameters: the gradient of f(x + iy) is the derivative by x plus i times that by y."""

import numpy as np

from .fault import ALL, Family, at

rng = np.random.default_rng(1313)


def normal(*shape):
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


A, Y = normal(8, 6), normal(8)
Z = normal(6)


def misfit(z, A, y):
    return float(np.sum(np.abs(A @ z - y) ** 2))


def misfit_back(z, A, y):
    return 2 * A.conj().T @ (A @ z - y)


def conjugated(z, A, y):
    return 2 * A.T @ (A @ z - y).conj()


def matrix_not_conjugated(z, A, y):
    return 2 * A.T @ (A @ z - y)


def wirtinger(z, A, y):
    return A.conj().T @ (A @ z - y)


# Phases lost: only magnitudes are known; the filter is a matrix

FILTER = {"F": normal(4, 5) / 2, "gain": rng.uniform(0.5, 2, size=4)}
WAVES = normal(5, 7)
MAGNITUDES = rng.uniform(0.5, 2, size=(4, 7))


def retrieval(params, waves, magnitudes):
    S = params["gain"][:, None] * (params["F"] @ waves)
    return float(np.sum((np.abs(S) ** 2 - magnitudes) ** 2))


def retrieval_upstream(params, waves, magnitudes):
    S = params["gain"][:, None] * (params["F"] @ waves)
    return 4 * (np.abs(S) ** 2 - magnitudes) * S


def retrieval_back(params, waves, magnitudes):
    dS = retrieval_upstream(params, waves, magnitudes)
    dF = params["gain"][:, None] * dS @ waves.conj().T
    return {"F": dF, "gain": np.sum((dS.conj() * (params["F"] @ waves)).real, axis=1)}


def filter_conjugated(params, waves, magnitudes):
    dS = retrieval_upstream(params, waves, magnitudes)
    dF = params["gain"][:, None] * np.conj(dS) @ waves.T
    dgain = np.sum((dS.conj() * (params["F"] @ waves)).real, axis=1)
    return {"F": dF, "gain": dgain}


def real_part_only(params, waves, magnitudes):
    dS = retrieval_upstream(params, waves, magnitudes)
    dF = (params["gain"][:, None] * dS @ waves.conj().T).real
    dgain = np.sum((dS.conj() * (params["F"] @ waves)).real, axis=1)
    return {"F": dF, "gain": dgain}


line = Family("complex least squares", misfit, Z, (A, Y), misfit_back)
phase = Family("phase retrieval", retrieval, FILTER, (WAVES, MAGNITUDES), retrieval_back)
FAULTS = (
    line.plant(
        "conjugated",
        conjugated,
        at("", ALL, "conjugate", line="return 2 * A.T @ (A @ z - y).conj()"),
    ),
    line.plant(
        "matrix not conjugated",
        matrix_not_conjugated,
        at("", ALL, "unexplained", "conjugate", line="return 2 * A.T @ (A @ z - y)"),
    ),
    line.plant(
        "derivative of Wirtinger",
        wirtinger,
        at("", ALL, "scale", line="return A.conj().T @ (A @ z - y)"),
    ),
    phase.plant(
        "filter conjugated",
        filter_conjugated,
        at("['F']", ALL, "conjugate", line='dF = params["gain"][:, None] * np.conj(dS)'),
    ),
    phase.plant(
        "real part only",
        real_part_only,
        at("['F']", ALL, "conjugate", "zero", "unexplained", line='dF = (params["gain"]'),
    ),
)
