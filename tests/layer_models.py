# ruff: noqa: NPY002 - the global generator is what many draw from
"""Small layers to build models of; ``k`` is a factor on one gradient, 1 where it is right."""

import numpy as np


def rng(seed=0):
    return np.random.default_rng(seed)


class Linear:
    def __init__(self, i, o, k=1, where="W", dtype=float):
        self.W = (rng(i + o).normal(size=(i, o)) / np.sqrt(i)).astype(dtype)
        self.b = rng(o).normal(size=o).astype(dtype)
        self.k, self.where = k, where

    def factor(self, name):
        return self.k if name == self.where else 1

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout * self.factor("W")
        self.db = dout.sum(axis=0) * self.factor("b")
        return dout @ self.W.T * self.factor("x")


class Tanh:
    def __init__(self, k=1):
        self.k = k

    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dout):
        return dout * (1 - self.y**2) * self.k


class Relu:
    def __init__(self, k=1):
        self.k = k

    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout[self.mask] = 0
        return dout * self.k


class BatchNorm:
    def __init__(self, d, lost=False, dtype=float):
        self.gamma, self.beta = np.full(d, 1.5, dtype), np.zeros(d, dtype)
        self.running_mean, self.running_var = np.zeros(d, dtype), np.ones(d, dtype)
        self.dgamma, self.dbeta = np.zeros(d, dtype), np.zeros(d, dtype)
        self.lost = lost

    def forward(self, x):
        mu, var = x.mean(0), x.var(0)
        self.running_mean = 0.9 * self.running_mean + 0.1 * mu
        self.running_var = 0.9 * self.running_var + 0.1 * var
        self.std = np.sqrt(var + 1e-5)
        self.xhat = (x - mu) / self.std
        return self.gamma * self.xhat + self.beta

    def backward(self, dout):
        self.dgamma += (dout * self.xhat).sum(0)
        self.dbeta += dout.sum(0)
        d = dout * self.gamma
        term = 0 if self.lost else self.xhat * (d * self.xhat).mean(0)
        return (d - d.mean(0) - term) / self.std


class Dropout:
    def forward(self, x):
        self.mask = (np.random.random(x.shape) > 0.3) / 0.7
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask


class Mse:
    def __init__(self, k=1):
        self.k = k

    def forward(self, y):
        self.y = y
        return np.mean((y - 1) ** 2)

    def backward(self):
        return 2 * (self.y - 1) / self.y.size * self.k


class Residual:
    """A block of layers; ``wrong`` is a fault of its own, between them."""

    def __init__(self, d, k=1, wrong=False):
        self.fc1, self.act, self.fc2 = Linear(d, 2 * d), Tanh(), Linear(2 * d, d, k)
        self.wrong = wrong

    def forward(self, x):
        return x + self.fc2.forward(self.act.forward(self.fc1.forward(x)))

    def backward(self, dout):
        inner = self.fc1.backward(self.act.backward(self.fc2.backward(dout)))
        return inner if self.wrong else dout + inner


class Net:
    """An object that holds its layers and runs them itself."""

    def __init__(self, *layers, wrong=1):
        self.layers, self.wrong = list(layers), wrong

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for k, layer in enumerate(reversed(self.layers)):
            dout = layer.backward(dout)
            dout = dout * self.wrong if k == 0 else dout
        return dout


class Stack(Tanh):
    """Keeps what its backward needs on a stack: it can be called several times."""

    def __init__(self, k=1):
        self.k, self.kept = k, []

    def forward(self, x):
        self.kept.append(np.tanh(x))
        return self.kept[-1]

    def backward(self, dout):
        return dout * (1 - self.kept.pop() ** 2) * self.k
