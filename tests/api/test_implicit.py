"""Derivatives of solutions (roots, fixed points, optima), each wrong one beside its right twin."""

import math

import numpy as np
import pytest
from scipy import optimize, sparse

import gradproof as gp

rng = np.random.default_rng(4)

# A linear system with parameters

A0 = rng.normal(size=(4, 4)) + 4 * np.eye(4)
A1 = rng.normal(size=(3, 4, 4))
B = rng.normal(size=4)
THETA = rng.normal(size=3) * 0.3


def matrix(theta):
    return A0 + np.tensordot(theta, A1, 1)


def residual(x, theta):
    return matrix(theta) @ x - B


def solve(theta):
    return np.linalg.solve(matrix(theta), B)


def dsolve(theta, sign=-1.0, turned=False):
    M, x = matrix(theta), solve(theta)
    M = M.T if turned else M
    return sign * np.stack([np.linalg.solve(M, a @ x) for a in A1], axis=1)


def checked(**others):
    asked = {"residual": residual, "solve": solve, "dsolve": dsolve, "theta": THETA, **others}
    return gp.check_implicit(**asked)


def said(report):
    return [str(claim) for claim in report.claims]


def told(report):
    return " ".join(finding.message for finding in report.findings)


def test_a_right_derivative_costs_one_call_of_the_solver():
    calls = []
    report = checked(solve=lambda theta: calls.append(theta) or solve(theta))
    assert report.ok
    assert len(calls) == 1
    assert said(report) == ["solve against residual: correct", "dsolve against residual: correct"]
    assert report.resolution < 1e-7
    assert {b.name for b in report.blocks} == {"residual", "dsolve by theta"}


@pytest.mark.parametrize(
    ("claim", "says"),
    [
        (lambda theta: dsolve(theta, sign=1.0), "wrong sign"),
        (lambda theta: dsolve(theta, turned=True), "transposed F_x"),
        (lambda theta: dsolve(theta) * [1, 1, 1.001], "1.001"),
        (lambda theta: -np.stack([a @ solve(theta) for a in A1], axis=1), "F_x is left out"),
        (lambda theta: dsolve(1.05 * theta), "neither residual nor slopes of solve"),
        (lambda theta: dsolve(theta) * np.nan, "not finite"),
        (lambda theta: 0 * dsolve(theta), "zero"),
    ],
)
def test_a_wrong_derivative_is_named(claim, says):
    report = checked(dsolve=claim)
    assert report.verdict is gp.Verdict.WRONG
    assert said(report)[0] == "solve against residual: correct"
    assert "dsolve against solve: wrong" in said(report)
    assert says in told(report)


def test_products_in_place_of_the_whole():
    assert checked(dsolve=None, jvp=lambda theta, t: dsolve(theta) @ t).ok
    assert checked(dsolve=None, vjp=lambda theta, u: u @ dsolve(theta)).ok
    both = checked(jvp=lambda theta, t: dsolve(theta) @ t, vjp=lambda theta, u: -u @ dsolve(theta))
    assert said(both)[1:4] == [
        "dsolve against residual: correct", "jvp against residual: correct",
        "vjp against residual: wrong",
    ]  # fmt: skip
    assert both.verdict is gp.Verdict.WRONG


# Who is at fault


def test_a_solver_that_does_not_solve():
    report = checked(solve=lambda theta: 1.1 * solve(theta))
    assert report.verdict is gp.Verdict.WRONG
    assert said(report)[0] == "solve against residual: wrong"
    assert gp.Kind.NOT_SOLVED in {f.kind for f in report.findings}
    assert not any(b.verdict.rejects for b in report.blocks if b.name.startswith("dsolve"))


def test_a_residual_of_another_equation():
    report = checked(residual=lambda x, theta: residual(x, 2 * theta))
    assert report.verdict is gp.Verdict.WRONG
    assert "residual is another equation" in told(report)
    assert "dsolve against solve: correct" in said(report)


