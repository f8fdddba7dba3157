"""Whole models as people write them: each right, and with one layer at fault."""

import collections

import numpy as np
import pytest

import gradproof as gp
from layer_models import Linear, Mse, Net, Tanh, rng

X = rng(1).normal(size=(6, 4))
LABELS = np.array([0, 1, 2, 0, 1, 2])

MODELS = {}


def style(path):
    """Note a function of a factor ``k`` that returns the arguments of ``check_layers``."""

    def note(make):
        MODELS[make.__name__] = (make, path)
        return make

    return note


class Dense:  # Kinsley, Neural Networks from Scratch
    def __init__(self, i, o, k=1):
        self.weights, self.biases, self.k = rng(i).normal(size=(i, o)), np.zeros((1, o)), k

    def forward(self, inputs, training):
        self.inputs = inputs
        self.output = inputs @ self.weights + self.biases

    def backward(self, dvalues):
        self.dweights = self.inputs.T @ dvalues * self.k
        self.dbiases = dvalues.sum(0, keepdims=True)
        self.dinputs = dvalues @ self.weights.T


class Positive:
    def forward(self, inputs, training):
        self.inputs = inputs
        self.output = np.maximum(0, inputs)

    def backward(self, dvalues):
        self.dinputs = dvalues.copy()
        self.dinputs[self.inputs <= 0] = 0


@style("2")
def nnfs_stack(k):
    return ([Dense(4, 5), Positive(), Dense(5, 3, k)], X), {"kwargs": {"training": True}}


@style("layers.2")
def nnfs_model(k):
    class Model:
        def __init__(self, *layers):
            self.layers = list(layers)

        def forward(self, x, training):
            for layer in self.layers:
                layer.forward(x, training)
                x = layer.output
            return x

        def backward(self, dvalues):
            for layer in reversed(self.layers):
                layer.backward(dvalues)
                dvalues = layer.dinputs
            self.dX = dvalues

    return (Model(Dense(4, 5), Positive(), Dense(5, 3, k)), X, True), {}


class Affine:  # Saitoh, Deep Learning from Scratch
    def __init__(self, W, b, k=1):
        self.W, self.b, self.k = W, b, k

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout * self.k, dout.sum(0)
        return dout @ self.W.T


class SoftmaxWithLoss:
    def forward(self, x, t):
        e = np.exp(x - x.max(1, keepdims=True))
        self.y, self.t = e / e.sum(1, keepdims=True), t
        return -np.mean(np.log(self.y[np.arange(len(t)), t]))

    def backward(self, dout=1):
        dx = self.y.copy()
        dx[np.arange(len(dx)), self.t] -= 1
        return dx * dout / len(dx)


class TwoLayerNet:
    def __init__(self, k=1, between=1):
        self.params = {"W1": rng(1).normal(size=(4, 5)), "b1": np.zeros(5)}
        self.params |= {"W2": rng(2).normal(size=(5, 3)), "b2": np.zeros(3)}
        self.layers = collections.OrderedDict()
        self.layers["Affine1"] = Affine(self.params["W1"], self.params["b1"])
        self.layers["Tanh"] = Tanh()
        self.layers["Affine2"] = Affine(self.params["W2"], self.params["b2"], k)
        self.last_layer, self.between = SoftmaxWithLoss(), between

    def predict(self, x):
        for layer in self.layers.values():
            x = layer.forward(x)
        return x

    def loss(self, x, t):
        return self.last_layer.forward(self.predict(x), t)

    def gradient(self, x, t):
        self.loss(x, t)
        dout = self.last_layer.backward(1) * self.between
        for layer in reversed(list(self.layers.values())):
            dout = layer.backward(dout)
        first, second = self.layers["Affine1"], self.layers["Affine2"]
        return {"W1": first.dW, "b1": first.db, "W2": second.dW, "b2": second.db}


@style("layers.Affine2")
def saitoh_net(k):
    return (TwoLayerNet(k), X, LABELS), {}


@style("")
def saitoh_net_wrong_between_its_layers(k):
    return (TwoLayerNet(between=k), X, LABELS), {}


@style("Affine2")
def saitoh_layers(k):
    return (TwoLayerNet(k).layers, X), {"loss": (SoftmaxWithLoss(), LABELS)}


