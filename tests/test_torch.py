"""Autograd as the claim: tensors in every shape, functions that misbehave, and the drop-in."""

import collections
import weakref

import numpy as np
import pytest
import torch
from torch.autograd import Function
from torch.autograd.gradcheck import GradcheckError as TorchError

import gradproof as gp
import gradproof.torch as gpt
from gradproof.errors import UsageError

# Small tensors: on a busy machine threads would only wait for each other.
torch.set_num_threads(1)

F64, F32, F16, BF16 = torch.float64, torch.float32, torch.float16, torch.bfloat16

# The first use of forward mode loads a part of torch that warns of itself.
forward_mode = pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")


def drawn(*shape, dtype=F64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    real = torch.randn(shape, generator=generator, dtype=F64)
    if dtype.is_complex:
        real = torch.complex(real, torch.randn(shape, generator=generator, dtype=F64))
    return real.to(dtype)


class Sine(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x.cos()


class Off(Sine):
    """One percent too large."""

    @staticmethod
    def backward(ctx, g):
        return 1.01 * Sine.backward(ctx, g)


class FarOff(Sine):
    @staticmethod
    def backward(ctx, g):
        return 3 * Sine.backward(ctx, g)


sine, off, far_off = Sine.apply, Off.apply, FarOff.apply


def verdicts(fun, point, **more):
    """Of a function of the right operation, and of its wrong twin."""
    return [gp.check(lambda *a, op=op, **k: fun(op, *a, **k), point, **more) for op in (sine, off)]


def both(fun, point, **more):
    """The right one passes, the wrong one does not; the reports."""
    right, wrong = verdicts(fun, point, **more)
    assert right.ok, right.text()
    assert wrong.verdict == "wrong", wrong.text()
    return right, wrong


def kinds(report):
    """What is said of a fault, besides the operation that it is in and those before it."""
    told = ("operation", "handed-on")
    return [finding.kind for finding in report.findings if finding.kind not in told]


# Points


def test_a_bare_tensor_is_a_point_and_its_own_backward_the_claim():
    _, wrong = both(lambda op, x: op(x).sum(), drawn(5))
    assert [b.name for b in wrong.blocks] == ["params"]
    assert kinds(wrong) == ["scale"]
    assert wrong.findings[0].factor == pytest.approx(1.01, rel=1e-9)


def test_any_nesting_is_a_point_and_only_the_wrong_leaf_is_accused():
    Pair = collections.namedtuple("Pair", "w b")
    point = {"a": [drawn(3), Pair(drawn(3, seed=1), drawn(2, seed=2))], "c": (drawn(1, seed=3),)}
    fun = lambda op, p: (
        (op(p["a"][0]) * p["a"][1].w).sum() + p["a"][1].b.exp().sum() + p["c"][0].sum() ** 2
    )
    right, wrong = both(fun, point)
    names = ["params['a'][0]", "params['a'][1].w", "params['a'][1].b", "params['c'][0]"]
    assert [b.name for b in right.blocks] == names
    assert [b.name for b in wrong.blocks if b.verdict != "correct"] == names[:1]


def test_what_does_not_require_grad_is_left_alone_and_named_if_anything_does():
    point = {"w": drawn(3).requires_grad_(), "x": drawn(3, seed=1), "n": 3, "a": np.ones(3)}
    right, _ = both(lambda op, p: (op(p["w"]) * p["x"]).sum() * p["n"], point)
    assert [b.name for b in right.blocks] == ["params['w']"]
    assert dict(right.left_alone) == {
        "params['x']": "does not require grad",
        "params['n']": "is not a tensor",
        "params['a']": "is not a tensor",
    }
    assert any("params['x'] does not require grad" in r for r in right.remarks)


def test_if_nothing_requires_grad_everything_is_checked():
    right, _ = both(lambda op, p: (op(p["w"]) * p["x"]).sum(), {"w": drawn(3), "x": drawn(3)})
    assert [b.name for b in right.blocks] == ["params['w']", "params['x']"]


def test_parameters_and_results_of_computations_are_points():
    both(lambda op, x: op(x).sum(), torch.nn.Parameter(drawn(3)))
    both(lambda op, x: op(x).sum(), drawn(3).requires_grad_() * 2)
    both(lambda op, p: (op(p[0]) + p[1]).sum(), [torch.nn.Parameter(drawn(3)) for _ in range(2)])


def test_the_users_tensors_and_their_gradients_are_untouched():
    x, w = drawn(3).requires_grad_(), drawn(3, seed=1)
    x.grad = torch.full((3,), 7.0, dtype=F64)
    before = x.detach().clone(), x._version, w._version
    both(lambda op, p: (op(p[0]) * p[1]).sum(), [x, w], effort="sweep")
    assert torch.equal(x, before[0])
    assert (x._version, w._version) == before[1:]
    assert x.grad.tolist() == [7.0] * 3
    assert x.requires_grad
    assert x.is_leaf
    assert not w.requires_grad
    assert w.grad is None


def far(tensor):
    return torch.as_strided(tensor, (1, 3), (20, 1))


LAYOUTS = {
    "transposed": drawn(3, 4).t(),
    "channels last": drawn(2, 3, 2, 2).to(memory_format=torch.channels_last),
    "slice": drawn(6, 6)[::2, ::3],
    "far apart": drawn(30)[::9],
    "expanded": drawn(4, 1).expand(4, 3),
    "overlapping": torch.as_strided(drawn(5), (3, 3), (1, 1)),
    "axis of one": far(drawn(24)),
    "negated": drawn(3, dtype=torch.complex128).conj().imag,
    "0-d": drawn(),
    "ten axes": drawn(*[2] * 10),
}


@pytest.mark.parametrize("point", LAYOUTS.values(), ids=LAYOUTS)
def test_a_point_may_lie_in_memory_in_any_way(point):
    both(lambda op, x: op(x).sum(), point)
    both(lambda op, x: op(x), point)


# Outputs


@pytest.mark.parametrize(
    "fun",
    [
        lambda op, x: op(x),
        lambda op, x: op(x).t(),
        lambda op, x: op(x)[None, 1:],
        lambda op, x: (x.cos(), op(x)),
        lambda op, x: {"loss": op(x).sum(), "rows": x.exp()},
        lambda op, x: [op(x), None, 3, torch.arange(3), "text", x[:0]],
        lambda op, x: torch.max(op(x), 0),
        lambda op, x: op(x).sum()[None, None],
    ],
)
def test_outputs_may_be_arrays_and_containers(fun):
    both(fun, drawn(3, 2))


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1e6, 1e12])
def test_a_wrong_output_does_not_hide_behind_one_of_another_scale(scale):
    both(lambda op, x: (x.cos(), scale * op(x)), drawn(5))
    both(lambda op, x: (scale * op(x), x.cos()), drawn(5))
    both(lambda op, x: {"big": x.exp(), "loss": scale * op(x).sum()}, drawn(5))
    both(lambda op, x: [x * k for k in range(7)] + [scale * op(x)], drawn(5))


