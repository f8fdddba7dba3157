"""Tensors as leaves: copies that move, what autograd says of them, and double precision."""

import numpy as np
import pytest
import torch

from gradproof.backend import arrays
from gradproof.backend.passing import functional_call
from gradproof.backend.protocol import WANTS_GRAD
from gradproof.backend.registry import framework_of, home
from gradproof.backend.torch import BACKEND
from gradproof.errors import UsageError
from gradproof.records.direction import Part
from gradproof.space import directions

REAL = [torch.float64, torch.float32, torch.float16, torch.bfloat16]
COMPLEX = [torch.complex128, torch.complex64]


def drawn(*shape, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    real = torch.randn(shape, generator=generator, dtype=torch.float64)
    if dtype.is_complex:
        real = torch.complex(real, torch.randn(shape, generator=generator, dtype=torch.float64))
    return real.to(dtype)


def vector(tensor, seed=0):
    axes = (*tensor.shape, 2) if tensor.is_complex() else tuple(tensor.shape)
    return directions.vector(Part(0, 1.0), axes, seed, 0)


def axis(tensor, entry):
    return directions.Axis(entry, tensor.numel() * (2 if tensor.is_complex() else 1))


def layouts():
    flat = drawn(24)
    return {
        "contiguous": drawn(2, 3, 4),
        "transposed": drawn(3, 4).t(),
        "permuted": drawn(2, 3, 4).permute(2, 0, 1),
        "channels last": drawn(2, 3, 4, 4).to(memory_format=torch.channels_last),
        "every second": flat[::2],
        "far apart": flat[::7],
        "expanded": drawn(4, 1).expand(4, 3),
        "expanded scalar": drawn(1).expand(3, 3),
        "overlapping": torch.as_strided(flat, (3, 3), (1, 1)),
        "offset": flat[5:],
        "a strange stride of an axis of one": torch.as_strided(flat, (1, 3), (20, 1)),
        "flipped": drawn(3, 4).flip(0),
        "conjugated": drawn(3, 2, dtype=torch.complex128).conj(),
        "negated": drawn(3, dtype=torch.complex128).conj().imag,
        "real part": drawn(3, dtype=torch.complex128).real,
        "0-d": drawn(),
        "0-d complex": drawn(dtype=torch.complex128),
        "ten axes": drawn(*[2] * 10),
        "parameter": torch.nn.Parameter(drawn(3)),
        "needs grad": drawn(3).requires_grad_(),
        "result of a computation": drawn(3).requires_grad_() * 2,
    }


LAYOUTS = layouts()
every_layout = pytest.mark.parametrize("leaf", LAYOUTS.values(), ids=LAYOUTS)


def test_tensors_and_only_tensors_have_their_home_here():
    assert home(torch.ones(2)) is BACKEND
    assert framework_of(torch.nn.Parameter(torch.ones(2))) is BACKEND
    assert framework_of(torch.nn.Linear(1, 1)) is None
    for stranger in (np.ones(2), 1.0, None, "w", [torch.ones(2)]):
        assert framework_of(stranger) is None


@pytest.mark.parametrize("dtype", [*REAL, *COMPLEX])
def test_floating_point_tensors_can_be_differentiated(dtype):
    leaf = drawn(3, dtype=dtype)
    assert BACKEND.differentiable(leaf, "w") == ""
    assert BACKEND.differentiable(drawn(dtype=dtype), "w") == ""
    assert BACKEND.dtype(leaf) == str(dtype).removeprefix("torch.")
    assert arrays.eps(BACKEND.dtype(leaf)) == torch.finfo(dtype).eps
    assert arrays.continuous(BACKEND.dtype(leaf))


@pytest.mark.parametrize(
    ("leaf", "reason"),
    [
        (torch.arange(3), "int64"),
        (torch.ones(2, dtype=torch.bool), "bool"),
        (torch.ones(2, dtype=torch.uint8), "uint8"),
        (torch.empty(0, 3), "empty (shape (0, 3))"),
    ],
)
def test_others_are_left_alone_for_a_reason(leaf, reason):
    assert reason in BACKEND.differentiable(leaf, "w")


@pytest.mark.parametrize(
    ("leaf", "word"),
    [
        (torch.eye(2).to_sparse(), "sparse"),
        (torch.empty(2, device="meta"), "meta"),
        (torch.ones(2).to(torch.float8_e4m3fn), "float8_e4m3fn"),
        (torch.ones(2).to(torch.float8_e5m2), "float8_e5m2"),
    ],
)
def test_tensors_that_cannot_be_moved_are_refused_by_name_and_kind(leaf, word):
    with pytest.raises(UsageError, match=rf"params\['w'\].*{word}"):
        BACKEND.differentiable(leaf, "params['w']")


@every_layout
def test_a_copy_is_private_equal_and_needs_grad_where_the_leaf_does(leaf):
    before = leaf.detach().clone()
    copy = BACKEND.copy(leaf, promote=False)
    assert torch.equal(copy, before)
    assert BACKEND.same(copy, leaf)
    assert copy.dtype is leaf.dtype
    assert copy.is_leaf
    assert copy.requires_grad is leaf.requires_grad
    assert copy.untyped_storage().data_ptr() != leaf.untyped_storage().data_ptr()
    copy.detach().zero_()
    assert torch.equal(leaf.detach(), before)


@pytest.mark.parametrize(
    "name",
    [
        "contiguous", "transposed", "permuted", "channels last", "every second", "offset",
        "a strange stride of an axis of one", "conjugated", "negated", "real part", "0-d",
    ],
)  # fmt: skip
@pytest.mark.parametrize("promote", [False, True])
def test_a_copy_keeps_the_layout(name, promote):
    leaf = LAYOUTS[name]
    copy = BACKEND.copy(leaf, promote=promote)
    kept = [s for s, n in zip(copy.stride(), copy.shape, strict=True) if n > 1]
    assert kept == [s for s, n in zip(leaf.stride(), leaf.shape, strict=True) if n > 1]
    assert copy.is_contiguous() == leaf.is_contiguous()


@pytest.mark.parametrize("name", ["expanded", "expanded scalar", "overlapping"])
def test_entries_that_share_memory_get_memory_of_their_own(name):
    leaf = LAYOUTS[name]
    copy = BACKEND.copy(leaf, promote=False)
    copy.view(-1)[0] += 1
    assert (copy != leaf).sum() == 1


def test_entries_that_lie_far_apart_do_not_take_their_gaps_along():
    leaf = drawn(1000, 10)[:, 0]
    assert BACKEND.copy(leaf, promote=False).untyped_storage().nbytes() < 4 * 1000 * 8
    wide = torch.as_strided(drawn(3), (3,), (1,))
    assert BACKEND.copy(wide, promote=False).untyped_storage().nbytes() == 24


@pytest.mark.parametrize(
    ("dtype", "wide"),
    [
        *((d, torch.float64) for d in REAL),
        *((d, torch.complex128) for d in COMPLEX),
    ],
)
def test_a_promoted_copy_is_in_double_precision_and_exact(dtype, wide):
    leaf = drawn(3, 2, dtype=dtype)
    copy = BACKEND.copy(leaf, promote=True)
    assert copy.dtype is wide
    assert torch.equal(copy.to(dtype), leaf)


@pytest.mark.parametrize("dtype", [*REAL, *COMPLEX])
def test_the_host_sees_the_same_numbers(dtype):
    leaf = drawn(3, 4, dtype=dtype)
    for view in (leaf, leaf.t(), leaf[:, ::2], leaf.conj(), leaf.requires_grad_()):
        array = BACKEND.host(view)
        assert isinstance(array, np.ndarray)
        assert array.tolist() == view.detach().tolist()


def test_the_host_shares_memory_where_it_can_and_takes_sparse_ones():
    leaf = drawn(3)
    BACKEND.host(leaf)[0] = 7
    assert leaf[0] == 7
    assert BACKEND.host(torch.eye(2).to_sparse()).tolist() == [[1, 0], [0, 1]]


@every_layout
def test_a_move_is_the_point_plus_a_step_along_the_direction(leaf):
    v = vector(leaf)
    numbers, unit = v.array()
    wanted = np.asarray(numbers, float) / unit
    if leaf.is_complex():
        wanted = wanted.view(complex)
    wanted = BACKEND.host(leaf) + 0.25 * wanted.reshape(tuple(leaf.shape))
    copy = BACKEND.copy(leaf, promote=False)
    moved = BACKEND.mover(copy, leaf, v)(0.25)
    assert moved is copy
    assert BACKEND.host(moved) == pytest.approx(wanted, rel=1e-15)
    assert not BACKEND.same(moved, leaf)
    again = BACKEND.mover(copy, leaf, v)(0.25)
    assert BACKEND.host(again) == pytest.approx(wanted, rel=1e-15)
    assert BACKEND.same(BACKEND.mover(copy, leaf)(0.0), leaf)


@pytest.mark.parametrize("dtype", [*REAL, *COMPLEX])
def test_a_promoted_copy_moves_by_less_than_its_own_type_could_show(dtype):
    leaf = torch.ones(4, dtype=dtype)
    copy = BACKEND.copy(leaf, promote=True)
    step = 1e-9
    moved = BACKEND.mover(copy, leaf, vector(leaf))(step)
    apart = (moved - leaf.to(moved.dtype)).abs()
    assert 0.4 * step < float(apart.min()) <= float(apart.max()) < 1.6 * 2**0.5 * step


@pytest.mark.parametrize("entry", [0, 5, 11])
@pytest.mark.parametrize("kind", ["contiguous", "transposed", "expanded"])
def test_one_entry_moves_alone_and_is_counted_in_c_order(kind, entry):
    leaf = {"contiguous": drawn(3, 4), "transposed": drawn(4, 3).t(),
            "expanded": drawn(3, 1).expand(3, 4)}[kind]  # fmt: skip
    copy = BACKEND.copy(leaf, promote=False).fill_(9.0)
    moved = BACKEND.mover(copy, leaf, axis(leaf, entry))(0.5)
    apart = (moved - leaf).contiguous().view(-1)
    assert apart.nonzero().tolist() == [[entry]]
    assert apart[entry] == 0.5


@pytest.mark.parametrize(("entry", "change"), [(0, 0.5), (1, 0.5j), (4, 0.5), (5, 0.5j)])
def test_a_complex_entry_moves_in_its_real_or_its_imaginary_part(entry, change):
    for leaf in (
        torch.zeros(3, dtype=torch.complex128),
        torch.zeros(6, dtype=torch.complex128)[::2],
    ):
        moved = BACKEND.mover(BACKEND.copy(leaf, promote=False), leaf, axis(leaf, entry))(0.5)
        assert moved.nonzero().tolist() == [[entry // 2]]
        assert moved[entry // 2] == change


def test_the_only_entry_of_a_scalar_moves():
    leaf = drawn()
    moved = BACKEND.mover(BACKEND.copy(leaf, promote=False), leaf, axis(leaf, 0))(0.5)
    assert float(moved) == float(leaf) + 0.5


def test_moves_leave_no_graph_and_no_requirement():
    leaf = drawn(3).requires_grad_()
    copy = BACKEND.copy(leaf, promote=False)
    for moved in (
        BACKEND.mover(copy, leaf, vector(leaf))(0.1),
        BACKEND.mover(copy, leaf, axis(leaf, 1))(0.1),
        BACKEND.mover(copy, leaf)(0.0),
    ):
        assert moved.is_leaf
        assert not BACKEND.given(moved, leaf).requires_grad


def test_a_function_that_differentiates_itself_sees_a_fresh_leaf_on_the_same_memory():
    copy = drawn(3)
    seen = BACKEND.given(copy, copy, recording=True)
    assert seen.requires_grad
    assert seen.is_leaf
    assert seen.data_ptr() == copy.data_ptr()
    assert not copy.requires_grad


@pytest.mark.parametrize("dtype", [*REAL, *COMPLEX])
def test_a_single_number_that_was_written_is_noticed(dtype):
    leaf = drawn(3, 4, dtype=dtype)
    copy = BACKEND.copy(leaf, promote=False)
    assert BACKEND.same(copy, leaf)
    copy[1, 2] += 1
    assert not BACKEND.same(copy, leaf)


def test_nan_is_equal_to_nan_and_to_nothing_else():
    nan, inf = float("nan"), float("inf")
    leaf = torch.tensor([1.0, nan, inf, -inf])
    assert BACKEND.same(leaf.clone(), leaf)
    assert not BACKEND.same(torch.tensor([nan, nan, inf, -inf]), leaf)
    assert not BACKEND.same(torch.tensor([1.0, 1.0, inf, -inf]), leaf)
    assert not BACKEND.same(torch.tensor([1.0, nan, inf, inf]), leaf)
    assert not BACKEND.same(torch.ones(3), torch.ones(1, 3))
    assert not BACKEND.same(torch.ones(3), torch.ones(1))


def test_empty_integer_and_logical_tensors_can_be_compared():
    assert BACKEND.same(torch.empty(0), torch.empty(0))
    assert not BACKEND.same(torch.empty(0, 1), torch.empty(0))
    assert BACKEND.same(torch.arange(3), torch.arange(3))
    assert not BACKEND.same(torch.arange(3), torch.tensor([0, 1, 3]))
    assert not BACKEND.same(torch.tensor([True]), torch.tensor([False]))


@pytest.mark.parametrize(
    ("dtype", "rounded"),
    [
        (torch.float64, 1 + 2**-20),
        (torch.float32, 1 + 2**-20),
        (torch.complex64, 1 + 2**-20),
        (torch.float16, 1.0),
        (torch.bfloat16, 1.0),
    ],
)
def test_a_number_is_rounded_as_the_copy_holds_it(dtype, rounded):
    assert arrays.rounded(BACKEND.dtype(torch.ones(1, dtype=dtype)), 1 + 2**-20) == rounded


@pytest.mark.parametrize("dtype", [*REAL, *COMPLEX])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3)])
def test_cotangents_are_like_the_output_and_inner_products_are_theirs(dtype, shape):
    output = drawn(*shape, dtype=dtype)
    count = output.numel() * (2 if dtype.is_complex else 1)
    rng = np.random.default_rng(1)
    numbers = [rng.integers(-127, 128, count) / 64 for _ in range(2)]
    cotangents = [BACKEND.array(n, output) for n in numbers]
    assert {(c.dtype, c.shape, c.device) for c in cotangents} == {
        (output.dtype, output.shape, output.device)
    }
    found = BACKEND.products(cotangents)(output)
    f = BACKEND.host(output).astype(complex).reshape(-1)
    for n, number in zip(numbers, found, strict=True):
        w = n.view(complex) if dtype.is_complex else n
        assert number == pytest.approx(np.sum(np.conj(w) * f).real, rel=1e-13)


def test_inner_products_of_low_precision_are_summed_in_double():
    output = torch.full((1000,), 0.1, dtype=torch.bfloat16)
    ones = BACKEND.products([torch.ones(1000, dtype=torch.bfloat16)])
    assert ones(output) == pytest.approx([1000 * float(output[0])], rel=1e-12)


def test_inner_products_take_outputs_that_are_views_or_have_a_graph():
    x = drawn(3, 4).requires_grad_()
    read = BACKEND.products([torch.ones(4, 3, dtype=torch.float64)])
    assert read((2 * x).t()) == pytest.approx([2 * float(x.detach().sum())])
    z = drawn(3, dtype=torch.complex128)
    ones = BACKEND.products([torch.full((3,), 1j, dtype=torch.complex128)])
    assert ones(z.conj()) == pytest.approx([-float(z.imag.sum())])


def test_an_array_is_like_the_output_and_needs_no_grad():
    like = drawn(2, 3, dtype=torch.float32).requires_grad_()
    ones = BACKEND.array(np.ones(like.numel()), like)
    assert ones.tolist() == [[1.0] * 3] * 2
    assert ones.dtype is torch.float32
    assert not ones.requires_grad


def test_pulling_back_gives_the_gradient_with_respect_to_real_and_imaginary_parts():
    z = drawn(3, dtype=torch.complex128)
    back = BACKEND.vjp(lambda leaves: [(leaves[0] * leaves[0].conj()).real.sum()], [z])
    (gradient,) = back.pull([torch.ones((), dtype=torch.float64)])
    assert torch.allclose(gradient, 2 * z)
    assert back.untracked() == {}


def test_pulling_back_twice_uses_one_pass_forward_and_leaves_the_leaves_alone():
    x, y, calls = drawn(3).requires_grad_(), drawn(3), []

    def call(leaves):
        calls.append(1)
        return [leaves[0] * leaves[1], leaves[0].sum()]

    back = BACKEND.vjp(call, [x, y])
    w = drawn(3, seed=1)
    dx, dy = back.pull([w, None])
    assert torch.equal(dx, w * y)
    assert torch.equal(dy, w * x.detach())
    dx, dy = back.pull([None, torch.ones((), dtype=torch.float64)])
    assert torch.equal(dx, torch.ones(3, dtype=torch.float64))
    assert dy is None
    assert calls == [1]
    assert x.grad is None
    assert not y.requires_grad


def test_outputs_that_no_gradient_reaches_are_none():
    x = drawn(3)
    call = lambda leaves: [leaves[0].detach(), torch.ones(2), 3, None]
    back = BACKEND.vjp(call, [x])
    assert back.pull([torch.ones(3), torch.ones(2), None, None]) == [None]


def test_a_cotangent_is_cast_to_the_outputs_type():
    back = BACKEND.vjp(lambda leaves: [leaves[0].to(torch.bfloat16)], [drawn(3)])
    (gradient,) = back.pull([torch.ones(3, dtype=torch.float64)])
    assert gradient.dtype is torch.float64


def test_other_tensors_in_the_graph_are_found_once_each():
    x, w = drawn(3), drawn(4, dtype=torch.float32).requires_grad_()
    call = lambda leaves: [(leaves[0].sum() * w).sum() + w.sum(), (w * w).sum()]
    assert BACKEND.vjp(call, [x]).untracked() == {id(w): "a float32 tensor of shape (4,)"}
    assert BACKEND.vjp(lambda leaves: [leaves[0].sum() * w.detach()], [x]).untracked() == {}


# The first use of forward mode loads a part of torch that warns of itself.
forward_mode = pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")


@forward_mode
def test_pushing_forward_gives_the_derivative_along_tangents():
    x, t = drawn(3), drawn(3, seed=1)
    call = lambda leaves: [leaves[0].sin(), leaves[0].sum()]
    sine, total = BACKEND.jvp(call, [x], [t])
    assert torch.allclose(sine, t * x.cos())
    assert torch.allclose(total, t.sum())
    assert not sine.requires_grad


@forward_mode
def test_there_is_no_pushing_forward_through_a_function_without_a_rule():
    class Rule(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = drawn(3)
    assert BACKEND.jvp(lambda leaves: [Rule.apply(leaves[0])], [x], [x]) is None


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        ("element 0 of tensors does not require grad and does not have a grad_fn", True),
        ("One of the differentiated Tensors does not require grad", True),
        ("cannot register a hook on a tensor that doesn't require gradient", True),
        ("mat1 and mat2 must have the same dtype", False),
    ],
)
def test_an_error_says_whether_a_function_wants_to_differentiate_itself(message, wanted):
    assert BACKEND.meaning(RuntimeError(message)) == (WANTS_GRAD if wanted else "")
    assert BACKEND.meaning(ValueError(message)) == ""


