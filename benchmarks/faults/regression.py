"""Regressions with a penalty: ridge, lasso, Poisson; and gradients that lost digits."""

import numpy as np

from .fault import ALL, Family, at, where

rng = np.random.default_rng(1010)
LAMBDA = 0.3

# Ridge regression, with a weight for each example; the intercept is not penalised

POINT = {"W": rng.normal(size=(50, 4)), "b": rng.normal(size=4)}
X = rng.normal(size=(60, 50)) / 7
Y = rng.normal(size=(60, 4))
TRUST = rng.uniform(0.2, 3, size=60)


def residual(params, X, Y):
    return X @ params["W"] + params["b"] - Y


def ridge(params, X, Y, trust):
    R = residual(params, X, Y)
    penalty = LAMBDA / 2 * np.sum(params["W"] ** 2)
    return float(np.sum(trust[:, None] * R**2) / (2 * len(X)) + penalty)


def ridge_back(params, X, Y, trust):
    R = trust[:, None] * residual(params, X, Y) / len(X)
    return {"W": X.T @ R + LAMBDA * params["W"], "b": R.sum(axis=0)}


def decay_missing(params, X, Y, trust):
    R = trust[:, None] * residual(params, X, Y) / len(X)
    dW = X.T @ R
    db = R.sum(axis=0)
    return {"W": dW, "b": db}


def decay_doubled(params, X, Y, trust):
    R = trust[:, None] * residual(params, X, Y) / len(X)
    dW = X.T @ R
    dW += 2 * LAMBDA * params["W"]
    return {"W": dW, "b": R.sum(axis=0)}


def decay_subtracted(params, X, Y, trust):
    R = trust[:, None] * residual(params, X, Y) / len(X)
    return {"W": X.T @ R - LAMBDA * params["W"], "b": R.sum(axis=0)}


def intercept_decays_too(params, X, Y, trust):
    R = trust[:, None] * residual(params, X, Y) / len(X)
    dW = X.T @ R + LAMBDA * params["W"]
    db = R.sum(axis=0) + LAMBDA * params["b"]
    return {"W": dW, "b": db}


def buffer_starts_from_the_parameter(params, X, Y, trust):
    R = trust[:, None] * residual(params, X, Y) / len(X)
    dW = params["W"].copy()
    dW += X.T @ R + LAMBDA * params["W"]
    return {"W": dW, "b": R.sum(axis=0)}


def data_twice_penalty_once(params, X, Y, trust):
    R = 2 * trust[:, None] * residual(params, X, Y) / len(X)
    dW = X.T @ R + LAMBDA * params["W"]
    return {"W": dW, "b": R.sum(axis=0) / 2}


def trust_forgotten(params, X, Y, trust):  # noqa: ARG001
    R = residual(params, X, Y) / len(X)
    dW = X.T @ R + LAMBDA * params["W"]
    db = R.sum(axis=0)
    return {"W": dW, "b": db}


def stored_as_bytes(params, X, Y, trust):
    R = trust[:, None] * residual(params, X, Y) / len(X)
    dW = X.T @ R + LAMBDA * params["W"]
    dW = np.round(dW * 64).astype(np.int8) / 64
    return {"W": dW, "b": R.sum(axis=0)}


def rounded(params, X, Y, trust):
    R = trust[:, None] * residual(params, X, Y) / len(X)
    dW = X.T @ R + LAMBDA * params["W"]
    db = np.round(R.sum(axis=0), 3)
    return {"W": dW, "b": db}


# Lasso: the weights stay away from zero

SPARSE = rng.uniform(0.3, 1.5, size=(9, 3)) * rng.choice([-1, 1], size=(9, 3))
XL, YL = rng.normal(size=(14, 9)), rng.normal(size=(14, 3))


def lasso(W, X, Y):
    return float(np.sum((X @ W - Y) ** 2) / (2 * len(X)) + LAMBDA * np.abs(W).sum())


def lasso_back(W, X, Y):
    return X.T @ (X @ W - Y) / len(X) + LAMBDA * np.sign(W)


def sign_of_the_weight_forgotten(W, X, Y):
    return X.T @ (X @ W - Y) / len(X) + LAMBDA


def penalty_forgotten(W, X, Y):
    return X.T @ (X @ W - Y) / len(X)


# Poisson regression

