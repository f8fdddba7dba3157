"""Losses: cross-entropy in several dresses, similarities, divergences, and their NaNs."""

import numpy as np

from .fault import ALL, Family, at, part

rng = np.random.default_rng(707)


def log_softmax(Z):
    Z = Z - Z.max(axis=-1, keepdims=True)
    return Z - np.log(np.exp(Z).sum(axis=-1, keepdims=True))


# Cross-entropy of logits, some labels ignored, with a temperature

LOGITS = rng.normal(size=(9, 5))
LABELS = np.array([0, 3, -1, 2, 4, 1, -1, 0, 3])
ROWS = np.flatnonzero(LABELS >= 0)
TEMPERATURE = 1.6


def entropy(Z, labels):
    kept = np.flatnonzero(labels >= 0)
    return float(-log_softmax(Z / TEMPERATURE)[kept, labels[kept]].mean())


def entropy_back(Z, labels):
    kept = np.flatnonzero(labels >= 0)
    dZ = np.zeros_like(Z)
    dZ[kept] = np.exp(log_softmax(Z[kept] / TEMPERATURE))
    dZ[kept, labels[kept]] -= 1
    dZ /= len(kept) * TEMPERATURE
    return dZ


def temperature_forgotten(Z, labels):
    kept = np.flatnonzero(labels >= 0)
    dZ = np.zeros_like(Z)
    dZ[kept] = np.exp(log_softmax(Z[kept] / TEMPERATURE))
    dZ[kept, labels[kept]] -= 1
    dZ /= len(kept)
    return dZ


def ignored_rows_counted(Z, labels):
    kept = np.flatnonzero(labels >= 0)
    dZ = np.zeros_like(Z)
    dZ[kept] = np.exp(log_softmax(Z[kept] / TEMPERATURE)) - np.eye(5)[labels[kept]]
    dZ /= len(labels) * TEMPERATURE
    return dZ


def ignored_rows_not_skipped(Z, labels):
    kept = labels >= 0
    dZ = np.exp(log_softmax(Z / TEMPERATURE)) - np.eye(5)[labels]
    return dZ / (kept.sum() * TEMPERATURE)


def one_column_too_far(Z, labels):
    kept = np.flatnonzero(labels >= 0)
    dZ = np.zeros_like(Z)
    dZ[kept] = np.exp(log_softmax(Z[kept] / TEMPERATURE))
    dZ[kept, labels[kept] - 1] -= 1
    dZ /= len(kept) * TEMPERATURE
    return dZ


# Weighted cross-entropy of a linear model whose scores have a scale per class

LINEAR = {"W": rng.normal(size=(6, 5)) / 2, "b": rng.normal(size=5) / 2}
INPUTS = rng.normal(size=(8, 6))
TARGETS = np.eye(5)[rng.integers(5, size=8)]
CLASS_WEIGHTS = np.array([0.5, 2.0, 1.3, 0.8, 3.1])
SHARPNESS = np.array([1.5, 0.6, 2.0, 1.2, 0.7])


def weighted(params, X, Y, weights, sharpness):
    logs = log_softmax((X @ params["W"] + params["b"]) * sharpness)
    return float(-np.sum(Y * weights * logs))


def weighted_back(params, X, Y, weights, sharpness):
    logs = log_softmax((X @ params["W"] + params["b"]) * sharpness)
    each = (Y * weights).sum(axis=1, keepdims=True)
    dZ = each * (np.exp(logs) - Y) * sharpness
    return {"W": X.T @ dZ, "b": dZ.sum(axis=0)}


def class_weights_forgotten(params, X, Y, weights, sharpness):  # noqa: ARG001
    logs = log_softmax((X @ params["W"] + params["b"]) * sharpness)
    dZ = (np.exp(logs) - Y) * sharpness
    return {"W": X.T @ dZ, "b": dZ.sum(axis=0)}


def sharpness_forgotten(params, X, Y, weights, sharpness):
    logs = log_softmax((X @ params["W"] + params["b"]) * sharpness)
    each = (Y * weights).sum(axis=1, keepdims=True)
    dZ = each * (np.exp(logs) - Y)
    return {"W": X.T @ dZ, "b": (dZ * sharpness).sum(axis=0)}


# Log-softmax with any upstream

SCORES = rng.normal(size=(4, 6))
G = rng.normal(size=(4, 6))


def log_softmax_cost(Z, G):
    return float(np.sum(G * log_softmax(Z)))


def log_softmax_back(Z, G):
    return G - np.exp(log_softmax(Z)) * G.sum(axis=1, keepdims=True)


def upstream_sum_forgotten(Z, G):
    return G - np.exp(log_softmax(Z))


# A contrastive loss, cosine similarity, and a divergence

PAIR = (rng.normal(size=(7, 4)), rng.normal(size=(7, 4)))


def contrast(pair, v):
    a, b = pair
    return float(np.sum(v * np.log1p(np.sum((a - b) ** 2, axis=1))))


def contrast_back(pair, v):
    a, b = pair
    d = a - b
    da = 2 * (v / (1 + np.sum(d**2, axis=1)))[:, None] * d
    return da, -da


def same_sign_for_both(pair, v):
    a, b = pair
    d = a - b
    da = 2 * (v / (1 + np.sum(d**2, axis=1)))[:, None] * d
    db = 2 * (v / (1 + np.sum(d**2, axis=1)))[:, None] * d
    return da, db


def cosine(pair, v):
    a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in pair)
    return float(np.sum(v * np.sum(a * b, axis=1)))


