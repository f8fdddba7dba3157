"""A claim of another shape is a wrong claim of its block, and what it was meant to be is tried."""

import numpy as np
import pytest

import gradproof as gp
from gradproof import Kind, Verdict

RNG = np.random.default_rng(19)
X = RNG.normal(size=(5, 4))
POINT = {"W": RNG.normal(size=(4, 2)), "b": RNG.normal(size=2), "s": np.float64(1.3)}
SQUARE = {**POINT, "W": RNG.normal(size=(4, 4)), "b": RNG.normal(size=4)}


def layer(p):
    return p["s"] * np.tanh(X @ p["W"] + p["b"])


def cost(p):
    return np.sum(layer(p) ** 2)


def vjp(p, g, change="", to=None):
    a = np.tanh(X @ p["W"] + p["b"])
    d = p["s"] * g * (1 - a**2)
    right = {"W": X.T @ d, "b": d.sum(axis=0), "s": np.sum(g * a)}
    return {**right, **({change: to(right[change], d, g * a)} if change else {})}


def grad(p, *change):
    return vjp(p, 2 * layer(p), *change)


# The block, what is claimed for it, and what is said of it.
CASES = {
    "transposed": ("W", lambda right, d, a: right.T, "transposed it is right"),
    "not summed": ("b", lambda right, d, a: d, "summed over axis 0 it is right"),
    "summed along the other axis": ("b", lambda right, d, a: d.sum(1), "no sum of it is right"),
    "kept dimensions": ("b", lambda right, d, a: right[None], "reshaped to (2,) it is right"),
    "flat": ("W", lambda right, d, a: right.ravel(), "reshaped to (4, 2) it is right"),
    "flat, column by column": (
        "W", lambda right, d, a: right.ravel("F"), 'reshaped to (4, 2) with order="F" it is right'),
    "a scalar not summed": ("s", lambda right, d, a: a, "summed over axis 0 and 1 it is right"),
    "per example": (
        "W", lambda right, d, a: X[:, :, None] * d[:, None], "summed over axis 0 it is right"),
    "per example, to be averaged": (
        "W", lambda right, d, a: 5 * X[:, :, None] * d[:, None],
        "averaged over axis 0 it is right"),
    "transposed and doubled": (
        "W", lambda right, d, a: 2 * right.T,
        "transposed it has the shape, but its numbers are wrong too"),
    "on a diagonal": ("b", lambda right, d, a: np.diag(right) + np.tri(2, k=-1),
                      "its diagonal alone it is right"),
    "too short": ("b", lambda right, d, a: right[:1], "no sum of it is right"),
}  # fmt: skip


@pytest.mark.parametrize("door", ["check", "vjp"])
@pytest.mark.parametrize("name", CASES)
def test_the_others_are_judged_and_it_is_told_what_is_right(name, door):
    block, to, words = CASES[name]

    def run(change):
        if door == "vjp":
            return gp.check_vjp(layer, lambda p, g: vjp(p, g, *change), POINT)
        return gp.check(cost, POINT, grad=lambda p: grad(p, *change))

    assert run(()).ok
    report = run((block, to))
    wrong = {b.name for b in report.blocks if b.verdict is Verdict.WRONG}
    assert wrong == {f"params['{block}']"}
    assert all(b.verdict is Verdict.CORRECT for b in report.blocks if b.name not in wrong)
    (found,) = [f for f in report.findings if f.kind is Kind.SHAPE]
    assert words in found.message


def test_another_fault_beside_it_is_found():
    report = gp.check(cost, POINT, grad=lambda p: {**grad(p, "W", lambda r, *_: r.T), "s": 3.0})
    verdicts = {b.name: str(b.verdict) for b in report.blocks}
    assert verdicts == {"params['W']": "wrong", "params['b']": "correct", "params['s']": "wrong"}


def test_nothing_is_tried_where_nobody_is_to_ask_why():
    report = gp.check(cost, POINT, grad=lambda p: grad(p, "W", lambda r, *_: r.T), effort="quick")
    assert report.verdict is Verdict.WRONG
    assert report.findings[0].message.endswith("transposed it has the shape.")
    short = gp.check(cost, POINT, grad=lambda p: grad(p, "b", lambda r, *_: r[:1]), effort="quick")
    assert "one number for every parameter" in short.findings[0].message


def test_at_a_kink():
    fun = lambda x: np.sum(np.abs(x) * np.arange(1, 5)[:, None])
    point = np.array([[1.0, -2.0], [0.0, 3.0], [2.0, 2.0], [1.0, 1.0]])
    right = lambda x: np.sign(x) * np.arange(1, 5)[:, None]
    assert gp.check(fun, point, grad=right).ok
    assert gp.check(fun, point, grad=lambda x: right(x).T).verdict is Verdict.WRONG


# Jacobians

T = np.linspace(0, 3, 9)
START = np.array([3.0, 0.5, 1.0])


def model(p):
    return p[0] * np.exp(-p[1] * T) + p[2]


def jacobian(p):
    e = np.exp(-p[1] * T)
    return np.stack([e, -T * p[0] * e, np.ones(9)], axis=1)


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        (lambda p: jacobian(p).T, "has shape (3, 9) and needs (9, 3): transposed it is right"),
        (lambda p: jacobian(p).ravel(), "reshaped to (9, 3) it is right"),
        (
            lambda p: 2 * jacobian(p).T,
            "needs (9, 3): transposed it has the shape, but its numbers are wrong too",
        ),
        (lambda p: jacobian(p)[:8], "has shape (8, 3) and needs (9, 3)"),
    ],
    ids=["transposed", "flat", "transposed and doubled", "a row less"],
)
def test_a_jacobian(claim, words):
    report = gp.check(model, START, grad=claim)
    assert report.verdict is Verdict.WRONG
    assert words in report.findings[0].message


@pytest.mark.parametrize(
    "start", [START, list(START), tuple(START)], ids=["array", "list", "tuple"]
)
@pytest.mark.parametrize("square", [False, True])
def test_a_jacobian_of_numbers_in_a_list_is_scipys(start, square):
    chosen = slice(0, 3) if square else slice(None)
    fun = lambda p: model(p)[chosen]
    assert gp.check(fun, start, grad=lambda p: jacobian(p)[chosen]).ok
    assert not gp.check(fun, start, grad=lambda p: 1.01 * jacobian(p)[chosen]).ok


def test_a_sparse_jacobian():
    sparse = pytest.importorskip("scipy.sparse")
    assert gp.check(model, START, grad=lambda p: sparse.csr_array(jacobian(p))).ok
    report = gp.check(model, START, grad=lambda p: sparse.csr_array(jacobian(p).T))
    assert "transposed it is right" in report.findings[0].message


def test_a_gradient_of_an_array_is_still_no_jacobian():
    with pytest.raises(gp.UsageError, match="must return a real scalar"):
        gp.check(model, START, grad=lambda p: 2 * p)


def test_torch():
    torch = pytest.importorskip("torch")
    w = torch.linspace(0.1, 1, 6, dtype=torch.float64).reshape(2, 3)
    fun = lambda x: x.sin().sum()
    assert gp.check(fun, w, grad=torch.cos).ok
    report = gp.check(fun, w, grad=lambda x: x.cos().T)
    assert "transposed it is right" in report.findings[0].message