def test_a_further_argument_is_copied_with_its_requirement_and_not_with_its_history():
    plain, needed = drawn(3), (drawn(3).requires_grad_() * 2)
    for leaf in (plain, needed):
        copy = BACKEND.copy(leaf, promote=False)
        assert torch.equal(copy, leaf)
        assert copy.is_leaf
        assert copy.requires_grad == leaf.requires_grad
        assert copy.data_ptr() != leaf.data_ptr()
    assert BACKEND.copy(drawn(3, dtype=torch.float32), promote=True).dtype is torch.float64
    assert BACKEND.copy(torch.arange(3), promote=True).dtype is torch.int64


def test_a_further_argument_that_cannot_be_copied_is_itself():
    for leaf in (torch.eye(2).to_sparse(), torch.empty(2, device="meta")):
        assert BACKEND.copy(leaf, promote=True) is leaf


def test_leaves_are_chosen_by_what_requires_grad_if_any_does():
    needed, plain = drawn(1).requires_grad_(), drawn(1)
    some = BACKEND.chosen([needed, plain, 3, None])
    assert some(needed) == ""
    assert some(plain) == "does not require grad"
    assert some(3) == some(None) == some(np.ones(2)) == "is not a tensor"
    assert BACKEND.chosen([plain, 3])(plain) == ""


