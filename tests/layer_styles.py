# ruff: noqa: A002, NPY002, RUF059 - as people write them
"""Layers as people write them; ``f`` is a factor on one of their gradients, 1 where it is right.

Each entry of ``STYLES`` makes the arguments of ``gp.check_layer`` and says in which block ``f`` is.
"""

import collections
import copy
import random
import types

import numpy as np


def rng(seed=0):
    return np.random.default_rng(seed)


X = rng(1).normal(size=(4, 3))
W, B = rng(2).normal(size=(3, 5)), rng(3).normal(size=5)

STYLES = {}


def style(block):
    """Note a function of ``f`` that returns positional and keyword arguments."""

    def note(make):
        STYLES[make.__name__] = (make, block)
        return make

    return note


@style("W")
def attributes(f):
    class Affine:
        def __init__(self):
            self.W, self.b = W.copy(), B.copy()

        def forward(self, x):
            self.x = x
            return x @ self.W + self.b

        def backward(self, dout):
            self.dW = self.x.T @ dout * f
            self.db = dout.sum(axis=0)
            return dout @ self.W.T

    return (Affine(), X), {}


@style("x")
def relu_in_place(f):
    class Relu:
        def forward(self, x):
            self.mask = x <= 0
            out = x.copy()
            out[self.mask] = 0
            return out

        def backward(self, dout):
            dout[self.mask] = 0
            return dout * f if f != 1 else dout

    return (Relu(), X), {}


@style("b")
def grads_dict(f):
    class Dense:
        def __init__(self):
            self.params = {"W": W.copy(), "b": B.copy()}
            self.grads = {}

        def forward(self, inputs):
            self.inputs = inputs
            return inputs @ self.params["W"] + self.params["b"]

        def backward(self, grad):
            self.grads["b"] = np.sum(grad, axis=0) * f
            self.grads["W"] = self.inputs.T @ grad
            return grad @ self.params["W"].T

    return (Dense(), X), {"_": "params['b']"}


@style("params[0]")
def lists(f):
    class MatMul:  # Saitoh, Deep Learning from Scratch 2
        def __init__(self, W):
            self.params = [W]
            self.grads = [np.zeros_like(W)]
            self.x = None

        def forward(self, x):
            (W,) = self.params
            self.x = x
            return np.dot(x, W)

        def backward(self, dout):
            (W,) = self.params
            dx = np.dot(dout, W.T)
            dW = np.dot(self.x.T, dout) * f
            self.grads[0][...] = dW
            return dx

    return (MatMul(W.copy()), X), {}


@style("params[1]")
def lists_rebound(f):
    class Affine:
        def __init__(self):
            self.params = [W.copy(), B.copy()]
            self.grads = [None, None]

        def forward(self, x):
            self.x = x
            return x @ self.params[0] + self.params[1]

        def backward(self, dout):
            self.grads = [self.x.T @ dout, dout.sum(0) * f]
            return dout @ self.params[0].T

    return (Affine(), X), {}


@style("W")
def returned_tuple(f):
    class Dense:
        def __init__(self):
            self.b, self.W = B.copy(), W.copy()

        def forward(self, x):
            self.cache = x
            return x @ self.W + self.b

        def backward(self, dout):
            return dout @ self.W.T, self.cache.T @ dout * f, dout.sum(0)

    return (Dense(), X), {}


@style("kernel2")
def returned_odd_names(f):
    class Dense:
        def __init__(self):
            self.kernel2, self.offset = W.copy(), B.copy()

        def forward(self, x):
            self.cache = x
            return x @ self.kernel2 + self.offset

        def backward(self, dout):
            return dout @ self.kernel2.T, self.cache.T @ dout * f, dout.sum(0)

    return (Dense(), X), {}


