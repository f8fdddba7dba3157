"""Functions that move in steps accuse no right claim, and still deny what is plainly wrong."""

import numpy as np
import pytest
import torch

import gradproof as gp
from gradproof import Verdict

SEEDS = range(20)


def half(x):
    return x.astype(np.float16).astype(float)


def brain(x):
    return torch.from_numpy(np.asarray(x, np.float32)).bfloat16().double().numpy()


ROUNDINGS = {"float16": (half, np.float16), "bfloat16": (brain, np.float32)}


def specimen(rounding, count, seed):
    """A weighted sum of numbers that are rounded inside; the point is made of rounded numbers."""
    rounded, dtype = ROUNDINGS[rounding]
    rng = np.random.default_rng(seed)
    x = rounded(rng.normal(size=count)).astype(dtype)
    w = rng.normal(size=count).astype(dtype)
    return (lambda x: float(rounded(x) @ w.astype(float))), x, w


@pytest.mark.parametrize("count", [3, 64])
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_arguments_that_are_rounded_inside(rounding, count):
    for seed in SEEDS:
        fun, x, w = specimen(rounding, count, seed)
        report = gp.check(fun, x, grad=lambda x, w=w: w)
        assert report.verdict in (Verdict.CORRECT, Verdict.UNDECIDED), (seed, str(report))


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_a_wrong_sign_is_seen_through_the_steps(rounding):
    for seed in SEEDS:
        fun, x, w = specimen(rounding, 3, seed)
        assert gp.check(fun, x, grad=lambda x, w=w: -w).verdict is Verdict.WRONG, seed


def test_a_kernel_that_casts_to_bfloat16_is_not_accused():
    for seed in SEEDS:
        generator = torch.Generator().manual_seed(seed)
        x = torch.randn(4, 8, generator=generator).bfloat16()
        W = torch.randn(8, 5, generator=generator).bfloat16()
        report = gp.check(lambda x, W=W: x.bfloat16() @ W, x)
        assert report.verdict in (Verdict.CORRECT, Verdict.UNDECIDED), (seed, str(report))


@pytest.mark.parametrize("step", [np.floor, np.round, np.trunc, np.sign])
@pytest.mark.parametrize("count", [1, 20, 200])
def test_the_zero_gradient_of_a_staircase_is_not_accused(step, count):
    for seed in range(2):
        rng = np.random.default_rng(seed)
        x, w = rng.uniform(-9, 9, count), rng.normal(size=count)
        report = gp.check(lambda x, w=w: float(w @ step(x)), x, grad=np.zeros_like)
        assert report.verdict in (Verdict.CORRECT, Verdict.UNDECIDED), (seed, str(report))
        sloping = gp.check(lambda x, w=w: float(w @ (step(x) + x)), x, grad=np.zeros_like)
        assert sloping.verdict is Verdict.WRONG, seed


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_flat_piece_between_slopes_is_a_slope_of_zero(dtype):
    """Where a unit is dead, whoever claims that it lives is wrong."""

    def fun(x):
        return dtype(np.sum(np.maximum(x - 10, 0)) + np.sum(x[:2]))

    x = np.linspace(1, 9, 12).astype(dtype)
    right = np.zeros_like(x)
    right[:2] = 1
    assert gp.check(fun, x, grad=right).ok
    assert gp.check(fun, x, grad=np.ones_like(x)).verdict is Verdict.WRONG


@pytest.mark.parametrize("margin", [22.0, 25.0, 26.5, 28.0, 29.0])
def test_torchs_own_loss_of_both_classes_at_a_margin_is_not_rejected(margin):
    """What is left of -25.5 + 25.5 stands still where the other entries move smoothly."""
    logits = torch.tensor([margin, -margin - 0.5, margin + 1], dtype=torch.float64)
    labels = (logits > 0).double()
    loss = lambda z: torch.nn.functional.binary_cross_entropy_with_logits(z, labels)
    report = gp.check(loss, logits)
    assert not report.verdict.rejects, report

    def spoiled(factor):
        z = logits.clone().requires_grad_()
        (found,) = torch.autograd.grad(loss(z), z)
        return found * factor

    for factor in (2.0, -1.0, 0.0):
        assert gp.check(loss, logits, grad=spoiled(factor)).verdict == "wrong"


def test_a_function_of_tiny_numbers_has_no_roundings_to_hide_behind():
    fun = lambda x: 1e-20 * float(np.sum(np.sin(x)))
    x = np.array([0.3, 25.0, -1.2])
    assert gp.check(fun, x, grad=lambda x: 1e-20 * np.cos(x)).ok
    for factor in (1.01, 1.0001):
        report = gp.check(fun, x, grad=lambda x, k=factor: 1e-20 * k * np.cos(x))
        assert report.verdict == "wrong", report


