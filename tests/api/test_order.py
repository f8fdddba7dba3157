"""order=2: the backward passes of a framework, differentiated again."""

import numpy as np
import pytest

import gradproof as gp

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402

torch.set_num_threads(1)
RNG = np.random.default_rng(2)
NUMBERS = RNG.normal(size=4)


class Tanh(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.tanh()

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (1 - x.tanh() ** 2)


class Kept(torch.autograd.Function):
    """Right once, and not twice."""

    @staticmethod
    def forward(ctx, x):
        ctx.r = x.tanh()
        return ctx.r.clone()

    @staticmethod
    def backward(ctx, g):
        return g * (1 - ctx.r**2)


def sine(factor):
    """A sine whose derivative is right, and has a rule of its own."""

    @jax.custom_jvp
    def cosine(x):
        return jnp.cos(x)

    @jax.custom_jvp
    def sine(x):
        return jnp.sin(x)

    cosine.defjvp(lambda x, t: (cosine(x[0]), -factor * jnp.sin(x[0]) * t[0]))
    sine.defjvp(lambda x, t: (sine(x[0]), cosine(x[0]) * t[0]))
    return sine


def said(report):
    return [str(claim) for claim in report.claims]


@pytest.mark.parametrize("requires", [True, False])
@pytest.mark.parametrize("scalar", [True, False])
def test_torch(scalar, requires):
    x = torch.tensor(NUMBERS).requires_grad_(requires)
    fun = lambda rule: lambda x: rule.apply(x).sum() if scalar else rule.apply(x)
    right = gp.check(fun(Tanh), x, order=2)
    assert right.ok
    assert said(right) == [
        "grad against fun: correct", "the gradient of grad against grad: correct",
    ]  # fmt: skip
    wrong = gp.check(fun(Kept), x, order=2)
    assert wrong.verdict is gp.Verdict.WRONG
    assert said(wrong)[0] == "grad against fun: correct"
    rejected = [b.name for b in wrong.blocks if b.verdict.rejects]
    assert rejected == ["second order by params"]
    assert "ctx.r" in wrong.findings[0].message
    assert gp.check(fun(Kept), x).ok  # once


def test_torch_trees_and_arguments():
    fun = lambda p, k: {"out": k * Tanh.apply(p["x"]) * p["y"], "other": p["y"].exp()}
    point = {"x": torch.tensor(NUMBERS), "y": torch.tensor(NUMBERS[::-1].copy())}
    report = gp.check(fun, point, args=(2.0,), order=2)
    assert report.ok
    assert "second order by params['x']" in {b.name for b in report.blocks}


@pytest.mark.parametrize("factor", [1.0, 1.2])
def test_jax(factor):
    with jax.enable_x64(True):
        report = gp.check(sine(factor), jnp.array(NUMBERS), order=2)
    assert report.ok is (factor == 1.0)
    assert said(report)[0] == "grad against fun: correct"
    about = {f.block for f in report.findings}
    assert about == (set() if factor == 1.0 else {"second order by params"})


def test_jax_trees():
    point = {"W": jnp.ones((2, 3)), "b": jnp.arange(3.0)}
    fun = lambda p: jnp.sum(jnp.tanh(p["W"] @ p["b"]))
    assert gp.check(fun, point, order=2).ok


def test_a_wrong_first_order_is_told_too():
    class Off(Tanh):
        @staticmethod
        def backward(ctx, g):
            return 1.1 * Tanh.backward(ctx, g)

    report = gp.check(Off.apply, torch.tensor(NUMBERS), order=2)
    assert said(report)[0] == "grad against fun: wrong"
    # Of a wrong backward, too, the derivative may be right.
    assert said(report)[1] == "the gradient of grad against grad: correct"


@pytest.mark.parametrize("order", [0, 3, "2", True, 1.5])
def test_other_orders_are_refused(order):
    with pytest.raises(gp.UsageError, match="order must be 1 or 2"):
        gp.check(torch.tanh, torch.tensor(NUMBERS), order=order)


def test_a_gradient_by_hand_has_a_hessian_by_hand():
    with pytest.raises(gp.UsageError, match="is passed as hess="):
        gp.check(lambda x: float(x @ x), NUMBERS, grad=lambda x: 2 * x, order=2)


# hess= where the gradient is the framework's own


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")  # forward mode
def test_a_hessian_beside_autograd():
    fun = lambda x: (x.exp() * x.roll(1)).sum()
    x = torch.tensor(NUMBERS)
    hess = torch.func.hessian(fun)
    right = gp.check(fun, x, hess=hess, hessp=lambda x, v: hess(x) @ v)
    assert right.ok
    assert "hess against grad: correct" in said(right)
    wrong = gp.check(fun, x, hess=lambda x: torch.tril(hess(x)))
    assert gp.Kind.TRIANGLE in {f.kind for f in wrong.findings}
    assert gp.check(fun, x.float(), hess=hess).ok
    assert not gp.check(fun, x.float(), hess=lambda x: 1.1 * hess(x)).ok


def test_a_tuple_of_tuples_as_torch_returns_it():
    fun = lambda p: p[0].exp().sum() * p[1].sum()
    point = (torch.tensor(NUMBERS), torch.tensor(NUMBERS[:2]))
    hess = lambda p: torch.autograd.functional.hessian(lambda a, b: fun((a, b)), p)
    assert gp.check(fun, point, hess=hess).ok


def test_a_hessian_beside_jax():
    with jax.enable_x64(True):
        fun = lambda p: jnp.sum(jnp.exp(p["a"])) * p["b"]
        point = {"a": jnp.array(NUMBERS), "b": jnp.array(2.0)}
        assert gp.check(fun, point, hess=jax.hessian(fun)).ok
        half = lambda p: jax.tree.map(lambda h: h / 2, jax.hessian(fun)(p))
        report = gp.check(fun, point, grad=jax.grad(fun), hess=half)
    assert gp.Kind.SCALE in {f.kind for f in report.findings}
