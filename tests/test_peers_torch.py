"""What torch's own gradcheck gets wrong: each specimen as a real function of real tensors.

A wrong gradient is a backward pass of a ``torch.autograd.Function``. The tests of gradproof come
first, those of what ``torch.autograd.gradcheck`` says to the same functions last: its directions
are the same in every run.
"""

import math
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch.nn import functional as F

import gradproof as gp
from gradproof import Kind, Verdict
from gradproof.torch import GradcheckError, gradcheck

CORRECT, SUSPECT, WRONG, UNDECIDED = Verdict
BOTH, FAST, SLOW, NEITHER = ("fast", "slow"), ("fast",), ("slow",), ()
DOUBLE, SINGLE, BRAIN = torch.float64, torch.float32, torch.bfloat16


@dataclass
class Twin:
    """A wrong backward pass, what gradproof has to say of it, and which gradcheck passes it."""

    fun: Callable[[Any], Any]
    kind: Kind | None = None
    factor: float | None = None
    entries: tuple[tuple[int, ...], ...] | None = None
    passes: tuple[str, ...] = NEITHER


@dataclass
class Specimen:
    """A function with its right backward pass, a point, and wrong twins by name."""

    name: str
    point: torch.Tensor
    right: Callable[[Any], Any]
    wrong: dict[str, Twin]
    right_is: tuple[Verdict, ...] = (CORRECT,)
    resolution: tuple[float, float] = (0.0, 1.0)
    kinds: set[Kind] = field(default_factory=set)
    accused: tuple[str, ...] = NEITHER  # by which gradcheck the right one is


def normal(seed, *shape, dtype=DOUBLE):
    drawn = torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)
    return drawn.to(dtype)


def at(*numbers, dtype=DOUBLE):
    return torch.tensor(numbers, dtype=dtype)


