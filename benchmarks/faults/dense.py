"""A dense network: tanh inside, softmax cross-entropy at its end, one example per row."""

import numpy as np

from .fault import ALL, Family, at, part, where

rng = np.random.default_rng(103)
X = rng.normal(size=(6, 40))
Y = np.eye(3)[[0, 2, 1, 1, 2, 0]]
POINT = {
    "W1": rng.normal(size=(40, 50)) / 6,
    "b1": rng.normal(size=50) / 2,
    "W2": rng.normal(size=(50, 3)) / 5,
    "b2": rng.normal(size=3),
}


def forward(params, X):
    H = np.tanh(X @ params["W1"] + params["b1"])
    Z = H @ params["W2"] + params["b2"]
    Z = Z - Z.max(axis=1, keepdims=True)
    return H, Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))


def cost(params, X, Y):
    _, logs = forward(params, X)
    return float(-np.sum(Y * logs) / len(X))


def deltas(params, X, Y):
    """The hidden layer, and the derivatives with respect to both layers' inputs."""
    H, logs = forward(params, X)
    dZ2 = (np.exp(logs) - Y) / len(X)
    dZ1 = dZ2 @ params["W2"].T * (1 - H**2)
    return H, dZ2, dZ1


def backprop(params, X, Y):
    H, dZ2, dZ1 = deltas(params, X, Y)
    dW2, db2 = H.T @ dZ2, dZ2.sum(axis=0)
    dW1, db1 = X.T @ dZ1, dZ1.sum(axis=0)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


def w2_twice(params, X, Y):
    H, dZ2, dZ1 = deltas(params, X, Y)
    dW2 = 2 * H.T @ dZ2
    db2 = dZ2.sum(axis=0)
    dW1 = X.T @ dZ1
    db1 = dZ1.sum(axis=0)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


def batch_size_forgotten(params, X, Y):
    H, logs = forward(params, X)
    dZ2 = np.exp(logs) - Y
    dW2 = H.T @ dZ2
    db2 = dZ2.sum(axis=0)
    dZ1 = dZ2 @ params["W2"].T * (1 - H**2)
    dW1 = X.T @ dZ1
    db1 = dZ1.sum(axis=0)
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}


def bias_averaged(params, X, Y):
    H, dZ2, dZ1 = deltas(params, X, Y)
    grads = {}
    grads["dW2"] = H.T @ dZ2
    grads["db2"] = dZ2.sum(axis=0)
    grads["dW1"] = X.T @ dZ1
    grads["db1"] = dZ1.mean(axis=0)
    return grads


def labels_minus_probabilities(params, X, Y):
    H, logs = forward(params, X)
    dZ2 = (Y - np.exp(logs)) / len(X)
    dZ1 = dZ2 @ params["W2"].T * (1 - H**2)
    grads = {"W2": H.T @ dZ2, "b2": dZ2.sum(axis=0)}
    grads["W1"] = X.T @ dZ1
    grads["b1"] = dZ1.sum(axis=0)
    return grads


def loop_starts_at_one(params, X, Y):
    H, dZ2, dZ1 = deltas(params, X, Y)
    dW1 = np.zeros_like(params["W1"])
    for i in range(1, X.shape[1]):
        dW1[i] = X[:, i] @ dZ1
    return {"W1": dW1, "b1": dZ1.sum(axis=0), "W2": H.T @ dZ2, "b2": dZ2.sum(axis=0)}


def stray_line(params, X, Y):
    H, dZ2, dZ1 = deltas(params, X, Y)
    dW1 = X.T @ dZ1
    dW1[17, 31] += 0.01
    return {"W1": dW1, "b1": dZ1.sum(axis=0), "W2": H.T @ dZ2, "b2": dZ2.sum(axis=0)}


LIMIT = 0.16


def clipped(params, X, Y):
    H, dZ2, dZ1 = deltas(params, X, Y)
    dW1 = X.T @ dZ1
    dW1 = np.clip(dW1, -LIMIT, LIMIT)
    return {"W1": dW1, "b1": dZ1.sum(axis=0), "W2": H.T @ dZ2, "b2": dZ2.sum(axis=0)}