@style("W")
def returned_dict(f):
    class Dense:
        def __init__(self):
            self.W, self.b = W.copy(), B.copy()

        def forward(self, x):
            self.cache = x
            return x @ self.W + self.b

        def backward(self, dout):
            return {"dx": dout @ self.W.T, "dW": self.cache.T @ dout * f, "db": dout.sum(0)}

    return (Dense(), X), {}


@style("W")
def returned_with_dict(f):
    class Dense:
        def __init__(self):
            self.W, self.b = W.copy(), B.copy()

        def __call__(self, x):
            self.cache = x
            return x @ self.W + self.b

        def grad(self, dout):
            return dout @ self.W.T, {"W": self.cache.T @ dout * f, "b": dout.sum(0)}

    return (Dense(), X), {}


@style("weights")
def nnfs(f):
    class LayerDense:  # Kinsley, Neural Networks from Scratch
        def __init__(self):
            self.weights, self.biases = W.copy(), B.reshape(1, -1).copy()

        def forward(self, inputs):
            self.inputs = inputs
            self.output = np.dot(inputs, self.weights) + self.biases

        def backward(self, dvalues):
            self.dweights = np.dot(self.inputs.T, dvalues) * f
            self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
            self.dinputs = np.dot(dvalues, self.weights.T)

    layer = LayerDense()
    layer.forward(X + 1)
    layer.backward(np.ones((4, 5)))  # used before
    return (layer, X), {}


@style("inputs")
def nnfs_softmax(f):
    class Softmax:
        def forward(self, inputs, training):
            e = np.exp(inputs - inputs.max(axis=1, keepdims=True))
            self.output = e / e.sum(axis=1, keepdims=True)

        def backward(self, dvalues):
            self.dinputs = np.empty_like(dvalues)
            for k, (row, dv) in enumerate(zip(self.output, dvalues, strict=True)):
                out = row.reshape(-1, 1)
                self.dinputs[k] = np.dot(np.diagflat(out) * f - np.dot(out, out.T), dv)

    return (Softmax(), X, True), {}


@style("gamma")
def cs231n_batchnorm(f):
    def forward(x, gamma, beta, bn_param):
        mode, eps = bn_param["mode"], bn_param.get("eps", 1e-5)
        mean = bn_param.get("running_mean", np.zeros(x.shape[1]))
        assert mode == "train"
        mu, var = x.mean(0), x.var(0)
        xhat = (x - mu) / np.sqrt(var + eps)
        bn_param["running_mean"] = 0.9 * mean + 0.1 * mu
        return gamma * xhat + beta, (xhat, gamma, var, eps)

    def backward(dout, cache):
        xhat, gamma, var, eps = cache
        n = len(dout)
        dgamma, dbeta = (dout * xhat).sum(0) * f, dout.sum(0)
        dxhat = dout * gamma
        dx = (n * dxhat - dxhat.sum(0) - xhat * (dxhat * xhat).sum(0)) / (n * np.sqrt(var + eps))
        return dx, dgamma, dbeta

    args = (forward, X, np.ones(3) * 1.5, np.zeros(3), {"mode": "train", "momentum": 0.9})
    return args, {"backward": backward}


@style("w")
def cs231n_affine(f):
    def affine_forward(x, w, b):
        out = x.reshape(x.shape[0], -1) @ w + b
        return out, (x, w, b)

    def affine_backward(dout, cache):
        x, w, b = cache
        dx = (dout @ w.T).reshape(x.shape)
        dw = x.reshape(x.shape[0], -1).T @ dout * f
        return dx, dw, dout.sum(axis=0)

    x = rng(5).normal(size=(2, 3, 2))
    return (affine_forward, x, rng(6).normal(size=(6, 4)), np.ones(4)), {
        "backward": affine_backward
    }


