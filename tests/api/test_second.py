"""Hessians and their products: each wrong claim beside its right twin."""

import numpy as np
import pytest

import gradproof as gp

rng = np.random.default_rng(18)
X = rng.normal(size=(40, 5))
Y = (rng.random(40) < 0.4) * 1.0
BETA = rng.normal(size=5)


def sigmoid(t):
    return 1 / (1 + np.exp(-t))


def loss(beta):
    return float(np.sum(np.logaddexp(0, X @ beta) - Y * (X @ beta)))


def score(beta):
    return X.T @ (sigmoid(X @ beta) - Y)


def hess(beta):
    p = sigmoid(X @ beta)
    return (X.T * (p * (1 - p))) @ X


def hessp(beta, v):
    return hess(beta) @ v


def kinds(report):
    return {finding.kind for finding in report.findings}


def test_all_three_claims_are_right():
    report = gp.check(loss, BETA, grad=score, hess=hess, hessp=hessp)
    assert report.ok
    assert [block.name for block in report.blocks] == ["params", "hess", "hessp"]
    assert report.resolution < 1e-7
    assert "hess against grad: correct" in report.notes[0]
    assert "hessp against hess: correct" in report.notes[0]


WRONG = {
    "scale": lambda H: H / 2,
    "sign": lambda H: -H,
    "triangle": np.tril,
    "zero": lambda H: H * np.kron(np.eye(2), np.ones((3, 3)))[:5, :5],
    "inverse": np.linalg.inv,
    "permutation": lambda H: H[::-1, ::-1],
    "entries": lambda H: H + 0.1 * np.outer(np.eye(5)[1], np.eye(5)[1]),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_hessian_is_rejected_and_named(kind):
    report = gp.check(loss, BETA, grad=score, hess=lambda beta: WRONG[kind](hess(beta)))
    assert report.verdict is gp.Verdict.WRONG
    assert "grad against fun: correct; hess against grad: wrong" in report.notes[0]
    assert kind in kinds(report)