def op(value, backward):
    """A function with a backward pass of its own: ``backward(x, cotangent)``."""

    class Operation(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return value(x)

        @staticmethod
        def backward(ctx, cotangent):
            (x,) = ctx.saved_tensors
            return backward(x, cotangent).to(x.dtype)

    return Operation.apply


def elementwise(value, slope, factor=1.0):
    return op(value, lambda x, g: factor * g * slope(x))


def sine(factor=1.0):
    return elementwise(torch.sin, torch.cos, factor)


def no_slope(x, cotangent):
    return torch.zeros_like(x)


# Wrong gradients that pass


def _many_inputs():
    yield Specimen(
        "sin, 90,000 inputs", normal(1, 90_000), sine(),
        {"zero": Twin(op(torch.sin, no_slope), Kind.ZERO, passes=FAST)},
    )  # fmt: skip
    yield Specimen(
        "identity, 250,000 inputs", normal(2, 250_000), elementwise(torch.clone, torch.ones_like),
        {"sign": Twin(elementwise(torch.clone, torch.ones_like, -1.0), Kind.SIGN, -1.0,
                      passes=FAST)},
    )  # fmt: skip

    def without_one(x, cotangent):
        out = cotangent * x.cos()
        out[777] = 0
        return out

    yield Specimen(
        "sin, 2,000 inputs", normal(3, 2000), sine(),
        {"one entry zeroed": Twin(op(torch.sin, without_one), Kind.ZERO, entries=((777,),),
                                  passes=FAST)},
    )  # fmt: skip


def _small():
    yield Specimen(
        "1e-6 sin", normal(4, 20), lambda x: 1e-6 * sine()(x),
        {"zero": Twin(lambda x: 1e-6 * op(torch.sin, no_slope)(x), Kind.ZERO, passes=BOTH),
         "sign": Twin(lambda x: 1e-6 * sine(-1.0)(x), Kind.SIGN, -1.0, passes=BOTH)},
    )  # fmt: skip
    y = normal(5, 500)

    def loss(factor):
        return op(
            lambda p: 1e-3 * ((p - y) ** 2).mean(), lambda p, g: factor * 1e-3 / 250 * g * (p - y)
        )

    # The whole Jacobian has entries of up to 1e-5: its slow mode sees a few of them.
    yield Specimen(
        "1e-3 mean loss over 500 items", normal(6, 500), loss(1.0),
        {"sign": Twin(loss(-1.0), Kind.SIGN, -1.0, passes=FAST)},
    )  # fmt: skip
    yield Specimen(
        "sin", normal(7, 20), sine(),
        {"1.0009": Twin(sine(1.0009), Kind.SCALE, 1.0009, passes=BOTH)},
    )  # fmt: skip


def _huge():
    def square(factor):
        return elementwise(torch.square, lambda x: 2 * x, factor)

    for point in (torch.tensor(2e11, dtype=DOUBLE), torch.full((3,), 2e11, dtype=DOUBLE)):
        yield Specimen(
            f"x**2 at 2e11, {point.numel()}", point, square(1.0),
            {"zero": Twin(op(torch.square, no_slope), Kind.ZERO, passes=BOTH),
             "factor 1.001": Twin(square(1.001), Kind.SCALE, 1.001)},
            accused=BOTH,
        )  # fmt: skip


def _one_shape_for_all():
    def normed(x):
        return (x - x.mean(0)) / torch.sqrt(x.var(0, correction=0) + 1e-5)

    def batch_norm(backward):
        return op(normed, lambda x, g: backward(g, normed(x)) / torch.sqrt(x.var(0) * 7 / 8 + 1e-5))

    def whole(g, n):
        return g - g.mean(0) - n * (g * n).mean(0)

    def without_mean(g, n):
        return g - n * (g * n).mean(0)

    yield Specimen(
        "batch norm", normal(8, 8, 3), batch_norm(whole),
        {"zero": Twin(batch_norm(lambda g, n: 0 * n), Kind.ZERO),
         "without the mean": Twin(batch_norm(without_mean))},
    )  # fmt: skip
    # Its sum is constant: a zero is right there, and all that can be told is that ones are wrong.
    yield Specimen(
        "sum of batch norm", normal(8, 8, 3), lambda x: batch_norm(lambda g, n: 0 * n)(x).sum(),
        {"ones": Twin(op(lambda x: normed(x).sum(), lambda x, g: g * torch.ones_like(x)))},
        right_is=(CORRECT, UNDECIDED),
    )  # fmt: skip


# Right gradients that are accused


def _round_off():
    yield Specimen(
        "x at 1e10", at(1e10), lambda x: x * 1,
        {"1.9073": Twin(elementwise(torch.clone, torch.ones_like, 1.9073), Kind.SCALE, 1.9073,
                        passes=BOTH)},
        accused=BOTH,
    )  # fmt: skip
    numeric = elementwise(torch.sin, lambda x: torch.full_like(x, 0.5364))
    yield Specimen(
        "1e8 + sin x", at(1.0), lambda x: 1e8 + torch.sin(x),
        {"0.5364": Twin(lambda x: 1e8 + numeric(x), Kind.SCALE, 0.5364 / math.cos(1), passes=BOTH),
         "factor 1.001": Twin(lambda x: 1e8 + sine(1.001)(x), Kind.SCALE, 1.001)},
        resolution=(1e-7, 1e-4), accused=BOTH,
    )  # fmt: skip


def _truncation():
    """The first twin of each claims what gradcheck measures there."""
    reciprocal, half_root = torch.reciprocal, lambda x: 0.5 / torch.sqrt(x)
    for name, value, slope, where, numeric in (
        ("log", torch.log, reciprocal, 1e-5, 1.003),
        ("sqrt", torch.sqrt, half_root, 1e-5, 1.0013),
        ("log", torch.log, reciprocal, 1e-7, None),
        ("sqrt", torch.sqrt, half_root, 1e-7, None),
    ):
        factor = numeric or 1.003
        yield Specimen(
            f"{name} at {where:g}", at(where), value,
            {"off": Twin(elementwise(value, slope, factor), Kind.SCALE, factor,
                         passes=BOTH if numeric else NEITHER),
             "sign": Twin(elementwise(value, slope, -1.0), Kind.SIGN, -1.0)},
            accused=BOTH,
        )  # fmt: skip
    yield Specimen(
        "sin(1e5 x) at 0.3", at(0.3), lambda x: torch.sin(1e5 * x),
        {"off": Twin(lambda x: sine(0.9983)(1e5 * x), Kind.SCALE, 0.9983, passes=BOTH),
         "zero": Twin(lambda x: op(torch.sin, no_slope)(1e5 * x), Kind.ZERO)},
        accused=BOTH,
    )  # fmt: skip


def _kinks():
    def relu(claim):
        """The slope at 0 alone is claimed to be ``claim``."""
        return elementwise(F.relu, lambda x: torch.where(x == 0, claim, 1.0 * (x > 0)))

    for name, point in (("one", at(0.0)), ("five", at(0.0, 1.0, -1.0, 2.0, 0.0))):
        wrong = {str(claim): Twin(relu(claim)) for claim in (7.0, -8.0)}
        if name == "one":  # among several kinks only a claim beyond all of them is surely wrong
            wrong |= {str(claim): Twin(relu(claim)) for claim in (1.01, -0.01)}
        for claim, right in (("0", F.relu), ("0.5", relu(0.5)), ("1", relu(1.0))):
            yield Specimen(
                f"relu at 0, claimed {claim}, {name}", point, right, wrong, kinds={Kind.KINK},
                accused=NEITHER if claim == "0.5" else BOTH,
            )  # fmt: skip

    def absolute(claim):
        return elementwise(torch.abs, lambda x: torch.where(x < 1e-6, claim, torch.sign(x)))

    yield Specimen(
        "|x| at 5e-7", at(5e-7), torch.abs,
        {"0.5": Twin(absolute(0.5), passes=BOTH), "0": Twin(absolute(0.0)),
         "-1": Twin(absolute(-1.0))},
        accused=BOTH,
    )  # fmt: skip

    def in_order(x):
        return torch.sort(x).values

    def unsorted(mix):
        """The cotangents of the close pair are mixed: 1 swaps them."""

        def backward(x, g):
            out = torch.empty_like(g)
            out[x.argsort()] = g
            return torch.cat([(1 - mix) * out[:2] + mix * out[:2].flip(0), out[2:]])

        return op(in_order, backward)

    yield Specimen(
        "sort with a gap of 5e-7", at(0.3, 0.3 + 5e-7, 1.2, -0.4), in_order,
        {"swapped": Twin(unsorted(1.0), Kind.PERMUTATION, entries=((0,), (1,))),
         "a quarter swapped": Twin(unsorted(0.25), passes=SLOW)},
        accused=BOTH,
    )  # fmt: skip


def _low_precision():
    """A function that casts by itself cannot be evaluated in double precision."""
    for forced in (False, True):
        cast = (lambda x: x.float()) if forced else (lambda x: x)

        def square(factor, cast=cast):
            return lambda x: elementwise(torch.square, lambda x: 2 * x, factor)(cast(x))

        yield Specimen(
            f"float32 x**2{', never promoted' if forced else ''}", torch.ones(3),
            lambda x, cast=cast: torch.square(cast(x)),
            {"1.967": Twin(square(1.967 / 2), Kind.SCALE, 1.967 / 2, passes=SLOW),
             "sign": Twin(square(-1.0), Kind.SIGN, -1.0)},
            resolution=(0.0, 1e-3), accused=BOTH,
        )  # fmt: skip

    W = normal(9, 8, 5, dtype=BRAIN)

    def product(factor):
        return op(lambda x: x @ W, lambda x, g: factor * g @ W.T.to(g.dtype))

    # Its own precision is what limits the resolution: bfloat16 has eight bits.
    yield Specimen(
        "bfloat16 matrix product", normal(10, 4, 8, dtype=BRAIN), lambda x: x @ W,
        {"zero": Twin(product(0.0), Kind.ZERO, passes=BOTH),
         "sign": Twin(product(-1.0), Kind.SIGN)},
        resolution=(1e-4, 0.5), accused=BOTH,
    )  # fmt: skip


def _random():
    class Dropout(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, scale):
            mask = 2.0 * (torch.rand_like(x) > 0.5)
            ctx.save_for_backward(mask)
            ctx.scale = scale
            return x * mask

        @staticmethod
        def backward(ctx, cotangent):
            return ctx.scale * cotangent * ctx.saved_tensors[0], None

    yield Specimen(
        "dropout", normal(11, 10), lambda x: F.dropout(x, 0.5),
        {"unscaled": Twin(lambda x: Dropout.apply(x, 0.5), Kind.SCALE, 0.5)},
        kinds={Kind.NONDETERMINISTIC}, accused=BOTH,
    )  # fmt: skip


def _all():
    for maker in (
        _many_inputs, _small, _huge, _one_shape_for_all, _round_off, _truncation, _kinks,
        _low_precision, _random,
    ):  # fmt: skip
        yield from maker()


SPECIMENS = list(_all())
TWINS = [(specimen, name) for specimen in SPECIMENS for name in specimen.wrong]
named = [f"{specimen.name}: {name}" for specimen, name in TWINS]
FEW = 3000  # entries: the whole Jacobian of more takes its time


@pytest.fixture(autouse=True)
def one_thread_and_nothing_changed():
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.get_default_dtype() is SINGLE
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda s: s.name)
def test_a_right_backward_pass_passes(specimen):
    report = gp.check(specimen.right, specimen.point)
    assert report.verdict in specimen.right_is, report
    assert specimen.kinds == {finding.kind for finding in report.findings}
    if report.verdict is CORRECT:
        low, high = specimen.resolution
        assert low < report.resolution < high, report


