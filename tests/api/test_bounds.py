"""bounds=: fun and grad are called inside alone, and a point on a bound is checked all the same."""

import numpy as np
import pytest

import gradproof as gp

sparse = pytest.importorskip("scipy.sparse")
from scipy.optimize import Bounds  # noqa: E402

RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(6, 40)) / 4
ROWS = RNG.normal(size=(4, 3))


def within(function, low, high):
    """A function that must not be called outside."""

    def strict(x, *args):
        assert np.all(low <= np.asarray(x)), x
        assert np.all(np.asarray(x) <= high), x
        return function(x, *args)

    return strict


cost = within(lambda x: np.sum(np.exp(WEIGHTS @ x)) + np.sum(np.sqrt(x + 0.1)), 0, 1)
slope = within(lambda x: WEIGHTS.T @ np.exp(WEIGHTS @ x) + 0.5 / np.sqrt(x + 0.1), 0, 1)
POINTS = {
    "inside": RNG.random(40),
    "one on a bound": np.r_[0.0, np.full(39, 0.5)],
    "half on the lower": np.r_[np.zeros(20), np.full(20, 0.5)],
    "all on the lower": np.zeros(40),
    "on both": RNG.choice([0.0, 0.5, 1.0], 40),
    "next to it": RNG.random(40) * 1e-9,
}


@pytest.mark.parametrize("name", POINTS)
def test_right_beside_wrong(name):
    x = POINTS[name]
    right = gp.check(cost, x, grad=slope, bounds=(0, 1))
    assert right.ok, right.text()
    assert right.resolution < 1e-6
    off = np.ones(40)
    off[7] = 1.01
    wrong = gp.check(cost, x, grad=lambda x: slope(x) * off, bounds=(0, 1))
    assert wrong.verdict is gp.Verdict.WRONG
    assert wrong.findings[0].message == "params: `slope(x) * off` lacks the factor `1 / off`."


def test_without_bounds_it_is_called_outside():
    with pytest.raises(AssertionError):
        gp.check(cost, POINTS["all on the lower"], grad=slope)


@pytest.mark.parametrize(
    "bounds",
    [
        (0, None),
        [(0, None), (0, 1), (0, 3)],
        ([0, 0, 0], [4, 1, 2]),
        np.array([[0, 4], [0, 1], [0, 2]]),
        Bounds(0, np.inf),
        Bounds([0, 0, 0], [np.inf, 1, 2]),
    ],
    ids=str,
)
@pytest.mark.parametrize("make", [np.array, list, tuple])
def test_forms(bounds, make):
    fun = within(lambda x: np.sum(np.asarray(x) ** 2 + x), 0, np.inf)
    grad = within(lambda x: 2 * np.asarray(x) + 1, 0, np.inf)
    x = make([0, 1, 2.0])
    assert gp.check(fun, x, grad=grad, bounds=bounds).ok
    assert not gp.check(fun, x, grad=lambda x: 1.001 * grad(x), bounds=bounds).ok


@pytest.mark.parametrize("stored", [np.asarray, sparse.csr_array, sparse.csr_matrix])
def test_jacobians(stored):
    fun = within(lambda x: np.exp(ROWS @ x), 0, np.inf)
    jac = within(lambda x: np.exp(ROWS @ x)[:, None] * ROWS, 0, np.inf)
    x = np.array([0, 1, 0.0])
    assert gp.check(fun, x, grad=lambda x: stored(jac(x)), bounds=(0, None)).ok
    wrong = gp.check(fun, x, grad=lambda x: stored(jac(x) * [1, 1, -1]), bounds=(0, None))
    assert wrong.findings[0].message == (
        "jac: column 2 ([:, 2]) has the wrong sign. Everything else is right."
    )


def test_a_value_with_its_gradient():
    pair = within(lambda x: (np.sum(x**3 + x), 3 * x**2 + 1), 0, np.inf)
    short = within(lambda x: (np.sum(x**3 + x), 3 * x**2), 0, np.inf)
    x = np.array([0, 1, 0.0])
    assert gp.check(pair, x, grad=True, bounds=(0, None)).ok
    assert not gp.check(short, x, grad=True, bounds=(0, None)).ok


def test_a_kink_beside_a_bound():
    fun = within(lambda x: np.sum(np.maximum(x, 0.5)), 0, 1)
    grad = within(lambda x: (x > 0.5) * 1.0, 0, 1)
    x = np.array([0, 0.5, 0.9])
    assert gp.check(fun, x, grad=grad, bounds=(0, 1)).ok
    assert not gp.check(fun, x, grad=lambda x: 2 * grad(x), bounds=(0, 1)).ok


def test_parts_and_a_number():
    fun = within(lambda x: np.sum(x**2 * [1, 2, 3] + x), 0, np.inf)
    grad = lambda x: 2 * x * [1, 2, -3] + 1
    parts = {"a": 2, "b": 1}
    report = gp.check(fun, np.array([0, 1, 2.0]), grad=grad, bounds=(0, None), layout=parts)
    assert [b.name for b in report.blocks if b.verdict.rejects] == ["params['b']"]
    root = within(lambda x: (x + 1) ** 1.5, 0, 1)
    assert gp.check(root, 0.0, grad=lambda x: 1.5 * (x + 1) ** 0.5, bounds=(0, 1)).ok
    assert not gp.check(root, 0.0, grad=lambda x: 1.4 * (x + 1) ** 0.5, bounds=(0, 1)).ok


def test_the_calls_are_told():
    calls = []
    fun = lambda x: calls.append(1) or np.sum(x**2 + x)
    report = gp.check(fun, np.array([0, 1, 2.0]), grad=lambda x: 2 * x + 1, bounds=(0, None))
    assert any(f"fun was called {len(calls)} times, inside the bounds" in n for n in report.notes)


@pytest.mark.parametrize(
    ("point", "bounds", "sentence"),
    [
        (np.array([0, 2.0]), (0, 1), "params[1] is 2, and its bounds are 0 and 1: a gradient is"),
        (np.array([0, 2.0]), [(0, 1), (2, 2)], "params[1] is 2, and its bounds are 2 and 2: it "),
        (np.ones(3), 3, "bounds must be a pair"),
        (np.ones(3), [(0, 1)] * 4, "has 4 parts for 3 numbers"),
        (np.ones(3), (1, "a"), "but has 'a' for a point of shape (3,)"),
        ({"a": 1.0}, (0, 1), "bounds= is for a point that is one NumPy array, but point is a dict"),
    ],
)
def test_bad_bounds(point, bounds, sentence):
    with pytest.raises(gp.UsageError) as caught:
        gp.check(np.sum, point, grad=lambda x: x, bounds=bounds)
    assert sentence in str(caught.value)


def test_bounds_go_with_a_gradient_by_hand():
    with pytest.raises(gp.UsageError, match="bounds= goes with grad="):
        gp.check(lambda x: x @ x, np.ones(2), bounds=(0, 1))
    with pytest.raises(gp.UsageError, match="bounds= goes with grad= alone"):
        gp.check(lambda x: x @ x, np.ones(2), grad=lambda x: 2 * x, hess=np.eye(2), bounds=(0, 1))
