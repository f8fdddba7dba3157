"""Rejections that something else explains, each beside a fault that it does not excuse."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import gradproof as gp
from gradproof.errors import UsageError
from gradproof.subject.solvers import solver

RNG = np.random.default_rng(0)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


X = RNG.normal(size=(30, 4))
W = RNG.normal(size=4)
Y = (X @ W > 0).astype(float)
MARGIN = 22.0 / np.abs(X @ W).min()  # every example right, by far


def logistic(w):
    signs = 2 * Y - 1
    return float(np.mean(np.log1p(np.exp(-signs * (X @ w)))))


def logistic_grad(w):
    return X.T @ (sigmoid(X @ w) - Y) / len(Y)


def cross_entropy(z):
    return float(np.log1p(np.sum(np.exp(z[1:] - z[0]))))


def softmax_grad(z):
    p = np.exp(z - z.max())
    return p / p.sum() - np.eye(len(z))[0]


def log_cosh(x):
    return float(np.sum(np.log1p(np.exp(-2 * x))))


def bce(z):
    return float(np.mean(np.log1p(np.exp(-z))))


def bce_grad(z):
    return (sigmoid(z) - 1) / z.size


ROUND_OFF = {
    "bce at 21": (bce, bce_grad, np.array([21.0, 22.3, 23.1])),
    "bce at 25": (bce, bce_grad, np.array([25.0, 25.5, 27.0])),
    "bce at 27": (bce, bce_grad, np.array([27.0, 26.0])),
    "logistic regression": (logistic, logistic_grad, W * MARGIN),
    "softmax cross-entropy": (cross_entropy, softmax_grad, np.array([24.0, 0.3, -0.4, 1.0])),
    "softmax, far": (cross_entropy, softmax_grad, np.array([28.0, 0.3, 0.1])),
    "tanh saturated": (
        lambda x: float(np.sum(2 / (1 + np.exp(2 * x)))),
        lambda x: -(1 - np.tanh(x) ** 2),
        np.array([11.0, 12.0, 12.5]),
    ),
    "log cosh less x": (log_cosh, lambda x: np.tanh(x) - 1, np.array([11.0, 12.0])),
}


@pytest.mark.parametrize("name", ROUND_OFF)
def test_the_round_off_of_a_claim_is_no_fault(name):
    fun, grad, point = ROUND_OFF[name]
    report = gp.check(fun, point, grad=grad)
    assert report.ok, report
    for factor in (1.01, 0.99, 1.001):
        report = gp.check(fun, point, grad=lambda p, factor=factor: factor * grad(p))
        assert report.verdict == "wrong", report


def test_torchs_own_losses_at_confident_points():
    for margin in range(16, 28, 2):
        z = torch.tensor([margin, margin + 0.7, margin + 1.3], dtype=torch.float64)
        ones = torch.ones_like(z)
        fun = lambda z, ones=ones: F.binary_cross_entropy_with_logits(z, ones)
        assert gp.check(fun, z).ok
        wrong = lambda z, fun=fun: fun(z) + 1e-2 * (fun(z) - fun(z).detach())
        assert gp.check(wrong, z).verdict == "wrong"


def test_a_gap_of_round_off_says_how_much_it_is():
    fun, grad, point = ROUND_OFF["bce at 25"]
    block = gp.check(fun, point, grad=grad).blocks[0]
    assert "round-off of the claim" in block.reason
    assert block.error <= block.resolution


# Chance


def standard_normal(shape):
    return np.random.standard_normal(shape)  # noqa: NPY002 - what users call


def price(S):
    return np.mean(np.maximum(S * np.exp(0.2 * standard_normal(4000)) - 1, 0))


def ratio(S):
    z = standard_normal(4000)
    return np.mean(np.maximum(S * np.exp(0.2 * z) - 1, 0) * z / (S * 0.2))


def quadratic(x):
    return float(np.sum(x**4))


def of_some(x, size=3):
    chosen = np.argsort(standard_normal(x.size))[:size]
    grad = np.zeros_like(x)
    grad[chosen] = 4 * x[chosen] ** 3 * (x.size / size)
    return grad


def noisy(x):
    return 4 * x**3 * (1 + 0.1 * standard_normal(x.shape))


def smoothed(x):
    z = standard_normal((400, x.size)) * 1e-4
    rise = np.sum((x + z) ** 4, axis=1) - np.sum((x - z) ** 4, axis=1)
    return (rise[:, None] * z).mean(0) / (2 * 1e-8)


own = np.random.default_rng(7)


def of_its_own_generator(x):
    return 4 * x**3 * (1 + 0.05 * own.normal(size=x.shape))


CHANCE = {
    "likelihood ratio": (price, ratio, 1.05),
    "some coordinates": (quadratic, of_some, RNG.normal(size=4) + 3),
    "noise of 10 %": (quadratic, noisy, RNG.normal(size=5) + 2),
    "random directions": (quadratic, smoothed, RNG.normal(size=3) + 2),
    "a generator of its own": (quadratic, of_its_own_generator, RNG.normal(size=5) + 2),
}


@pytest.mark.parametrize("name", CHANCE)
@pytest.mark.parametrize("seed", range(3))
def test_a_random_estimate_is_undecided_and_one_that_is_off_wrong(name, seed):
    fun, grad, point = CHANCE[name]
    report = gp.check(fun, point, grad=grad, seed=seed)
    assert report.verdict == "undecided", report
    assert "random" in report.blocks[0].reason or "round-off" in report.blocks[0].reason
    report = gp.check(fun, point, grad=lambda p: 3 * grad(p), seed=seed)
    assert not report.ok
    if fun is price or grad is of_its_own_generator:  # whose scatter is small along all directions
        assert report.verdict == "wrong", report


def test_dropout_with_a_fault_stays_wrong():
    def fun(x):
        return F.dropout(torch.tanh(x), 0.5).sum()

    def wrong(x):
        return F.dropout(torch.tanh(x) + 0.1 * (x - x.detach()), 0.5).sum()

    x = torch.linspace(-1, 2, 30, dtype=torch.float64)
    assert gp.check(fun, x).ok
    assert gp.check(wrong, x).verdict == "wrong"


# Solvers


def ivp(rtol=None, method="RK45"):
    from scipy.integrate import solve_ivp

    def fun(u):
        options = {} if rtol is None else {"rtol": rtol}
        return solve_ivp(lambda t, y: -y, (0, 2), u, method=method, **options).y[:, -1].sum()

    return fun


def conjugate(u):
    from scipy.sparse.linalg import cg

    A = np.diag([1.0, 2.0, 5.0, 9.0]) + 0.1
    return float(np.sum(cg(A, u**2)[0]))


def conjugate_grad(u):
    A = np.diag([1.0, 2.0, 5.0, 9.0]) + 0.1
    return 2 * u * np.linalg.solve(A, np.ones(4))


def bisected(u):
    """``x`` with ``x³ + x = u``."""
    low, high = np.zeros_like(u), u.copy()
    while np.max(high - low) > 1e-4:
        middle = (low + high) / 2
        above = middle**3 + middle > u
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    x = (low + high) / 2
    return float(np.sum(x - 1e-4 * np.sin(u)))


def jacobi(u):
    A = np.array([[4.0, 1.0], [1.0, 3.0]])
    x = np.zeros(2)
    for _ in range(1000):
        step = (u - A @ x) / np.diag(A)
        x = x + step
        if np.abs(step).max() < 1e-4:
            break
    return float(x @ x)


def jacobi_grad(u):
    A = np.array([[4.0, 1.0], [1.0, 3.0]])
    return 2 * np.linalg.solve(A.T, np.linalg.solve(A, u))


def decay(u):
    return np.full(u.shape, np.exp(-2.0))


SOLVED = {
    "solve_ivp": (ivp(), decay, np.array([1.0, 2.0])),
    "solve_ivp, RK23": (ivp(method="RK23"), decay, np.array([1.0, 3.0])),
    "solve_ivp, LSODA": (ivp(method="LSODA"), decay, np.array([0.3, 2.0])),
    "jacobi": (jacobi, jacobi_grad, np.array([1.0, 2.5])),
    "cg": (conjugate, conjugate_grad, np.array([1.0, 2.0, 0.5, 3.0])),
}


@pytest.mark.parametrize("name", SOLVED)
def test_the_tolerance_of_a_solver_is_no_fault_and_a_factor_is(name):
    fun, grad, point = SOLVED[name]
    report = gp.check(fun, point, grad=grad)
    assert report.verdict in ("undecided", "correct"), report
    if not report.ok:
        assert "tolerance" in report.blocks[0].reason
    for factor in (2.0, 0.5, -1.0):
        report = gp.check(fun, point, grad=lambda p, factor=factor: factor * grad(p))
        assert report.verdict == "wrong", report


def test_a_tolerance_may_be_told():
    fun = lambda x: float(np.sum(np.sin(x) * (1 + 1e-4 * x)))
    point = np.array([0.3, 0.8])
    assert gp.check(fun, point, grad=np.cos).verdict == "wrong"
    report = gp.check(fun, point, grad=np.cos, tolerance=1e-4)
    assert report.verdict == "undecided"
    assert "tolerance" in report.blocks[0].reason
    wrong = lambda x: 2 * np.cos(x)
    assert gp.check(fun, point, grad=wrong, tolerance=1e-4).verdict == "wrong"
    with pytest.raises(UsageError, match="tolerance"):
        gp.check(fun, point, grad=np.cos, tolerance=2)


def test_the_number_in_the_call_is_the_tolerance():
    from scipy.integrate import solve_ivp

    def tight(u):
        return solve_ivp(lambda t, y: -y, (0, 1), u, rtol=1e-9, atol=1e-12).y[:, -1].sum()

    nothing = lambda: None
    assert solver(nothing, tight).tolerance == 1e-9
    assert solver(nothing, ivp()).tolerance == 1e-3
    assert solver(nothing, jacobi).tolerance == 1e-4
    assert solver(nothing, np.sin) is None
    assert solver(nothing, quadratic) is None


def halved(a, tol):
    """The root of x³ + x = a between 0 and 3, entry by entry."""
    low, high = np.zeros_like(a), np.full_like(a, 3.0)
    while np.max(high - low) > tol:
        middle = (low + high) / 2
        above = middle**3 + middle > a
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return (low + high) / 2


def contracted(a, tolerance=1e-4):
    x = np.zeros_like(a)
    for _ in range(100):
        new = np.tanh(x / 2 + a)
        if np.abs(new - x).max() < tolerance:
            break
        x = new
    return x


def steadied(a):
    x = a
    for _ in range(60):  # each halves what is left
        x = np.tanh(x / 2 + a)
    return (1 - x**2) / (1 - (1 - x**2) / 2)


def test_a_loop_is_known_by_the_number_at_which_it_stops_while_it_runs():
    point = np.array([0.3, 0.8])
    for tolerance in (1e-3, 1e-5):
        fun = lambda a, e=tolerance: contracted(a, e).sum()
        report = gp.check(fun, point, grad=steadied)
        assert report.verdict == "undecided", report
        assert f"the tolerance of contracted, {tolerance:.1e}" in str(report)
        for factor in (2.0, -1.0):
            assert gp.check(fun, point, grad=lambda a, k=factor: k * steadied(a)).verdict == "wrong"
    exact = lambda a: contracted(a, 0.0).sum()
    assert gp.check(exact, point, grad=steadied).ok
    wrong = lambda a: 1.001 * steadied(a)
    assert gp.check(exact, point, grad=wrong).verdict == "wrong"
    assert solver(lambda: halved(point, 1e-6)).tolerance == 1e-6


def test_a_loop_without_a_tolerance_excuses_nothing():
    def summed(w, tol=1e-3):
        total = 0.0
        for v in w:
            total += np.sin(v)
        return total

    w = np.array([0.3, 0.9, -1.1])
    assert gp.check(summed, w, grad=np.cos).ok
    assert gp.check(summed, w, grad=lambda w: 1.001 * np.cos(w)).verdict == "wrong"
