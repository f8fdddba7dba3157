"""A gradient that lives on what the last call of the function left, or changes what it reads."""

import numpy as np
import pytest

import gradproof as gp
from gradproof import Kind, Verdict

W = np.array([0.1, 0.5, -0.3])
X = np.array([1.0, 2.0, 3.0])
STORE, UPSTREAM, TABLE = {}, X.copy(), [X.copy()]
LAST = W


class Net:
    """Remembers its input as an attribute, in a buffer of its own, in a cache, or not at all."""

    def __init__(self, way):
        self.way, self.cache, self.buffer = way, {}, np.zeros(3)

    def cost(self, w):
        if self.way == "attribute":
            self.w = w.copy()
        elif self.way == "buffer":
            self.buffer[...] = w
        elif self.way == "cache":
            self.cache["w"] = w.copy()
        return np.sum(np.tanh(w))

    def kept(self, w):
        attribute, cached = getattr(self, "w", w), self.cache.get("w")
        kept = {"attribute": attribute, "buffer": self.buffer, "cache": cached}
        return kept.get(self.way, w)

    def backward(self, w):
        return 1 - np.tanh(self.kept(w)) ** 2


def depends(report):
    return any("depends on the last call of fun" in f.message for f in report.findings)


@pytest.mark.parametrize("way", ["attribute", "buffer", "cache", "none"])
@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_a_method_that_ignores_its_argument(way, factor):
    net = Net(way)
    report = gp.check(net.cost, W, grad=lambda w: factor * net.backward(w))
    assert depends(report) is (way != "none")
    assert report.verdict is (Verdict.CORRECT if factor == 1 else Verdict.WRONG)
    assert depends(gp.check(Net(way).cost, W, grad=Net("none").backward)) is False


@pytest.mark.parametrize("way", ["attribute", "buffer", "cache", "none"])
@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_what_was_there_before_the_check_hides_nothing(way, factor):
    """The buffer holds already what the first call writes into it."""
    net = Net(way)
    net.cost(W)
    report = gp.check(net.cost, W, grad=lambda w: factor * net.backward(w))
    assert depends(report) is (way != "none")
    assert report.verdict is (Verdict.CORRECT if factor == 1 else Verdict.WRONG)


@pytest.mark.parametrize("way", ["attribute", "buffer", "cache", "none"])
def test_a_product(way):
    net = Net(way)

    def fun(w):
        net.cost(w)
        return np.tanh(w)

    report = gp.check_vjp(fun, lambda w, g: g * net.backward(w), W)
    assert depends(report) is (way != "none")
    assert report.ok


def remembers_in_a_global(w):
    global LAST  # noqa: PLW0603 - that is the fault
    LAST = w.copy()
    return np.sum(w**3)


def remembers_in_a_dictionary(w):
    STORE["w"] = w.copy()
    return np.sum(w**3)


@pytest.mark.parametrize(
    ("fun", "grad", "told"),
    [
        (remembers_in_a_global, lambda w: 3 * LAST**2, True),
        (remembers_in_a_dictionary, lambda w: 3 * STORE["w"] ** 2, True),
        (remembers_in_a_global, lambda w: 3 * w**2 + 0 * LAST, False),
        (remembers_in_a_dictionary, lambda w: 3 * w**2, False),
    ],
    ids=["global", "dictionary", "unused global", "nothing"],
)
def test_functions(fun, grad, told):
    report = gp.check(fun, W, grad=grad)
    assert report.ok
    assert depends(report) is told


def test_a_check_of_functions_that_leave_nothing_costs_no_call_more():
    calls = []
    gp.check(lambda w: np.sum(np.sin(w)), W, grad=lambda w: (calls.append(1), np.cos(w))[1])
    assert len(calls) == 2


# What the gradient changes


def weighted(x):
    return np.sum(np.tanh(x) * UPSTREAM)


def tabulated(x):
    return np.sum(np.tanh(x) * TABLE[0])


def in_place(array):
    def grad(x):
        array.__imul__(1 - np.tanh(x) ** 2)
        return array

    return grad


@pytest.mark.parametrize(
    ("fun", "array", "name"),
    [(weighted, UPSTREAM, "the global UPSTREAM"), (tabulated, TABLE[0], "the global TABLE[0]")],
    ids=["array", "in a list"],
)
def test_a_global_that_the_gradient_changes_is_named(fun, array, name):
    report = gp.check(fun, W, grad=in_place(array))
    assert report.ok
    (found,) = report.findings
    assert found.kind is Kind.MUTATION
    assert f"grad changes {name}, which fun reads" in found.message
    assert np.array_equal(array, X)
    wrong = gp.check(fun, W, grad=lambda x: 2 * in_place(array)(x))
    assert wrong.verdict is Verdict.WRONG
    array[...] = X
    clean = gp.check(fun, W, grad=lambda x: array * (1 - np.tanh(x) ** 2))
    assert clean.ok
    assert not clean.findings


def test_in_a_closure_and_in_an_object():
    weights = X.copy()

    class Layer:
        def __init__(self):
            self.weights, self.grads = X.copy(), np.zeros(3)

        def cost(self, x):
            return np.sum(np.tanh(x) * self.weights)

        def spoils(self, x):
            self.weights *= 1 - np.tanh(x) ** 2
            return self.weights

        def fills(self, x):
            self.grads[...] = self.weights * (1 - np.tanh(x) ** 2)
            return self.grads

    report = gp.check(lambda x: np.sum(np.tanh(x) * weights), W, grad=in_place(weights))
    assert "grad changes weights, which fun reads" in report.findings[0].message
    layer = Layer()
    report = gp.check(layer.cost, W, grad=layer.spoils)
    assert "grad changes self.weights, which fun reads" in report.findings[0].message
    report = gp.check(Layer().cost, W, grad=Layer().fills)
    assert report.ok
    assert not report.findings


def test_what_is_changed_and_not_read_is_nobodys_affair():
    used = np.zeros(3)
    fun = lambda x: np.sum(np.sin(x)) + 0 * used.size

    def grad(x):
        used[...] = x
        return np.cos(x)

    report = gp.check(fun, W, grad=grad)
    assert report.ok
    assert not report.findings


def test_tensors_of_every_kind_may_lie_around():
    torch = pytest.importorskip("torch")
    jnp = pytest.importorskip("jax.numpy")
    d, x = torch.tensor(X), torch.tensor(W)
    around = [torch.empty(3, device="meta"), torch.eye(3).to_sparse(), jnp.ones(3), np.array("a")]

    def fun(x):
        return (torch.tanh(x) * d).sum() + 0 * len(around)

    def grad(x):
        d.mul_(1 - torch.tanh(x) ** 2)
        return d

    report = gp.check(fun, x, grad=grad)
    assert any("grad changes d, which fun reads" in f.message for f in report.findings)
    assert report.ok
    assert gp.check(fun, x, grad=lambda x: d * (1 - torch.tanh(x) ** 2)).ok