def cosine_back(pair, v):
    na, nb = (np.linalg.norm(x, axis=1, keepdims=True) for x in pair)
    a, b = pair[0] / na, pair[1] / nb
    similarity = np.sum(a * b, axis=1, keepdims=True)
    return v[:, None] * (b - similarity * a) / na, v[:, None] * (a - similarity * b) / nb


def projection_forgotten(pair, v):
    na, nb = (np.linalg.norm(x, axis=1, keepdims=True) for x in pair)
    a, b = pair[0] / na, pair[1] / nb
    similarity = np.sum(a * b, axis=1, keepdims=True)
    da = v[:, None] * b / na
    db = v[:, None] * (a - similarity * b) / nb
    return da, db


P = rng.uniform(0.2, 3, size=14)
Q = rng.uniform(0.2, 3, size=14)


def divergence(p, q):
    return float(np.sum(p * np.log(p / q) - p + q))


def divergence_back(p, q):
    return np.log(p / q)


def with_respect_to_log_p(p, q):
    return p * np.log(p / q)


# Values at which a formula that is right on paper overflows

LARGE = np.array([1.2, -0.4, 800.0, 2.1, -0.9, 790.0, 0.3])
BINARY = np.array([1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0])


def logistic(z, y):
    return float(np.sum(np.logaddexp(0, z) - y * z))


def logistic_back(z, y):
    return np.exp(-np.logaddexp(0, -z)) - y


def through_the_probability(z, y):
    with np.errstate(all="ignore"):
        p = 1 / (1 + np.exp(-z))
        dp = (1 - y) / (1 - p) - y / p
        return dp * p * (1 - p)


POINTS = rng.normal(size=(6, 3))
POINTS[4] = 0


def smooth_norms(x, v):
    return float(np.sum(v * np.sum(x**2, axis=1) ** 1.5))


def smooth_norms_back(x, v):
    return 3 * (v * np.sqrt(np.sum(x**2, axis=1)))[:, None] * x


def norm_in_the_denominator(x, v):
    with np.errstate(invalid="ignore"):
        square = np.sum(x**2, axis=1, keepdims=True)
        return 3 * v[:, None] * square * (x / np.sqrt(square))


ce = Family("cross-entropy", entropy, LOGITS, (LABELS,), entropy_back)
linear = Family(
    "weighted cross-entropy",
    weighted,
    LINEAR,
    (INPUTS, TARGETS, CLASS_WEIGHTS, SHARPNESS),
    weighted_back,
)
logs = Family("log-softmax", log_softmax_cost, SCORES, (G,), log_softmax_back)
V = rng.normal(size=7)
contrastive = Family("contrastive", contrast, PAIR, (V,), contrast_back)
angle = Family("cosine", cosine, PAIR, (V,), cosine_back)
kl = Family("divergence", divergence, P, (Q,), divergence_back)
saturated = Family("saturated logistic", logistic, LARGE, (BINARY,), logistic_back)
norms = Family("norms", smooth_norms, POINTS, (rng.normal(size=6),), smooth_norms_back)
DW, DB = '"W": X.T @ dZ', '"b": dZ.sum(axis=0)'
FAULTS = (
    ce.plant(
        "temperature forgotten",
        temperature_forgotten,
        at("", part((9, 5), ROWS), "scale", line="dZ /= len(kept)"),
    ),
    ce.plant(
        "ignored rows counted",
        ignored_rows_counted,
        at("", part((9, 5), ROWS), "scale", line="dZ /= len(labels) * TEMPERATURE"),
    ),
    ce.plant(
        "ignored rows not skipped",
        ignored_rows_not_skipped,
        at("", part((9, 5), [2, 6]), "entries", "entry-factor", line="return dZ / (kept.sum()"),
    ),
    ce.plant(
        "label one column too far",
        one_column_too_far,
        at(
            "",
            part((9, 5), (ROWS, LABELS[ROWS]), (ROWS, LABELS[ROWS] - 1)),
            "entries",
            "unexplained",
            line="dZ /= len(kept) * TEMPERATURE",
        ),
    ),
    linear.plant(
        "class weights forgotten",
        class_weights_forgotten,
        at("['W']", ALL, "unexplained", line=DW),
        at("['b']", ALL, "unexplained", line=DB),
    ),
    linear.plant(
        "sharpness of each class forgotten",
        sharpness_forgotten,
        at("['W']", ALL, "column-scale", "entry-factor", line=DW),
    ),
    logs.plant(
        "sum of the upstream forgotten",
        upstream_sum_forgotten,
        at("", ALL, "diagonal", "unexplained", line="return G - np.exp(log_softmax(Z))"),
    ),
    contrastive.plant(
        "the same sign for both operands",
        same_sign_for_both,
        at("[1]", ALL, "sign", "other-block", "scale", line="db = 2 * (v /"),
    ),
    angle.plant(
        "projection forgotten",
        projection_forgotten,
        at("[0]", ALL, "held-fixed", "unexplained", line="da = v[:, None] * b / na"),
    ),
    kl.plant(
        "with respect to log p",
        with_respect_to_log_p,
        at("", ALL, "log-parameter", line="return p * np.log(p / q)"),
    ),
    saturated.plant(
        "through the probability",
        through_the_probability,
        at("", frozenset({(2,), (5,)}), "not-finite", line="return dp * p * (1 - p)"),
    ),
    norms.plant(
        "norm in the denominator",
        norm_in_the_denominator,
        at("", part((6, 3), 4), "not-finite", line="return 3 * v[:, None] * square *"),
    ),
)
