"""A factorization machine: linear weights and pairwise factors, with a logistic loss."""

import numpy as np

rng = np.random.default_rng(42)
X, y = rng.normal(size=(9, 5)), np.where(rng.normal(size=9) > 0, 1.0, -1.0)


class Machine:
    def __init__(self, b, w, V, decay=0.02):
        self.b, self.w, self.V, self.decay = b, w, V, decay

    def scores(self):
        self.xv = X @ self.V
        pairs = 0.5 * (self.xv**2 - X**2 @ self.V**2).sum(axis=1)
        return self.b + X @ self.w + pairs

    def loss(self):
        margin = y * self.scores()
        return np.log1p(np.exp(-margin)).mean() + self.decay * np.sum(self.V**2)

    def backward(self):
        margin = y * self.scores()
        d = -y / (1 + np.exp(margin)) / len(y)
        self.db = d.sum()
        self.dw = X.T @ d
        self.dV = X.T @ (d[:, None] * self.xv) - self.V * ((X**2).T @ d[:, None])
        self.dV += 2 * self.decay * self.V
        return {"b": self.db, "w": self.dw, "V": self.dV}


params = {"b": 0.1, "w": rng.normal(size=5) / 2, "V": rng.normal(size=(5, 3)) / 2}


def loss(p):
    return Machine(**p).loss()


def gradient(p):
    return Machine(**p).backward()


def report(gp):
    return gp.check(loss, params, grad=gradient)