ODD = ([3, 11, 20, 28, 37], [40, 2, 19, 45, 8])


def scattered_signs(params, X, Y):
    H, dZ2, dZ1 = deltas(params, X, Y)
    dW1 = X.T @ dZ1
    dW1[ODD] *= -1
    return {"W1": dW1, "b1": dZ1.sum(axis=0), "W2": H.T @ dZ2, "b2": dZ2.sum(axis=0)}


def derivative_of_tanh_forgotten(params, X, Y):
    H, dZ2, _ = deltas(params, X, Y)
    dZ1 = dZ2 @ params["W2"].T
    dW1 = X.T @ dZ1
    db1 = np.sum(dZ1, axis=0)
    return {"W1": dW1, "b1": db1, "W2": H.T @ dZ2, "b2": dZ2.sum(axis=0)}


def last_column_left_out(params, X, Y):
    H, dZ2, dZ1 = deltas(params, X, Y)
    dW1 = np.zeros_like(params["W1"])
    dW1[:, :-1] = X.T @ dZ1[:, :-1]
    return {"W1": dW1, "b1": dZ1.sum(axis=0), "W2": H.T @ dZ2, "b2": dZ2.sum(axis=0)}


def last_bias_forgotten(params, X, Y):
    H, dZ2, dZ1 = deltas(params, X, Y)
    return {"W1": X.T @ dZ1, "b1": dZ1.sum(axis=0), "W2": H.T @ dZ2}


def half_precision(params, X, Y):
    H, dZ2, dZ1 = deltas(params, X, Y)
    db1 = dZ1.sum(axis=0).astype(np.float16)
    return {"W1": X.T @ dZ1, "b1": db1, "W2": H.T @ dZ2, "b2": dZ2.sum(axis=0)}


def two_blocks(params, X, Y):
    H, dZ2, dZ1 = deltas(params, X, Y)
    m = X.shape[0]
    dW2 = 1 / m * np.dot(H.T, dZ2 * m) * 2
    db1 = 4 / m * np.sum(dZ1 * m, axis=0)
    return {"W1": X.T @ dZ1, "b1": db1, "W2": dW2, "b2": dZ2.sum(axis=0)}


def weights_already_updated(params, X, Y):
    H, dZ2, _ = deltas(params, X, Y)
    dW2 = H.T @ dZ2
    W2 = params["W2"] - 0.1 * dW2
    dZ1 = dZ2 @ W2.T * (1 - H**2)
    dW1 = X.T @ dZ1
    db1 = dZ1.sum(axis=0)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": dZ2.sum(axis=0)}


def last_example_survives(params, X, Y):
    H, dZ2, dZ1 = deltas(params, X, Y)
    for x, dz in zip(X, dZ1, strict=True):
        dW1 = np.outer(x, dz)
    return {"W1": dW1, "b1": dZ1.sum(axis=0), "W2": H.T @ dZ2, "b2": dZ2.sum(axis=0)}


def read_with_the_wrong_stride(params, X, Y):
    H, dZ2, dZ1 = deltas(params, X, Y)
    dW1 = (dZ1.T @ X).reshape(params["W1"].shape)
    return {"W1": dW1, "b1": dZ1.sum(axis=0), "W2": H.T @ dZ2, "b2": dZ2.sum(axis=0)}


def factor_of_the_bias(params, X, Y):
    H, dZ2, dZ1 = deltas(params, X, Y)
    db1 = dZ1.sum(axis=0) * params["b1"]
    return {"W1": X.T @ dZ1, "b1": db1, "W2": H.T @ dZ2, "b2": dZ2.sum(axis=0)}


