"""Special points: right there and wrong beside; no suspicion where it is right everywhere."""

import numpy as np
import pytest
import torch

import gradproof as gp
from gradproof.space.point import Point
from gradproof.space.special import special

RNG = np.random.default_rng(0)
L = -2 * np.eye(6) + np.eye(6, k=1) + np.eye(6, k=-1)
S = RNG.normal(size=(2, 6))
A, B = RNG.normal(size=(2, 4, 4))
V = RNG.normal(size=4)


def helmholtz(v):
    return S[0] @ ((v**2)[:, None] * L) @ ((v**2)[:, None] * L) @ S[1]


def adjoint(right):
    def grad(v):
        u = v**2 * (L @ S[1])
        back = L.T @ (v**2 * S[0]) if right else v**2 * (L @ S[0])
        return 2 * v * S[0] * (L @ u) + 2 * v * back * (L @ S[1])

    return grad


SCALARS = [np.float64(1.0), np.float64(0.0)]

# name: function, right gradient, wrong gradient, special point.
CASES = {
    "adjoint at a constant model": (helmholtz, adjoint(True), adjoint(False), np.full(6, 2.0)),
    "order of factors at the identity": (
        lambda W: np.trace(A @ W @ B @ W),
        lambda W: (B @ W @ A + A @ W @ B).T,
        lambda W: (B @ A @ W + A @ W @ B).T,
        np.eye(4),
    ),
    "transpose at a symmetric matrix": (
        lambda W: V @ W @ W @ V,
        lambda W: np.outer(V, W @ V) + np.outer(W.T @ V, V),
        lambda W: np.outer(V, W.T @ V) + np.outer(W @ V, V),
        A + A.T,
    ),
    "logdet": (
        lambda W: np.linalg.slogdet(W)[1],
        lambda W: np.linalg.inv(W).T,
        np.linalg.inv,
        A @ A.T + np.eye(4),
    ),
    "a power at one": (
        lambda x: np.sum(x**3) + x @ V,
        lambda x: 3 * x**2 + V,
        lambda x: 3 * x + V,
        np.ones(4),
    ),
    "no square at zero": (
        lambda x: np.sum(np.exp(x) * V),
        lambda x: np.exp(x) * V,
        lambda x: (1 + x) ** 2 * V,
        np.zeros(4),
    ),
    "neighbours at a constant": (
        lambda x: V[:3] @ (x[1:] * x[:-1]),
        lambda x: np.append(V[:3] * x[1:], 0) + np.append(0, V[:3] * x[:-1]),
        lambda x: np.append(V[:3] * x[:-1], 0) + np.append(0, V[:3] * x[1:]),
        np.full(4, 0.7),
    ),
    "mean for the entry": (
        lambda x: np.sum(V * x**2),
        lambda x: 2 * V * x,
        lambda x: 2 * V * x.mean(),
        np.full(4, -3.0),
    ),
    "a lone scale of one": (
        lambda s: float(np.sum(np.tanh(s * V))),
        lambda s: float(np.sum(V * (1 - np.tanh(s * V) ** 2))),
        lambda s: float(np.sum(V * (1 - np.tanh(V) ** 2))),
        1.0,
    ),
    "two blocks": (
        lambda p: p["a"] @ np.exp(p["b"]),
        lambda p: {"a": np.exp(p["b"]), "b": p["a"] * np.exp(p["b"])},
        lambda p: {"a": 1 + p["b"], "b": p["a"] * np.exp(p["b"])},
        {"a": np.ones(4), "b": np.zeros(4)},
    ),
    "given for this point": (
        lambda x: np.sum(np.sin(x) * V),
        lambda x: np.cos(x) * V,
        lambda _: np.cos(1.0) * V,
        np.ones(4),
    ),
    "symmetric stack": (
        lambda W: np.einsum("kij,kjl,i,l->", W, W, V, V),
        lambda W: np.stack([np.outer(V, w @ V) + np.outer(w.T @ V, V) for w in W]),
        lambda W: np.stack([np.outer(V, w.T @ V) + np.outer(w @ V, V) for w in W]),
        np.stack([A + A.T, B + B.T]),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_fault_that_hides_at_a_special_point_is_suspect(name):
    fun, right, wrong, point = CASES[name]
    report = gp.check(fun, point, grad=right)
    assert report.ok, report
    report = gp.check(fun, point, grad=wrong)
    assert report.verdict == "suspect", report
    found = [f for f in report.findings if f.kind == "special-point"]
    assert found
    assert "beside" in found[0].message
    # What the sentence says to write.
    assert gp.check(fun, point, grad=wrong(point)).ok


@pytest.mark.parametrize(
    ("point", "found"),
    [
        (np.ones(3), True),
        (np.zeros((2, 3)), True),
        (np.eye(3), True),
        ((np.eye(3), np.ones(2)), True),
        ((np.ones(3), 0.3), True),
        (1.0, True),
        (0.3, False),
        ((np.zeros(3), RNG.normal(size=3)), False),
        (RNG.normal(size=3), False),
        (np.array([1.0, 1.0, 2.0]), False),
        (RNG.normal(size=(3, 3)), False),
        (torch.ones(3), True),
        ((torch.zeros(3), torch.arange(3.0)), False),
    ],
)
def test_which_points_are_special(point, found):
    assert special(Point(point)) is found


def test_zero_biases_beside_random_weights_cost_nothing():
    point = {"w": RNG.normal(size=4), "b": np.zeros(4)}
    grad = lambda p: {"w": 2 * p["w"], "b": np.cos(p["b"])}
    fun = lambda p: np.sum(p["w"] ** 2) + np.sum(np.sin(p["b"]))
    assert gp.check(fun, point, grad=grad).gradient_calls == 2


def test_a_second_look_is_a_quick_one():
    report = gp.check(lambda x: float(np.sum(np.sin(x))), np.ones(3), grad=np.cos)
    assert report.ok
    assert report.gradient_calls == 4
    assert report.evaluations <= 22


def test_a_function_of_symmetric_matrices_is_not_judged_beside_them():
    point = A @ A.T + np.eye(4)
    fun = lambda W: float(np.linalg.slogdet((W + W.T) / 2)[1])
    assert gp.check(fun, point, grad=np.linalg.inv).ok
    assert gp.check(fun, point, grad=lambda W: 1.01 * np.linalg.inv(W)).verdict == "wrong"