def test_an_output_may_be_the_point_itself():
    assert gp.check(lambda x: x, drawn(3)).ok
    assert gp.check(lambda p: p, {"a": drawn(3), "b": drawn(2)}).ok
    assert gp.check(lambda x: (x.t(), off(x)), drawn(3, 2)).verdict == "wrong"


@pytest.mark.parametrize(
    ("fun", "words"),
    [
        (lambda x: None, "None"),
        (lambda x: torch.arange(3), "nothing can be differentiated"),
        (lambda x: x[:0], "nothing can be differentiated"),
        (lambda x: x[x > 0.3], "must keep its shape"),
    ],
)
def test_outputs_without_derivatives_are_told_in_a_sentence(fun, words):
    with pytest.raises(UsageError, match=words):
        gp.check(fun, torch.tensor([0.3, 1.0, 2.0], dtype=F64))


def test_complex_points_and_outputs():
    class Square(Function):
        conjugates = True

        @staticmethod
        def forward(ctx, z):
            ctx.save_for_backward(z)
            return z * z

        @classmethod
        def backward(cls, ctx, g):
            (z,) = ctx.saved_tensors
            return 2 * g * z.conj()

    class Forgotten(Square):
        @staticmethod
        def backward(ctx, g):
            (z,) = ctx.saved_tensors
            return 2 * g * z

    z = drawn(3, dtype=torch.complex128)
    assert gp.check(Square.apply, z).ok
    assert gp.check(Forgotten.apply, z).verdict == "wrong"
    assert gp.check(lambda z: Square.apply(z).sum(), z.conj()).ok
    assert gp.check(lambda z: Forgotten.apply(z).sum(), z.conj()).verdict == "wrong"
    assert gp.check(lambda z: (z * z.conj()).real.sum(), z).ok
    both(lambda op, x: torch.fft.rfft(op(x)), drawn(8))
    both(lambda op, x: torch.fft.rfft(op(x)).abs().sum(), drawn(8, dtype=F32))
    both(lambda op, z: torch.view_as_complex(op(torch.view_as_real(z))), z)


# Wrong backwards


def memory(tensor):
    """What a kernel sees that takes the entries as they lie in memory."""
    if tensor.untyped_storage().nbytes() < tensor.numel() * tensor.element_size():
        return tensor  # entries share memory: that would be out of bounds
    return torch.as_strided(tensor, (tensor.numel(),), (1,)).view(tensor.shape)


def test_a_backward_that_takes_its_input_for_contiguous_is_caught_where_it_is_not():
    class Careless(Sine):
        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * memory(x).cos()

    assert gp.check(Careless.apply, drawn(3, 4)).ok
    assert gp.check(Careless.apply, drawn(3, 4).t()).verdict == "wrong"
    assert gp.check(Sine.apply, drawn(3, 4).t()).ok


