"""A claim that is not finite where the function is: wrong, at a kink too; its right twin passes."""

import numpy as np
import pytest

import gradproof as gp
from gradproof import Kind, Verdict

RNG = np.random.default_rng(14)
ROWS = RNG.normal(size=(7, 4)) * (np.arange(7) != 2)[:, None]
SPARSE = RNG.normal(size=40) * (np.arange(40) % 5 > 0)
EQUAL = RNG.normal(size=(5, 3))[[0, 1, 1, 3, 4]]


def safe(above, below, instead=0.0):
    """A quotient that is ``instead`` where there is none."""
    wide = np.broadcast_to(below, np.broadcast_shapes(np.shape(above), np.shape(below)))
    return np.divide(above, wide, where=wide != 0, out=np.full(wide.shape, instead))


def norm(x):
    return np.sqrt(np.sum(x**2))


def row_norms(x):
    return np.sum(np.tanh(np.sqrt(np.sum(x**2, axis=1))))


def grad_row_norms(x, divide):
    r = np.sqrt(np.sum(x**2, axis=1, keepdims=True))
    return divide(x, r) / np.cosh(r) ** 2


def distances(x):
    apart = x[:, None] - x[None]
    return np.sum(np.sqrt(np.sum(apart**2, axis=-1)))


def grad_distances(x, divide):
    apart = x[:, None] - x[None]
    r = np.sqrt(np.sum(apart**2, axis=-1, keepdims=True))
    return 2 * np.sum(divide(apart, r), axis=1)


# fun, point, its gradient with a quotient that is safe or not.
CASES = {
    "norm at 0": (norm, np.zeros(6), lambda x, q: q(x, norm(x))),
    "norm plus a sum at 0": (
        lambda x: norm(x) + x.sum(), np.zeros(30), lambda x, q: q(x, norm(x)) + 1),
    "a row of zeros": (row_norms, ROWS, grad_row_norms),
    "two equal points": (distances, EQUAL, grad_distances),
    "absolute values as square roots": (
        lambda x: np.sum(np.sqrt(x * x)), SPARSE, lambda x, q: q(x, np.sqrt(x * x))),
    "absolute value of one number": (abs, 0.0, lambda x, q: q(x, abs(x))),
    "weights over their size": (
        lambda x: np.sum(np.abs(x) * [1, 2, 3]), np.array([0.0, 1.0, -2.0]),
        lambda x, q: q(x, np.abs(x)) * [1, 2, 3]),
    "at a smooth point": (
        lambda x: np.sum(x**3), np.array([0.0, 1.0, 2.0]), lambda x, q: q(3 * x**3, x)),
    "hinge over its size": (
        lambda x: np.sum(np.maximum(x, 0)), np.array([0.0, 1.0, -1.0]),
        lambda x, q: (q(x, np.abs(x)) + 1) / 2),
    "distance of two points that meet": (
        lambda x: norm(x[0] - x[1]), np.ones((2, 3)),
        lambda x, q: np.outer([1, -1], q(x[0] - x[1], norm(x[0] - x[1])))),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("given", ["function", "array"])
@pytest.mark.parametrize("fill", [np.nan, np.inf], ids=str)
def test_it_is_wrong_and_the_finite_one_is_not(name, given, fill):
    fun, point, grad = CASES[name]

    def claim(divide):
        function = lambda x: grad(x, divide)
        return function if given == "function" else function(point)

    report = gp.check(fun, point, grad=claim(lambda a, b: safe(a, b, fill)))
    assert report.verdict is Verdict.WRONG
    assert report.blocks[0].reason == "the claimed gradient is not finite"
    assert Kind.NOT_FINITE in {f.kind for f in report.findings}
    assert not gp.check(fun, point, grad=claim(safe)).verdict.rejects


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_kink_in_one_block_does_not_hide_nan_in_another(bad):
    point = {"w": np.array([0.0, 1.0, -1.0]), "z": np.zeros(3), "s": np.ones(4)}

    def fun(p):
        return np.sum(np.maximum(p["w"], 0)) + norm(p["z"]) + np.sum(p["s"] ** 2)

    def grad(p, fill=bad):
        z = safe(p["z"], norm(p["z"]), fill)
        return {"w": np.where(p["w"] > 0, 1.0, 0.0), "z": z, "s": 2 * p["s"]}

    report = gp.check(fun, point, grad=grad)
    verdicts = {b.name[8:-2]: b.verdict for b in report.blocks}
    assert verdicts == {"w": Verdict.CORRECT, "z": Verdict.WRONG, "s": Verdict.CORRECT}
    assert gp.check(fun, point, grad=lambda p: grad(p, 0.0)).ok


def test_where_the_function_is_finite_on_one_side_only():
    edge = lambda x: np.sum(np.where(x >= 0, np.sqrt(np.abs(x)), np.nan))
    report = gp.check(edge, np.zeros(4), grad=lambda x: 0.5 / np.sqrt(x))
    assert report.verdict is Verdict.WRONG


def test_nobody_knows_where_the_function_is_finite_at_the_point_alone():
    alone = lambda x: 1.0 if not x.any() else np.nan
    report = gp.check(alone, np.zeros(4), grad=lambda x: np.full(4, np.inf))
    assert report.verdict is Verdict.UNDECIDED
    assert "nor is the function" in report.blocks[0].reason


def test_products_with_one_output_at_its_kink():
    fun = lambda x: (np.sin(x), np.array([norm(x)]))

    def vjp(x, g, fill=np.nan):
        return np.cos(x) * g[0] + safe(x, norm(x), fill) * g[1]

    assert gp.check_vjp(fun, vjp, np.zeros(3)).verdict is Verdict.WRONG
    assert not gp.check_vjp(fun, lambda x, g: vjp(x, g, 0.0), np.zeros(3)).verdict.rejects


def test_torch():
    torch = pytest.importorskip("torch")
    size = lambda x: x.pow(2).sum(-1).sqrt().sum()
    for point in (torch.zeros(5), torch.zeros(3, 2, dtype=torch.float64)):
        assert gp.check(size, point).verdict is Verdict.WRONG
        assert gp.check(lambda x: torch.linalg.norm(x, dim=-1).sum(), point).ok


def test_jax_in_both_modes():
    jax = pytest.importorskip("jax")
    jnp = jax.numpy

    def guarded(x):
        square = jnp.sum(x**2)
        zero = square == 0
        return jnp.where(zero, 0.0, jnp.sqrt(jnp.where(zero, 1.0, square)))

    report = gp.check(lambda x: jnp.sqrt(jnp.sum(x**2)), jnp.zeros(4))
    assert report.verdict is Verdict.WRONG
    assert gp.check(guarded, jnp.zeros(4)).ok


@pytest.mark.parametrize("fails", ["forward", "reverse"])
def test_one_mode_alone(fails):
    true = lambda x: safe(x, norm(x), 0.0)
    bad = lambda x: safe(x, norm(x), np.nan)
    forward, reverse = (bad, true) if fails == "forward" else (true, bad)
    report = gp.check_vjp(
        norm, lambda x, g: reverse(x) * g, np.zeros(4), jvp=lambda x, v: float(forward(x) @ v)
    )
    assert report.verdict is Verdict.WRONG
