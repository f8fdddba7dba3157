"""At a kink where entries are tied: a tie may be given to any of them, or shared, but once."""

import numpy as np
import pytest

import gradproof as gp

IMAGE = np.random.default_rng(40).integers(0, 3, size=(6, 8)).astype(float)
C = np.random.default_rng(41).normal(size=(3, 4))


def cells(x):
    return x.reshape(3, 2, 4, 2).transpose(0, 2, 1, 3).reshape(3, 4, 4)


def pooled(x):
    return np.sum(C * cells(x).max(axis=2))


def back(shares):
    return (C[..., None] * shares).reshape(3, 4, 2, 2).transpose(0, 2, 1, 3).reshape(6, 8)


def tied(x):
    return 1.0 * (cells(x) == cells(x).max(axis=2, keepdims=True))


RIGHT = {
    "first": lambda x: back(np.eye(4)[cells(x).argmax(axis=2)]),
    "last": lambda x: back(np.eye(4)[3 - cells(x)[..., ::-1].argmax(axis=2)]),
    "shared": lambda x: back(tied(x) / tied(x).sum(axis=2, keepdims=True)),
}


@pytest.mark.parametrize("grad", RIGHT.values(), ids=RIGHT)
def test_any_share_is_valid(grad):
    assert gp.check(pooled, IMAGE, grad=grad).ok


@pytest.mark.parametrize("times", ["all", "none"])
def test_a_tie_counts_once(times):
    """Right everywhere but at a tie: beside the kink nothing is to be seen."""
    once = lambda x: tied(x) * (tied(x).sum(axis=2, keepdims=True) == 1)
    grad = {"all": lambda x: back(tied(x)), "none": lambda x: back(once(x))}[times]
    report = gp.check(pooled, IMAGE, grad=grad)
    assert report.verdict == "wrong"
    (found,) = [f for f in report.findings if f.kind == "unexplained"]
    assert "none that grad gives beside it" in found.message
    assert gp.check(pooled, IMAGE + np.random.default_rng(1).normal(size=(6, 8)), grad=grad).ok


@pytest.mark.parametrize("convention", [0.0, 0.5, 1.0])
def test_every_convention_of_relu_is_valid_at_zero(convention):
    """Also where two kinks cancel, as long as both are treated alike."""
    step = lambda x: np.where(x == 0, convention, x > 0)
    weights = np.array([1.0, -1.0, 0.5, -0.5])
    fun = lambda x: weights @ np.maximum(x, 0) + np.sum(np.sin(x))
    grad = lambda x: weights * step(x) + np.cos(x)
    assert gp.check(fun, np.zeros(4), grad=grad).ok


ROWS = np.array([[1.0, 3, 3], [2, 2, 0]])


@pytest.mark.parametrize(("shares", "ok"), [("first", True), ("shared", True), ("all", False)])
def test_ties_of_a_claim_in_an_array_add_up(shares, ok):
    """Nobody knows the claim beside the kink; moved together, equal entries stay equal."""
    c, tied = np.array([0.9, 1.3])[:, None], 1.0 * (ROWS.max(1, keepdims=True) == ROWS)
    claims = {
        "first": c * np.eye(3)[ROWS.argmax(1)],
        "shared": c * tied / tied.sum(1, keepdims=True),
        "all": c * tied,
    }
    report = gp.check(lambda x: c[:, 0] @ x.max(1), ROWS, grad=claims[shares])
    assert report.verdict == ("correct" if ok else "wrong")
    assert ok or "all its entries move together" in str(report)


def lasso(count, zeros):
    """Its value, its gradient with what is claimed at a kink, and a point with zeros."""
    rng = np.random.default_rng(count)
    target = rng.normal(size=count)
    point = rng.normal(size=count)
    point[:zeros] = 0
    fun = lambda w: 0.5 * np.sum((w - target) ** 2) + 2.0 * np.abs(w).sum()
    grad = lambda w, there=0.0: w - target + 2.0 * np.where(w == 0, there, np.sign(w))
    return fun, grad, point


@pytest.mark.parametrize("zeros", [3, 12])
def test_zeros_of_a_large_block_given_as_an_array_are_looked_at_one_by_one(zeros):
    fun, grad, point = lasso(40, zeros)
    for choice in (-1.0, 0.0, 0.3):
        report = gp.check(fun, point, grad=grad(point, choice))
        assert report.ok, report
    assert gp.check(fun, point, grad=grad(point, 4.0)).verdict != "correct"
    plain = grad(point, 0.0) - 2.0 * np.sign(point)
    report = gp.check(fun, point, grad=plain)
    assert report.verdict == "wrong", report
    assert "at no kink" in report.blocks[0].reason
    report = gp.check(fun, point, grad=np.where(np.arange(40) == 30, 0.0, grad(point)))
    assert report.verdict == "wrong", report


def test_many_kinks_in_one_array_are_undecided():
    fun, grad, point = lasso(90, 90)
    for choice in (0.0, 9.0):
        report = gp.check(fun, point, grad=grad(point, choice))
        assert report.verdict != "correct"
    assert "give grad as a function" in str(gp.check(fun, point, grad=grad(point)))
