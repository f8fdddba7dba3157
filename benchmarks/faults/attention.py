"""Causal self-attention with a bias for each pair of positions."""

import numpy as np

from .fault import ALL, Family, at, part

rng = np.random.default_rng(909)
T, D, K = 5, 6, 4
POINT = {
    "Wq": rng.normal(size=(D, K)) / 2,
    "Wk": rng.normal(size=(D, K)) / 2,
    "Wv": rng.normal(size=(D, D)) / 2,
    "B": rng.normal(size=(T, T)) / 2,
}
X = rng.normal(size=(T, D))
V = rng.normal(size=(T, D))
LATER = np.triu(np.ones((T, T), bool), 1)


def attend(params, X):
    """Queries, keys, values and weights."""
    Q, Ks, U = X @ params["Wq"], X @ params["Wk"], X @ params["Wv"]
    S = np.where(LATER, -np.inf, Q @ Ks.T / K**0.5 + params["B"])
    P = np.exp(S - S.max(axis=1, keepdims=True))
    return Q, Ks, U, P / P.sum(axis=1, keepdims=True)


def cost(params, X, V):
    _, _, U, P = attend(params, X)
    return float(np.sum(V * np.tanh(P @ U)))


def inner(params, X, V):
    """Queries, keys, weights, and the derivatives with respect to values and scores."""
    Q, Ks, U, P = attend(params, X)
    dO = V * (1 - np.tanh(P @ U) ** 2)
    dP = dO @ U.T
    dS = P * (dP - (dP * P).sum(axis=1, keepdims=True))
    return Q, Ks, P, P.T @ dO, dS


def back(params, X, V):
    Q, Ks, _, dU, dS = inner(params, X, V)
    dWq = X.T @ (dS @ Ks) / K**0.5
    dWk = X.T @ (dS.T @ Q) / K**0.5
    return {"Wq": dWq, "Wk": dWk, "Wv": X.T @ dU, "B": dS}


def scores_not_scaled(params, X, V):
    Q, Ks, _, dU, dS = inner(params, X, V)
    dWq = X.T @ (dS @ Ks)
    dWk = X.T @ (dS.T @ Q)
    return {"Wq": dWq, "Wk": dWk, "Wv": X.T @ dU, "B": dS}


def queries_and_keys_swapped(params, X, V):
    Q, Ks, _, dU, dS = inner(params, X, V)
    dWk = X.T @ (dS @ Ks) / K**0.5
    dWq = X.T @ (dS.T @ Q) / K**0.5
    return {"Wq": dWq, "Wk": dWk, "Wv": X.T @ dU, "B": dS}


def keys_get_the_gradient_of_queries(params, X, V):
    _, Ks, _, dU, dS = inner(params, X, V)
    grads = {"B": dS, "Wv": X.T @ dU}
    grads["Wq"] = X.T @ (dS @ Ks) / K**0.5
    grads["Wk"] = X.T @ (dS @ Ks) / K**0.5
    return grads


def softmax_taken_for_a_product(params, X, V):
    Q, Ks, U, P = attend(params, X)
    dO = V * (1 - np.tanh(P @ U) ** 2)
    dS = P * (dO @ U.T)
    dWq = X.T @ (dS @ Ks) / K**0.5
    dWk = X.T @ (dS.T @ Q) / K**0.5
    return {"Wq": dWq, "Wk": dWk, "Wv": X.T @ (P.T @ dO), "B": dS}


def values_transposed(params, X, V):
    Q, Ks, _, dU, dS = inner(params, X, V)
    dWq = X.T @ (dS @ Ks) / K**0.5
    dWk = X.T @ (dS.T @ Q) / K**0.5
    dWv = dU.T @ X
    return {"Wq": dWq, "Wk": dWk, "Wv": dWv, "B": dS}


def diagonal_masked_too(params, X, V):
    Q, Ks, _, dU, dS = inner(params, X, V)
    dWq = X.T @ (dS @ Ks) / K**0.5
    dWk = X.T @ (dS.T @ Q) / K**0.5
    dB = np.tril(dS, -1)
    return {"Wq": dWq, "Wk": dWk, "Wv": X.T @ dU, "B": dB}


def mask_forgotten_in_the_weights(params, X, V):
    _, _, U, _ = attend(params, X)
    Q, Ks, _, dU, dS = inner(params, X, V)
    dB = np.where(LATER, V @ U.T / T, dS)
    dWq = X.T @ (dS @ Ks) / K**0.5
    dWk = X.T @ (dS.T @ Q) / K**0.5
    return {"Wq": dWq, "Wk": dWk, "Wv": X.T @ dU, "B": dB}


def heads_in_the_wrong_order(params, X, V):
    Q, Ks, _, dU, dS = inner(params, X, V)
    dWq = X.T @ (dS @ Ks) / K**0.5
    dWk = X.T @ (dS.T @ Q) / K**0.5
    first, second = np.split(X.T @ dU, 2, axis=1)
    dWv = np.concatenate([second, first], axis=1)
    return {"Wq": dWq, "Wk": dWk, "Wv": dWv, "B": dS}


WQ, WK, WV, BIAS = "['Wq']", "['Wk']", "['Wv']", "['B']"
LOWER = part((T, T), ~LATER)
STEPS = np.arange(1, T)  # the first has nobody but itself to attend to: its gradient is 0
OFF = part((D, D), ~np.eye(D, dtype=bool))
plant = Family("attention", cost, POINT, (X, V), back).plant
FAULTS = (
    plant(
        "scores not scaled",
        scores_not_scaled,
        at(WQ, ALL, "scale", line="dWq = X.T @ (dS @ Ks)"),
        at(WK, ALL, "scale", line="dWk = X.T @ (dS.T @ Q)"),
    ),
    plant(
        "queries and keys swapped",
        queries_and_keys_swapped,
        at(WQ, ALL, "other-block", line="dWq = X.T @ (dS.T @ Q) / K**0.5"),
        at(WK, ALL, "other-block", line="dWk = X.T @ (dS @ Ks) / K**0.5"),
    ),
    plant(
        "keys get the gradient of the queries",
        keys_get_the_gradient_of_queries,
        at(WK, ALL, "other-block", line='grads["Wk"] = X.T @ (dS @ Ks) / K**0.5'),
    ),
    plant(
        "softmax taken for a product",
        softmax_taken_for_a_product,
        at(WQ, ALL, "unexplained", line="dWq = X.T @ (dS @ Ks) / K**0.5"),
        at(WK, ALL, "unexplained", line="dWk = X.T @ (dS.T @ Q) / K**0.5"),
        at(BIAS, LOWER, "entries", "unexplained", line="dS = P * (dO @ U.T)"),
    ),
    plant("values transposed", values_transposed, at(WV, OFF, "transpose", line="dWv = dU.T @ X")),
    plant(
        "diagonal masked too",
        diagonal_masked_too,
        at(
            BIAS,
            part((T, T), (STEPS, STEPS)),
            "zero",
            "entries",
            "other-tensor",
            line="dB = np.tril",
        ),
    ),
    plant(
        "mask forgotten above the diagonal",
        mask_forgotten_in_the_weights,
        at(
            BIAS,
            part((T, T), LATER),
            "entries",
            "term",
            line="dB = np.where(LATER, V @ U.T / T, dS)",
        ),
    ),
    plant(
        "heads in the wrong order",
        heads_in_the_wrong_order,
        at(WV, ALL, "permutation", line="dWv = np.concatenate([second, first], axis=1)"),
    ),
)