@pytest.mark.parametrize(("specimen", "name"), TWINS, ids=named)
def test_its_wrong_twin_is_caught(specimen, name):
    twin = specimen.wrong[name]
    report = gp.check(twin.fun, specimen.point)
    assert report.verdict is WRONG, report
    kinds = {finding.kind: finding for finding in report.findings}
    assert specimen.kinds <= set(kinds)
    if twin.kind is None:
        return
    assert twin.kind in kinds, report
    found = kinds[twin.kind]
    if twin.factor is not None:
        assert math.isclose(found.factor, twin.factor, abs_tol=10 * found.factor_bar + 1e-6)
    if twin.entries is not None:
        assert found.entries == twin.entries


@pytest.mark.parametrize("specimen", [s for s in SPECIMENS if s.point.numel() < FEW],
                         ids=lambda s: s.name)  # fmt: skip
def test_the_drop_in_says_the_same(specimen):
    point = specimen.point.clone().requires_grad_()
    if specimen.right_is == (CORRECT,):
        assert gradcheck(specimen.right, (point,))
    for twin in specimen.wrong.values():
        with pytest.raises(GradcheckError) as caught:
            gradcheck(twin.fun, (point,))
        assert caught.value.report.verdict is WRONG
        assert gradcheck(twin.fun, (point,), raise_exception=False) is False


