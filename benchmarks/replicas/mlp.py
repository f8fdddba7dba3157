"""Two dense layers with tanh, written as in a course: params in a dict, cache, weight decay."""

import numpy as np

rng = np.random.default_rng(3)
X, Y = rng.normal(size=(9, 4)), rng.normal(size=(9, 2))
LAMBDA = 0.3
POINT = {
    "W1": rng.normal(size=(4, 5)),
    "b1": rng.normal(size=5),
    "W2": rng.normal(size=(5, 2)),
    "b2": rng.normal(size=2),
}


def forward(params, X):
    Z1 = X @ params["W1"] + params["b1"]
    A1 = np.tanh(Z1)
    Z2 = A1 @ params["W2"] + params["b2"]
    return Z1, A1, Z2


def loss(params, X, Y):
    _, _, Z2 = forward(params, X)
    m = X.shape[0]
    penalty = LAMBDA / (2 * m) * (np.sum(params["W1"] ** 2) + np.sum(params["W2"] ** 2))
    return np.sum((Z2 - Y) ** 2) / (2 * m) + penalty


def backward(params, X, Y):
    m = X.shape[0]
    Z1, A1, Z2 = forward(params, X)
    dZ2 = (Z2 - Y) / m
    dW2 = A1.T @ dZ2 + LAMBDA / m * params["W2"]
    db2 = dZ2.sum(axis=0)
    dA1 = dZ2 @ params["W2"].T
    dZ1 = dA1 * (1 - A1**2)
    dW1 = X.T @ dZ1 + LAMBDA / m * params["W1"]
    db1 = dZ1.sum(axis=0)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


def report(gp):
    return gp.check(loss, POINT, grad=backward, args=(X, Y))
