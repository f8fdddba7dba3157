"""The further arguments of gradcheck: each passes what is right and fails the nearest fault."""

import warnings

import pytest
import torch
from torch.autograd import Function
from torch.autograd import forward_ad as forward
from torch.autograd import gradcheck as torch_gradcheck

import gradproof.torch as gpt
from gradproof.torch import passes

torch.set_num_threads(1)
F64 = torch.float64
forward_mode = pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
beta = pytest.mark.filterwarnings("ignore:Sparse:UserWarning")


def drawn(*shape, dtype=F64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=dtype).requires_grad_()


class Double(Function):
    """Twice the input; its backward is what a test makes of it."""

    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, g):
        return 2 * g


def doubled(backward):
    """The operation with another backward."""
    return type("Double", (Double,), {"backward": staticmethod(backward)}).apply


def fails(words, func, inputs, **asked):
    """Ours fails with these words, and torch's own with the same type; without it both pass."""
    with pytest.raises(gpt.GradcheckError, match=words):
        gpt.gradcheck(func, inputs, **asked)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert torch_gradcheck(func, inputs, raise_exception=False, **asked) is False
    assert gpt.gradcheck(func, inputs, raise_exception=False, **asked) is False


# Passes


def test_a_backward_that_is_not_the_same_twice():
    def jitter(size):
        return doubled(lambda ctx, g: 2 * g * (1 + size * torch.rand_like(g)))

    fails("Backward is not reentrant", jitter(1e-6), drawn(5))
    fails("Backward is not reentrant", jitter(1e-9), drawn(5))
    assert gpt.gradcheck(jitter(1e-9), drawn(5), nondet_tol=1e-7)
    assert gpt.gradcheck(jitter(0), drawn(5), nondet_tol=0.0)


def test_sums_in_another_order_may_pass_unless_nothing_may():
    calls = []

    def backward(ctx, g):
        calls.append(0)
        return 2 * g * (1 + (len(calls) % 2) * 2.0**-51)

    assert gpt.gradcheck(doubled(backward), drawn(5))
    with pytest.raises(gpt.GradcheckError, match="not reentrant"):
        gpt.gradcheck(doubled(backward), drawn(5), nondet_tol=0.0)


def test_undefined_gradients_from_above():
    def lost(ctx, g):
        if g is None:
            raise RuntimeError("nothing came")
        return 2 * g

    class Lost(Double):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return 2 * x

        backward = staticmethod(lost)

    fails("undefined output grads: .*all outputs are undefined", Lost.apply, drawn(3))
    assert gpt.gradcheck(Lost.apply, drawn(3), check_undefined_grad=False)
    assert gpt.gradcheck(Double.apply, drawn(3))


