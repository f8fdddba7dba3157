"""order=2: the backward passes of a framework, differentiated again."""

import numpy as np
import pytest

import gradproof as gp

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402
from torch.utils.checkpoint import checkpoint  # noqa: E402

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


# order=2 of modules: gradients by parameters and inputs


class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, t):
        ctx.save_for_backward(x, t)
        return x * t * t

    @staticmethod
    def backward(ctx, g):
        x, t = ctx.saved_tensors
        return g * t * t, 2 * g * x * t


class Unscaled(Scaled):
    @staticmethod
    def backward(ctx, g):
        x, t = ctx.saved_tensors
        return g * t.detach() ** 2, 2 * g * x * t


class Gate(torch.nn.Module):
    def __init__(self, rule):
        super().__init__()
        self.t = torch.nn.Parameter(torch.tensor([0.7, -1.2, 0.4, 1.1]))
        self.rule = rule

    def forward(self, x):
        return self.rule.apply(x, self.t).sin()


class Layers(torch.nn.Module):
    def __init__(self, rule, checkpointed=False):
        super().__init__()
        torch.manual_seed(3)
        self.first, self.last = torch.nn.Linear(4, 3), torch.nn.Linear(3, 2)
        self.rule, self.checkpointed = rule, checkpointed

    def hidden(self, x):
        return self.rule.apply(self.first(x))

    def forward(self, x):
        if self.checkpointed:
            return self.last(checkpoint(self.hidden, x, use_reentrant=False))
        return self.last(self.hidden(x))


BATCH = torch.tensor(RNG.normal(size=(5, 4)))


def test_a_module():
    assert gp.check_module(Gate(Scaled).double(), BATCH, order=2).ok
    assert gp.check_module(Gate(Unscaled).double(), BATCH).ok  # once
    report = gp.check_module(Gate(Unscaled).double(), BATCH, order=2)
    assert said(report) == [
        "grad against fun: correct", "the gradient of grad against grad: wrong",
    ]  # fmt: skip
    assert report.findings[0].kind is gp.Kind.ASYMMETRIC
    assert report.findings[0].message.startswith(
        "∂(gradient of inputs[0])/∂params['t'] is wrong, ∂(gradient of params['t'])/∂inputs[0] is "
        "right: the second derivative is not symmetric"
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("checkpointed", [False, True])
@pytest.mark.parametrize("loss", [None, lambda output: output.square().mean()])
def test_layers(loss, checkpointed, dtype):
    for rule, ok in ((Tanh, True), (Kept, False)):
        module = Layers(rule, checkpointed).to(dtype)
        before = list(module.parameters())
        report = gp.check_module(module, BATCH.to(dtype), loss=loss, order=2)
        assert report.ok is ok, report.text()
        assert said(report)[0] == "grad against fun: correct"
        assert all(a is b for a, b in zip(before, module.parameters(), strict=True))


def test_gradients_that_are_alike_are_told_together():
    report = gp.check_module(Layers(Kept).double(), BATCH, order=2)
    together = "∂(gradient of params['first.weight'], params['first.bias'] and inputs[0])"
    messages = [f.message for f in report.findings if f.message.startswith("∂")]
    assert len(messages) == 3
    assert all(text.startswith(together) for text in messages)
    assert sum("ctx.r" in text for text in messages) == 1


def test_zero_parameters_are_compared_too():
    module = Layers(Kept).double()
    torch.nn.init.zeros_(module.first.bias)
    report = gp.check_module(module, BATCH, order=2)
    assert not any("were not compared" in note for note in report.notes)


def test_frozen_parameters_and_indices_are_left_alone():
    module = Layers(Tanh).double()
    module.first.requires_grad_(False)
    report = gp.check_module(module, BATCH, order=2)
    assert report.ok
    assert not any("first" in block.name for block in report.blocks)
    words = torch.nn.Sequential(torch.nn.Embedding(5, 3), torch.nn.LSTM(3, 2)).double()
    assert gp.check_module(words, torch.tensor([[0, 4], [2, 2]]), order=2).ok


# order=2 of products written by hand


def squares(p):
    return p["x"] ** 2 * p["t"]


def products(constant):
    return lambda p, g: {"x": 2 * g * p["x"] * constant(p["t"]), "t": (g * p["x"] ** 2).sum()}


@pytest.mark.parametrize(
    ("array", "constant"),
    [(torch.tensor, lambda t: t.detach()), (jnp.array, jax.lax.stop_gradient)],
    ids=["torch", "jax"],
)
def test_products_by_hand(array, constant):
    with jax.enable_x64(True):
        point = {"x": array(NUMBERS), "t": array(1.7, dtype=array(NUMBERS).dtype)}
        right = gp.check_vjp(squares, products(lambda t: t), point, order=2)
        wrong = gp.check_vjp(squares, products(constant), point, order=2)
    assert right.ok
    assert said(right) == [
        "vjp against fun: correct", "the gradient of vjp against vjp: correct",
    ]  # fmt: skip
    assert said(wrong)[1] == "the gradient of vjp against vjp: wrong"
    assert "∂(gradient of params['t'])/∂params['x'] is right" in wrong.findings[0].message


def test_of_several_outputs_and_with_arguments():
    fun = lambda x, k: {"a": k * x.sin(), "n": 3, "b": x.sum()}
    vjp = lambda x, g, k: k * g["a"] * x.cos() + g["b"]
    cut = lambda x, g, k: k * g["a"] * x.cos() + g["b"].detach()
    x = torch.tensor(NUMBERS)
    assert gp.check_vjp(fun, vjp, x, args=(2.0,), order=2).ok
    report = gp.check_vjp(fun, cut, x, args=(2.0,), order=2)
    rejected = [b.name for b in report.blocks if b.verdict.rejects]
    assert rejected == ["second order by grad_outputs[1]"]


def test_an_entry_that_a_vjp_leaves_out_is_of_the_first_order():
    point = {"x": torch.tensor(NUMBERS), "t": torch.tensor(1.7).double()}
    vjp = lambda p, g: {"x": 2 * g * p["x"] * p["t"]}
    report = gp.check_vjp(squares, vjp, point, order=2)
    assert said(report)[0] == "vjp against fun: wrong"


def test_arrays_of_numpy_have_no_second_order_of_their_own():
    with pytest.raises(gp.UsageError, match="neither a torch tensor nor a JAX array"):
        gp.check_vjp(np.sin, lambda x, g: g * np.cos(x), NUMBERS, order=2)
    with pytest.raises(gp.UsageError, match="order must be 1 or 2"):
        gp.check_module(Layers(Tanh), BATCH, order=3)


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
