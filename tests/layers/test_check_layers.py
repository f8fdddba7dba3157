from pathlib import Path

import numpy as np
import pytest

import gradproof as gp
from layer_models import (
    BatchNorm,
    Dropout,
    Linear,
    Mse,
    Net,
    Relu,
    Residual,
    Stack,
    Tanh,
    rng,
)

X = rng(1).normal(size=(6, 4))


def wrong(report):
    return [(o.path, o.call, o.inputs) for o in report.operations if o.verdict.rejects]


def deep(k=1, at=0, where="W"):
    layers = []
    for i in range(4):
        factor = k if i == at else 1
        layers += [Linear(4, 4, factor, where), BatchNorm(4), Relu(), Dropout()]
    return [*layers, Linear(4, 2)]


@pytest.mark.parametrize("loss", [None, Mse()])
def test_a_right_stack_is_correct_in_few_passes_and_left_as_it_was(loss):
    layers = deep()
    before = [np.copy(layers[0].W), np.copy(layers[1].running_mean)]
    report = gp.check_layers(layers, X, loss=loss)
    assert report.ok, report
    assert report.evaluations - report.inquiry <= 40
    assert [o.path for o in report.operations][:3] == ["0", "1", "2"]
    assert not hasattr(layers[0], "dW")
    assert not layers[1].dgamma.any()
    assert (before[0] == layers[0].W).all()
    assert (layers[1].running_mean == before[1]).all()


@pytest.mark.parametrize("where", ["W", "b", "x"])
@pytest.mark.parametrize("k", [-1, 1.01, 1 + 1e-4, 1 + 1e-6])
@pytest.mark.parametrize("at", [0, 2])
def test_the_layer_at_fault_is_named_and_no_other(at, k, where):
    report = gp.check_layers(deep(k, at, where), X, loss=Mse())
    # A bias before a batch norm moves nothing: no gradient reaches it.
    assert wrong(report) == [(str(4 * at), 1, (where,))], report


def test_a_lost_term_is_named():
    layers = [Linear(4, 5), BatchNorm(5, lost=True), Tanh(), Linear(5, 2)]
    report = gp.check_layers(layers, X)
    assert wrong(report) == [("1", 1, ("x",))]
    assert "0.W" in " ".join(report.notes)


def test_a_wrong_loss_is_named():
    report = gp.check_layers([Linear(4, 5), Tanh()], X, loss=Mse(2))
    assert [path for path, *_ in wrong(report)] == ["loss"]


@pytest.mark.parametrize("k", [1, 2])
def test_a_loss_may_return_its_value_and_gradient(k):
    def loss(y):
        return float(np.sum(y**3)), 3 * y**2 * k

    report = gp.check_layers([Linear(4, 5), Tanh()], X, loss=loss)
    assert [path for path, *_ in wrong(report)] == ([] if k == 1 else ["loss"])


def test_a_loss_may_have_further_arguments():
    def loss(y, target):
        return float(np.sum((y - target) ** 2)), 2 * (y - target)

    assert gp.check_layers([Linear(4, 5), Tanh()], X, loss=(loss, np.ones((6, 5)))).ok


def test_a_layer_inside_a_layer_is_named_and_not_the_one_around_it():
    report = gp.check_layers([Residual(4), Residual(4, k=1.1), Linear(4, 2)], X)
    assert wrong(report) == [("1.fc2", 1, ("W",))]


def test_what_a_layer_does_between_those_inside_it_is_its_own_fault():
    report = gp.check_layers([Residual(4), Residual(4, wrong=True), Linear(4, 2)], X)
    assert wrong(report) == [("1", 1, ("x",))]


def test_a_mapping_gives_the_paths():
    report = gp.check_layers({"first": Linear(4, 3), "act": Tanh(2)}, X)
    assert wrong(report) == [("act", 1, ("x",))]