def _naive_cross_entropy(z, t):
    a = 1 / (1 + np.exp(-z))
    return -float(np.sum(t * np.log(a) + (1 - t) * np.log(1 - a)))


@pytest.mark.parametrize("margin", [27.5, 30.0, 32.0, 33.5])
@pytest.mark.parametrize("seed", range(3))
def test_a_tread_beside_other_terms_rejects_no_claim(margin, seed):
    """1 - A stands still between its roundings, while the other entries go on smoothly."""
    rng = np.random.default_rng(seed)
    z = np.append(margin, 3 * rng.normal(size=2))
    t = np.append(0.0, rng.integers(0, 2, 2))
    grad = lambda z, k=1.0: k * (1 / (1 + np.exp(-z)) - t)
    right = gp.check(lambda z: _naive_cross_entropy(z, t), z, grad=grad, seed=seed)
    assert not right.verdict.rejects, right
    wrong = gp.check(lambda z: _naive_cross_entropy(z, t), z, grad=lambda z: grad(z, -1.0))
    assert wrong.verdict == "wrong"


def test_what_only_bends_is_no_tread():
    """A wide chord is off the slope of an exponential, too, and no window says nothing there."""
    x = np.array([0.2, 60.0])
    fun = lambda x: float(np.sin(x[0]) + np.exp(x[1] / 2))
    grad = lambda x: np.array([np.cos(x[0]), np.exp(x[1] / 2) / 2])
    assert gp.check(fun, x, grad=grad).ok
    assert gp.check(fun, x, grad=lambda x: 1.1 * grad(x)).verdict == "wrong"


@pytest.mark.parametrize("margin", [34.5, 36.0])
@pytest.mark.parametrize("rows", [1, 3, 5])
def test_treads_at_the_edge_of_what_is_finite_reject_no_claim(margin, rows):
    """Of some rows 1 - A is a few roundings: wide steps are finite on one side alone."""
    rng = np.random.default_rng(rows)
    x, w = rng.normal(size=(5, 3)), rng.normal(size=3)
    x[:rows] *= (margin * rng.uniform(0.8, 1, rows) / np.abs(x[:rows] @ w))[:, None]
    t = (x @ w < 0).astype(float)
    t[rows:] = 1 - t[rows:]

    def loss(w):
        return _naive_cross_entropy(x @ w, t)

    def grad(w, k=1.0):
        return k * x.T @ (1 / (1 + np.exp(-x @ w)) - t)

    right = gp.check(loss, w, grad=grad)
    assert not right.verdict.rejects, right
    for factor in (-1.0, 3.0):
        assert gp.check(loss, w, grad=lambda w, k=factor: grad(w, k)).verdict == "wrong"


@pytest.mark.parametrize("margin", [31.0, 34.0, 36.0])
@pytest.mark.parametrize("seed", range(3))
def test_what_stands_still_beside_exact_terms_is_not_rejected(margin, seed):
    """34 - 34 shows its slope by jumps alone, and the first is a twentieth of the point away."""
    rng = np.random.default_rng(seed)
    z = np.array([-1, 1, 1, -1]) * (margin + rng.uniform(-1, 1, 4))
    t = (z > 0) * 1.0
    loss = lambda z: float(np.mean(np.logaddexp(0, z) - t * z))
    grad = lambda z: np.where(t > 0, -1 / (1 + np.exp(z)), 1 / (1 + np.exp(-z))) / 4
    report = gp.check(loss, z, grad=grad)
    assert not report.verdict.rejects, report


def test_the_same_sum_without_roundings_hides_nothing():
    z = np.array([-34.0, 34.3, 33.8, -34.2])
    loss = lambda z: float(np.mean(np.log1p(np.exp(-np.abs(z)))))
    grad = lambda z: -np.sign(z) / (1 + np.exp(np.abs(z))) / 4
    assert gp.check(loss, z, grad=grad).ok
    for factor in (1.01, -1.0):
        assert gp.check(loss, z, grad=lambda z, k=factor: k * grad(z)).verdict == "wrong"


@pytest.mark.parametrize("at", [690.0, 697.0, 700.0])
def test_no_scale_beyond_all_numbers_makes_a_wrong_gradient_right(at):
    x = np.array([at])
    fun = lambda x: float(np.exp(x[0]))
    assert gp.check(fun, x, grad=np.exp).ok
    for factor in (1.01, -1.0):
        assert gp.check(fun, x, grad=lambda x, k=factor: k * np.exp(x)).verdict == "wrong"