@style("prev_h")
def cs231n_lstm_step(f):
    def forward(x, prev_h, prev_c, Wx, Wh, b):
        a = x @ Wx + prev_h @ Wh + b
        i, g = np.split(a, 2, axis=1)
        i, g = 1 / (1 + np.exp(-i)), np.tanh(g)
        c = prev_c + i * g
        h = np.tanh(c)
        return h, c, (x, prev_h, Wx, Wh, i, g, h)

    def backward(dnext_h, dnext_c, cache):
        x, prev_h, Wx, Wh, i, g, h = cache
        dc = dnext_c + dnext_h * (1 - h**2)
        da = np.hstack([dc * g * i * (1 - i), dc * i * (1 - g**2)])
        return da @ Wx.T, da @ Wh.T * f, dc, x.T @ da, prev_h.T @ da, da.sum(0)

    r = rng(8)
    shapes = [(4, 3), (4, 2), (4, 2), (3, 4), (2, 4), (4,)]
    return (forward, *[r.normal(size=s) for s in shapes]), {"backward": backward}


@style("weights")
def aflak(f):
    class FCLayer:  # Aflak, Neural network from scratch: the step is made inside
        def __init__(self):
            self.weights, self.bias = W.copy(), B.copy()

        def forward_propagation(self, input_data):
            self.input = input_data
            self.output = np.dot(self.input, self.weights) + self.bias
            return self.output

        def backward_propagation(self, output_error, learning_rate):
            input_error = np.dot(output_error, self.weights.T)
            weights_error = np.dot(self.input.T, output_error) * f
            self.weights -= learning_rate * weights_error
            self.bias -= learning_rate * output_error.sum(0)
            return input_error

    return (FCLayer(), X), {}


@style("weights")
def steps_itself(f):
    class Dense:  # an optimiser inside, with a rate of its own, that binds a new array
        def __init__(self):
            self.learning_rate = 0.1
            self.weights, self.biases = W.copy(), B.copy()

        def forward(self, input):
            return np.dot(input, self.weights) + self.biases

        def backward(self, input, grad_output):
            grad_input = np.dot(grad_output, self.weights.T)
            grad_weights = np.dot(input.T, grad_output) * f
            self.weights = self.weights - self.learning_rate * grad_weights
            self.biases = self.biases - self.learning_rate * grad_output.sum(axis=0)
            return grad_input

    return (Dense(), X), {}


@style("gradW")
def torch7(f):
    class Linear:  # in the manner of Lua Torch
        def __init__(self):
            self.W, self.b = W.T.copy(), B.copy()
            self.gradW, self.gradb = np.zeros_like(self.W), np.zeros_like(self.b)

        def forward(self, input):
            return self.updateOutput(input)

        def backward(self, input, gradOutput):
            self.updateGradInput(input, gradOutput)
            self.accGradParameters(input, gradOutput)
            return self.gradInput

        def updateOutput(self, input):
            self.output = input @ self.W.T + self.b
            return self.output

        def updateGradInput(self, input, gradOutput):
            self.gradInput = gradOutput @ self.W
            return self.gradInput

        def accGradParameters(self, input, gradOutput):
            self.gradW += gradOutput.T @ input * f
            self.gradb += gradOutput.sum(0)

        def zeroGradParameters(self):
            self.gradW.fill(0)
            self.gradb.fill(0)

        def getParameters(self):
            return [self.W, self.b]

        def getGradParameters(self):
            return [self.gradW, self.gradb]

    layer = Linear()
    layer.backward(X, np.ones((4, 5)))  # gradients that are there already
    return (layer, X), {"_": "W"}


@style("W")
def parameter_objects(f):
    class Param:
        def __init__(self, value):
            self.value, self.grad = value, np.zeros_like(value)

    class Dense:
        def __init__(self):
            self.W, self.b = Param(W.copy()), Param(B.copy())

        def params(self):
            return {"W": self.W, "b": self.b}

        def forward(self, X):
            self.X = X
            return X @ self.W.value + self.b.value

        def backward(self, d_out):
            self.W.grad += self.X.T @ d_out * f
            self.b.grad += d_out.sum(0)
            return d_out @ self.W.value.T

    return (Dense(), X), {}


