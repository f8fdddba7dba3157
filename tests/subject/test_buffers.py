"""What the user's code returns may be one buffer that it fills again at every call."""

import numpy as np
import pytest

import gradproof as gp
from gradproof import Verdict

RNG = np.random.default_rng(3)
X, W = RNG.normal(size=(6, 3)), RNG.normal(size=(3, 4))
KINKED = np.where(W > 0, W, 0.0)


def layer(w):
    return np.tanh(X @ w)


def product(w, g):
    return X.T @ (g * (1 - layer(w) ** 2))


def gradient(w):
    return product(w, 2 * layer(w)) + np.sign(w)


def cost(w):
    return np.sum(layer(w) ** 2) + np.sum(np.abs(w))


class Buffer:
    """Something that remembers an array and hands it out, one way or another."""

    def __init__(self, hand_out):
        self.kept, self.hand_out = {}, hand_out

    def __call__(self, value):
        buffer = self.kept.setdefault(value.shape, np.empty(value.size * 2))
        view = buffer[: value.size].reshape(value.shape)
        view[...] = value
        return self.hand_out(buffer, view)


def slot(buffer, view):
    """An array that is made anew, around memory that is not."""
    return np.frombuffer(memoryview(buffer), count=view.size).reshape(view.shape)


HANDED_OUT = {
    "a view": lambda buffer, view: view,
    "memory of no array": slot,
    "a transposed view": lambda buffer, view: view.T.T,
}


@pytest.fixture(params=HANDED_OUT)
def fill(request):
    return Buffer(HANDED_OUT[request.param])


@pytest.mark.parametrize("factor", [1.0, 1.5])
class TestNumPy:
    """Each right one beside one that is half as much again."""

    def verdict(self, factor):
        return Verdict.CORRECT if factor == 1 else Verdict.WRONG

    def test_vjp(self, fill, factor):
        report = gp.check_vjp(layer, lambda w, g: fill(factor * product(w, g)), W)
        assert report.verdict is self.verdict(factor)

    def test_vjp_of_a_function_that_fills_one_too(self, fill, factor):
        report = gp.check_vjp(
            lambda w: fill(layer(w)), lambda w, g: fill(factor * product(w, g)), W
        )
        assert report.verdict is self.verdict(factor)

    def test_jvp(self, fill, factor):
        jvp = lambda w, v: fill(factor * (1 - layer(w) ** 2) * (X @ v))
        assert gp.check_jvp(layer, jvp, W).verdict is self.verdict(factor)

    def test_adjoint(self, fill, factor):
        report = gp.check_adjoint(
            lambda x: fill(W @ x), lambda y: fill(factor * (W.T @ y)), np.ones(4), np.ones(3)
        )
        assert report.verdict is self.verdict(factor)

    def test_gradient_at_a_kink(self, fill, factor):
        report = gp.check(cost, KINKED, grad=lambda w: fill(factor * gradient(w)))
        assert report.verdict is self.verdict(factor)

    def test_value_and_gradient(self, fill, factor):
        report = gp.check(lambda w: (cost(w), fill(factor * gradient(w))), W, grad=True)
        assert report.verdict is self.verdict(factor)

    def test_jacobian(self, fill, factor):
        fun, jac = lambda w: fill(np.sin(w)), lambda w: fill(factor * np.diag(np.cos(w)))
        assert gp.check(fun, W[:, 0], grad=jac).verdict is self.verdict(factor)

    def test_blocks(self, fill, factor):
        fun = lambda p: np.tanh(X @ p["W"] + p["b"])

        def vjp(p, g):
            d = g * (1 - fun(p) ** 2)
            return {"W": fill(X.T @ d), "b": fill(factor * d.sum(0))}

        report = gp.check_vjp(fun, vjp, {"W": W, "b": np.zeros(4)})
        assert report.verdict is self.verdict(factor)


@pytest.mark.parametrize("factor", [1.0, 1.5])
@pytest.mark.parametrize("hand_out", ["itself", "detached", "a view", "in NumPy"])
def test_torch(factor, hand_out):
    torch = pytest.importorskip("torch")
    buffer, x = torch.zeros(3, 4, dtype=torch.float64), torch.from_numpy(X)

    def grad(w, g=None):
        out = torch.tanh(x @ w)
        g = 2 * out if g is None else g
        buffer[...] = factor * (x.T @ (g * (1 - out**2)) + torch.sign(w) * (g.ndim == 0))
        ways = {
            "itself": buffer,
            "detached": buffer.detach(),
            "a view": buffer[:],
            "in NumPy": None,
        }
        return buffer.detach().numpy() if hand_out == "in NumPy" else ways[hand_out]

    expected = Verdict.CORRECT if factor == 1 else Verdict.WRONG
    fun = lambda w: torch.tanh(x @ w)
    assert gp.check_vjp(fun, grad, torch.from_numpy(W)).verdict is expected
    total = lambda w: fun(w).pow(2).sum()
    assert gp.check(total, torch.from_numpy(W), grad=grad).verdict is expected


@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_a_backward_of_torch_that_fills_one(factor):
    torch = pytest.importorskip("torch")
    buffer = torch.zeros(4, dtype=torch.float64)

    class Sine(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return torch.sin(x)

        @staticmethod
        def backward(ctx, g):
            buffer.copy_(factor * g * torch.cos(ctx.saved_tensors[0]))
            return buffer

    report = gp.check(Sine.apply, torch.linspace(0.1, 1, 4, dtype=torch.float64))
    assert report.verdict is (Verdict.CORRECT if factor == 1 else Verdict.WRONG)


def test_a_point_that_is_its_own_gradient():
    assert gp.check(lambda x: 0.5 * np.sum(x**2), W, grad=lambda x: x).ok
    assert not gp.check(lambda x: 0.5 * np.sum(x**3), W, grad=lambda x: x).ok


LARGE = np.random.default_rng(0).normal(size=(3, 2000))


def test_large_gradients_of_nobody_are_not_copied(monkeypatch):
    from gradproof.subject import claim

    copied = []
    own = claim.owned
    monkeypatch.setattr(claim, "owned", lambda c: (copied.append(c), own(c))[1])
    kept = np.zeros_like(LARGE)
    assert gp.check(cost, LARGE, grad=gradient).ok
    assert not copied
    assert gp.check(cost, LARGE, grad=lambda w: np.add(gradient(w), 0, out=kept)).ok
    assert copied


def test_small_ones_are_copied_once_whoever_keeps_them(monkeypatch):
    kept = np.zeros_like(W)
    refilled = gp.check(cost, W, grad=lambda w: np.add(gradient(w), 0, out=kept))
    assert refilled.ok
    assert not gp.check(cost, W, grad=lambda w: np.add(2 * gradient(w), 0, out=kept)).ok


def test_nor_are_those_of_frameworks(monkeypatch):
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    from gradproof.subject import claim

    monkeypatch.setattr(claim, "owned", None)
    assert gp.check(lambda x: x.sin().sum(), torch.from_numpy(LARGE)).ok
    assert gp.check(lambda x: jax.numpy.sin(x).sum(), jax.numpy.asarray(LARGE)).ok
