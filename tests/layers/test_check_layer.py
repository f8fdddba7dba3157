import numpy as np
import pytest

import gradproof as gp
from layer_models import Linear, Tanh, rng

X = rng(1).normal(size=(6, 4))


class Layer:
    """The identity, with whatever a test puts in its place."""

    def forward(self, x):
        self.x = x
        return x * 2

    def backward(self, dout):
        return dout * 2


def test_the_fault_its_line_and_its_repair_are_those_of_the_layer():
    report = gp.check_layer(Linear(4, 3, 2), X)
    (finding,) = report.findings
    assert (finding.block, finding.kind) == ("W", gp.Kind.SCALE)
    assert finding.line.text.startswith("self.dW = ")
    assert "self.dW = " in gp.suggest_fixes(report, most=1, seconds=20)[0].diff
    assert report.reproduce == "gp.check_layer(Linear(4, 3, 2), X, seed=0)"


def test_a_gradient_of_another_shape_is_the_verdict_of_its_block():
    class Transposed(Linear):
        def backward(self, dout):
            dx = super().backward(dout)
            self.dW = self.dW.T
            return dx

    report = gp.check_layer(Transposed(4, 3), X)
    verdicts = {b.name: b.verdict for b in report.blocks}
    assert verdicts == {"W": "wrong", "b": "correct", "x": "correct"}
    assert "transposed it is right" in report.findings[0].message


def test_gradients_that_add_up_are_told():
    class Adding(Linear):
        def backward(self, dout):
            before = getattr(self, "dW", 0), getattr(self, "db", 0)
            dx = super().backward(dout)
            self.dW, self.db = self.dW + before[0], self.db + before[1]
            return dx

    for layer in (Adding(4, 3), Linear(4, 3)):
        layer.forward(X)
        layer.backward(np.ones((6, 3)))  # used before
        report = gp.check_layer(layer, X)
        assert report.ok, report
        assert any("add up" in note for note in report.notes) == isinstance(layer, Adding)


def test_an_optimiser_inside_the_backward_is_told():
    class Stepping(Linear):
        def backward(self, dout):
            dx = super().backward(dout)
            self.W -= 0.1 * self.dW
            return dx

    class TooEarly(Linear):
        def backward(self, dout):
            super().backward(dout)
            self.W -= 0.1 * self.dW
            return dout @ self.W.T

    report = gp.check_layer(Stepping(4, 3), X)
    assert report.ok
    assert "an optimiser's step inside" in report.findings[0].message
    report = gp.check_layer(TooEarly(4, 3), X)
    assert [b.name for b in report.blocks if b.verdict.rejects] == ["x"]


def test_a_parameter_without_a_gradient_is_told_and_a_buffer_left_alone():
    class Forgetful(Linear):
        def backward(self, dout):
            self.positions = rng(0).normal(size=3)
            dx = super().backward(dout)
            del self.db
            return dx

    layer = Forgetful(4, 3)
    layer.table = np.ones(3)
    report = gp.check_layer(layer, X)
    assert [b.name for b in report.blocks if b.verdict.rejects] == ["b"]
    assert [name for name, _ in report.left_alone] == ["table"]


def test_arrays_keep_their_identity():
    layer = Linear(4, 3)
    weights, seen = layer.W, layer.W.copy()
    gp.check_layer(layer, X)
    assert layer.W is weights
    assert (weights == seen).all()


def test_what_is_put_back_by_hand():
    class Counter(Layer):
        total = [0.0]  # noqa: RUF012 - a state that no instance holds

        def forward(self, x):
            self.total[0] += 1
            return super().forward(x) + self.total[0]

        def clear(self):
            self.total[0] = 0.0

    assert gp.check_layer(Counter(), X, reset="clear").ok
    assert gp.check_layer(Counter(), X, reset=Counter().clear).ok


def test_only_some_blocks():
    report = gp.check_layer(Linear(4, 3, 2), X, wrt=["b"])
    assert [b.name for b in report.blocks] == ["b"]
    assert dict(report.left_alone) == {"x": "was not asked for", "W": "was not asked for"}
    with pytest.raises(gp.UsageError, match="wrt names 'c'"):
        gp.check_layer(Linear(4, 3), X, wrt="c")


def test_the_mode_of_a_layer_is_kept():
    class Dropout:
        training = False

        def forward(self, x):
            self.mask = np.random.random(x.shape) > 0.5 if self.training else 1.0  # noqa: NPY002
            return x * self.mask

        def backward(self, dout):
            return dout  # right where nothing is dropped

    layer = Dropout()
    assert gp.check_layer(layer, X).ok
    layer.training = True
    assert not gp.check_layer(layer, X).ok


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: gp.check_layer(object(), X), "no forward that can be guessed"),
        (lambda: gp.check_layer(Linear, X), "Linear is a class"),
        (lambda: gp.check_layer(lambda x: 2 * x, X), "no backward that can be guessed"),
        (lambda: gp.check_layer(Tanh(), X, backward="bprop"), "no method 'bprop'"),
        (lambda: gp.check_layer(Tanh(), X, forward=3), "forward must be a function"),
        (lambda: gp.check_layer(Linear(4, 3), X, params="V"), "params names 'V'"),
        (lambda: gp.check_layer(Linear(4, 3), X, grads="V"), "grads names 'V'"),
        (lambda: gp.check_layer(Tanh()), "was given 0 inputs"),
        (lambda: gp.check_layer(Layer(), np.arange(3)), "neither inputs nor parameters"),
        (lambda: gp.check_layer(Tanh(), X, effort="most"), "effort must be one of"),
    ],
)
def test_what_cannot_be_guessed_is_said_in_a_sentence(call, sentence):
    with pytest.raises(gp.UsageError, match=sentence):
        call()


@pytest.mark.parametrize(
    ("method", "function", "sentence"),
    [
        ("forward", lambda self, x: None, "leaves no output in an attribute"),
        ("backward", lambda self, d: None, "returns no gradient, and leaves none"),
        ("backward", lambda self, d: (d, d, d), "backward returns 3 gradients"),
        ("backward", lambda self, d, cache: d, "takes a cache, but its forward returns an array"),
    ],
)
def test_a_layer_that_does_not_say_enough(method, function, sentence):
    layer = type("Own", (Layer,), {method: function})()
    with pytest.raises(gp.UsageError, match=sentence):
        gp.check_layer(layer, X)


def test_a_claim_that_is_not_finite_is_the_verdict_of_its_block_alone():
    class Infinite(Linear):
        def backward(self, dout):
            dx = super().backward(dout)
            self.dW = self.dW / 0.0
            return dx

    with np.errstate(divide="ignore", invalid="ignore"):
        report = gp.check_layer(Infinite(4, 3), X)
    verdicts = {b.name: b.verdict for b in report.blocks}
    assert verdicts == {"W": "wrong", "b": "correct", "x": "correct"}
