"""What other checkers get wrong: each specimen with its right gradient and a wrong one.

Every specimen has made a published checker pass a wrong gradient or accuse a right one. It
is re-expressed as a NumPy function with a gradient by hand; a vector-valued function is summed
with fixed random weights. Beside each right gradient stands the nearest wrong one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import gradproof as gp
from gradproof import Kind, Verdict

CORRECT, SUSPECT, WRONG, UNDECIDED = Verdict


@dataclass
class Specimen:
    """A function, a point, its right gradient and wrong ones by name."""

    name: str
    fun: Callable[[Any], Any]
    point: Any
    right: Any
    wrong: dict[str, Any]
    right_is: tuple[Verdict, ...] = (CORRECT,)
    wrong_is: tuple[Verdict, ...] = (WRONG,)
    block: str = "params"


def normal(seed, *shape, dtype=float):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def times(factor, grad):
    return lambda x: (factor * np.asarray(grad(x))).astype(np.asarray(grad(x)).dtype)


def zero(x):
    return np.zeros_like(x)


def with_entry(grad, entry, number):
    """The gradient with one entry replaced by ``number(entry)``."""

    def changed(x):
        out = np.array(grad(x))
        out[entry] = number(out[entry])
        return out

    return changed


def weighted(count, f, df, *, scale=1.0, dtype=float, cast=None):
    """``scale · Σ c f(x)`` with fixed random weights; ``cast`` is a precision it insists on."""
    c = normal(1, count, dtype=dtype)

    def fun(x):
        return dtype(scale) * (c @ f(x if cast is None else x.astype(cast)))

    def grad(x):
        return dtype(scale) * c * df(x)

    return fun, normal(2, count, dtype=dtype), grad


def identity(x):
    return x


def scalar(f):
    """A function of a single Python float that returns one."""
    return lambda x: float(f(x))


# Wrong gradients that pass elsewhere


def _sines():
    for count, scale in ((90_000, 1.0), (2_000, 1.0), (20, 1e-6), (20, 1e-7), (20, 1e-9)):
        fun, x, grad = weighted(count, np.sin, np.cos, scale=scale)
        yield Specimen(
            f"{scale:g} sum sin, {count} inputs", fun, x, grad,
            {
                "zero": zero, "sign": times(-1, grad), "factor 1.0009": times(1.0009, grad),
                "one entry zeroed": with_entry(grad, count // 3, lambda _: 0.0),
            },
        )  # fmt: skip


def _identity():
    fun, x, grad = weighted(250_000, identity, np.ones_like)
    wrong = {"sign": times(-1, grad), "one entry flipped": with_entry(grad, 777, lambda g: -g)}
    return Specimen("identity, 250,000 inputs", fun, x, grad, wrong)


def _mean_loss():
    A, y = normal(3, 500, 5), normal(4, 500)

    def loss(w):
        return 1e-3 * np.mean((A @ w - y) ** 2)

    def grad(w):
        return 1e-3 * 2 / 500 * A.T @ (A @ w - y)

    return Specimen("1e-3 mean loss", loss, normal(5, 5), grad, {"sign": times(-1, grad)})


def _huge_squares():
    def fun(x):
        return np.sum(x**2)

    for name, point in (("scalar", 2e11), ("vector", np.full(3, 2e11))):
        wrong = {"zero": lambda x: 0 * x, "factor 1.001": lambda x: 2.002 * x}
        yield Specimen(f"x**2 at 2e11, {name}", fun, point, lambda x: 2 * x, wrong)


def _batch_norm():
    c = normal(6, 8, 3)

    def normed(x):
        return (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)

    def backward(x):
        n = normed(x)
        return (c - c.mean(0) - n * (c * n).mean(0)) / np.sqrt(x.var(0) + 1e-5)

    def without_mean(x):
        n = normed(x)
        return (c - n * (c * n).mean(0)) / np.sqrt(x.var(0) + 1e-5)

    x = normal(7, 8, 3)
    yield Specimen(
        "weighted batch norm", lambda x: np.sum(c * normed(x)), x, backward,
        {"zero": zero, "without the mean": without_mean},
    )  # fmt: skip
    # Its true gradient is zero but for the 1e-5 beside the variance, which cancels too.
    yield Specimen(
        "1 + sum of batch norm", lambda x: 1 + np.sum(normed(x)), x, zero,
        {"ones": np.ones_like, "1e-3": lambda x: np.full_like(x, 1e-3)},
    )  # fmt: skip
    # The value itself is nothing but round-off: nothing to compare a zero with.
    yield Specimen(
        "sum of batch norm", lambda x: np.sum(normed(x)), x, zero, {"ones": np.ones_like},
        right_is=(CORRECT, UNDECIDED),
    )  # fmt: skip


def _single_precision():
    single = np.float32
    for cast in (None, single):
        forced = "" if cast is None else ", never promoted"
        for count in (1000, 600):
            fun, x, grad = weighted(count, np.sin, np.cos, dtype=single, cast=cast)
            wrong = {"sign": times(-1, grad), "zero": zero, "factor 1.1": times(1.1, grad)}
            yield Specimen(f"float32 sin, {count} inputs{forced}", fun, x, grad, wrong)

    def fun(p):
        return single(1e4) * p["a"].sum() + np.sin(p["b"]).sum()

    def grad(p):
        return {"a": np.full_like(p["a"], 1e4), "b": np.cos(p["b"])}

    yield Specimen(
        "float32 1e4 sum(a) + sum(sin b)", fun,
        {"a": normal(8, 5, dtype=single), "b": normal(9, 7, dtype=single)}, grad,
        {
            "no b": lambda p: {**grad(p), "b": zero(p["b"])},
            "sign of b": lambda p: {**grad(p), "b": -np.cos(p["b"])},
        },
        block="params['b']",
    )  # fmt: skip


def _small_linear():
    wrong = {"zero": zero, "sign": lambda x: np.full_like(x, -9e-5)}
    return Specimen(
        "9e-5 x", lambda x: 9e-5 * x.sum(), normal(10, 4), lambda x: np.full_like(x, 9e-5), wrong
    )


def _not_finite():
    fun, x, grad = weighted(20, np.sin, np.cos)
    wrong = {
        "all NaN": lambda x: np.full_like(x, np.nan),
        "one NaN": with_entry(grad, 3, lambda _: np.nan),
        "one infinity": with_entry(grad, 3, lambda _: np.inf),
    }
    return Specimen("a claim that is not finite", fun, x, grad, wrong)


def _one_entry_off():
    for count in (20, 1000):
        fun, x, grad = weighted(count, np.sin, np.cos)
        wrong = {f"entry {i}": with_entry(grad, i, lambda g: g + 1e-3) for i in (0, 7, count - 1)}
        yield Specimen(f"1e-3 in one entry of {count}", fun, x, grad, wrong)


def _small_relative_errors():
    fun, x, grad = weighted(20, np.sin, np.cos)
    yield Specimen(
        "relative error 2e-7", fun, x, times(1 + 1e-8, grad), {"2e-7": times(1 + 2e-7, grad)},
        wrong_is=(SUSPECT,),
    )  # fmt: skip
    yield Specimen(
        "relative error 2e-5", fun, x, times(1 - 1e-8, grad), {"2e-5": times(1 + 2e-5, grad)}
    )


def _cancelling_jacobian():
    jacobian, weights = normal(11, 2, 3), normal(12, 2)
    error = np.array([[1.0, -1.0, 0.0], [0.0, 2.0, -2.0]])
    return Specimen(
        "a Jacobian off by what ones do not see", lambda x: weights @ (jacobian @ x), normal(13, 3),
        lambda x: jacobian.T @ weights, {"off": lambda x: (jacobian + error).T @ weights},
    )  # fmt: skip


# Right gradients that are accused elsewhere


def _round_off():
    yield Specimen("x at 1e10", float, 1e10, lambda x: 1.0, {"1.001": lambda x: 1.001})
    yield Specimen(
        "sum x at 1e10", np.sum, np.full(3, 1e10), np.ones_like,
        {"1.9073": lambda x: np.full_like(x, 1.9073)},
    )  # fmt: skip
    for shift in (1e6, 1e8):
        yield Specimen(
            f"{shift:g} + sin x", scalar(lambda x, s=shift: s + np.sin(x)), 1.0, scalar(np.cos),
            {"0.5364": lambda x: 0.5364, "zero": lambda x: 0.0},
        )  # fmt: skip
        yield Specimen(
            f"{shift:g} + sum sin x", lambda x, s=shift: s + np.sin(x).sum(), normal(14, 50),
            np.cos, {"sign": times(-1, np.cos), "factor 1.01": times(1.01, np.cos)},
        )  # fmt: skip
    yield Specimen(
        "a cost of size 1e6", lambda x: 1e6 + np.sum((x - 1) ** 2), normal(15, 50),
        lambda x: 2 * (x - 1), {"factor 1.026": lambda x: 2.052 * (x - 1)},
    )  # fmt: skip
    yield Specimen(
        "a linear cost of size 1e6", lambda x: 1e6 * x.sum(), normal(16, 50),
        lambda x: np.full_like(x, 1e6), {"1e-4 more": lambda x: np.full_like(x, 1e6 + 100)},
    )  # fmt: skip


def _truncation():
    reciprocal, half_root = lambda x: 1 / x, lambda x: 0.5 / np.sqrt(x)
    for name, f, df in (("log", np.log, reciprocal), ("sqrt", np.sqrt, half_root)):
        for at in (1e-5, 1e-7):
            wrong = {"0.3 % off": scalar(times(1.003, df)), "sign": scalar(times(-1, df))}
            yield Specimen(f"{name} at {at:g}", scalar(f), at, scalar(df), wrong)
    yield Specimen(
        "sum log beside 0", lambda x: np.log(x).sum(), np.array([1e-7, 1.0, 1e-5]), reciprocal,
        {"sign": times(-1, reciprocal)},
    )  # fmt: skip
    for frequency, at in ((1e5, 0.3), (1e4, 1.0), (50.0, 1.0), (2000.0, 0.0), (128 * np.pi, 0.0)):
        df = lambda x, w=frequency: w * np.cos(w * x)
        yield Specimen(
            f"sin({frequency:g} x) at {at:g}", scalar(lambda x, w=frequency: np.sin(w * x)), at,
            scalar(df), {"zero": lambda x: 0.0, "0.1 % off": scalar(times(1.001, df))},
        )  # fmt: skip


def _flat():
    for name, f, df in (
        ("x**3", lambda x: x**3, lambda x: 3 * x**2),
        ("x|x|", lambda x: x * abs(x), lambda x: 2 * abs(x)),
    ):
        wrong = {"one": lambda x: x + 1.0, "0.01": lambda x: x + 0.01}
        yield Specimen(f"{name} at 0", f, 0.0, df, wrong)
        yield Specimen(f"sum {name} at 0", lambda x, f=f: f(x).sum(), np.zeros(4), df, wrong)
    cube = lambda x: 3 * (x - 1) ** 2
    yield Specimen(
        "5 + (x - 1)**3 at 1", lambda x: 5 + (x - 1) ** 3, 1.0, cube,
        {"0.01": lambda x: cube(x) + 0.01},
    )  # fmt: skip


def _kinks_beside():
    for name, f, point in (
        ("|x|", abs, 5e-7),
        ("sum |x|", lambda x: np.abs(x).sum(), np.array([5e-7, 1.0, -1.0, 0.3])),
    ):
        wrong = {
            "zero": lambda x: np.where(np.abs(x) < 1e-6, 0.0, np.sign(x)),
            "sign": lambda x: np.where(np.abs(x) < 1e-6, -1.0, np.sign(x)),
        }
        yield Specimen(f"{name} at 5e-7", f, point, np.sign, wrong)
    weights = np.array([1.0, 3.0, -2.0, 0.5])

    def unsort(x):
        return weights[np.argsort(np.argsort(x))]

    wrong = {"the close pair swapped": lambda x: unsort(x)[[1, 0, 2, 3]]}
    yield Specimen(
        "sort with a gap of 5e-7", lambda x: weights @ np.sort(x),
        np.array([0.3, 0.3 + 5e-7, 1.2, -0.4]), unsort, wrong,
    )  # fmt: skip


def _low_precision():
    single = np.float32
    square, double = lambda x: np.sum(x**2), lambda x: 2 * x
    wrong = {"1.967": lambda x: (1.967 * x).astype(single), "sign": lambda x: -2 * x}
    for count in (1, 10, 100_000):
        x = normal(17, count, dtype=single) if count > 10 else np.ones(count, single)
        coarse = {"sign": wrong["sign"]} if count > 10 else wrong
        yield Specimen(f"float32 sum of {count} squares", square, x, double, wrong)
        yield Specimen(
            f"float32 sum of {count} squares, never promoted", lambda x: square(x.astype(single)),
            x, double, coarse,
        )  # fmt: skip
    yield Specimen(
        "float32 x at 100, never promoted", lambda x: x.astype(single).sum(),
        np.full(3, 100, single), np.ones_like, {"7.5 %": lambda x: np.full_like(x, 1.075)},
    )  # fmt: skip

    def shifted(x):
        return single(1000) + np.sin(x).sum()

    x, negative = np.ones(3, single), {"sign": times(-1, np.cos)}
    yield Specimen("float32 1000 + sin", shifted, x, np.cos, negative)
    yield Specimen(
        "float32 1000 + sin, never promoted", lambda x: shifted(x.astype(single)), x, np.cos,
        negative, right_is=(CORRECT, UNDECIDED),
    )  # fmt: skip
    yield from _log_softmax(single)
    yield from _adjoint(single)
    yield Specimen(
        "exp in float32 inside float64", lambda x: float(np.exp(single(x))), 1.0, scalar(np.exp),
        {"1 % off": scalar(times(1.01, np.exp))}, right_is=(CORRECT, UNDECIDED),
    )  # fmt: skip
    for count in (1, 3):
        x = np.ones(count, np.float16)
        wrong = {"sign": times(-1, np.exp), "zero": zero}
        yield Specimen(f"float16 exp, {count}", lambda x: np.exp(x).sum(), x, np.exp, wrong)
        yield Specimen(
            f"float16 exp, {count}, never promoted", lambda x: np.exp(x.astype(np.float16)).sum(),
            x, np.exp, wrong, right_is=(CORRECT, UNDECIDED),
        )  # fmt: skip


def _log_softmax(single):
    c = np.array([1.0, 0.0, 0.0], single)

    def log_softmax(x):
        shifted = x - x.max()
        return shifted - np.log(np.exp(shifted).sum())

    def grad(x):
        return c - np.exp(log_softmax(x))

    x, wrong = np.array([1000.0, 999.0, 998.5], single), {"sign": times(-1, grad), "zero": zero}
    yield Specimen("float32 log_softmax(1000)", lambda x: c @ log_softmax(x), x, grad, wrong)
    yield Specimen(
        "float32 log_softmax(1000), never promoted", lambda x: c @ log_softmax(x.astype(single)),
        x, grad, wrong, right_is=(CORRECT, UNDECIDED),
    )  # fmt: skip


def _adjoint(single):
    A, u = normal(18, 200, 300, dtype=single), normal(19, 200, dtype=single)
    yield Specimen(
        "an adjoint in float32", lambda m: u @ (A @ m.astype(single)),
        normal(20, 300, dtype=single), lambda m: A.T @ u,
        {"shifted by one": lambda m: A.T @ np.roll(u, 1)},
    )  # fmt: skip


def _dropout():
    def fun(x):
        return np.sum(x * 2 * (np.random.rand(*x.shape) > 0.5))  # noqa: NPY002

    def grad(x):
        return 2.0 * (np.random.rand(*x.shape) > 0.5)  # noqa: NPY002

    return Specimen("dropout", fun, normal(21, 10), grad, {"unscaled": times(0.5, grad)})


def _all():
    for maker in (
        _sines, _identity, _mean_loss, _huge_squares, _batch_norm, _single_precision,
        _small_linear, _not_finite, _one_entry_off, _small_relative_errors, _cancelling_jacobian,
        _round_off, _truncation, _flat, _kinks_beside, _low_precision, _dropout,
    ):  # fmt: skip
        made = maker()
        yield from [made] if isinstance(made, Specimen) else made


SPECIMENS = list(_all())
TWINS = [(specimen, name) for specimen in SPECIMENS for name in specimen.wrong]


def verdicts(report):
    return {block.name: block.verdict for block in report.blocks}


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda s: s.name)
def test_a_right_gradient_passes(specimen):
    report = gp.check(specimen.fun, specimen.point, grad=specimen.right)
    assert report.verdict in specimen.right_is, report
    if report.verdict is CORRECT:
        assert all(block.resolution < 1 for block in report.blocks), report


@pytest.mark.parametrize(("specimen", "twin"), TWINS, ids=[f"{s.name}: {n}" for s, n in TWINS])
def test_its_wrong_twin_is_caught(specimen, twin):
    report = gp.check(specimen.fun, specimen.point, grad=specimen.wrong[twin])
    assert verdicts(report)[specimen.block] in specimen.wrong_is, report
    others = [v for name, v in verdicts(report).items() if name != specimen.block]
    assert all(verdict in specimen.right_is for verdict in others), report


# Rows that need more than a verdict


def test_a_wrong_factor_is_told():
    fun, x, grad = weighted(2000, np.sin, np.cos)
    for factor in (1.0009, -1.0):
        report = gp.check(fun, x, grad=times(factor, grad))
        assert math.isclose(report.blocks[0].error, abs(factor - 1), rel_tol=1e-6)


def test_an_entry_hidden_by_a_huge_norm_is_seen_in_a_sweep():
    coefficients = np.full(50, 1e9)
    coefficients[17] = 1.0
    fun, x = lambda x: coefficients @ x, normal(22, 50)
    flipped = with_entry(lambda x: coefficients, 17, lambda g: -g)

    assert gp.check(fun, x, grad=lambda x: coefficients, effort="sweep").verdict is CORRECT
    swept = gp.check(fun, x, grad=flipped, effort="sweep")
    assert swept.verdict is WRONG
    assert any(finding.entries == ((17,),) for finding in swept.findings), swept

    # Otherwise the resolution says that it could not be seen: it is a share of 3e-10.
    share = 2 / np.linalg.norm(coefficients)
    screened = gp.check(fun, x, grad=flipped)
    assert screened.verdict is not CORRECT or screened.resolution > share


def test_precision_that_is_left_is_told():
    report = gp.check(scalar(lambda x: 1e8 + np.sin(x)), 1.0, grad=scalar(np.cos))
    assert 1e-9 < report.resolution < 1e-4
    x = normal(23, 10, dtype=np.float32)
    forced = gp.check(lambda x: np.sum(x.astype(np.float32) ** 2), x, grad=lambda x: 2 * x)
    assert 1e-7 < forced.resolution < 1e-2


def test_an_error_bar_covers_the_error_where_precision_is_lost_inside():
    def fun(x):
        return float(np.exp(np.float32(x)))

    block = gp.check(fun, 1.0, grad=scalar(np.exp)).blocks[0]
    assert block.error <= block.bar
    assert block.bar > 1e-8  # a bar of float64 would be far too small
    assert gp.check(lambda x: float(np.exp(x)), 1.0, grad=scalar(np.exp)).resolution < 1e-8


def test_outside_the_domain_nothing_is_decided():
    for claim in (0.5, float("nan")):
        report = gp.check(scalar(np.sqrt), -1.0, grad=lambda x, c=claim: c)
        assert report.verdict is UNDECIDED
        assert report.findings[0].kind is Kind.NOT_FINITE
    assert gp.check(scalar(np.sqrt), 1.0, grad=lambda x: 0.5 / x**0.5).verdict is CORRECT
    assert gp.check(scalar(np.sqrt), 1.0, grad=lambda x: float("nan")).verdict is WRONG


def test_a_random_forward_pass_is_seeded_and_told():
    dropout = _dropout()
    report = gp.check(dropout.fun, dropout.point, grad=dropout.right)
    assert Kind.NONDETERMINISTIC in {finding.kind for finding in report.findings}
    quiet = gp.check(np.sum, dropout.point, grad=np.ones_like)
    assert not quiet.findings


# Kinks at the point: every slope between the two sides is a valid claim


@pytest.mark.parametrize("finished", [False, True], ids=["function", "finished"])
@pytest.mark.parametrize("point", [0.0, np.array([0.0, 1.0, -1.0, 2.0, 0.0])], ids=["one", "five"])
@pytest.mark.parametrize(
    ("claim", "verdict"),
    [(0.0, CORRECT), (1.0, CORRECT), (0.5, CORRECT), (7.0, WRONG), (-8.0, WRONG)],
)
def test_relu_at_zero(claim, verdict, finished, point):
    report = relu_at_zero(claim, finished, point)
    assert report.verdict is verdict, report
    assert Kind.KINK in {finding.kind for finding in report.findings}


@pytest.mark.parametrize("finished", [False, True], ids=["function", "finished"])
@pytest.mark.parametrize("claim", [1.01, -0.01])
def test_a_lone_relu_has_no_slope_outside_its_two_sides(claim, finished):
    """Among several kinks at once a right backward pass may claim more than one of them shows."""
    assert relu_at_zero(claim, finished, 0.0).verdict is WRONG


def relu_at_zero(claim, finished, point):
    def fun(x):
        return np.sum(np.maximum(x, 0.0))

    def grad(x):
        return np.where(x == 0, claim, 1.0 * (x > 0))

    return gp.check(fun, point, grad=grad(point) if finished else grad)


@pytest.mark.parametrize("at", [0.0, 1e-9, 1e-6])
def test_a_kink_under_a_steep_slope(at):
    """The kink is a thousandth of the slope; only at 0 are both its sides valid."""

    def fun(x):
        return 1e3 * x + abs(x)

    right = gp.check(fun, at, grad=lambda x: 1e3 + np.sign(x))
    assert right.verdict is CORRECT, right
    assert gp.check(fun, at, grad=lambda x: 1e3 - np.sign(x) + (x == 0) * 2).verdict is WRONG
    for claim in (999.0, 1000.0, 1001.0):
        inside = at == 0 or claim == 1001.0
        assert gp.check(fun, at, grad=claim).verdict is (CORRECT if inside else WRONG)
    for claim in (998.9, 1001.1):
        assert gp.check(fun, at, grad=claim).verdict is WRONG
    kinked = Kind.KINK in {finding.kind for finding in right.findings}
    assert kinked == (at == 0)