def test_a_backward_that_takes_its_upstream_for_contiguous_is_caught_wherever_it_is():
    class Careless(Sine):
        @staticmethod
        def backward(ctx, g):
            return Sine.backward(ctx, memory(g))

    assert gp.check(Careless.apply, drawn(3, 4)).verdict == "wrong"
    assert gp.check(lambda x: Careless.apply(x).t(), drawn(3, 4)).verdict == "wrong"
    assert gp.check(lambda x: sine(x).t(), drawn(3, 4)).ok


def test_a_backward_that_is_wrong_for_an_expanded_upstream_is_caught_below_a_sum():
    class Careless(Sine):
        @staticmethod
        def backward(ctx, g):
            return Sine.backward(ctx, g) * (1 if g.is_contiguous() else 2)

    assert gp.check(lambda x: Careless.apply(x).sum(), drawn(3, 4)).verdict == "wrong"
    assert gp.check(lambda x: sine(x).sum(), drawn(3, 4)).ok


class Ignores(Sine):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return x.cos()


class Modulus(Sine):
    @staticmethod
    def backward(ctx, g):
        return Sine.backward(ctx, g.abs())


@pytest.mark.parametrize("rule", [Ignores, Modulus])
@pytest.mark.parametrize("after", [lambda y: y, torch.sum, lambda y: 3 * y.sum()])
def test_a_backward_that_is_not_linear_in_its_upstream_is_caught(rule, after):
    report = gp.check(lambda x: after(rule.apply(x)), drawn(4))
    assert report.verdict == "wrong"
    assert "not-linear" in kinds(report)
    assert gp.check(lambda x: after(sine(x)), drawn(4)).ok


def test_an_ignored_upstream_is_caught_where_it_is_one():
    assert gp.check(Ignores.apply, drawn()).verdict == "wrong"
    assert gp.check(sine, drawn()).ok


