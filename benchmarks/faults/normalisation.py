"""Batch and layer normalisation, and dropout with a fixed mask."""

import numpy as np

from .fault import ALL, Family, at, where

rng = np.random.default_rng(505)
EPS = 1e-2


def normalised(x, axis):
    sd = np.sqrt(x.var(axis=axis, keepdims=True) + EPS)
    return (x - x.mean(axis=axis, keepdims=True)) / sd, sd


# Batch normalisation: over the examples, which are rows

BATCH = {
    "x": rng.normal(size=(7, 5)) * [1, 2, 0.5, 1.5, 0.8],
    "gamma": rng.uniform(0.5, 2, size=5),
    "beta": rng.normal(size=5),
}
VB = rng.normal(size=(7, 5))


def batch_cost(params, V):
    xhat, _ = normalised(params["x"], 0)
    return float(np.sum(V * np.tanh(params["gamma"] * xhat + params["beta"])))


def batch_upstream(params, V):
    xhat, sd = normalised(params["x"], 0)
    return V * (1 - np.tanh(params["gamma"] * xhat + params["beta"]) ** 2), xhat, sd


def batch_back(params, V):
    dy, xhat, sd = batch_upstream(params, V)
    dxhat = dy * params["gamma"]
    dx = (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0)) / sd
    return {"x": dx, "gamma": (dy * xhat).sum(axis=0), "beta": dy.sum(axis=0)}


def gamma_and_beta_swapped(params, V):
    dy, xhat, sd = batch_upstream(params, V)
    dxhat = dy * params["gamma"]
    dx = (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0)) / sd
    dgamma = dy.sum(axis=0)
    dbeta = (dy * xhat).sum(axis=0)
    return {"x": dx, "gamma": dgamma, "beta": dbeta}


def right_at_gamma_one(params, V):
    dy, xhat, sd = batch_upstream(params, V)
    dx = (dy - dy.mean(axis=0) - xhat * (dy * xhat).mean(axis=0)) / sd
    return {"x": dx, "gamma": (dy * xhat).sum(axis=0), "beta": dy.sum(axis=0)}


def gamma_averaged(params, V):
    dy, xhat, sd = batch_upstream(params, V)
    dxhat = dy * params["gamma"]
    dx = (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0)) / sd
    return {"x": dx, "gamma": np.mean(dy * xhat, axis=0), "beta": dy.sum(axis=0)}


def unbiased_variance(params, V):
    dy, xhat, sd = batch_upstream(params, V)
    dxhat = dy * params["gamma"]
    n = len(dy)
    dx = (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).sum(axis=0) / (n - 1)) / sd
    return {"x": dx, "gamma": (dy * xhat).sum(axis=0), "beta": dy.sum(axis=0)}


# Layer normalisation: over the features of each row

ROWS = {
    "x": rng.normal(size=(6, 8)) * rng.uniform(0.5, 2, size=(6, 1)) + 60,
    "gamma": rng.uniform(0.5, 2, size=8),
    "beta": rng.normal(size=8),
}
VL = rng.normal(size=(6, 8))


def layer_cost(params, V):
    xhat, _ = normalised(params["x"], 1)
    return float(np.sum(V * np.tanh(params["gamma"] * xhat + params["beta"])))


def layer_upstream(params, V):
    xhat, sd = normalised(params["x"], 1)
    return V * (1 - np.tanh(params["gamma"] * xhat + params["beta"]) ** 2), xhat, sd


def layer_back(params, V):
    dy, xhat, sd = layer_upstream(params, V)
    grads = {"gamma": np.sum(dy * xhat, axis=0), "beta": np.sum(dy, axis=0)}
    dxhat = dy * params["gamma"]
    mean, along = dxhat.mean(1, keepdims=True), (dxhat * xhat).mean(1, keepdims=True)
    grads["x"] = (dxhat - mean - xhat * along) / sd
    return grads


def mean_term_missing(params, V):
    dy, xhat, sd = layer_upstream(params, V)
    grads = {"gamma": np.sum(dy * xhat, axis=0), "beta": np.sum(dy, axis=0)}
    dxhat = dy * params["gamma"]
    along = (dxhat * xhat).mean(1, keepdims=True)
    grads["x"] = (dxhat - xhat * along) / sd
    return grads


def mean_subtracted_twice(params, V):
    dy, xhat, sd = layer_upstream(params, V)
    grads = {"gamma": np.sum(dy * xhat, axis=0), "beta": np.sum(dy, axis=0)}
    dxhat = dy * params["gamma"]
    mean, along = dxhat.mean(1, keepdims=True), (dxhat * xhat).mean(1, keepdims=True)
    grads["x"] = (dxhat - mean - xhat * along) / sd
    grads["x"] -= mean / sd
    return grads


def variance_taken_for_constant(params, V):
    dy, xhat, sd = layer_upstream(params, V)
    grads = {"gamma": np.sum(dy * xhat, axis=0), "beta": np.sum(dy, axis=0)}
    dxhat = dy * params["gamma"]
    grads["x"] = (dxhat - dxhat.mean(1, keepdims=True)) / sd
    return grads


