"""gradgradcheck: backward passes whose own derivatives are wrong, beside right ones."""

import warnings

import pytest
import torch
from torch.autograd import Function
from torch.autograd.gradcheck import gradgradcheck as torch_gradgradcheck
from torch.nn import functional as F

import gradproof as gp
import gradproof.torch as gpt
from gradproof.errors import UsageError

torch.set_num_threads(1)
F64 = torch.float64
forward_mode = pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")


def drawn(*shape, dtype=F64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=dtype).requires_grad_()


class Tanh(Function):
    """Right: computed again from what was saved."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.tanh()

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (1 - x.tanh() ** 2)


class Saved(Tanh):
    """Right too: the output may be saved."""

    @staticmethod
    def forward(ctx, x):
        y = x.tanh()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * (1 - y**2)


class Kept(Tanh):
    """A computed tensor as a constant."""

    @staticmethod
    def forward(ctx, x):
        ctx.r = x.tanh()
        return ctx.r.clone()

    @staticmethod
    def backward(ctx, g):
        return g * (1 - ctx.r**2)


class SineBackward(Function):
    factor = 1.0

    @staticmethod
    def forward(ctx, x, g):
        ctx.save_for_backward(x, g)
        return g * x.cos()

    @staticmethod
    def backward(ctx, gg):
        x, g = ctx.saved_tensors
        return -gg * g * x.sin(), gg * x.cos()


class OffByInput(SineBackward):
    @staticmethod
    def backward(ctx, gg):
        dx, dg = SineBackward.backward(ctx, gg)
        return 1.2 * dx, dg


class OffByGradient(SineBackward):
    @staticmethod
    def backward(ctx, gg):
        dx, dg = SineBackward.backward(ctx, gg)
        return dx, 1.2 * dg


def sine(rule):
    class Sine(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.sin()

        @staticmethod
        def backward(ctx, g):
            return rule.apply(*ctx.saved_tensors, g)

    return Sine.apply


def times(detached):
    """x y² whose backward cuts one path."""

    class Times(Function):
        @staticmethod
        def forward(ctx, x, y):
            ctx.save_for_backward(x, y)
            return x * y**2

        @staticmethod
        def backward(ctx, g):
            x, y = ctx.saved_tensors
            return g * (y.detach() if detached else y) ** 2, 2 * g * x * y

    return Times.apply


X, Y = drawn(4), drawn(4, seed=1)
RIGHT = {
    "tanh": (torch.tanh, X),
    "Function": (Tanh.apply, X),
    "output saved": (Saved.apply, X),
    "sine": (sine(SineBackward), X),
    "two inputs": (times(detached=False), (X, Y)),
    "linear": (lambda x: 2 * x, X),
    "two outputs": (lambda x: (x.sin(), x.exp() * x), X),
    "a container": (lambda x, y: {"a": x * y, "b": [y.exp()]}, (X, Y)),
    "layer norm": (lambda x: F.layer_norm(x, (4,)), X),
    "conv": (F.conv1d, (drawn(1, 2, 6), drawn(3, 2, 3, seed=1))),
    "cross-entropy": (lambda x: F.cross_entropy(x, torch.tensor([0, 2])), drawn(2, 3)),
    "complex": (lambda z: z * z.abs(), drawn(3, dtype=torch.complex128)),
    "not differentiated": (lambda x, y, k: k * x * y, (X, Y.detach(), 3)),
    "an integer output": (lambda x: (x.sin(), x.argsort()), X),
}
WRONG = {
    "a constant": (Kept.apply, X, "inputs[0]"),
    "by the input": (sine(OffByInput), X, "inputs[0]"),
    "by the gradient": (sine(OffByGradient), X, "grad_outputs[0]"),
    "a path cut": (times(detached=True), (X, Y), "inputs[1]"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_second_derivatives_pass(name):
    assert gpt.gradgradcheck(*RIGHT[name]) is True
    if name not in ("a container", "an integer output"):  # which torch's own refuses
        assert torch_gradgradcheck(*RIGHT[name])


@pytest.mark.parametrize("name", WRONG)
def test_wrong_ones_are_named(name):
    func, inputs, block = WRONG[name]
    assert gpt.gradcheck(func, inputs)  # the first order is right
    with pytest.raises(gpt.GradcheckError) as caught:
        gpt.gradgradcheck(func, inputs)
    report = caught.value.report
    assert [b.name for b in report.blocks if b.verdict.rejects] == [block]
    assert report.name.endswith("second order")
    assert not torch_gradgradcheck(func, inputs, raise_exception=False)
    assert gpt.gradgradcheck(func, inputs, raise_exception=False) is False


def told(func, inputs):
    with pytest.raises(gpt.GradcheckError) as caught:
        gpt.gradgradcheck(func, inputs)
    return caught.value.report.findings[0]


def test_a_computed_tensor_that_was_kept_is_suggested():
    finding = told(Kept.apply, X)
    assert "∂(gradient of inputs[0])/∂inputs[0] is wrong" in finding.message
    assert "ctx.r" in finding.message


def test_a_second_derivative_that_is_not_symmetric():
    finding = told(times(detached=True), (X, Y))
    assert finding.kind is gp.Kind.ASYMMETRIC
    assert "∂(gradient of inputs[0])/∂inputs[1] is wrong" in finding.message
    assert "∂(gradient of inputs[1])/∂inputs[0] is right" in finding.message


def test_the_derivative_by_the_gradient_from_above():
    finding = told(sine(OffByGradient), X)
    assert finding.kind is gp.Kind.SECOND_ORDER
    assert "∂(gradient of inputs[0])/∂grad_outputs[0] is wrong" in finding.message


def test_gradients_from_above_may_be_given():
    ones = torch.ones(4, dtype=F64)
    assert gpt.gradgradcheck(torch.tanh, X, ones)
    assert gpt.gradgradcheck(torch.tanh, X, (drawn(4, seed=2),))
    # Only what requires grad is differentiated.
    assert gpt.gradgradcheck(sine(OffByGradient), X, ones)
    assert not gpt.gradgradcheck(sine(OffByInput), X, ones, raise_exception=False)


def test_random_gradients_may_have_gaps():
    assert gpt.gradgradcheck(Tanh.apply, X, gen_non_contig_grad_outputs=True)


@forward_mode
def test_forward_over_reverse():
    assert gpt.gradgradcheck(torch.tanh, X, check_fwd_over_rev=True)
    assert gpt.gradgradcheck(torch.tanh, X, check_fwd_over_rev=True, check_rev_over_rev=False)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_in_low_precision(dtype):
    x = drawn(4, dtype=dtype)
    assert gpt.gradgradcheck(Tanh.apply, x)
    assert not gpt.gradgradcheck(Kept.apply, x, raise_exception=False)


def test_wrong_use_is_told():
    with pytest.raises(ValueError, match="requires grad"):
        gpt.gradgradcheck(torch.tanh, X.detach())
    with pytest.raises(UsageError, match=r"^inputs\[0\] has 1 of 2 entries"):
        gpt.gradgradcheck(torch.tanh, torch.tensor([1.0, float("inf")]).requires_grad_())
    with pytest.raises(UsageError, match="2 grad_outputs were given, but 1 output"):
        gpt.gradgradcheck(torch.tanh, X, (X, X))
    with pytest.raises(UsageError, match="No output requires grad"):
        gpt.gradgradcheck(lambda x: x.detach(), X)


def test_what_cannot_be_differentiated_twice_says_so():
    class Once(Tanh):
        backward = staticmethod(torch.autograd.function.once_differentiable(lambda ctx, g: 2 * g))

    assert "once_differentiable" in told(Once.apply, X).message


def test_the_inputs_stay_as_they_are():
    x = drawn(4)
    gpt.gradgradcheck(torch.tanh, x)
    assert x.grad is None
    assert torch.equal(x, drawn(4))


def saturated():
    """Numbers so far apart that a softmax of them is 0 and 1, but for rounding."""
    x = 1e4 * drawn(5, 5, 3).detach()
    return x.requires_grad_()


def test_second_derivatives_that_are_nothing_but_round_off_are_zero():
    assert gpt.gradgradcheck(lambda x: x.logcumsumexp(0), saturated())


def attention(q, k, v, bias, scale=1.0):
    return F.scaled_dot_product_attention(scale * q, k, v, attn_mask=bias)


def test_gradients_that_round_off_takes_are_not_differentiated():
    scaled = [(10 * drawn(2, 3, 4, seed=s).detach()).requires_grad_() for s in range(3)]
    inputs = (*scaled, drawn(3, 3, seed=4))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert gpt.gradgradcheck(attention, inputs)

    def wrong(q, k, v, bias):
        return attention(q, k, times(detached=True)(v, 1 + 0 * v.detach() + v), bias)

    assert not gpt.gradgradcheck(wrong, inputs, raise_exception=False)


def test_a_constant_that_is_computed_passes_with_a_warning():
    x = torch.tensor([2.1, -3.4], dtype=F64, requires_grad=True)
    with pytest.warns(UserWarning, match="undecided"):
        assert gpt.gradgradcheck(torch.corrcoef, x)
