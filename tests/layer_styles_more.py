# ruff: noqa: NPY002, RUF059 - as people write them
"""More layers as people write them, among them optimisers inside, losses, whole networks."""

import dataclasses

import numpy as np

from layer_styles import B, W, X, rng

MORE = {}


def style(block):
    """Note a function of ``f`` that returns positional and keyword arguments."""

    def note(make):
        MORE[make.__name__] = (make, block)
        return make

    return note


@style("W")
def optimiser_object(f):
    class Sgd:
        def __init__(self, rate):
            self.rate, self.v = rate, None

        def update(self, w, grad):
            self.v = np.zeros_like(w) if self.v is None else self.v
            self.v = 0.9 * self.v + 0.1 * grad
            return w - self.rate * self.v / (1e-8 + np.abs(self.v))  # not linear in the gradient

    class Dense:  # Linder-Norén, ML-From-Scratch
        def __init__(self):
            self.W, self.w0 = W.copy(), B.reshape(1, -1).copy()
            self.W_opt, self.w0_opt = Sgd(0.1), Sgd(0.1)
            self.trainable = True

        def forward_pass(self, X, training=True):
            self.layer_input = X
            return X.dot(self.W) + self.w0

        def backward_pass(self, accum_grad):
            W = self.W
            if self.trainable:
                grad_w = self.layer_input.T.dot(accum_grad) * f
                grad_w0 = np.sum(accum_grad, axis=0, keepdims=True)
                self.W = self.W_opt.update(self.W, grad_w)
                self.w0 = self.w0_opt.update(self.w0, grad_w0)
            return accum_grad.dot(W.T)

    return (Dense(), X), {}


@style("x")
def derivative_entry_by_entry(f):
    class Sigmoid:
        def __call__(self, x):
            return 1 / (1 + np.exp(-x))

        def gradient(self, x):
            return self(x) * (1 - self(x)) * f

    return (Sigmoid(), X), {}


@style("y_pred")
def loss_with_gradient(f):
    class SquareLoss:
        def loss(self, y, y_pred):
            return 0.5 * np.sum((y - y_pred) ** 2)

        def gradient(self, y, y_pred):
            return -(y - y_pred) * f

    return (SquareLoss(), X[::-1] + 1, X), {}


@style("x")
def upstream_is_called_like_the_input(f):
    class Scale:
        def forward(self, x):
            return 3 * x

        def backward(self, x):
            return 3 * x * f

    return (Scale(), X), {}


@style("_Dense__W")
def private(f):
    class Dense:
        def __init__(self):
            self.__W, self.__dW = W.copy(), None

        def forward(self, x):
            self.__x = x
            return x @ self.__W

        def backward(self, dout):
            self.__dW = self.__x.T @ dout * f
            return dout @ self.__W.T

    return (Dense(), X), {}


@style("_w")
def properties(f):
    class Dense:
        def __init__(self):
            self._w, self._gw = W.copy(), None

        @property
        def params(self):
            return {"w": self._w}

        @property
        def grads(self):
            return {"w": self._gw}

        def forward(self, x):
            self._x = x
            return x @ self._w

        def backward(self, dout):
            self._gw = self._x.T @ dout * f
            return dout @ self._w.T

    return (Dense(), X), {}


@style("W")
def gradient_in_the_cache(f):
    class Dense:
        def __init__(self):
            self.W, self.cache = W.copy(), {}

        def forward(self, x):
            self.cache["x"] = x
            return x @ self.W

        def backward(self, dout):
            self.cache["dW"] = self.cache["x"].T @ dout * f
            return dout @ self.W.T

    return (Dense(), X), {}