def test_calls_of_a_function_record_nothing_and_those_of_a_gradient_do():
    for before in (True, False):
        with torch.set_grad_enabled(before):
            with BACKEND.calling("fun", promoted=False):
                assert not torch.is_grad_enabled()
            with BACKEND.calling("grad", promoted=False):
                assert torch.is_grad_enabled()
            assert torch.is_grad_enabled() is before


@pytest.mark.parametrize("role", ["fun", "grad"])
@pytest.mark.parametrize("promoted", [False, True])
def test_grad_mode_and_default_type_survive_an_exception(role, promoted):
    for default in (torch.float32, torch.float16):
        torch.set_default_dtype(default)
        try:
            with pytest.raises(KeyError), BACKEND.calling(role, promoted=promoted):  # noqa: PT012
                assert (torch.get_default_dtype() is torch.float64) is promoted
                raise KeyError
            assert torch.get_default_dtype() is default
            assert torch.is_grad_enabled()
            assert (torch.ones(1) * torch.ones(1)).dtype is default
        finally:
            torch.set_default_dtype(torch.float32)


def promoted():
    return BACKEND.calling("fun", promoted=True)


def test_promotion_widens_whatever_an_operation_takes():
    x, c = torch.full((2,), 1 + 1e-12, dtype=torch.float64), torch.full((2,), 0.1)
    exact = (x * c.double()).tolist()
    with promoted():
        assert (x * c).tolist() == (c * x).tolist() == exact
        assert (c @ x).dtype is torch.float64  # a type error outside
        assert torch.stack([c, x]).dtype is torch.float64
        assert torch.cat(tensors=(c, x)).dtype is torch.float64
        assert torch.einsum("i,i->", c, x).dtype is torch.float64
        assert torch.ones(2).dtype is torch.float64
        assert c.cos().dtype is torch.float64
        assert torch.nn.functional.linear(c, weight=x).dtype is torch.float64
        assert (c.to(torch.complex64) * x).dtype is torch.complex128
        assert c.bfloat16().exp().dtype is torch.float64
    assert c.dtype is torch.float32
    assert (c * 2).dtype is torch.float32