@style("fc2.W")
def composite(f):
    class Linear:
        def __init__(self, i, o, k):
            self.W, self.k = rng(i).normal(size=(i, o)) / 2, k

        def forward(self, x):
            self.x = x
            return x @ self.W

        def backward(self, dout):
            self.dW = self.x.T @ dout * self.k
            return dout @ self.W.T

    class Block:
        def __init__(self):
            self.fc1, self.fc2 = Linear(3, 6, 1), Linear(6, 3, f)

        def forward(self, x):
            self.h = np.tanh(self.fc1.forward(x))
            return x + self.fc2.forward(self.h)

        def backward(self, dout):
            dh = self.fc2.backward(dout) * (1 - self.h**2)
            return dout + self.fc1.backward(dh)

    return (Block(), X), {}


@style("x")
def dropout(f):
    class Dropout:
        def __init__(self, p):
            self.p = p

        def forward(self, x, train=True):
            if not train:
                return x
            self.mask = (np.random.rand(*x.shape) >= self.p) / (1 - self.p)
            return x * self.mask

        def backward(self, dout):
            return dout * self.mask * f

    return (Dropout(0.5), X), {}


@style("x")
def dropout_own_generator(f):
    class Dropout:
        def __init__(self):
            self.rng, self.py = np.random.default_rng(7), random.Random(3)

        def forward(self, x):
            self.mask = self.rng.random(x.shape) >= 0.3
            self.k = self.py.random() + 1
            return x * self.mask * self.k

        def backward(self, dout):
            return dout * self.mask * self.k * f

    return (Dropout(), X), {}


@style("table")
def embedding(f):
    class Embedding:
        def __init__(self):
            self.table, self.d_table = rng(4).normal(size=(7, 3)), None

        def forward(self, idx):
            self.idx = idx
            return self.table[idx]

        def backward(self, dout):
            if self.d_table is None:
                self.d_table = np.zeros_like(self.table)
            np.add.at(self.d_table, self.idx, dout * f)

    return (Embedding(), np.array([[1, 2], [2, 6]])), {}


@style("gamma")
def running_statistics(f):
    class BatchNorm:
        def __init__(self):
            self.gamma, self.beta = np.full(3, 1.5), np.zeros(3)
            self.running_mean, self.running_var = np.zeros(3), np.ones(3)
            self.training = True

        def forward(self, x):
            if self.training:
                mu, var = x.mean(0), x.var(0)
                self.running_mean = 0.9 * self.running_mean + 0.1 * mu
                self.running_var *= 0.9
                self.running_var += 0.1 * var
            else:
                mu, var = self.running_mean, self.running_var
            self.std = np.sqrt(var + 1e-5)
            self.xhat = (x - mu) / self.std
            return self.gamma * self.xhat + self.beta

        def backward(self, dout):
            self.dgamma = (dout * self.xhat).sum(0) * f
            self.dbeta = dout.sum(0)
            d = dout * self.gamma
            if not self.training:
                return d / self.std
            return (d - d.mean(0) - self.xhat * (d * self.xhat).mean(0)) / self.std

    return (BatchNorm(), X), {}


@style("gamma")
def evaluation_mode(f):
    (layer, x), _ = running_statistics(f)
    layer.training = False
    return (layer, x), {}


@style("x")
def buffer(f):
    class Tanh:
        def __init__(self):
            self.out, self.dx = np.empty((4, 3)), np.empty((4, 3))

        def fprop(self, x):
            np.tanh(x, out=self.out)
            return self.out

        def bprop(self, grad):
            np.multiply(grad, (1 - self.out**2) * f, out=self.dx)
            return self.dx

    return (Tanh(), X), {}