def test_a_backward_that_forgets_its_other_outputs_is_caught():
    class Two(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            ctx.save_for_backward(x)
            return x.sin(), x.cos()

        @staticmethod
        def backward(ctx, a, b):
            (x,) = ctx.saved_tensors
            a = torch.zeros_like(x) if a is None else a
            b = torch.zeros_like(x) if b is None else b
            return a * x.cos() - b * x.sin()

    class Half(Two):
        @staticmethod
        def backward(ctx, a, b):
            if a is None or b is None:
                return torch.zeros_like(ctx.saved_tensors[0])
            return Two.backward(ctx, a, b)

    assert gp.check(Two.apply, drawn(3)).ok
    assert gp.check(Half.apply, drawn(3)).verdict == "wrong"


def test_a_backward_that_spoils_the_upstream_of_others_is_caught():
    class Spoils(Sine):
        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g.mul_(x.cos())

    assert gp.check(lambda x: Spoils.apply(x) + x, drawn(3)).verdict == "wrong"
    assert gp.check(lambda x: sine(x) + x, drawn(3)).ok


def test_a_backward_of_nan_none_or_nothing_is_named():
    class Nan(Sine):
        @staticmethod
        def backward(ctx, g):
            return g * float("nan")

    class Nothing(Sine):
        @staticmethod
        def backward(ctx, g):
            return None

    report = gp.check(Nan.apply, drawn(3))
    assert report.verdict == "wrong"
    assert kinds(report) == ["not-finite"]
    report = gp.check(lambda p: Nothing.apply(p[0]) + p[1], [drawn(3), drawn(3)])
    assert [b.verdict for b in report.blocks] == ["wrong", "correct"]
    assert kinds(report)[0] == "missing-block"
    assert report.findings[0].block == "params[0]"


def test_a_detached_tensor_is_wrong_and_an_unused_one_is_named():
    fun = lambda p: (p["w"] * p["x"].detach()).sum()
    report = gp.check(fun, {"w": drawn(3), "x": drawn(3), "unused": drawn(2)})
    found = {b.name: b.verdict for b in report.blocks}
    assert found == {
        "params['w']": "correct",
        "params['x']": "wrong",
        "params['unused']": "correct",
    }
    missing = {f.block for f in report.findings if f.kind == "missing-block"}
    assert missing == {"params['x']", "params['unused']"}


def test_numbers_taken_out_of_the_graph_are_caught():
    assert gp.check(lambda x: (x / x.detach().norm()).sin().sum(), drawn(5)).verdict == "wrong"
    assert gp.check(lambda x: (x / x.norm()).sin().sum(), drawn(5)).ok
    inside = lambda x: torch.from_numpy(np.sin(x.detach().numpy())).sum()
    assert gp.check(inside, drawn(5)).verdict == "wrong"


def test_a_random_backward_is_no_claim():
    class Random(Sine):
        @staticmethod
        def backward(ctx, g):
            return Sine.backward(ctx, g) * (1 + 0.01 * torch.randn(()))

    report = gp.check(Random.apply, drawn(3))
    assert report.verdict == "undecided"
    assert "nondeterministic" in kinds(report)


def test_kinks_are_checked_beside_the_point():
    point = torch.tensor([0.0, 1.0, -1.0, 2.0], dtype=F64)

    class Leaks(Function):
        @staticmethod
        def forward(ctx, x):
            return x.clamp(min=0)

        @staticmethod
        def backward(ctx, g):
            return g

    assert gp.check(torch.relu, point).ok
    assert gp.check(Leaks.apply, point).verdict == "wrong"


# Closures and arguments


def test_a_tensor_in_a_closure_that_requires_grad_is_told():
    w = drawn(4, dtype=F32).requires_grad_()
    report = gp.check(lambda x: (x.sum() * w).sum(), drawn(3))
    assert report.ok
    assert any("float32 tensor of shape (4,)" in note for note in report.notes)
    assert w.grad is None
    with torch.no_grad():
        assert not gp.check(lambda x: (x.sum() * w.detach()).sum(), drawn(3)).notes


def test_a_module_in_a_closure_or_an_argument_is_left_in_peace():
    module = torch.nn.Linear(3, 2).double()
    for report in (
        gp.check(module, drawn(4, 3)),
        gp.check(lambda x, m: m(x).sum(), drawn(4, 3), args=(module,)),
    ):
        assert report.ok
        assert any("not part of the point" in note for note in report.notes)
    assert all(p.grad is None and p.requires_grad for p in module.parameters())
    both(lambda op, x, m: op(m(x)).sum(), drawn(4, 3), args=(module,))


def test_the_named_parameters_of_a_module_are_a_point():
    module = torch.nn.Linear(3, 2).double()
    x = drawn(4, 3)
    fun = lambda op, p: op(torch.func.functional_call(module, p, (x,)))
    right, _ = both(fun, dict(module.named_parameters()))
    assert [b.name for b in right.blocks] == ["params['weight']", "params['bias']"]


@pytest.mark.parametrize("dtype", [F64, F32])
def test_arguments_changed_in_place_are_told_and_do_not_spoil_the_check(dtype):
    a, b = drawn(3, dtype=dtype, seed=1), {"b": [drawn(3, dtype=dtype, seed=2)]}
    before = a.clone(), b["b"][0].clone()

    def fun(op, x, a, extra=None):
        a.add_(1)
        extra["b"][0].mul_(2)
        return (op(x) * a * extra["b"][0]).sum()

    right, wrong = both(fun, drawn(3, dtype=dtype), args=(a,), kwargs={"extra": b})
    for report in (right, wrong):
        (told,) = [f for f in report.findings if f.kind == "mutation"]
        assert "args[0]" in told.message
        assert "kwargs['extra']['b'][0]" in told.message
    assert torch.equal(a, before[0])
    assert torch.equal(b["b"][0], before[1])


def test_arguments_of_every_kind_reach_the_function():
    mask, count = torch.tensor([True, False, True]), torch.tensor([1, 2, 3])
    array = np.array([1.0, 2.0, 3.0], np.float32)

    def fun(op, x, mask, *, count, array, nan, needed):
        assert np.isnan(nan.numpy()).all()
        return (op(x) * count * torch.from_numpy(array) * needed)[mask].sum()

    more = {"count": count, "array": array, "nan": torch.tensor([float("nan")])}
    for dtype in (F64, F32):
        needed = drawn(3, dtype=dtype).requires_grad_()
        kwargs = {**more, "needed": needed}
        right, _ = both(fun, drawn(3, dtype=dtype), args=(mask,), kwargs=kwargs)
        assert any("not part of the point" in note for note in right.notes)
        assert needed.grad is None


# Functions that misbehave


def test_a_function_that_writes_into_its_point_fails_in_autograds_own_words():
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad") as caught:
        gp.check(lambda x: x.mul_(2).sum(), drawn(3))
    assert "raised by grad" in caught.value.__notes__[0]
    both(lambda op, x: op(x).mul_(2).sum(), drawn(3))
    both(lambda op, x: op(x.clone().mul_(2)).sum(), drawn(3))


@pytest.mark.parametrize("dtype", [F64, F32])
def test_dropout_is_reseeded_told_and_does_not_move_the_generator(dtype):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    dropped = lambda op, x: op(torch.nn.functional.dropout(x, 0.5)).sum()
    right, wrong = both(dropped, drawn(20, dtype=dtype))
    for report in (right, wrong):
        (told,) = [f for f in report.findings if f.kind == "nondeterministic"]
        assert "seeded" in told.message
        assert "PyTorch" in told.message
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("kept", [True, False])
def test_a_backward_that_draws_by_itself_is_told_as_that(kept):
    class Drop(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mask = (torch.rand_like(x) > 0.5).to(x.dtype)
            return x * ctx.mask

        @staticmethod
        def backward(ctx, g):
            return g * (ctx.mask if kept else (torch.rand_like(g) > 0.5).to(g.dtype))

    report = gp.check(lambda x: Drop.apply(x.sin()).sum(), drawn(30))
    assert report.ok is kept
    told = [f for f in report.findings if "backward draws random numbers" in f.message]
    assert bool(told) is not kept


def test_noise_of_a_generator_of_its_own_is_noise():
    generator = torch.Generator().manual_seed(0)
    noisy = lambda op, x: op(x).sum() + 1e-6 * torch.randn((), generator=generator, dtype=F64)
    right, wrong = verdicts(noisy, drawn(5))
    assert right.verdict in ("correct", "undecided")
    assert not wrong
    assert "nondeterministic" in kinds(right)
    assert gp.check(lambda x: noisy(far_off, x), drawn(5)).verdict == "wrong"


class Boom(Exception):
    pass


@pytest.mark.parametrize("dtype", [F64, F32, BF16])
@pytest.mark.parametrize("after", [0, 1, 2, 3, 4, 5, 6, 7])
def test_an_exception_surfaces_as_itself_and_everything_is_as_before(dtype, after):
    calls = []

    def fun(x):
        calls.append(1)
        if len(calls) > after:
            raise Boom("at", after)
        return x.exp().sum()

    torch.manual_seed(5)
    before = torch.get_rng_state()
    with pytest.raises(Boom) as caught:
        gp.check(fun, drawn(30, dtype=dtype))
    assert caught.value.args == ("at", after)
    (note,) = caught.value.__notes__
    assert note.startswith("gradproof: raised by")
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() is F32
    assert (torch.ones(1) * torch.ones(1)).dtype is F32
    assert torch.equal(torch.get_rng_state(), before)


def test_an_exception_of_a_backward_surfaces_too():
    class Fails(Sine):
        @staticmethod
        def backward(ctx, g):
            raise Boom

    with pytest.raises(Boom) as caught:
        gp.check(Fails.apply, drawn(3))
    assert caught.value.__notes__ == ["gradproof: raised by grad, called at the point."]


def test_it_works_where_gradients_are_off_and_whatever_the_default_type_is():
    with torch.no_grad():
        both(lambda op, x: op(x).sum(), drawn(3))
        assert not torch.is_grad_enabled()
    torch.set_default_dtype(F16)
    try:
        both(lambda op, x: op(x * torch.ones(3)).sum(), drawn(3, dtype=F32))
        assert torch.get_default_dtype() is F16
    finally:
        torch.set_default_dtype(F32)


@pytest.mark.parametrize("dtype", [F64, F32])
def test_a_function_may_differentiate_something_itself(dtype):
    def penalty(op, x):
        y = (op(x) ** 2).sum() + (x**3).sum()
        (g,) = torch.autograd.grad(y, x, create_graph=True)
        return (g**2).sum()

    def unrolled(op, x):
        z = torch.ones(3, dtype=x.dtype, requires_grad=True)
        for _ in range(2):
            (g,) = torch.autograd.grad(((z - x) ** 2).sum(), z, create_graph=True)
            z = z - 0.1 * g
        return op(z).sum()

    def forgets(x):  # the second derivative
        (g,) = torch.autograd.grad((x**3).sum(), x)
        return (g * x).sum()

    x = drawn(3, dtype=dtype)
    assert gp.check(lambda x: penalty(sine, x), x).ok
    both(unrolled, x)
    assert gp.check(forgets, x).verdict == "wrong"


def test_a_double_backward_that_is_wrong_is_caught():
    class Cube(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * 3 * x**2

    class Once(Cube):  # its backward cannot be differentiated: x is out of the graph
        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * 3 * x.detach() ** 2

    def slope(rule, x):
        (g,) = torch.autograd.grad(rule.apply(x).sum(), x, create_graph=True)
        return (g * x).sum()

    assert gp.check(lambda x: slope(Cube, x), drawn(3)).ok
    assert gp.check(lambda x: slope(Once, x), drawn(3)).verdict == "wrong"


def test_functional_transforms_and_checkpoints_inside():
    squared = lambda z: (z**3).sum()
    inner = lambda op, x: op(torch.func.grad(squared)(x)).sum()
    both(inner, drawn(3))
    rows = torch.vmap(lambda row: row.sin().sum())
    both(lambda op, x: op(rows(x)), drawn(3, 2))
    again = torch.utils.checkpoint.checkpoint
    for dtype in (F64, F32):
        both(lambda op, x: again(op, x, use_reentrant=False).sum(), drawn(3, dtype=dtype))


def test_hooks_are_part_of_the_backward():
    def hooked(x, factor):
        h = x * 2
        h.register_hook(lambda g: factor * g)
        return (h**2).sum()

    assert gp.check(lambda x: hooked(x, 1), drawn(3)).ok
    assert gp.check(lambda x: hooked(x, 1.5), drawn(3)).verdict == "wrong"


def test_evaluations_build_no_graph_and_nothing_of_them_is_kept():
    recorded, alive, most = [], weakref.WeakSet(), 0

    class Kept:
        """Lives as long as the graph of the evaluation that it belongs to, or its result."""

    def fun(x):
        nonlocal most
        y = sine(x).sum()
        recorded.append(y.requires_grad)
        y.kept = Kept()
        alive.add(y.kept)
        most = max(most, len(alive))
        return y

    report = gp.check(fun, drawn(40), effort="sweep")
    assert report.ok
    assert report.evaluations > 20
    assert len(recorded) == report.evaluations + report.gradient_calls
    assert sum(recorded) == report.gradient_calls
    assert most <= 4


def test_a_parameter_that_is_stopped_itself_is_held_where_it_was():
    x = torch.ones(3)
    assert gp.check(lambda x: (x * gp.stop_gradient(x)).sum(), x).ok
    assert gp.check(lambda x: (x * x.detach()).sum(), x).verdict == "wrong"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_is_stopped_inside_a_compiled_function_cannot_be_held():
    def fun(x):
        return (x * gp.stop_gradient(x)).sum()

    x = torch.ones(3, dtype=torch.float64)
    with pytest.raises(gp.UsageError, match="inside a compiled function"):
        gp.check(torch.compile(fun, backend="eager"), x)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_compiled_functions(backend):
    doubled = lambda x: (x.sin() * 2).sum()
    loses = lambda x: (x.sin() * x.detach()).sum()
    for dtype in (F64, F32):
        x = drawn(4, dtype=dtype)
        assert gp.check(torch.compile(doubled, backend=backend), x).ok
        assert gp.check(torch.compile(loses, backend=backend), x).verdict == "wrong"


# Precision


@pytest.mark.parametrize("dtype", [F32, F16, BF16, torch.complex64])
def test_low_precision_with_data_of_the_same_type_in_a_closure(dtype):
    c = drawn(4, 4, dtype=dtype, seed=1)
    fun = lambda op, x: op((c @ x).abs()).sum()
    right = gp.check(lambda x: fun(sine, x), drawn(4, dtype=dtype))
    assert right.ok
    assert any("evaluated with them in float64" in note for note in right.notes)
    wrong = gp.check(lambda x: fun(far_off, x), drawn(4, dtype=dtype))
    assert wrong.verdict == "wrong"
    assert kinds(wrong) == ["scale"]


def test_one_percent_is_wrong_in_float32_and_inside_the_round_off_of_bfloat16():
    fun = lambda x: off(x).sum()
    report = gp.check(fun, drawn(50, dtype=F32))
    assert report.verdict == "wrong"
    assert report.findings[0].factor == pytest.approx(1.01, abs=1e-5)
    assert gp.check(fun, drawn(50, dtype=BF16)).verdict in ("correct", "suspect", "undecided")


def test_a_function_that_refuses_float64_is_evaluated_in_its_own_precision():
    def fun(op, x):
        if x.dtype is not F32:
            raise TypeError("float32 only")
        return op(x).sum()

    right, _ = both(fun, drawn(10, dtype=F32))
    assert any("raises TypeError" in note for note in right.notes)


def test_a_function_whose_value_is_another_one_in_float64_is_not_evaluated_there():
    report, _ = both(
        lambda op, x: op(x * torch.finfo(x.dtype).bits / 32).sum(), drawn(9, dtype=F32)
    )
    assert any("evaluated in float32" in note for note in report.notes)


def test_a_kernel_of_float32_inside_a_function_of_float64():
    class Kernel(Function):
        factor = 1.0

        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x.float())
            return x.float().sin().to(x.dtype)

        @classmethod
        def backward(cls, ctx, g):
            (x,) = ctx.saved_tensors
            return (g.float() * x.cos()).to(g.dtype)

    class Wrong(Kernel):
        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return (1.3 * g.float() * x.cos()).to(g.dtype)

    for dtype in (F64, F32):
        assert gp.check(lambda x: Kernel.apply(x).sum(), drawn(30, dtype=dtype)).verdict != "wrong"
        report = gp.check(lambda x: Wrong.apply(x).sum(), drawn(30, dtype=dtype))
        assert report.verdict == "wrong"


def test_mixed_precision_in_one_point():
    point = [drawn(3, dtype=F32), drawn(3), drawn(3, dtype=BF16)]
    right, wrong = both(lambda op, p: (p[0].double() * op(p[1]) + p[2]).sum(), point)
    assert [b.dtype for b in right.blocks] == ["float32", "float64", "bfloat16"]
    assert [b.verdict for b in wrong.blocks] == ["correct", "wrong", "correct"]


def test_buffers_made_inside_a_function_of_float32():
    def written(op, x):
        out = torch.zeros(2, dtype=F32)
        out.index_add_(0, torch.tensor([0, 0, 1]), op(x).to(out.dtype))
        return (out**2).sum()

    def alike(op, x):
        out = torch.zeros_like(x)
        out += op(x)
        return (out**2).sum() + x.new_tensor([1.0, 2.0, 3.0]).dot(x)

    for fun in (written, alike):
        both(fun, drawn(3, dtype=F32))


# Sizes


@pytest.mark.parametrize("size", [1e10, 1e150, 1e300, 1e-10, 1e-150, 1e-300])
def test_points_of_any_size(size):
    both(lambda op, x: op(x / size).sum(), drawn(3) * size)


@pytest.mark.parametrize("size", [1e10, 1e150, 1e300, 1e-10, 1e-150, 1e-300])
def test_values_of_any_size(size):
    both(lambda op, x: op(x).sum() * size, drawn(3))


@pytest.mark.parametrize("size", [1e10, 1e30, 1e-10, 1e-30])
def test_points_of_any_size_in_float32(size):
    both(lambda op, x: op(x / size).sum(), (drawn(3) * size).float())


# Refusals


@pytest.mark.parametrize(
    ("leaf", "words"),
    [
        (torch.eye(3).to_sparse(), "sparse_coo tensor, which is unsupported"),
        (torch.empty(3, device="meta"), "meta tensor, which is unsupported"),
        (torch.ones(3).to(torch.float8_e4m3fn), "float8_e4m3fn, whose numbers cannot be added"),
        (torch.tensor([1.0, float("nan")]), "1 of 2 entries that are not finite"),
        (torch.tensor([1.0, float("inf")]), "1 of 2 entries that are not finite"),
    ],
)
def test_what_cannot_be_moved_is_refused_in_a_sentence_with_its_name(leaf, words):
    with pytest.raises(UsageError, match=words) as caught:
        gp.check(lambda x: x.sum(), leaf)
    assert str(caught.value).startswith("params ")
    with pytest.raises(UsageError, match=words) as caught:
        gp.check(lambda p: p["y"].sum(), {"x": leaf, "y": drawn(2)})
    assert str(caught.value).startswith("params['x'] ")


@pytest.mark.parametrize(
    ("leaf", "words"),
    [
        (torch.arange(3), "int64, which does not move"),
        (torch.ones(3, dtype=torch.bool), "bool, which does not move"),
        (torch.empty(0, 3), r"is empty \(shape \(0, 3\)\)"),
    ],
)
def test_what_has_nothing_to_move_is_left_alone_beside_others_and_refused_alone(leaf, words):
    with pytest.raises(UsageError, match=words):
        gp.check(lambda x: x.sum(), leaf)
    right, _ = both(lambda op, p: op(p["y"]).sum(), {"x": leaf, "y": drawn(2)})
    assert [name for name, _ in right.left_alone] == ["params['x']"]


def test_a_point_without_tensors_needs_a_claim():
    with pytest.raises(UsageError, match="no claimed gradient"):
        gp.check(lambda x: float(np.sum(x)), np.ones(3))


def test_a_gradient_by_hand_of_tensors_is_a_claim_like_any_other():
    for dtype in (F64, F32, BF16):
        x = drawn(5, dtype=dtype)
        assert gp.check(lambda x: x.sin().sum(), x, grad=torch.cos).ok
        assert gp.check(lambda x: x.sin().sum(), x, grad=x.cos()).ok
        wrong = gp.check(lambda x: x.sin().sum(), x, grad=lambda x: 3 * x.cos())
        assert wrong.verdict == "wrong"
    assert gp.check(lambda x: (x.sin().sum(), x.cos()), drawn(5), grad=True).ok

    def backward(x):
        x = x.detach().requires_grad_()
        off(x).sum().backward()
        return x.grad

    assert gp.check(lambda x: x.sin().sum(), drawn(5), grad=backward).verdict == "wrong"


# The drop-in


def product(op, x, y):
    return (op(x) * y).sum()


def pair():
    return drawn(3).requires_grad_(), drawn(3, seed=1)


def test_the_drop_in_says_true_or_raises_torchs_own_error():
    assert gpt.gradcheck(lambda x, y: product(sine, x, y), pair()) is True
    with pytest.raises(TorchError) as caught:
        gpt.gradcheck(lambda x, y: product(off, x, y), pair())
    assert isinstance(caught.value, RuntimeError)
    assert isinstance(caught.value, gp.GradientError)
    assert caught.value.report.verdict == "wrong"
    assert "Off.inputs['x']: every entry is 1.01" in " ".join(str(caught.value).split())
    assert [b.name for b in caught.value.report.blocks] == ["inputs[0]"]


def test_the_drop_in_returns_false_where_it_shall_not_raise():
    wrong = lambda x, y: product(off, x, y)
    assert gpt.gradcheck(wrong, pair(), raise_exception=False) is False


@pytest.mark.parametrize("inputs", [pair(), list(pair()), (pair()[0], 2.0), (pair()[0], None)])
def test_inputs_may_be_lists_and_hold_other_things(inputs):
    fun = lambda op: lambda x, y: op(x) if y is None else (op(x) * y).sum()
    assert gpt.gradcheck(fun(sine), inputs)
    assert not gpt.gradcheck(fun(off), inputs, raise_exception=False)


def test_a_single_tensor_is_an_input():
    assert gpt.gradcheck(sine, pair()[0])
    with pytest.raises(gpt.GradcheckError):
        gpt.gradcheck(off, pair()[0])


def test_both_agree_with_torchs_own_on_what_is_right_and_what_is_wrong():
    z = drawn(3, dtype=torch.complex128).requires_grad_()
    a = drawn(3, 3).requires_grad_()
    for fun, inputs in [
        (sine, pair()[:1]),
        (off, pair()[:1]),
        (lambda x: (x.sin(), torch.arange(3)), pair()[:1]),
        (lambda z: z**2, (z,)),
        (torch.linalg.inv, (a,)),
        (lambda a: off(a).t(), (a,)),
        (lambda a: (a.detach() * a).sum(), (a,)),
    ]:
        theirs = torch.autograd.gradcheck(fun, inputs, raise_exception=False)
        assert gpt.gradcheck(fun, inputs, raise_exception=False) is theirs


def test_inputs_are_checked_in_float32_where_torchs_own_would_not():
    x = drawn(5, dtype=F32).requires_grad_()
    assert gpt.gradcheck(sine, x)
    assert not gpt.gradcheck(off, x, raise_exception=False)


def test_no_input_that_requires_grad_is_a_value_error():
    for inputs in ((drawn(3), drawn(3)), drawn(3), (torch.arange(3),), (), (1.0,)):
        with pytest.raises(ValueError, match="requires grad"):
            gpt.gradcheck(lambda *x: x[0], inputs)


def test_the_other_arguments_of_torchs_own_are_accepted():
    known = {"eps": 1e-6, "atol": 1e-5, "nondet_tol": 0.0, "check_undefined_grad": False,
             "fast_mode": True, "check_backward_ad": True}  # fmt: skip
    assert gpt.gradcheck(sine, pair()[0], **known)
    assert not gpt.gradcheck(off, pair()[0], raise_exception=False, **known)
    with pytest.raises(ValueError, match="nothing is left"):
        gpt.gradcheck(sine, pair()[0], check_backward_ad=False)


class Forward(Sine):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_forward(x)
        return Sine.forward(ctx, x)

    @staticmethod
    def jvp(ctx, t):
        (x,) = ctx.saved_tensors
        return t * x.cos()


class ForwardOff(Forward):
    @staticmethod
    def jvp(ctx, t):
        return 1.01 * Forward.jvp(ctx, t)


@forward_mode
@pytest.mark.parametrize("dtype", [F64, F32])
def test_forward_mode_is_checked_if_it_is_asked_for(dtype):
    x = drawn(3, dtype=dtype).requires_grad_()
    assert gpt.gradcheck(Forward.apply, x, check_forward_ad=True)
    assert gpt.gradcheck(Forward.apply, x, check_forward_ad=True, check_backward_ad=False)
    assert gpt.gradcheck(ForwardOff.apply, x)
    only = {"check_forward_ad": True, "check_backward_ad": False}
    assert not gpt.gradcheck(ForwardOff.apply, x, raise_exception=False, **only)
    with pytest.raises(gpt.GradcheckError, match="The VJP is right, the JVP is wrong"):
        gpt.gradcheck(ForwardOff.apply, x, check_forward_ad=True)


@forward_mode
def test_forward_mode_of_several_and_of_complex_outputs():
    z = drawn(3, dtype=torch.complex128).requires_grad_()
    assert gpt.gradcheck(lambda z: (z**2, z.sum().real), z, check_forward_ad=True)
    x = drawn(3).requires_grad_()
    fun = lambda x: (x.exp(), ForwardOff.apply(x))
    assert not gpt.gradcheck(fun, x, check_forward_ad=True, raise_exception=False)


def test_undecided_is_true_with_a_warning_that_holds_the_report():
    coarse = lambda x: x.half().double().sin()
    with pytest.warns(UserWarning, match="undecided"):
        assert gpt.gradcheck(coarse, drawn(3).requires_grad_()) is True


def test_exceptions_pass_through_the_drop_in():
    def fun(x):
        raise Boom

    for raises in (True, False):
        with pytest.raises(Boom):
            gpt.gradcheck(fun, pair()[0], raise_exception=raises)


def test_the_drop_in_leaves_the_inputs_alone():
    x, y = pair()
    gpt.gradcheck(lambda x, y: product(off, x, y), (x, y), raise_exception=False)
    assert x.grad is None
    assert x.requires_grad
    assert not y.requires_grad
    assert torch.equal(x, pair()[0])


def test_the_seed_and_the_effort_are_passed_on():
    with pytest.raises(gpt.GradcheckError) as caught:
        gpt.gradcheck(off, pair()[0], seed=7, effort="quick")
    assert (caught.value.report.seed, caught.value.report.effort) == (7, "quick")
    with pytest.raises(ValueError, match="effort"):
        gpt.gradcheck(off, pair()[0], effort="nope")
