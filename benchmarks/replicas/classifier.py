"""Softmax regression with class weights and masked samples."""

import numpy as np

rng = np.random.default_rng(7)
X = rng.normal(size=(14, 4))
labels = rng.integers(0, 3, 14)
class_weight = np.array([0.4, 1.0, 2.5])
mask = np.array([1.0, 0.0] * 7)
W = rng.normal(size=(4, 3))


def softmax(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def objective(W):
    p = softmax(X @ W)
    picked = p[np.arange(len(labels)), labels]
    weight = class_weight[labels] * mask
    return -np.sum(weight * np.log(picked)) / mask.sum()


def gradient(W):
    p = softmax(X @ W)
    one_hot = np.zeros_like(p)
    one_hot[np.arange(len(labels)), labels] = 1
    weight = class_weight[labels] * mask
    scores = (p - one_hot) * weight[:, None]
    return X.T @ scores / mask.sum()


def report(gp):
    return gp.check(objective, W, grad=gradient)