def not_divided_by_the_deviation(params, V):
    dy, xhat, _ = layer_upstream(params, V)
    grads = {"gamma": np.sum(dy * xhat, axis=0), "beta": np.sum(dy, axis=0)}
    dxhat = dy * params["gamma"]
    mean, along = dxhat.mean(1, keepdims=True), (dxhat * xhat).mean(1, keepdims=True)
    grads["x"] = dxhat - mean - xhat * along
    return grads


def single_pass_in_single_precision(params, V):
    dy, xhat, sd = layer_upstream(params, V)
    x = params["x"].astype(np.float32)
    mean = x.mean(axis=1, keepdims=True)
    rough = np.sqrt((x * x).mean(axis=1, keepdims=True) - mean * mean + np.float32(EPS))
    grads = {"beta": np.sum(dy, axis=0), "gamma": np.sum(dy * (x - mean) / rough, axis=0)}
    dxhat = dy * params["gamma"]
    mean, along = dxhat.mean(1, keepdims=True), (dxhat * xhat).mean(1, keepdims=True)
    grads["x"] = (dxhat - mean - xhat * along) / sd
    return grads


# Dropout: entries of the hidden layer, or whole units of it, are switched off

KEEP = 0.75
MASK = rng.random((8, 9)) < KEEP
UNITS = np.array([True, True, False, True, True, True, False, True, True])
LAYER = [rng.normal(size=(6, 9)) / 2, rng.normal(size=9)]
XD, VD = rng.normal(size=(8, 6)), rng.normal(size=(8, 9))


def dropout_cost(layer, X, V, mask):
    W, b = layer
    return float(np.sum(V * np.tanh(X @ W + b) * mask / KEEP))


def dropout_back(layer, X, V, mask):
    W, b = layer
    dZ = V * mask / KEEP * (1 - np.tanh(X @ W + b) ** 2)
    return [X.T @ dZ, dZ.sum(axis=0)]


def keep_forgotten(layer, X, V, mask):
    W, b = layer
    dZ = V * mask * (1 - np.tanh(X @ W + b) ** 2)
    dW, db = X.T @ dZ, dZ.sum(axis=0)
    return [dW, db]


def mask_forgotten(layer, X, V, mask):
    W, b = layer
    dZ = V / KEEP * (1 - np.tanh(X @ W + b) ** 2)
    dW = X.T @ dZ
    db = (dZ * mask).sum(axis=0)
    return [dW, db]


batch = Family("batch normalisation", batch_cost, BATCH, (VB,), batch_back)
layer = Family("layer normalisation", layer_cost, ROWS, (VL,), layer_back)
dropout = Family("dropout", dropout_cost, LAYER, (XD, VD, MASK), dropout_back)
units = Family("dropout of units", dropout_cost, LAYER, (XD, VD, UNITS), dropout_back)
GX = 'grads["x"] = ('
FAULTS = (
    batch.plant(
        "gamma and beta swapped",
        gamma_and_beta_swapped,
        at("['gamma']", ALL, "other-block", line="dgamma = dy.sum(axis=0)"),
        at("['beta']", ALL, "other-block", line="dbeta = (dy * xhat).sum(axis=0)"),
    ),
    batch.plant(
        "right at gamma = 1 only",
        right_at_gamma_one,
        at("['x']", ALL, "column-scale", "entry-factor", line="dx = (dy - dy.mean(axis=0)"),
    ),
    batch.plant(
        "gamma averaged over the batch",
        gamma_averaged,
        at("['gamma']", ALL, "scale", line='"gamma": np.mean(dy * xhat, axis=0)'),
    ),
    batch.plant(
        "n - 1 in the backward only",
        unbiased_variance,
        at("['x']", ALL, "term", "unexplained", line="dx = (dxhat - dxhat.mean(axis=0)"),
    ),
    layer.plant(
        "mean term missing",
        mean_term_missing,
        at("['x']", ALL, "held-fixed", "unexplained", line=GX),
    ),
    layer.plant(
        "mean subtracted twice",
        mean_subtracted_twice,
        at("['x']", ALL, "term", "unexplained", line='grads["x"] -= mean / sd'),
    ),
    layer.plant(
        "variance taken for a constant",
        variance_taken_for_constant,
        at("['x']", ALL, "held-fixed", "unexplained", line=GX),
    ),
    layer.plant(
        "not divided by the deviation",
        not_divided_by_the_deviation,
        at("['x']", ALL, "row-scale", "entry-factor", line='grads["x"] = dxhat - mean'),
    ),
    layer.plant(
        "variance in one pass of single precision",
        single_pass_in_single_precision,
        at("['gamma']", ALL, "low-precision", "unexplained", line='"gamma": np.sum('),
    ),
    dropout.plant(
        "not divided by the share that is kept",
        keep_forgotten,
        at("[0]", ALL, "scale", line="dW, db = X.T @ dZ, dZ.sum(axis=0)"),
        at("[1]", ALL, "scale", line="dW, db = X.T @ dZ, dZ.sum(axis=0)"),
    ),
    units.plant(
        "mask forgotten",
        mask_forgotten,
        at(
            "[0]",
            where(np.broadcast_to(~UNITS, (6, 9))),
            "entries",
            "entry-factor",
            "unexplained",
            line="dW = X.T @ dZ",
        ),
    ),
)
