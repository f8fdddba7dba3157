"""Gaussian likelihoods: scales and their logarithms, precision and covariance, Cholesky factors."""

import numpy as np

from .fault import ALL, Family, at, part

rng = np.random.default_rng(1111)
DATA = rng.normal(size=(9, 5)) * [1, 2, 0.5, 1.5, 0.7]
N = len(DATA)

# Independent coordinates, by their scales

SCALES = {"mu": rng.normal(size=5), "sigma": rng.uniform(0.4, 2.5, size=5)}


def scaled(params, data):
    r = (data - params["mu"]) / params["sigma"]
    return float(np.sum(r**2) / 2 + N * np.sum(np.log(params["sigma"])))


def scaled_back(params, data):
    r = (data - params["mu"]) / params["sigma"]
    return {
        "mu": -np.sum(r, axis=0) / params["sigma"],
        "sigma": (N - np.sum(r**2, axis=0)) / params["sigma"],
    }


def for_log_sigma(params, data):
    r = (data - params["mu"]) / params["sigma"]
    return {"mu": -np.sum(r, axis=0) / params["sigma"], "sigma": N - np.sum(r**2, axis=0)}


def sign_of_mu(params, data):
    r = (data - params["mu"]) / params["sigma"]
    dmu = np.sum(r, axis=0) / params["sigma"]
    dsigma = (N - np.sum(r**2, axis=0)) / params["sigma"]
    return {"mu": dmu, "sigma": dsigma}


def normalisation_forgotten(params, data):
    r = (data - params["mu"]) / params["sigma"]
    dmu = -np.sum(r, axis=0) / params["sigma"]
    dsigma = -np.sum(r**2, axis=0) / params["sigma"]
    return {"mu": dmu, "sigma": dsigma}


def mu_not_divided_twice(params, data):
    r = (data - params["mu"]) / params["sigma"]
    dmu = -np.sum(r, axis=0)
    dsigma = (N - np.sum(r**2, axis=0)) / params["sigma"]
    return {"mu": dmu, "sigma": dsigma}


# The same by the logarithms of the scales

LOGS = (SCALES["mu"], np.log(SCALES["sigma"]))


def logged(params, data):
    mu, log_sigma = params
    r = (data - mu) * np.exp(-log_sigma)
    return float(np.sum(r**2) / 2 + N * np.sum(log_sigma))


def logged_back(params, data):
    mu, log_sigma = params
    r = (data - mu) * np.exp(-log_sigma)
    return -np.sum(r, axis=0) * np.exp(-log_sigma), N - np.sum(r**2, axis=0)


def for_sigma(params, data):
    mu, log_sigma = params
    sigma = np.exp(log_sigma)
    r = (data - mu) / sigma
    dmu = -np.sum(r, axis=0) / sigma
    dlog_sigma = (N - np.sum(r**2, axis=0)) / sigma
    return dmu, dlog_sigma


def exponent_forgotten(params, data):
    mu, log_sigma = params
    r = (data - mu) * np.exp(-log_sigma)
    dmu = -np.sum(r, axis=0) * np.exp(-log_sigma)
    dlog_sigma = N - np.sum(r**2, axis=0) / 2
    return dmu, dlog_sigma


# A precision matrix, symmetric at the point, every entry free

ROOT = rng.normal(size=(5, 5)) / 2
PRECISION = ROOT @ ROOT.T + np.eye(5)
SCATTER = DATA.T @ DATA


def precise(P, scatter):
    return float(np.sum(P * scatter) / 2 - N / 2 * np.linalg.slogdet(P)[1])


def precise_back(P, scatter):
    return scatter / 2 - N / 2 * np.linalg.inv(P).T


def symmetric_derivative(P, scatter):
    G = scatter / 2 - N / 2 * np.linalg.inv(P).T
    return G + G.T - np.diag(np.diag(G))


# A covariance put together from its lower triangle: an entry off the diagonal counts twice

TRIANGLE = {"A": (PRECISION + PRECISION.T) / 4, "mu": rng.normal(size=5)}


def mirrored(params, data):
    K = params["A"] + params["A"].T - np.diag(np.diag(params["A"]))
    R = data - params["mu"]
    return float(np.sum(R * np.linalg.solve(K, R.T).T) / 2 + N / 2 * np.linalg.slogdet(K)[1])


