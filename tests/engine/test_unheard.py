"""One output of several from which no gradient comes is named, and nothing else is said of it."""

import numpy as np
import pytest

import gradproof as gp
from gradproof import Kind, Verdict

X = np.linspace(0.2, 1, 5)


def fun(x):
    return {"a": np.sin(x), "b": x**2, "c": np.exp(x[:3])}


def parts(x, g):
    c = np.zeros_like(x)
    c[:3] = g["c"] * np.exp(x[:3])
    return {"a": np.cos(x) * g["a"], "b": 2 * x * g["b"], "c": c}


def about(report):
    return [f.message for f in report.findings]


@pytest.mark.parametrize("ignored", ["a", "b", "c"])
def test_a_cotangent_that_is_ignored(ignored):
    assert gp.check_vjp(fun, lambda x, g: sum(parts(x, g).values()), X).ok
    deaf = lambda x, g: sum(part for name, part in parts(x, g).items() if name != ignored)
    report = gp.check_vjp(fun, deaf, X)
    assert report.verdict is Verdict.WRONG
    assert f"the cotangent of output['{ignored}'] has no effect" in about(report)[0]
    assert not any("claimed gradient is zero" in message for message in about(report))


@pytest.mark.parametrize("factor", [0.5, 1.001, -1.0])
def test_one_that_is_only_scaled_is_not_said_to_be_ignored(factor):
    def vjp(x, g):
        found = parts(x, g)
        return found["a"] + factor * found["b"] + found["c"]

    report = gp.check_vjp(fun, vjp, X)
    assert report.verdict is Verdict.WRONG
    assert not any("no effect" in message for message in about(report))


def test_all_of_them():
    report = gp.check_vjp(fun, lambda x, g: np.zeros_like(x), X)
    assert "the claimed gradient is zero" in about(report)[0]


def test_of_one_output_alone():
    report = gp.check_vjp(np.sin, lambda x, g: np.zeros_like(x), X)
    assert "the claimed gradient is zero" in about(report)[0]


def test_for_one_block_alone():
    pair = lambda p: (np.sin(p["x"]) * p["y"], p["x"] * p["y"] ** 2)

    def vjp(p, g, heard=0.0):
        first = {"x": g[0] * np.cos(p["x"]) * p["y"], "y": g[0] * np.sin(p["x"])}
        second = {"x": g[1] * p["y"] ** 2, "y": heard * g[1] * 2 * p["x"] * p["y"]}
        return {k: first[k] + second[k] for k in first}

    point = {"x": X, "y": X + 1}
    report = gp.check_vjp(pair, vjp, point)
    assert [str(b.verdict) for b in report.blocks] == ["correct", "wrong"]
    assert "params['y']: the cotangent of output[1] has no effect" in about(report)[0]
    assert gp.check_vjp(pair, lambda p, g: vjp(p, g, 1.0), point).ok


def test_a_jvp():
    two = lambda x: (np.sin(x), x**2)
    report = gp.check_jvp(two, lambda x, v: (np.cos(x) * v, 0 * v), X)
    assert "the JVP is zero for output[1]" in about(report)[0]
    assert gp.check_jvp(two, lambda x, v: (np.cos(x) * v, 2 * x * v), X).ok


def test_torch_outputs_that_are_detached_or_not_differentiable():
    torch = pytest.importorskip("torch")
    x = torch.linspace(0.2, 1, 5, dtype=torch.float64)

    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            square = x**2
            ctx.save_for_backward(x)
            ctx.mark_non_differentiable(square)
            return x.sin(), square

        @staticmethod
        def backward(ctx, g, _):
            return g * ctx.saved_tensors[0].cos()

    for cut in (lambda x: (x.sin(), (x**2).detach()), Both.apply):
        report = gp.check(cut, x)
        assert report.verdict is Verdict.WRONG
        assert "output[1] changes with it, but no gradient comes from there" in about(report)[0]
        assert gp.check(lambda x, cut=cut: cut(x)[0], x).ok
    assert gp.check(lambda x: (x.sin(), x**2), x).ok


def test_jax_outputs_that_are_stopped():
    jax = pytest.importorskip("jax")
    stop = jax.lax.stop_gradient
    x = jax.numpy.asarray(X)
    report = gp.check(lambda x: (jax.numpy.sin(x), stop(x**2)), x)
    assert any("cuts a gradient off" in message for message in about(report))
    assert gp.check(lambda x: (jax.numpy.sin(x), x**2), x).ok


def test_modes_of_one_rule_are_not_said_to_support_each_other():
    jax = pytest.importorskip("jax")

    @jax.custom_jvp
    def sine(x):
        return jax.numpy.sin(x)

    sine.defjvp(lambda primals, tangents: (sine(*primals), 2.0 * tangents[0]))
    report = gp.check(sine, jax.numpy.asarray(X))
    (modes,) = [f.message for f in report.findings if f.kind is Kind.MODES]
    assert "one rule" in modes
    assert "fault may be the function's" not in modes
    by_hand = gp.check_vjp(
        np.sin, lambda x, g: 2 * g * np.cos(x), X, jvp=lambda x, v: 2 * v * np.cos(x)
    )
    (modes,) = [f.message for f in by_hand.findings if f.kind is Kind.MODES]
    assert "the fault may be the function's" in modes


class Trembling:
    """A sum whose last digit depends on the order, as with threads; or on something larger."""

    def __init__(self, share):
        self.share, self.calls = share, 0

    def __call__(self, x):
        self.calls += 1
        return np.float64(np.sum(np.sin(x))) * (1 + self.share * (self.calls % 2))


def test_two_calls_that_differ_by_a_rounding_are_repeatable():
    tremble = Trembling(np.finfo(float).eps)
    assert 0 < abs(tremble(X) - tremble(X)) < 5e-16
    report = gp.check(tremble, X, grad=np.cos)
    assert report.ok
    assert not report.findings
    assert not gp.check(tremble, X, grad=lambda x: 1.01 * np.cos(x)).ok


def test_more_than_a_rounding_is_not():
    report = gp.check(Trembling(1e-12), X, grad=np.cos)
    assert {f.kind for f in report.findings} == {Kind.NONDETERMINISTIC}