def test_one_undefined_gradient_among_several():
    class Two(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return 2 * x, 3 * x

        @staticmethod
        def backward(ctx, a, b):
            if a is None and b is None:
                return None
            if b is None:
                raise RuntimeError("the second is needed")
            return (0 if a is None else 2 * a) + 3 * b

    def passed():
        x = drawn(3)
        return Two.apply(x), [x]

    with pytest.raises(gpt.GradcheckError, match="output 1 is undefined"):
        passes.undefined(passed)
    # Outputs are looked at one by one all the same, as torch's own does.
    for check in (gpt.gradcheck, torch_gradcheck):
        with pytest.raises(RuntimeError, match="the second is needed"):
            check(Two.apply, drawn(3))


def test_a_batch_of_gradients():
    def item(ctx, g):
        return 2 * g if g.sum().item() < float("inf") else g

    fails("batched gradient", doubled(item), drawn(3), check_batched_grad=True)
    assert gpt.gradcheck(doubled(item), drawn(3))
    assert gpt.gradcheck(Double.apply, drawn(3), check_batched_grad=True)


def test_a_batch_of_gradients_that_come_out_otherwise(monkeypatch):
    x = drawn(3)
    outputs = [Double.apply(x)]
    passes.batched(outputs, [x])
    real = torch.autograd.grad

    def off(*given, **asked):
        factor = 1.001 if asked.get("is_grads_batched") else 1
        return tuple(factor * g for g in real(*given, **asked))

    monkeypatch.setattr(torch.autograd, "grad", off)
    with pytest.raises(gpt.GradcheckError, match=r"output 0 by inputs\[0\]"):
        passes.batched(outputs, [x])


class Pushed(Double):
    """With a forward mode."""

    @staticmethod
    def jvp(ctx, t):
        return 2 * t


@forward_mode
def test_a_batch_of_tangents():
    class Items(Pushed):
        @staticmethod
        def jvp(ctx, t):
            return 2 * t if t.sum().item() < float("inf") else t

    asked = {"check_forward_ad": True, "check_batched_forward_grad": True}
    fails("batched gradient computation with forward-mode", Items.apply, drawn(3), **asked)
    assert gpt.gradcheck(Items.apply, drawn(3), check_forward_ad=True)
    assert gpt.gradcheck(Pushed.apply, drawn(3), **asked)


@forward_mode
def test_a_tangent_that_is_missing_is_one_of_zeros():
    def fun(x, y):
        dual = forward.unpack_dual(y).tangent is not None
        return x * y if dual or forward._current_level < 0 else forward.make_dual(
            (x * y).detach(), 2 * (x * y).detach()
        )  # fmt: skip

    x, y = drawn(3), drawn(3, seed=1)
    only = {"check_forward_ad": True, "check_backward_ad": False}
    with pytest.raises(gpt.GradcheckError, match="Mismatch in tangent values"):
        gpt.gradcheck(fun, (x, y), **only)
    assert gpt.gradcheck(lambda x, y: x * y, (x, y), **only)


def test_the_type_of_a_gradient(monkeypatch):
    x = drawn(3)
    assert gpt.gradcheck(Double.apply, x, check_grad_dtypes=True)
    # Autograd of today converts a gradient or refuses it.
    real = torch.autograd.grad
    float32 = lambda *given, **asked: tuple(g.float() for g in real(*given, **asked))
    monkeypatch.setattr(torch.autograd, "grad", float32)
    passes.repeatable([2 * x], [x], None, types=False)
    with pytest.raises(gpt.GradcheckError, match="dtype mismatch"):
        passes.repeatable([2 * x], [x], None, types=True)


def test_a_gradient_that_does_not_vanish_with_its_upstream():
    def offset(x):
        y = x.clone()
        y.register_hook(lambda g: g + 1e-2)
        return y

    fails("backward not multiplied by grad_output", offset, drawn(1).detach().requires_grad_(),
          atol=1e-1)  # fmt: skip
    assert gpt.gradcheck(lambda x: x.clone(), drawn(1))


def test_the_layout_of_a_gradient():
    fails("grad is incorrect layout", doubled(lambda ctx, g: (2 * g).to_sparse()), drawn(3))


# Layouts

LAYOUTS = ["sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc"]


def sparse(layout, *, holes=True):
    dense = drawn(4, 6).detach()
    if holes:
        dense[:2, :2] = 0
        dense[2:, 4:] = 0
    layout = getattr(torch, layout)
    block = (2, 2) if layout in (torch.sparse_bsr, torch.sparse_bsc) else None
    return dense.to_sparse(layout=layout, blocksize=block).requires_grad_()


@beta
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("masked", [True, False])
def test_sparse_inputs(layout, masked):
    x = sparse(layout)
    weights = drawn(4, 6, seed=3).detach()
    right = lambda s: (s.to_dense(masked_grad=masked) * weights).exp().sum()
    wrong = lambda s: Off.apply(s.to_dense(masked_grad=masked) * weights).sum()
    assert gpt.gradcheck(right, x, masked=masked) is True
    assert torch_gradcheck(right, x, masked=masked)
    with pytest.raises(gpt.GradcheckError) as caught:
        gpt.gradcheck(wrong, x, masked=masked)
    assert [b.name for b in caught.value.report.blocks] == ["inputs[0]"]


class Off(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.exp()

    @staticmethod
    def backward(ctx, g):
        return 1.0005 * g * ctx.saved_tensors[0].exp()


@beta
@pytest.mark.parametrize("layout", ["sparse_coo", "sparse_csr"])
def test_entries_that_are_not_specified(layout):
    x = sparse(layout)
    masked = lambda s: s.to_dense(masked_grad=True)
    every = lambda s: s.to_dense(masked_grad=False)
    # The gradient of what is not specified is lost, and asked for.
    assert not gpt.gradcheck(masked, x, masked=False, raise_exception=False)
    assert not torch_gradcheck(masked, x, masked=False, raise_exception=False)
    with pytest.raises(gpt.GradcheckError, match="entries that are not specified"):
        gpt.gradcheck(every, x, masked=True)
    assert not torch_gradcheck(every, x, masked=True, raise_exception=False)


@beta
def test_a_sparse_input_beside_a_dense_one():
    x, y = drawn(4, 6, seed=5), sparse("sparse_coo")
    assert gpt.gradcheck(lambda x, y: x * y.coalesce().to_dense(), (x, y), masked=True)
    wrong = lambda x, y: Off.apply(x) * y.coalesce().to_dense()
    with pytest.raises(gpt.GradcheckError, match="respect to input 0"):
        gpt.gradcheck(wrong, (x, y), masked=True)


def test_mkldnn_inputs():
    x = drawn(10, dtype=torch.float32).detach()
    y = drawn(10, dtype=torch.float32, seed=1).detach().to_mkldnn().requires_grad_()
    assert gpt.gradcheck(lambda y: (x * y.to_dense()).exp(), y)
    assert not gpt.gradcheck(lambda y: Off.apply(x * y.to_dense()), y, raise_exception=False)


def test_sparse_outputs_are_refused():
    with pytest.raises(ValueError, match="Sparse output is not supported"):
        gpt.gradcheck(lambda x: x.to_sparse(), drawn(3), raise_exception=False)


# Tensors around the function


def test_a_module_that_holds_its_own_parameters():
    module = torch.nn.Linear(3, 2).double()
    x = drawn(4, 3)
    before = module.weight.detach().clone()
    func = lambda x, *parameters: module(x).exp()
    assert gpt.gradcheck(func, (x, *module.parameters()))
    assert torch_gradcheck(func, (x, *module.parameters()))
    assert torch.equal(module.weight, before)
    assert module.weight.grad is None

    def wrong(x, *parameters):
        return (Off.apply(module.weight) @ x.T).T + module.bias

    with pytest.raises(gpt.GradcheckError) as caught:
        gpt.gradcheck(wrong, (x, *module.parameters()))
    verdicts = {b.name: str(b.verdict) for b in caught.value.report.blocks}
    assert verdicts == {"inputs[0]": "correct", "inputs[1]": "wrong", "inputs[2]": "correct"}
    assert torch.equal(module.weight, before)


def test_of_second_order_too():
    module = torch.nn.Linear(3, 2).double()
    x = drawn(4, 3)
    assert gpt.gradgradcheck(lambda x, *parameters: module(x).tanh(), (x, *module.parameters()))
    kept = {}

    def wrong(x, *parameters):
        kept["weight"] = module.weight.detach()
        return (x @ module.weight.T) * (x @ kept["weight"].T).exp()

    assert not gpt.gradgradcheck(wrong, (x, module.weight), raise_exception=False)


# Tolerances


def off_by(factor):
    return doubled(lambda ctx, g: 2 * factor * g)


def test_tolerances_that_are_given_may_pass_with_a_warning():
    x = drawn(4)
    with pytest.raises(gpt.GradcheckError, match="Jacobian mismatch for output 0 with respect"):
        gpt.gradcheck(off_by(1.0005), x)
    for asked in ({"atol": 1e-2}, {"rtol": 1e-2}, {"eps": 1e-5}):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert gpt.gradcheck(off_by(1.0005), x, **asked)
    with pytest.warns(UserWarning, match="within the eps, atol and rtol"):
        assert gpt.gradcheck(off_by(1.0005), x, atol=1e-2)
    assert not gpt.gradcheck(off_by(1.1), x, atol=1e-2, raise_exception=False)


def test_a_tolerance_that_zeros_would_pass_too_is_none():
    x = drawn(4)
    small = lambda x: 1e-7 * off_by(1.5)(x)
    assert torch_gradcheck(small, x, atol=1e-4)
    assert not gpt.gradcheck(small, x, atol=1e-4, raise_exception=False)


def test_the_output_and_the_input_at_fault_are_named():
    x, y = drawn(3), drawn(3, seed=1)
    func = lambda x, y: (x * y, off_by(1.01)(y))
    with pytest.raises(gpt.GradcheckError, match="for output 1 with respect to input 1"):
        gpt.gradcheck(func, (x, y))
    z = drawn(3, dtype=torch.complex128)
    real = lambda z: torch.complex(z.real, 2 * off_by(1.1)(z.imag))
    with pytest.raises(gpt.GradcheckError, match="imaginary part of complex outputs only"):
        gpt.gradcheck(real, z)


# Arguments


def test_arguments_that_contradict_each_other():
    for asked, words in [
        ({"check_backward_ad": False}, "Expected at least one of"),
        ({"check_backward_ad": False, "check_forward_ad": True, "check_batched_grad": True},
         "check_batched_grad=True requires check_backward_ad"),
        ({"check_batched_forward_grad": True}, "requires check_forward_ad"),
    ]:  # fmt: skip
        with pytest.raises(AssertionError, match=words):
            gpt.gradcheck(Double.apply, drawn(3), **asked)
        with pytest.raises(AssertionError):
            torch_gradcheck(Double.apply, drawn(3), **asked)


def test_outputs_without_a_gradient_have_to_be_constant():
    x = torch.tensor([0.3, 1.4], dtype=F64, requires_grad=True)
    assert gpt.gradcheck(lambda x: x.long(), x)
    assert gpt.gradcheck(lambda x: (), x)
    fails("expected to be zero", lambda x: torch.tensor(x.tolist()), x)
    with pytest.raises(gpt.GradcheckError, match="expected to be zero"):
        gpt.gradcheck(lambda x: (1e9 * x).long(), x)


def test_a_shape_that_changes():
    func = lambda x: torch.cat([x, x]) if bool((x >= 1).all()) else x
    with pytest.raises(AssertionError, match="outputs with the same shape"):
        gpt.gradcheck(func, torch.ones(1, dtype=F64, requires_grad=True))


def test_the_generators_are_as_before():
    before = torch.get_rng_state()
    gpt.gradcheck(Double.apply, drawn(3), check_batched_grad=True)
    assert torch.equal(before, torch.get_rng_state())


def test_a_function_that_looks_whether_its_input_requires_grad():
    def func(x):
        assert x.requires_grad
        y = 1 * x
        y.register_hook(lambda g: g)
        return y.exp() if x.requires_grad else 2 * y.exp()

    assert gpt.gradcheck(func, drawn(3))
    assert gpt.gradgradcheck(func, drawn(3))


def test_steps_pass_where_both_are_zero_and_not_where_only_one_is():
    x = 3 * drawn(50).detach().requires_grad_()
    x = x.detach().requires_grad_()
    with pytest.warns(UserWarning, match="undecided"):
        assert gpt.gradcheck(torch.floor, x)

    class Straight(Function):
        @staticmethod
        def forward(ctx, x):
            return x.floor()

        @staticmethod
        def backward(ctx, g):
            return g

    assert not gpt.gradcheck(Straight.apply, x, raise_exception=False)


def test_the_global_generator_is_left_as_it_was():
    x = torch.ones(6, dtype=torch.float64, requires_grad=True)
    before = torch.random.get_rng_state()
    assert gpt.gradcheck(lambda x: torch.nn.functional.dropout(x, 0.5) * x, x, nondet_tol=None)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert gpt.gradgradcheck(lambda x: x**3, x)
    assert torch.equal(torch.random.get_rng_state(), before)