def covariance_upstream(params, data):
    K = params["A"] + params["A"].T - np.diag(np.diag(params["A"]))
    S = np.linalg.solve(K, (data - params["mu"]).T)
    return (N * np.linalg.inv(K).T - S @ S.T) / 2, S


def mirrored_back(params, data):
    G, S = covariance_upstream(params, data)
    return {"A": G + G.T - np.diag(np.diag(G)), "mu": -S.sum(axis=1)}


def each_entry_once(params, data):
    G, S = covariance_upstream(params, data)
    return {"A": G, "mu": -S.sum(axis=1)}


# A Cholesky factor: only its lower triangle is read

FACTOR = np.linalg.cholesky(PRECISION)


def factored(L, data):
    r = np.linalg.solve(np.tril(L), data.T)
    return float(np.sum(r**2) / 2 + N * np.sum(np.log(np.diag(L))))


def factored_back(L, data):
    r = np.linalg.solve(np.tril(L), data.T)
    return np.tril(-np.linalg.solve(np.tril(L).T, r @ r.T)) + N * np.diag(1 / np.diag(L))


def upper_triangle_kept(L, data):
    r = np.linalg.solve(np.tril(L), data.T)
    return N * np.diag(1 / np.diag(L)) - np.linalg.solve(np.tril(L).T, r @ r.T)


def logarithm_of_the_diagonal_forgotten(L, data):
    r = np.linalg.solve(np.tril(L), data.T)
    gradient = np.zeros_like(L)
    gradient -= np.tril(np.linalg.solve(np.tril(L).T, r @ r.T))
    return gradient


scales = Family("gaussian, sigma", scaled, SCALES, (DATA,), scaled_back)
logs = Family("gaussian, log sigma", logged, LOGS, (DATA,), logged_back)
precision = Family("gaussian, precision", precise, PRECISION, (SCATTER,), precise_back)
covariance = Family("gaussian, covariance", mirrored, TRIANGLE, (DATA,), mirrored_back)
cholesky = Family("gaussian, cholesky", factored, FACTOR, (DATA,), factored_back)
DIAGONAL = np.eye(5, dtype=bool)
MU, SIGMA = "['mu']", "['sigma']"
FAULTS = (
    scales.plant(
        "gradient for log sigma",
        for_log_sigma,
        at(SIGMA, ALL, "log-parameter", line='"sigma": N - np.sum(r**2, axis=0)'),
    ),
    scales.plant(
        "sign of mu", sign_of_mu, at(MU, ALL, "sign", "scale", line="dmu = np.sum(r, axis=0)")
    ),
    scales.plant(
        "normalisation forgotten",
        normalisation_forgotten,
        at(SIGMA, ALL, "constant", "unexplained", line="dsigma = -np.sum(r**2, axis=0)"),
    ),
    scales.plant(
        "mu not divided by sigma twice",
        mu_not_divided_twice,
        at(MU, ALL, "row-scale", "entry-factor", "unexplained", line="dmu = -np.sum(r, axis=0)"),
    ),
    logs.plant(
        "gradient for sigma",
        for_sigma,
        at("[1]", ALL, "log-parameter", "row-scale", "unexplained", line="dlog_sigma = (N -"),
    ),
    logs.plant(
        "a half too much",
        exponent_forgotten,
        at("[1]", ALL, "term", "unexplained", line="dlog_sigma = N - np.sum(r**2, axis=0) / 2"),
    ),
    precision.plant(
        "derivative of a symmetric matrix",
        symmetric_derivative,
        at("", part((5, 5), ~DIAGONAL), "symmetric-convention", line="return G + G.T -"),
    ),
    covariance.plant(
        "each entry once",
        each_entry_once,
        at("['A']", part((5, 5), ~DIAGONAL), "symmetric-convention", line='"A": G'),
    ),
    cholesky.plant(
        "upper triangle kept",
        upper_triangle_kept,
        at("", part((5, 5), np.triu_indices(5, 1)), "entries", line="return N * np.diag("),
    ),
    cholesky.plant(
        "logarithm of the diagonal forgotten",
        logarithm_of_the_diagonal_forgotten,
        at("", part((5, 5), DIAGONAL), "entries", "held-fixed", line="gradient -= np.tril("),
    ),
)