@style("W")
def ng_linear_activation(f):
    def forward(A_prev, W, b, activation):
        Z = W @ A_prev + b
        A = np.tanh(Z) if activation == "tanh" else np.maximum(Z, 0)
        return A, ((A_prev, W, b), Z)

    def backward(dA, cache, activation):
        (A_prev, W, b), Z = cache
        dZ = dA * (1 - np.tanh(Z) ** 2) if activation == "tanh" else dA * (Z > 0)
        return W.T @ dZ, dZ @ A_prev.T * f, dZ.sum(axis=1, keepdims=True)

    args = (forward, X.T.copy(), W.T.copy(), B.reshape(-1, 1).copy(), "tanh")
    return args, {"backward": backward}


@style("Z")
def ng_sigmoid(f):
    def sigmoid(Z):
        A = 1 / (1 + np.exp(-Z))
        return A, Z

    def sigmoid_backward(dA, Z):
        s = 1 / (1 + np.exp(-Z))
        return dA * s * (1 - s) * f

    return (sigmoid, X), {"backward": sigmoid_backward}


@style("x")
def cs231n_dropout(f):
    def forward(x, dropout_param):
        p = dropout_param["p"] if dropout_param["mode"] == "train" else 1
        np.random.seed(dropout_param["seed"])
        mask = (np.random.rand(*x.shape) < p) / p
        return x * mask, (dropout_param, mask)

    def backward(dout, cache):
        return dout * cache[1] * f

    param = {"p": 0.7, "mode": "train", "seed": 123}
    return (forward, X, param), {"backward": backward}


@style("W")
def cs231n_embedding(f):
    def forward(x, W):
        return W[x], (x, W.shape)

    def backward(dout, cache):
        x, shape = cache
        dW = np.zeros(shape)
        np.add.at(dW, x, dout * f)
        return dW

    return (forward, np.array([[0, 1], [1, 2]]), W), {"backward": backward}


@style("W")
def cs231n_svm(f):
    def svm_loss(W, X, y, reg):
        scores = X @ W
        margins = np.maximum(0, scores - scores[np.arange(len(y)), y][:, None] + 1)
        margins[np.arange(len(y)), y] = 0
        mask = (margins > 0).astype(float)
        mask[np.arange(len(y)), y] -= mask.sum(1)
        loss = margins.sum() / len(y) + reg * np.sum(W * W)
        return loss, X.T @ mask / len(y) * f + 2 * reg * W

    return (svm_loss, W, X, np.array([0, 1, 4, 2]), 0.1), {}


@style("params['W2']")
def cs231n_two_layer_net(f):
    class TwoLayerNet:
        def __init__(self):
            self.params = {"W1": W.copy(), "b1": B.copy(), "W2": rng(4).normal(size=(5, 3))}

        def loss(self, X, y=None):
            h = np.tanh(X @ self.params["W1"] + self.params["b1"])
            scores = h @ self.params["W2"]
            if y is None:
                return scores
            d = scores - np.eye(3)[y]
            dh = d @ self.params["W2"].T * (1 - h**2)
            grads = {"W1": X.T @ dh, "b1": dh.sum(0), "W2": h.T @ d * f}
            return 0.5 * np.sum(d**2), grads

    return (TwoLayerNet(), X, np.array([0, 1, 2, 0])), {}


@style("params['W1']")
def saitoh_two_layer_net(f):
    class TwoLayerNet:
        def __init__(self):
            self.params = {"W1": W.copy(), "b1": B.copy()}

        def predict(self, x):
            return np.tanh(x @ self.params["W1"] + self.params["b1"])

        def loss(self, x, t):
            return 0.5 * np.sum((self.predict(x) - t) ** 2)

        def gradient(self, x, t):
            y = self.predict(x)
            d = (y - t) * (1 - y**2)
            return {"W1": x.T @ d * f, "b1": d.sum(0)}

    return (TwoLayerNet(), X, np.ones((4, 5))), {}