RATES = {"w": rng.normal(size=7) / 3, "intercept": np.float64(0.4)}
XP = rng.normal(size=(20, 7))
COUNTS = rng.poisson(2, size=20).astype(float)


def poisson(params, X, counts):
    eta = X @ params["w"] + params["intercept"]
    return float(np.sum(np.exp(eta) - counts * eta))


def poisson_back(params, X, counts):
    r = np.exp(X @ params["w"] + params["intercept"]) - counts
    return {"w": X.T @ r, "intercept": r.sum()}


def intercept_averaged(params, X, counts):
    r = np.exp(X @ params["w"] + params["intercept"]) - counts
    return {"w": X.T @ r, "intercept": r.mean()}


def intercept_negative(params, X, counts):
    r = np.exp(X @ params["w"] + params["intercept"]) - counts
    dw = X.T @ r
    d0 = np.sum(counts - r - counts)
    return {"w": dw, "intercept": d0}


def residual_in_half_precision(params, X, counts):
    r = (np.exp(X @ params["w"] + params["intercept"]) - counts).astype(np.float16)
    dw = X.T @ r
    d0 = r.sum(dtype=float)
    return {"w": dw, "intercept": d0}


RIDGE_BLOCKS = ("['W']", "['b']")
W, B = RIDGE_BLOCKS
plant = Family("ridge", ridge, POINT, (X, Y, TRUST), ridge_back).plant
sparse = Family("lasso", lasso, SPARSE, (XL, YL), lasso_back)
rates = Family("poisson", poisson, RATES, (XP, COUNTS), poisson_back)
DW = 'dW = X.T @ R + LAMBDA * params["W"]'
FAULTS = (
    plant("decay missing", decay_missing, at(W, ALL, "parameter-term", line="dW = X.T @ R")),
    plant(
        "decay doubled",
        decay_doubled,
        at(W, ALL, "parameter-term", line='dW += 2 * LAMBDA * params["W"]'),
    ),
    plant(
        "decay subtracted",
        decay_subtracted,
        at(W, ALL, "parameter-term", line='"W": X.T @ R - LAMBDA'),
    ),
    plant(
        "the intercept decays too",
        intercept_decays_too,
        at(B, ALL, "parameter-term", line='db = R.sum(axis=0) + LAMBDA * params["b"]'),
    ),
    plant(
        "buffer starts from the parameter",
        buffer_starts_from_the_parameter,
        at(W, ALL, "parameter-term", line="dW += X.T @ R"),
    ),
    plant(
        "data term twice, penalty once",
        data_twice_penalty_once,
        at(W, ALL, "term", "parameter-term", "unexplained", "scale", line=DW),
    ),
    plant(
        "weights of the examples forgotten",
        trust_forgotten,
        at(W, ALL, "entry-factor", "unexplained", line=DW),
        at(B, ALL, "entry-factor", "unexplained", line="db = R.sum(axis=0)"),
    ),
    plant(
        "stored as bytes",
        stored_as_bytes,
        at(W, ALL, "low-precision", line="dW = np.round(dW * 64)"),
    ),
    plant("rounded", rounded, at(B, ALL, "low-precision", line="db = np.round(")),
    sparse.plant(
        "sign of the weight forgotten",
        sign_of_the_weight_forgotten,
        at("", where(SPARSE < 0), "branch", line="return X.T @ (X @ W - Y) / len(X) + LAMBDA"),
    ),
    sparse.plant(
        "penalty forgotten",
        penalty_forgotten,
        at(
            "", ALL, "held-fixed", "unexplained", "branch", line="return X.T @ (X @ W - Y) / len(X)"
        ),
    ),
    rates.plant(
        "intercept averaged",
        intercept_averaged,
        at("['intercept']", ALL, "scale", line='"intercept": r.mean()'),
    ),
    rates.plant(
        "intercept with the wrong sign",
        intercept_negative,
        at("['intercept']", ALL, "sign", "scale", line="d0 = np.sum("),
    ),
    rates.plant(
        "residual in half precision",
        residual_in_half_precision,
        at("['w']", ALL, "low-precision", "other-tensor", "unexplained", line="dw = X.T @ r"),
        at("['intercept']", ALL, "low-precision", "other-tensor", "unexplained", line="d0 = r.sum"),
    ),
)