# A module: its parameters are blocks


class Linear(torch.autograd.Function):
    """A linear layer that scales what it sends to its weight."""

    @staticmethod
    def forward(ctx, x, weight, factor):
        ctx.save_for_backward(x, weight)
        ctx.factor = factor
        return x @ weight.T

    @staticmethod
    def backward(ctx, cotangent):
        x, weight = ctx.saved_tensors
        return cotangent @ weight, ctx.factor * cotangent.T @ x, None


class Layer(torch.nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor
        self.weight = torch.nn.Parameter(normal(12, 3, 4))
        self.bias = torch.nn.Parameter(normal(13, 3))

    def forward(self, x):
        return Linear.apply(x, self.weight, self.factor) + self.bias


@pytest.mark.parametrize(
    "loss", [None, lambda output: 1e-3 * (output**2).mean()], ids=["no loss", "small loss"]
)
def test_a_weight_that_gets_no_gradient(loss):
    x = normal(14, 5, 4)
    right = gp.check_module(Layer(1.0), x, loss=loss)
    assert right.verdict is CORRECT, right
    assert [block.name for block in right.blocks] == ["params['weight']", "params['bias']"]

    for factor, kind in ((0.0, Kind.ZERO), (-1.0, Kind.SIGN)):
        report = gp.check_module(Layer(factor), x, loss=loss)
        assert [block.verdict for block in report.blocks] == [WRONG, CORRECT], report
        told = [(f.kind, f.block) for f in report.findings if f.block is not None]
        assert told == [(kind, "Linear.inputs['weight']")]


def test_a_zero_entry_is_the_only_one_told():
    specimen = next(s for s in SPECIMENS if s.name == "sin, 2,000 inputs")
    report = gp.check(specimen.wrong["one entry zeroed"].fun, specimen.point)
    assert [f.entries for f in report.findings if f.block is not None] == [((777,),)]
    share = specimen.point.cos()[777].abs() / specimen.point.cos().norm()
    # What is told is the error along random directions, in which one entry is anything but typical.
    assert share / 10 < report.blocks[0].error < 10 * share


# What torch.autograd.gradcheck says to the same functions: facts about it, not about gradproof


def torch_says(fun, point, mode):
    lower = point.dtype is not DOUBLE
    warned = pytest.warns(UserWarning, match="double precision") if lower else nullcontext()
    with warned, torch.random.fork_rng([]):
        torch.manual_seed(0)
        inputs = (point.clone().requires_grad_(),)
        return torch.autograd.gradcheck(
            fun, inputs, raise_exception=False, fast_mode=mode == "fast"
        )


@pytest.mark.parametrize("specimen", [s for s in SPECIMENS if s.accused], ids=lambda s: s.name)
def test_torch_accuses_the_right_one(specimen):
    for mode in specimen.accused:
        assert not torch_says(specimen.right, specimen.point, mode)


PASSED = [(s, name) for s, name in TWINS if s.wrong[name].passes]


@pytest.mark.parametrize(("specimen", "name"), PASSED, ids=[f"{s.name}: {n}" for s, n in PASSED])
def test_torch_passes_the_wrong_one(specimen, name):
    twin = specimen.wrong[name]
    for mode in twin.passes:
        assert torch_says(twin.fun, specimen.point, mode)


def test_torch_looks_at_the_sum_of_batch_norm_alone():
    specimen = next(s for s in SPECIMENS if s.name == "batch norm")
    summed = lambda x: specimen.wrong["zero"].fun(x).sum()
    assert torch_says(summed, specimen.point, "fast")
    assert torch_says(summed, specimen.point, "slow")


def test_torch_does_not_look_at_the_weights_of_a_module():
    for factor in (1.0, 0.0, -1.0):
        assert torch_says(Layer(factor), normal(14, 5, 4), "slow")