@pytest.mark.parametrize("loss", [None, Mse()])
def test_an_object_that_runs_its_layers_itself(loss):
    net = Net(Linear(4, 5), Tanh(), Linear(5, 5, 1.5), Tanh(), Linear(5, 2))
    assert wrong(gp.check_layers(net, X, loss=loss)) == [("layers.2", 1, ("W",))]
    right = Net(Linear(4, 5), Tanh(), Linear(5, 2))
    assert gp.check_layers(right, X, loss=loss).ok
    glue = Net(Linear(4, 5), Tanh(), Linear(5, 2), wrong=2)
    assert [path for path, *_ in wrong(gp.check_layers(glue, X, loss=loss))] == [""]


def test_a_function_that_calls_layers():
    first, act, second = Linear(4, 5), Stack(), Linear(5, 5, 2)

    def model(x):
        h = act.forward(first.forward(x))
        return h + act.forward(second.forward(h))

    report = gp.check_layers(model, X)
    assert wrong(report) == [("second", 1, ("W",))]
    assert [(o.path, o.call) for o in report.operations] == [
        ("first", 1), ("act", 1), ("second", 1), ("act", 2),
    ]  # fmt: skip


def test_a_layer_that_is_called_twice_and_keeps_only_the_last_call():
    act = Tanh()
    report = gp.check_layers([Linear(4, 4), act, Linear(4, 4), act], X)
    assert [path for path, *_ in wrong(report)] == ["1"]
    assert "written over" in report.findings[0].message
    act = Stack()
    assert gp.check_layers([Linear(4, 4), act, Linear(4, 4), act], X).ok


def test_shared_weights():
    one, other = Linear(4, 4), Linear(4, 4)
    other.W = one.W
    assert gp.check_layers([one, Tanh(), other], X).ok
    other.k = 3
    assert wrong(gp.check_layers([one, Tanh(), other], X)) == [("2", 1, ("W",))]


def test_a_gradient_of_another_shape_is_the_verdict_of_its_layer():
    class Transposed(Linear):
        def backward(self, dout):
            self.dW = dout.T @ self.x
            self.db = dout.sum(0)
            return dout @ self.W.T

    report = gp.check_layers([Linear(4, 3), Transposed(3, 5), Tanh()], X)
    assert wrong(report) == [("1", 1, ("W",))]

    class Flat(Tanh):
        def backward(self, dout):
            return super().backward(dout).sum(0)

    report = gp.check_layers([Linear(4, 3), Flat(), Linear(3, 2)], X)
    assert wrong(report) == [("1", 1, ("x",))]


def test_a_gradient_that_is_not_finite_is_the_verdict_of_its_layer():
    report = gp.check_layers([Linear(4, 3), Tanh(np.nan), Linear(3, 2)], X)
    assert wrong(report) == [("1", 1, ("x",))]


def test_a_layer_that_hands_nothing_back():
    class Cut(Tanh):
        def backward(self, dout):
            super().backward(dout)

    report = gp.check_layers([Linear(4, 3), Cut(), Linear(3, 2)], X)
    assert [path for path, *_ in wrong(report)] == ["1"]


def test_single_precision():
    def stack(k):
        f = np.float32
        return [Linear(4, 5, dtype=f), BatchNorm(5, dtype=f), Tanh(), Linear(5, 4, k, dtype=f)]

    x = X.astype(np.float32)
    assert gp.check_layers(stack(1), x).ok
    assert wrong(gp.check_layers(stack(1.001), x)) == [("3", 1, ("W",))]


@pytest.mark.parametrize("seed", [3, 7])
def test_many_layers_in_single_precision(seed):
    """Rounding of the first layers moves the last ones to where their gradients are others."""
    layers = []
    for i in range(14):
        linear = Linear(6, 6, dtype=np.float32)
        linear.W = (rng(seed * 100 + i).normal(size=(6, 6)) / 2.4).astype(np.float32)
        layers += [linear, [Tanh, Relu][i % 2](), BatchNorm(6, dtype=np.float32)]
    x = rng(seed).normal(size=(9, 6)).astype(np.float32)
    assert gp.check_layers(layers, x, seed=seed).ok
    layers[21].k = 1.001
    assert wrong(gp.check_layers(layers, x, seed=seed)) == [("21", 1, ("W",))]