@style("Wh")
def recurrent(f):
    class Rnn:
        def __init__(self):
            r = rng(9)
            self.Wx, self.Wh, self.b = r.normal(size=(3, 4)), r.normal(size=(4, 4)) / 2, np.zeros(4)
            self.h = r.normal(size=4)  # a state that goes on

        def forward(self, xs):
            self.xs, self.hs = xs, [self.h]
            for x in xs:
                self.hs.append(np.tanh(x @ self.Wx + self.hs[-1] @ self.Wh + self.b))
            self.h = self.hs[-1]
            return np.stack(self.hs[1:])

        def backward(self, dhs):
            self.dWx, self.dWh = np.zeros_like(self.Wx), np.zeros_like(self.Wh)
            self.db, dnext, dxs = np.zeros(4), np.zeros(4), np.empty_like(self.xs)
            for t in reversed(range(len(self.xs))):
                da = (dhs[t] + dnext) * (1 - self.hs[t + 1] ** 2)
                self.dWx += np.outer(self.xs[t], da)
                self.dWh += np.outer(self.hs[t], da) * f
                self.db += da
                dnext, dxs[t] = da @ self.Wh.T, da @ self.Wx.T
            return dxs

    return (Rnn(), X), {}


@style("b")
def two_inputs(f):
    class Multiply:
        def forward(self, a, b):
            self.a, self.b = a, b
            return a * b

        def backward(self, dout):
            return dout * self.b, dout * self.a * f

    return (Multiply(), X, X[::-1] + 2), {}


@style("xs[1]")
def list_input(f):
    class Concat:
        def forward(self, xs):
            self.widths = [x.shape[1] for x in xs]
            return np.concatenate(xs, axis=1)

        def backward(self, dout):
            first, second = np.split(dout, [self.widths[0]], axis=1)
            return [first, second * f]

    return (Concat(), [X, X[:, :2]]), {}


@style("x")
def tuple_output(f):
    class Split:
        def forward(self, x):
            return x[:, :1] ** 2, np.sin(x[:, 1:])

        def backward(self, *grads):
            raise NotImplementedError

    class Halves(Split):
        def forward(self, x):
            self.x = x
            return super().forward(x)

        def backward(self, grads):
            one, two = grads
            return np.hstack([2 * self.x[:, :1] * one, np.cos(self.x[:, 1:]) * two * f])

    return (Halves(), X), {}


@style("x")
def context(f):
    class Exp:
        @staticmethod
        def forward(ctx, x):
            y = np.exp(x)
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, grad_output):
            (y,) = ctx.saved_tensors
            return grad_output * y * f

    return (Exp, X), {}


@style("W")
def pullback(f):
    def dense(x, W):
        def back(dy):
            return dy @ W.T, x.T @ dy * f

        return x @ W, back

    return (dense, X, W), {}