@pytest.mark.parametrize("digits", [4, 6, 8])
def test_a_solution_to_a_tolerance_is_not_held_against_its_derivative(digits):
    rounded = lambda theta: np.round(solve(theta), digits)
    report = checked(solve=rounded)
    assert not report.verdict.rejects
    assert said(report)[0] == "solve against residual: correct"
    wrong = checked(solve=rounded, dsolve=lambda theta: 1.2 * dsolve(theta))
    assert wrong.verdict is gp.Verdict.WRONG


def test_the_derivative_at_the_rounded_solution_is_right():
    def at_it(theta):
        x = np.round(solve(theta), 6)
        return -np.stack([np.linalg.solve(matrix(theta), a @ x) for a in A1], axis=1)

    report = checked(solve=lambda theta: np.round(solve(theta), 6), dsolve=at_it)
    assert report.ok
    assert any("good to about" in note for note in report.notes)


# Fixed points

W, U = rng.normal(size=(5, 5)) * 0.2, rng.normal(size=(5, 3))
DEQ = {"x": rng.normal(size=3), "b": rng.normal(size=5) * 0.1}


def layer(z, p):
    return np.tanh(W @ z + U @ p["x"] + p["b"])


def fixed(p):
    z = np.zeros(5)
    for _ in range(100):
        z = layer(z, p)
    return z


def deq(p, mode="right"):
    s = 1 - layer(fixed(p), p) ** 2
    J = s[:, None] * W
    by = {"x": s[:, None] * U, "b": np.diag(s)}
    if mode == "series":
        return {k: v + J @ v + J @ J @ v for k, v in by.items()}
    M = {"right": np.eye(5) - J, "one step": np.eye(5), "turned": (np.eye(5) - J).T}[mode]
    return {key: np.linalg.solve(M, v) for key, v in by.items()}


@pytest.mark.parametrize(
    ("mode", "says"),
    [
        ("right", ""), ("one step", "single step of a fixed point"),
        ("turned", "transposed F_x"), ("series", "cut off after 3 terms"),
    ],
)  # fmt: skip
def test_a_fixed_point(mode, says):
    step = lambda z, p: layer(z, p) - z
    report = gp.check_implicit(step, fixed, lambda p: deq(p, mode), DEQ)
    assert report.ok is (mode == "right")
    assert says in told(report)
    names = {"residual", "dsolve by theta['x']", "dsolve by theta['b']"}
    assert {b.name for b in report.blocks} == names


# Optima: the residual is a gradient

X = rng.normal(size=(30, 4))
Y = (rng.random(30) < 0.5) * 1.0


def sigmoid(t):
    return 1 / (1 + np.exp(-t))


def gradient(w, log_penalty):
    return X.T @ (sigmoid(X @ w) - Y) + np.exp(log_penalty) * w


def fitted(log_penalty):
    return optimize.root(gradient, np.zeros(4), args=(log_penalty,), tol=1e-12).x


def hypergradient(log_penalty, chain=True):
    w = fitted(log_penalty)
    p = sigmoid(X @ w)
    H = (X.T * (p * (1 - p))) @ X + np.exp(log_penalty) * np.eye(4)
    return -np.linalg.solve(H, w * (np.exp(log_penalty) if chain else 1))


def test_a_hyperparameter():
    assert gp.check_implicit(gradient, fitted, hypergradient, 0.3).ok
    wrong = gp.check_implicit(gradient, fitted, lambda t: hypergradient(t, chain=False), 0.3)
    assert wrong.verdict is gp.Verdict.WRONG


@pytest.mark.parametrize("factor", [1.0, -1.0])
def test_a_scalar_root(factor):
    cubic = lambda x, t: x**3 + t * x - 2
    root = lambda t: optimize.brentq(cubic, 0, 3, args=(float(t),), xtol=1e-14)
    slope = lambda t: -factor * root(t) / (3 * root(t) ** 2 + t)
    assert gp.check_implicit(cubic, root, slope, 1.5).ok is (factor == 1.0)


