"""Layer classes that keep what their backward needs, in the way of small teaching libraries."""

import numpy as np


class Linear:
    def __init__(self, weight, bias):
        self.weight, self.bias = weight, bias

    def forward(self, x):
        self.x = x
        return x @ self.weight + self.bias

    def backward(self, dout):
        self.dweight = self.x.T @ dout
        self.dbias = dout.sum(axis=0)
        return dout @ self.weight.T


class Tanh:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, dout):
        return dout * (1 - self.out**2)


class LeakyReLU:
    slope = 0.1

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.slope * x)

    def backward(self, dout):
        return np.where(self.x > 0, dout, self.slope * dout)


class BatchNorm:
    eps = 1e-3

    def __init__(self, gamma, beta):
        self.gamma, self.beta = gamma, beta

    def forward(self, x):
        mean, var = x.mean(axis=0), x.var(axis=0)
        self.std = np.sqrt(var + self.eps)
        self.xhat = (x - mean) / self.std
        return self.gamma * self.xhat + self.beta

    def backward(self, dout):
        n = len(dout)
        self.dgamma = np.sum(dout * self.xhat, axis=0)
        self.dbeta = dout.sum(axis=0)
        dxhat = dout * self.gamma
        centred = n * dxhat - dxhat.sum(axis=0) - self.xhat * np.sum(dxhat * self.xhat, axis=0)
        return centred / (n * self.std)


class Softmax:
    def forward(self, x, labels):
        shifted = x - x.max(axis=1, keepdims=True)
        self.p = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
        self.labels = labels
        return -np.mean(np.log(self.p[np.arange(len(x)), labels]))

    def backward(self):
        dx = self.p.copy()
        dx[np.arange(len(dx)), self.labels] -= 1
        return dx / len(dx)


class Network:
    def __init__(self, params):
        self.first = Linear(params["W1"], params["b1"])
        self.norm = BatchNorm(params["gamma"], params["beta"])
        self.second = Linear(params["W2"], params["b2"])
        self.third = Linear(params["W3"], params["b3"])
        self.layers = [self.first, self.norm, Tanh(), self.second, LeakyReLU(), self.third]
        self.loss = Softmax()

    def forward(self, x, labels):
        for layer in self.layers:
            x = layer.forward(x)
        return self.loss.forward(x, labels)

    def backward(self):
        dout = self.loss.backward()
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return {
            "W1": self.first.dweight, "b1": self.first.dbias,
            "gamma": self.norm.dgamma, "beta": self.norm.dbeta,
            "W2": self.second.dweight, "b2": self.second.dbias,
            "W3": self.third.dweight, "b3": self.third.dbias,
        }  # fmt: skip


rng = np.random.default_rng(1)
X, LABELS = rng.normal(size=(12, 4)), rng.integers(0, 3, 12)
PARAMS = {
    "W1": rng.normal(size=(4, 5)), "b1": rng.normal(size=5),
    "gamma": rng.normal(size=5), "beta": rng.normal(size=5),
    "W2": rng.normal(size=(5, 5)), "b2": rng.normal(size=5),
    "W3": rng.normal(size=(5, 3)), "b3": rng.normal(size=3),
}  # fmt: skip


def network(params):
    return float(Network(params).forward(X, LABELS))


def network_grad(params):
    net = Network(params)
    net.forward(X, LABELS)
    return net.backward()


CASES = {"network": (network, PARAMS, network_grad)}