@style("x")
def value_and_gradient(f):
    def softmax_loss(x, y):
        p = np.exp(x - x.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        loss = -np.mean(np.log(p[np.arange(len(y)), y]))
        dx = p.copy()
        dx[np.arange(len(y)), y] -= 1
        return loss, dx / len(y) * f

    return (softmax_loss, X, np.array([0, 2, 1, 1])), {}


@style("y_pred")
def loss_object(f):
    class MSE:
        def forward(self, y_pred, y_true):
            self.diff = y_pred - y_true
            return np.mean(self.diff**2)

        def backward(self):
            return 2 * self.diff / self.diff.size * f

    return (MSE(), X, X[::-1].copy()), {}


@style("params['W1']")
def params_first(f):
    def forward(params, x):
        h = np.tanh(x @ params["W1"])
        return h @ params["W2"], (params, x, h)

    def backward(dout, cache):
        params, x, h = cache
        dh = dout @ params["W2"].T * (1 - h**2)
        return {"W1": x.T @ dh * f, "W2": h.T @ dout}, dh @ params["W1"].T

    params = {"W1": W.copy(), "W2": rng(3).normal(size=(5, 2))}
    return (forward, params, X), {"backward": backward}


@style("alpha")
def number(f):
    class PRelu:
        def __init__(self):
            self.alpha, self.dalpha = 0.25, 0.0

        def forward(self, x):
            self.x = x
            return np.where(x > 0, x, self.alpha * x)

        def backward(self, dout):
            self.dalpha = float(np.sum(dout * np.minimum(self.x, 0))) * f
            return dout * np.where(self.x > 0, 1.0, self.alpha)

    return (PRelu(), X), {}


@style("W")
def slots_and_deque(f):
    class Dense:
        __slots__ = ("W", "_saved", "grads")

        def __init__(self):
            self.W, self._saved, self.grads = W.copy(), collections.deque(), {}

        def forward(self, x):
            self._saved.append(x)
            return x @ self.W

        def backward(self, dout):
            x = self._saved.pop()
            self.grads = {"dW": x.T @ dout * f}
            return dout @ self.W.T

    return (Dense(), X), {}


@style("W")
def read_only(f):
    (layer, _), _ = attributes(f)
    layer.W.flags.writeable = False
    x = X.copy()
    x.flags.writeable = False
    return (layer, x), {}


@style("W")
def single_precision(f):
    (layer, _), _ = attributes(f)
    layer.W, layer.b = layer.W.astype(np.float32), layer.b.astype(np.float32)
    return (layer, X.astype(np.float32)), {}


@style("W")
def pairs(f):
    class Dense:
        def __init__(self):
            self.W, self.update = W.copy(), np.zeros_like(W)

        def forward(self, x):
            self.x = x
            return x @ self.W

        def backward(self, dout):
            self.update[...] = self.x.T @ dout * f
            return dout @ self.W.T

        def params_and_grads(self):
            return [(self.W, self.update)]

    return (Dense(), X), {}


@style("theta_in")
def all_said(f):
    class Odd:
        def __init__(self):
            self.theta_in, self.result_of_it = W.copy(), {}

        def run(self, q):
            self.q, self.answer = q, q @ self.theta_in
            return "done"

        def unrun(self, up):
            self.result_of_it = {"first": self.q.T @ up * f}
            return up @ self.theta_in.T

    said = {
        "forward": "run", "backward": "unrun", "params": ["theta_in"], "output": "answer",
        "grads": lambda layer: [layer.result_of_it["first"]],
    }  # fmt: skip
    return (Odd(), X), said


@style("conv.weight")
def convolution(f):
    class Conv:
        def __init__(self):
            self.weight = rng(4).normal(size=3)
            self.weight_grad = np.zeros(3)

        def forward(self, x):
            self.x = x
            return sum(self.weight[k] * x[:, k : x.shape[1] - 2 + k] for k in range(3))

        def backward(self, dout):
            dx = np.zeros_like(self.x)
            for k in range(3):
                window = self.x[:, k : self.x.shape[1] - 2 + k]
                self.weight_grad[k] = np.sum(window * dout) * f
                dx[:, k : self.x.shape[1] - 2 + k] += self.weight[k] * dout
            return dx

    class Wrapped:
        def __init__(self):
            self.conv = Conv()

        def __call__(self, x):
            return self.conv.forward(x)

        def backprop(self, grad):
            return self.conv.backward(grad)

    return (Wrapped(), rng(5).normal(size=(2, 8))), {}


@style("p.w")
def namespaces(f):
    layer = types.SimpleNamespace(p=types.SimpleNamespace(w=W.copy()))
    layer.p.dw = None

    def forward(x):
        layer.x = x
        return x @ layer.p.w

    def backward(g):
        layer.p.dw = layer.x.T @ g * f
        return g @ layer.p.w.T

    layer.forward, layer.backward = forward, backward
    return (layer, X), {}


@style("x")
def methods_of_a_copy(f):
    (layer, x), _ = buffer(f)
    return (copy.deepcopy(layer), x), {}