W1, B1, W2, B2 = "['W1']", "['b1']", "['W2']", "['b2']"
# All but the first and the last entry, which stay in their places.
MOVED = part((40, 50), np.s_[1:-1], (0, np.s_[1:]), (-1, np.s_[:-1]))
family = Family("dense", cost, POINT, (X, Y), backprop)
plant = family.plant
FAULTS = (
    plant("W2 twice", w2_twice, at(W2, ALL, "scale", line="dW2 = 2 * H.T @ dZ2")),
    plant(
        "not divided by the batch size",
        batch_size_forgotten,
        at(W1, ALL, "scale", line="dW1 = X.T @ dZ1"),
        at(B1, ALL, "scale", line="db1 = dZ1.sum(axis=0)"),
        at(W2, ALL, "scale", line="dW2 = H.T @ dZ2"),
        at(B2, ALL, "scale", line="db2 = dZ2.sum(axis=0)"),
    ),
    plant("bias averaged, not summed", bias_averaged, at(B1, ALL, "scale", line='grads["db1"] =')),
    plant(
        "labels minus probabilities",
        labels_minus_probabilities,
        at(W1, ALL, "sign", "scale", line='grads["W1"] = X.T @ dZ1'),
        at(B1, ALL, "sign", "scale", line='grads["b1"] = dZ1.sum(axis=0)'),
        at(W2, ALL, "sign", "scale", line='"W2": H.T @ dZ2'),
        at(B2, ALL, "sign", "scale", line='"b2": dZ2.sum(axis=0)'),
    ),
    plant(
        "loop starts at the second row",
        loop_starts_at_one,
        at(W1, part((40, 50), 0), "zero", "entries", line="dW1[i] = X[:, i] @ dZ1"),
    ),
    plant(
        "a stray line spoils one entry",
        stray_line,
        at(W1, frozenset({(17, 31)}), "entries", line="dW1[17, 31] += 0.01"),
    ),
    plant(
        "clipping left in the gradient",
        clipped,
        at(
            W1,
            where(np.abs(backprop(POINT, X, Y)["W1"]) > LIMIT),
            "entries",
            line="dW1 = np.clip(dW1, -LIMIT, LIMIT)",
        ),
    ),
    plant(
        "five scattered signs",
        scattered_signs,
        at(W1, part((40, 50), ODD), "entries", "sign", line="dW1[ODD] *= -1"),
    ),
    plant(
        "derivative of tanh forgotten",
        derivative_of_tanh_forgotten,
        at(W1, ALL, "entry-factor", "unexplained", line="dW1 = X.T @ dZ1"),
        at(B1, ALL, "entry-factor", "unexplained", line="db1 = np.sum(dZ1, axis=0)"),
    ),
    plant(
        "last column left out",
        last_column_left_out,
        at(W1, part((40, 50), np.s_[:, -1]), "zero", "entries", line="dW1[:, :-1] = X.T"),
    ),
    plant("last bias forgotten", last_bias_forgotten, at(B2, ALL, "missing-block", line=None)),
    plant(
        "half precision",
        half_precision,
        at(B1, ALL, "low-precision", line="db1 = dZ1.sum(axis=0).a"),
    ),
    plant(
        "W2 twice and b1 four times",
        two_blocks,
        at(W2, ALL, "scale", line="dW2 = 1 / m * np.dot(H.T, dZ2 * m) * 2"),
        at(B1, ALL, "scale", line="db1 = 4 / m * np.sum(dZ1 * m, axis=0)"),
    ),
    plant(
        "weights already updated",
        weights_already_updated,
        at(W1, ALL, "term", "unexplained", line="dW1 = X.T @ dZ1"),
        at(B1, ALL, "term", "unexplained", line="db1 = dZ1.sum(axis=0)"),
    ),
    plant(
        "only the last example survives",
        last_example_survives,
        at(W1, ALL, "missing-accumulation", "unexplained", line="dW1 = np.outer(x, dz)"),
    ),
    plant(
        "read with the wrong stride",
        read_with_the_wrong_stride,
        at(W1, MOVED, "permutation", "transpose", "unexplained", line="dW1 = (dZ1.T @ X).reshape"),
    ),
    plant(
        "multiplied by the parameter",
        factor_of_the_bias,
        at(B1, ALL, "log-parameter", "row-scale", line='db1 = dZ1.sum(axis=0) * params["b1"]'),
    ),
)