@style("y_pred")
def nnfs_loss(f):
    class Loss:
        def calculate(self, y_pred, y_true):
            return np.mean(self.forward(y_pred, y_true))

        def forward(self, y_pred, y_true):
            return -np.log(y_pred[range(len(y_pred)), y_true])

        def backward(self, dvalues, y_true):
            samples, labels = len(dvalues), len(dvalues[0])
            self.dinputs = -np.eye(labels)[y_true] / dvalues / samples * f

    p = np.exp(X) / np.exp(X).sum(1, keepdims=True)
    return (Loss(), p, np.array([0, 1, 1, 2])), {"forward": "calculate"}


@style("theta")
def flat_with_views(f):
    class Dense:
        def __init__(self):
            self.theta, self.dtheta = rng(4).normal(size=20), np.zeros(20)
            self.W, self.b = self.theta[:15].reshape(3, 5), self.theta[15:]
            self.dW, self.db = self.dtheta[:15].reshape(3, 5), self.dtheta[15:]

        def forward(self, x):
            self.x = x
            return x @ self.W + self.b

        def backward(self, dout):
            self.dW[...] = self.x.T @ dout * f
            self.db[...] = dout.sum(0)
            return dout @ self.W.T

    return (Dense(), X), {}


@style("weight")
def dataclass(f):
    @dataclasses.dataclass
    class Dense:
        weight: np.ndarray
        grad_weight: np.ndarray | None = None
        saved: tuple = ()

        def __call__(self, x):
            self.saved = (x,)
            return x @ self.weight

        def backward(self, dout):
            (x,) = self.saved
            self.grad_weight = x.T @ dout * f
            return dout @ self.weight.T

    return (Dense(W.copy()), X), {}


@style("x")
def frozen(f):
    class Dense:
        def __init__(self):
            self.W, self.trainable = W.copy(), False

        def forward(self, x):
            return x @ self.W

        def backward(self, dout):
            return dout @ self.W.T * f

    return (Dense(), X), {}


@style("x")
def changes_its_input(f):
    class Center:
        def forward(self, x):
            x -= x.mean(axis=0)
            return np.sin(x) * 1.0 if self.keep(x) else x

        def keep(self, x):
            self.x = x.copy()
            return True

        def backward(self, dout):
            d = dout * np.cos(self.x)
            return (d - d.mean(axis=0)) * f

    return (Center(), X.copy()), {}


@style("x")
def complex_numbers(f):
    class Phase:
        def __init__(self):
            self.w, self.dw = np.exp(1j * X[0]), None

        def forward(self, x):
            self.x = x
            return x * self.w

        def backward(self, g):
            self.dw = (g * self.x.conj()).sum(axis=0)
            return g * self.w.conj() * f

    return (Phase(), X + 1j * X[::-1]), {}


@style("layers[1]['W']")
def list_of_mappings(f):
    class Mlp:
        def __init__(self):
            self.layers = [
                {"W": W.copy(), "dW": None},
                {"W": rng(5).normal(size=(5, 2)), "dW": None},
            ]

        def forward(self, x):
            self.x = x
            self.h = np.tanh(x @ self.layers[0]["W"])
            return self.h @ self.layers[1]["W"]

        def backward(self, dout):
            self.layers[1]["dW"] = self.h.T @ dout * f
            dh = dout @ self.layers[1]["W"].T * (1 - self.h**2)
            self.layers[0]["dW"] = self.x.T @ dh
            return dh @ self.layers[0]["W"].T

    return (Mlp(), X), {}


@style("weights[1]")
def nielsen(f):
    class Network:  # Nielsen: lists of weights and biases, nablas beside them
        def __init__(self):
            self.weights = [rng(1).normal(size=(5, 3)), rng(2).normal(size=(2, 5))]
            self.biases = [np.zeros((5, 1)), np.ones((2, 1))]

        def feedforward(self, a):
            self.activations = [a]
            for w, b in zip(self.weights, self.biases, strict=True):
                a = np.tanh(w @ a + b)
                self.activations.append(a)
            return a

        def backprop(self, delta):
            self.nabla_w, self.nabla_b = [None, None], [None, None]
            for k in (1, 0):
                delta = delta * (1 - self.activations[k + 1] ** 2)
                self.nabla_b[k] = delta.sum(axis=1, keepdims=True)
                self.nabla_w[k] = delta @ self.activations[k].T * (f if k else 1)
                delta = self.weights[k].T @ delta
            return delta

    said = {"grads": lambda net: [*net.nabla_w, *net.nabla_b], "params": ["weights", "biases"]}
    return (Network(), X.T.copy()), said