def test_pairs_of_functions():
    def scale(x):
        return 3 * x, None

    def scale_back(dout, cache):
        return dout * 3

    def sine(x):
        return np.sin(x), x

    def sine_back(dout, cache):
        return dout * np.sin(cache)

    layers = [(scale, scale_back), (sine, sine_back), Linear(4, 2)]
    assert wrong(gp.check_layers(layers, X)) == [("1", 1, ("x",))]


def test_an_embedding_comes_first():
    class Embedding:
        def __init__(self, k):
            self.table, self.k = rng(0).normal(size=(5, 4)), k

        def forward(self, ids):
            self.ids = ids
            return self.table[ids]

        def backward(self, dout):
            self.dtable = np.zeros_like(self.table)
            if self.k == 1:
                np.add.at(self.dtable, self.ids, dout)
            else:
                self.dtable[self.ids] = dout  # repeated ones are written over

    ids = np.array([0, 2, 2, 4])
    assert gp.check_layers([Embedding(1), Linear(4, 3), Tanh()], ids).ok
    assert wrong(gp.check_layers([Embedding(2), Linear(4, 3)], ids)) == [("0", 1, ("table",))]


def test_a_cell_that_is_called_at_every_step():
    class Cell:
        def __init__(self, k):
            self.Wx, self.Wh, self.k = rng(3).normal(size=(4, 3)), rng(4).normal(size=(3, 3)), k
            self.dWx, self.dWh, self.kept = np.zeros((4, 3)), np.zeros((3, 3)), []

        def forward(self, x, h):
            out = np.tanh(x @ self.Wx + h @ self.Wh)
            self.kept.append((x, h, out))
            return out

        def backward(self, dout):
            x, h, out = self.kept.pop()
            da = dout * (1 - out**2)
            self.dWx += np.outer(x, da)
            self.dWh += np.outer(h, da) * self.k
            return da @ self.Wx.T, da @ self.Wh.T

    class Rnn:
        def __init__(self, k):
            self.cell = Cell(k)

        def forward(self, xs):
            h = np.zeros(3)
            for x in xs:
                h = self.cell.forward(x, h)
            self.count = len(xs)
            return h

        def backward(self, dh):
            found = []
            for _ in range(self.count):
                dx, dh = self.cell.backward(dh)
                found.insert(0, dx)
            return np.array(found)

    assert gp.check_layers(Rnn(1), X).ok
    report = gp.check_layers(Rnn(2), X)
    # At the first step the state is zero, and so is what is wrong.
    assert wrong(report) == [("cell", call, ("Wh",)) for call in range(2, 7)]


def test_gradients_that_a_model_adds_up_over_calls():
    class Cell:
        def __init__(self, Wh, adds):
            self.Wh, self.dWh, self.kept, self.adds = Wh, np.zeros((4, 4)), [], adds

        def forward(self, x, h):
            self.kept.append((h, np.tanh(x + h @ self.Wh)))
            return self.kept[-1][1]

        def backward(self, dout):
            h, out = self.kept.pop()
            da = dout * (1 - out**2)
            self.dWh[...] = (self.dWh if self.adds else 0) + np.outer(h, da)
            return da, da @ self.Wh.T

    class Rnn:
        def __init__(self, adds=True):
            self.params = {"Wh": rng(4).normal(size=(4, 4))}
            self.cell = Cell(self.params["Wh"], adds)

        def forward(self, xs):
            self.h = [np.ones(4)]
            for x in xs:
                self.h.append(self.cell.forward(x, self.h[-1]))
            return self.h[-1]

        def backward(self, dh):
            found = []
            for _ in self.h[1:]:
                dx, dh = self.cell.backward(dh)
                found.insert(0, dx)
            return np.array(found), {"Wh": self.cell.dWh}

    assert gp.check_layers(Rnn(), X).ok
    assert [path for path, *_ in wrong(gp.check_layers(Rnn(adds=False), X))] == [""]


