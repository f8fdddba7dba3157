"""Code that raises beside the point is outside its domain there; at the point it raises."""

import math
from decimal import InvalidOperation

import numpy as np
import pytest

import gradproof as gp
from gradproof import Verdict

RNG = np.random.default_rng(16)
NEAR = np.array([[1.0, 0.999], [0.999, 1.0]])


def strict(x):
    with np.errstate(all="raise"):
        return float(np.sum(np.log(x)))


def cubed(x):
    return 3 * x**2


def raising(error, limit):
    """A cubic that has no values from ``limit`` on."""

    def fun(x):
        if np.max(x) > limit:
            raise error
        return float(np.sum(x**3))

    return fun


def factored(A):
    return 2 * np.sum(np.log(np.diag(np.linalg.cholesky((A + A.T) / 2))))


# fun, point, the right gradient.
CASES = {
    "math.log of one number": (math.log, 1e-3, lambda x: 1 / x),
    "math.log of sizes that differ": (
        lambda x: sum(map(math.log, x)), np.array([1e-4, 1.0, 30.0]), lambda x: 1 / x),
    "math.sqrt": (
        lambda x: sum(map(math.sqrt, x)), np.array([1e-5, 1.0]), lambda x: 0.5 / np.sqrt(x)),
    "math.acos": (
        lambda x: sum(map(math.acos, x)), np.array([0.9999, 0.1]),
        lambda x: -1 / np.sqrt(1 - x**2)),
    "math.exp that overflows": (
        lambda x: math.exp(x[0]) * 1e-300 + x[1] ** 2, np.array([709.0, 2.0]),
        lambda x: np.array([math.exp(x[0]) * 1e-300, 2 * x[1]])),
    "a Cholesky factor": (factored, NEAR, np.linalg.inv),
    "NumPy told to raise": (strict, np.array([1e-3, 2.0]), lambda x: 1 / x),
    "division by zero": (raising(ZeroDivisionError("division"), 1 + 1e-7), np.ones(3), cubed),
    "decimals": (raising(InvalidOperation("decimal"), 1 + 1e-5), np.ones(3), cubed),
    "an argument that is refused": (raising(ValueError("x"), 1.1), np.ones(3), cubed),
    "at the edge itself": (raising(ValueError("edge"), 1.0), np.float64(1.0), cubed),
    "floating-point error": (
        raising(FloatingPointError("overflow"), 1.1), np.ones(3), cubed),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_right_and_wrong_beside_each_other(name):
    fun, point, grad = CASES[name]
    report = gp.check(fun, point, grad=grad)
    assert report.verdict is Verdict.CORRECT
    assert gp.check(fun, point, grad=lambda x: 1.01 * grad(x)).verdict is Verdict.WRONG


def test_the_report_names_what_was_raised():
    report = gp.check(raising(ValueError("too large"), 1 + 1e-7), np.ones(3), grad=cubed)
    assert any("ValueError: too large" in note for note in report.notes)


@pytest.mark.parametrize("error", [ValueError("v"), OverflowError("o"), np.linalg.LinAlgError("l")])
def test_at_the_point_it_is_the_users(error):
    with pytest.raises(type(error)) as caught:
        gp.check(raising(error, 0.5), np.ones(3), grad=cubed)
    assert caught.value is error


@pytest.mark.parametrize("error", [ValueError("v"), ZeroDivisionError("o")])
def test_a_gradient_at_the_point_that_raises(error):
    def grad(x):
        raise error

    with pytest.raises(type(error)):
        gp.check(raising(error, 2.0), np.ones(3), grad=grad)


@pytest.mark.parametrize(
    "error",
    [TypeError("t"), IndexError("i"), KeyError("k"), RuntimeError("r"), gp.UsageError("u.")],
)
def test_all_else_surfaces_everywhere(error):
    with pytest.raises(type(error)) as caught:
        gp.check(raising(error, 1.0), np.ones(3), grad=cubed)
    assert caught.value is error


def test_nowhere_beside_the_point():
    def fun(x):
        if x.any():
            raise ValueError("only here")
        return 1.0

    report = gp.check(fun, np.zeros(3), grad=np.ones_like)
    assert report.verdict is Verdict.UNDECIDED
    assert "not finite next to the point" in report.blocks[0].reason


def kink_at_an_edge(edge):
    """A kink at 0 in the first entry; the second may move on one side only, or on none."""

    def fun(x):
        if not edge(x[1]):
            raise ValueError("outside")
        return abs(x[0]) + x[0] + math.log(x[1])

    def grad(x, factor=1.0):
        if not edge(x[1]):
            raise ValueError("outside, the gradient too")
        return np.array([1.0 + np.sign(x[0]), factor / x[1]])

    return fun, grad


@pytest.mark.parametrize("edge", [lambda x: x >= 1.0, lambda x: x <= 1.0], ids=["above", "below"])
def test_beside_a_kink_the_other_way(edge):
    fun, grad = kink_at_an_edge(edge)
    point = np.array([0.0, 1.0])
    assert gp.check(fun, point, grad=grad).verdict is Verdict.CORRECT
    assert gp.check(fun, point, grad=lambda x: grad(x, 2.0)).verdict is Verdict.WRONG


def test_a_kink_that_no_way_leads_from():
    fun, grad = kink_at_an_edge(lambda x: abs(x - 1.0) < 1e-5)
    report = gp.check(fun, np.array([0.0, 1.0]), grad=grad)
    assert not report.verdict.rejects


def test_torch():
    torch = pytest.importorskip("torch")
    D = torch.float64
    A = torch.from_numpy(NEAR)

    def gaussian(p):
        return torch.distributions.Normal(p[0], p[1:]).log_prob(torch.ones(2, dtype=D)).sum()

    def determinant(a):
        return torch.linalg.cholesky((a + a.mT) / 2).diagonal().log().sum()

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            return 2 * g

    for fun, point in ((gaussian, torch.tensor([3.0, 0.001, 1.0], dtype=D)), (determinant, A)):
        assert gp.check(fun, point).ok
        assert gp.check(lambda x, fun=fun: fun(Twice.apply(x)), point).verdict is Verdict.WRONG
    with pytest.raises(torch.linalg.LinAlgError):
        gp.check(determinant, -A)