def test_containers_on_both_sides():
    """x and y by a and b: x = a b, y = a + b²."""
    residuals = lambda s, p: {"r": s["x"] - p["a"] * p["b"], "q": s["y"] - p["a"] - p["b"] ** 2}
    solved = lambda p: {"x": p["a"] * p["b"], "y": p["a"] + p["b"] ** 2}

    def derivative(p, two=2.0):
        eye = np.eye(3)
        return {
            "x": {"a": eye * p["b"], "b": eye * p["a"]},
            "y": {"a": eye, "b": two * eye * p["b"]},
        }

    point = {"a": rng.normal(size=3), "b": rng.normal(size=3)}
    assert gp.check_implicit(residuals, solved, derivative, point).ok
    report = gp.check_implicit(residuals, solved, lambda p: derivative(p, 1.0), point)
    assert [b.name for b in report.blocks if b.verdict.rejects] == ["dsolve by theta['b']"]


def test_numbers_in_a_list_and_sparse_derivatives():
    residuals = lambda x, t: x**2 - np.array(t)
    root = lambda t: np.sqrt(np.array(t))
    slope = lambda t: sparse.diags_array(0.5 / root(t))
    assert gp.check_implicit(residuals, root, lambda t: slope(t).toarray(), [1.0, 4.0]).ok
    assert gp.check_implicit(residuals, root, slope, np.array([1.0, 4.0])).ok


def test_further_arguments_reach_all():
    report = gp.check_implicit(
        lambda x, t, c: x - c * t, lambda t, c: c * t, lambda t, c: c * np.eye(2), np.ones(2),
        args=(3.0,),
    )  # fmt: skip
    assert report.ok


def test_at_a_kink_nothing_is_rejected():
    report = gp.check_implicit(
        lambda x, t: x - np.abs(t), np.abs, lambda t: np.diag(np.sign(t)), np.array([0.0, 1.0])
    )
    assert not report.verdict.rejects


@pytest.mark.parametrize(
    ("others", "says"),
    [
        ({"dsolve": None}, "There is no derivative"),
        ({"theta": None}, "theta is missing"),
        ({"dsolve": np.ones((4, 3))}, "dsolve must be a function, but is an array of shape (4, 3)"),
        ({"residual": 3}, "residual must be a function"),
        ({"dsolve": lambda theta: dsolve(theta).T}, "shape (3, 4) for x by theta"),
        ({"dsolve": lambda theta: dsolve(theta) + 0j}, "real numbers"),
        ({"dsolve": None, "jvp": lambda theta, t: t}, "jvp returned an array of shape (3,)"),
        ({"dsolve": None, "vjp": lambda theta, u: u}, "vjp returned an array of shape (4,)"),
        ({"dsolve": None, "jvp": lambda theta, t: None}, "jvp returned None"),
    ],
)
def test_wrong_use_gets_one_sentence(others, says):
    with pytest.raises(gp.UsageError) as caught:
        checked(**others)
    assert says in str(caught.value)


def test_what_a_function_raises_says_which_one_it_was():
    def broken(*_):
        raise ValueError("no")

    for role in ("residual", "solve"):
        with pytest.raises(ValueError, match="no") as caught:
            checked(**{role: broken})
        assert [note.startswith(f"gradproof: raised by {role},") for note in caught.value.__notes__]


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "correct"), (1.01, "wrong")])
def test_where_the_residual_raises_beside_the_solution_it_has_left_its_domain(factor, verdict):
    raised = []

    def residual(x, theta):
        try:
            return np.array([math.sqrt(x[0] - 1) - theta[0]])
        except ValueError as error:
            raised.append(error)
            raise

    report = gp.check_implicit(
        residual, lambda t: 1 + t**2, lambda t: factor * 2 * t[:, None], np.array([0.03])
    )
    assert raised
    assert report.verdict == verdict