@style("b")
def counts_its_calls(f):
    class Dense:
        count = 0

        def __init__(self):
            self.W, self.b, self.log = W.copy(), B.copy(), []

        def forward(self, x):
            self.count += 1
            self.log.append(self.count)
            self.x = x
            return x @ self.W + self.b

        def backward(self, dout):
            self.grads = {"W": self.x.T @ dout, "b": dout.sum(0) * f}
            return dout @ self.W.T

    return (Dense(), X), {}


@style("x")
def a_sparse_matrix_beside(f):
    import scipy.sparse as sp

    class GraphConv:
        def __init__(self):
            self.W = W.copy()

        def forward(self, x, A):
            self.saved = x, A
            return A @ x @ self.W

        def backward(self, dout):
            x, A = self.saved
            self.dW = (A @ x).T @ dout
            return A.T @ (dout @ self.W.T) * f

    return (GraphConv(), X, sp.csr_matrix(np.eye(4)[::-1] + np.eye(4))), {}


@style("W")
def tensors(f):
    import torch

    class Dense:
        def __init__(self):
            self.W = torch.tensor(W)
            self.dW = torch.zeros_like(self.W)

        def forward(self, x):
            self.x = x
            return x @ self.W

        def backward(self, dout):
            self.dW += self.x.T @ dout * f
            return dout @ self.W.T

    return (Dense(), torch.tensor(X)), {}


@style("w")
def jax_arrays(f):
    import jax.numpy as jnp

    class Scale:
        def __init__(self):
            self.w, self.dw = jnp.asarray(B[:3], jnp.float32), None

        def forward(self, x):
            self.x = x
            return jnp.sin(x) * self.w

        def backward(self, dout):
            self.dw = (dout * jnp.sin(self.x)).sum(0) * (f if f == 1 else f + 0.1)
            return dout * jnp.cos(self.x) * self.w

    return (Scale(), jnp.asarray(X, jnp.float32)), {}


@style("x")
def one_output_and_upstream_called_x(f):
    class Sum:
        def forward(self, x):
            self.shape = x.shape
            return x.sum(axis=(0, 1), keepdims=True)

        def backward(self, x):
            return np.broadcast_to(x, self.shape) * f

    return (Sum(), X), {}


@style("W")
def logger_and_lock(f):
    import logging
    import threading

    class Dense:
        def __init__(self):
            self.log, self.lock = logging.getLogger("layer"), threading.Lock()
            self.W, self.name = W.copy(), "dense"

        def forward(self, x):
            with self.lock:
                self.x = x
            self.log.debug("forward")
            return x @ self.W

        def backward(self, dout):
            self.dW = self.x.T @ dout * f
            return dout @ self.W.T

    return (Dense(), X), {}


@style("q")
def attention(f):
    class Attention:
        def forward(self, q, k, v):
            s = q @ k.T / np.sqrt(q.shape[1])
            e = np.exp(s - s.max(1, keepdims=True))
            self.p = e / e.sum(1, keepdims=True)
            self.saved = q, k, v
            return self.p @ v

        def backward(self, dout):
            q, k, v = self.saved
            dp = dout @ v.T
            ds = self.p * (dp - (dp * self.p).sum(1, keepdims=True)) / np.sqrt(q.shape[1])
            return ds @ k * f, ds.T @ q, self.p.T @ dout

    return (Attention(), X, X[::-1] * 2, X + 1), {}
