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