class Stepping:  # Aflak: the step of the optimiser is made inside
    def __init__(self, i, o, k=1):
        self.weights, self.bias, self.k = rng(i).normal(size=(i, o)), np.zeros((1, o)), k

    def forward_propagation(self, input_data):
        self.input = input_data
        return self.input @ self.weights + self.bias

    def backward_propagation(self, output_error, learning_rate):
        input_error = output_error @ self.weights.T
        weights_error = self.input.T @ output_error * self.k
        self.weights -= learning_rate * weights_error
        self.bias -= learning_rate * output_error.sum(0, keepdims=True)
        return input_error


@style("1")
def stepping_stack(k):
    return ([Stepping(4, 5), Stepping(5, 2, k)], X), {}


@style("layers.1")
def stepping_net(k):
    class Network:
        def __init__(self, *layers):
            self.layers = layers

        def forward(self, x):
            for layer in self.layers:
                x = layer.forward_propagation(x)
            return x

        def backward(self, error):
            for layer in reversed(self.layers):
                error = layer.backward_propagation(error, 0.1)
            return error

    return (Network(Stepping(4, 5), Stepping(5, 2, k)), X), {}


@style("b")
def slots_and_call(k):
    class Wave:
        __slots__ = ("dw", "k", "w", "x")

        def __init__(self, k=1):
            self.w, self.k, self.dw = np.ones(4) * 2, k, None

        def __call__(self, x):
            self.x = x
            return np.sin(x) * self.w

        def backward(self, g):
            self.dw = (g * np.sin(self.x)).sum(0) * self.k
            return g * np.cos(self.x) * self.w

    class Residual:
        def __init__(self):
            self.a, self.b = Wave(), Wave(k)

        def __call__(self, x):
            return self.b(self.a(x)) + x

        def backward(self, g):
            return self.a.backward(self.b.backward(g)) + g

    return (Residual(), X), {}


@style("2")
def several_outputs_and_inputs(k):
    class Split:
        def forward(self, x):
            return x[:, :2], x[:, 2:]

        def backward(self, gradients):
            return np.hstack(gradients)

    class Multiply:
        def forward(self, a, b):
            self.a, self.b = a, b
            return a * b

        def backward(self, dout):
            return dout * self.b, dout * self.a * k

    return ([Linear(4, 4), Split(), Multiply(), Linear(2, 2)], X), {}


@style("l2")
def a_method_that_calls_layers(k):
    class Holder:
        def __init__(self):
            self.l1, self.l2 = Linear(4, 4), Linear(4, 2, k)

        def run(self, x):
            return self.l2.forward(np.tanh(self.l1.forward(x)))

    return (Holder().run, X), {"loss": Mse()}


@style("layers.1")
def inherited_methods(k):
    class Double:
        def forward(self, x):
            return x * 2

        def backward(self, dout):
            return dout * 2

    class More(Double):
        def forward(self, x):
            return super().forward(x) + 1

        def backward(self, dout):
            return super().backward(dout) * k

    return (Net(Double(), More(), Double()), X), {}


@pytest.mark.parametrize("name", MODELS)
def test_a_right_model_is_correct(name):
    arguments, keywords = MODELS[name][0](1)
    report = gp.check_layers(*arguments, **keywords)
    assert report.ok, report
    assert report.evaluations - report.inquiry <= 60


@pytest.mark.parametrize("k", [2, 1 + 1e-4])
@pytest.mark.parametrize("name", MODELS)
def test_the_layer_at_fault_is_named_and_no_other(name, k):
    make, path = MODELS[name]
    arguments, keywords = make(k)
    report = gp.check_layers(*arguments, **keywords)
    assert [o.path for o in report.operations if o.verdict.rejects] == [path], report


def test_methods_are_what_they_were():
    before = Linear.forward, Linear.backward
    gp.check_layers(Net(Linear(4, 3), Tanh()), X)
    assert (Linear.forward, Linear.backward) == before


def test_an_exception_of_a_layer_surfaces_and_leaves_the_methods():
    class Broken(Tanh):
        def backward(self, dout):
            raise RuntimeError("broken")

    before = Broken.backward
    with pytest.raises(RuntimeError, match="broken"):
        gp.check_layers(Net(Linear(4, 3), Broken()), X)
    assert Broken.backward is before