def test_a_layer_that_is_called_again_has_to_add_its_gradients_up():
    class Adding(Linear):
        def __init__(self, *given):
            super().__init__(*given)
            self.kept, self.dW, self.db = [], np.zeros_like(self.W), np.zeros_like(self.b)

        def forward(self, x):
            self.kept.append(x)
            return x @ self.W + self.b

        def backward(self, dout):
            self.dW += self.kept.pop().T @ dout
            self.db += dout.sum(0)
            return dout @ self.W.T

    class Writing(Adding):
        def backward(self, dout):
            self.dW, self.db = self.kept.pop().T @ dout, dout.sum(0)
            return dout @ self.W.T

    layer = Adding(4, 4)
    assert gp.check_layers([layer, Tanh(), layer, Tanh()], X).ok
    layer = Writing(4, 4)
    report = gp.check_layers([layer, Tanh(), layer, Tanh()], X)
    assert [path for path, *_ in wrong(report)] == ["0"]
    assert "not added up" in report.findings[0].message


def test_an_object_with_a_list_of_layers_alone():
    class Sequence:
        layers = [Linear(4, 3), Tanh(2)]  # noqa: RUF012

    assert wrong(gp.check_layers(Sequence(), X)) == [("1", 1, ("x",))]


def test_an_ignored_cotangent():
    class Ignoring(Tanh):
        def backward(self, dout):
            return 1 - self.y**2

    report = gp.check_layers([Linear(4, 3), Ignoring(), Linear(3, 2)], X)
    assert wrong(report) == [("1", 1, ("x",))]


def test_lines_and_repairs_point_into_the_layer():
    report = gp.check_layers([Linear(4, 3), Tanh(), Linear(3, 2, 2)], X)
    call = next(o for o in report.operations if o.verdict.rejects)
    assert call.file.endswith("layer_models.py")
    assert "self.dW" in Path(call.file).read_text().splitlines()[call.line - 1]
    assert gp.suggest_fixes(report, most=1, seconds=20)[0].diff.count("self.dW")


def test_kinks_of_a_relu_at_zero_are_no_fault():
    x = X.copy()
    x[0] = 0
    assert not wrong(gp.check_layers([Relu(), Linear(4, 3), Relu(), Linear(3, 2)], x))


def test_a_layer_that_is_random_is_named_and_nothing_is_said_of_those_behind_it():
    class Noisy(Tanh):
        def forward(self, x):
            return super().forward(x) + np.random.default_rng().normal(size=x.shape)

    report = gp.check_layers([Linear(4, 3, 2), Noisy(), Tanh(2)], X)
    assert wrong(report) == [("0", 1, ("W",))]
    noisy, behind = report.operations[1:]
    assert (noisy.verdict, behind.verdict) == ("undecided", "undecided")
    assert "another value at a second call" in noisy.reason


@pytest.mark.parametrize("k", [1, 2])
def test_a_layer_that_writes_into_its_input(k):
    class InPlace(Relu):
        def forward(self, x):
            self.mask = x <= 0
            x[self.mask] = 0
            return x

    x = X.copy()
    report = gp.check_layers([InPlace(), Linear(4, 4), InPlace(k), Linear(4, 2)], x)
    assert wrong(report) == ([] if k == 1 else [("2", 1, ("x",))])
    assert (x == X).all()

    class Doubling:
        def forward(self, x):
            x *= 2
            return x

        def backward(self, dout):
            return dout * 2

    # What was written over is what the layer before needs for its backward.
    report = gp.check_layers([Linear(4, 4), Tanh(), Doubling(), Linear(4, 2)], X)
    assert [path for path, *_ in wrong(report)] == ["1"]


def test_a_step_inside_a_backward_is_told():
    class Stepping(Linear):
        def backward(self, dout):
            dx = super().backward(dout)
            self.W -= 0.1 * self.dW
            return dx

    report = gp.check_layers([Stepping(4, 3), Tanh()], X)
    assert report.ok
    assert "optimiser's step" in report.notes[0]


def test_what_is_no_layer_is_told():
    with pytest.raises(gp.UsageError, match=r"Layer 1: .*no forward"):
        gp.check_layers([Linear(4, 3), object()], X)
    with pytest.raises(gp.UsageError, match="no backward"):
        gp.check_layers([np.tanh], X)
    with pytest.raises(gp.UsageError, match="No layers"):
        gp.check_layers(lambda x: x, X)