def test_promotion_leaves_conversions_integers_and_what_is_written_into_alone():
    c, index = torch.full((2,), 0.1), torch.tensor([1, 0])
    with promoted():
        assert c.to(torch.float16).dtype is torch.float16
        assert c.double().float().dtype is torch.float32
        assert c.half().dtype is torch.float16
        assert c.bfloat16().dtype is torch.bfloat16
        assert c.dtype is torch.float32
        assert index.add(1).dtype is torch.int64
        assert c[index].tolist() == c.tolist()
        assert c.shape == (2,)
        assert c.is_floating_point()
        c.mul_(2)
        c[0] = 7
        torch.add(c, 1, out=c)
    assert c.dtype is torch.float32
    assert c.tolist() == pytest.approx([8, 1.2])


def test_promotion_can_be_pulled_back_through():
    c = torch.full((2,), 0.1)
    x = torch.ones(2, dtype=torch.float64, requires_grad=True)
    with BACKEND.calling("grad", promoted=True):
        (gradient,) = torch.autograd.grad((x * c).sum(), [x])
    assert gradient.dtype is torch.float64
    assert gradient.tolist() == c.double().tolist()


def test_generators_are_restored_and_seeds_repeat():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    with BACKEND.generators():
        BACKEND.reseed(5)
        one = torch.rand(2)
        BACKEND.reseed(5)
        assert torch.equal(one, torch.rand(2))
    assert torch.equal(torch.rand(2), expected)


def test_a_module_is_called_with_other_parameters_and_with_copies_of_its_buffers():
    module = torch.nn.BatchNorm1d(3)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    params = {"weight": torch.full((3,), 2.0), "bias": torch.ones(3)}
    x = drawn(4, 3, dtype=torch.float32)
    found = functional_call(module, params, (x,), {})
    assert torch.allclose(found.mean(0), torch.ones(3), atol=1e-6)
    assert torch.allclose(found.std(0, unbiased=False), torch.full((3,), 2.0), atol=1e-3)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
