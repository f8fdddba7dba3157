"""A path through ``fun`` that a claim leaves out, or has twice."""

import numpy as np
import pytest

import gradproof as gp
from suspects import values

Z, WEIGHTS = values((5, 6), 1), values((5, 6), 2)


def normalised(z):
    mean = z.mean(axis=1, keepdims=True)
    std = np.sqrt(((z - mean) ** 2).mean(axis=1, keepdims=True))
    return float(np.sum(WEIGHTS * np.sin((z - mean) / std)))


def parts(z):
    mean = z.mean(axis=1, keepdims=True)
    std = np.sqrt(((z - mean) ** 2).mean(axis=1, keepdims=True))
    y = (z - mean) / std
    dy = WEIGHTS * np.cos(y)
    return y, dy, std


def right(z):
    y, dy, std = parts(z)
    return (dy - dy.mean(1, keepdims=True) - y * (dy * y).mean(1, keepdims=True)) / std


def mean_is_constant(z):
    y, dy, std = parts(z)
    return (dy - y * (dy * y).mean(1, keepdims=True)) / std


def std_is_constant(z):
    _, dy, std = parts(z)
    return (dy - dy.mean(1, keepdims=True)) / std


@pytest.mark.parametrize(("grad", "name"), [(mean_is_constant, "mean"), (std_is_constant, "std")])
def test_a_statistic_that_counts_as_a_constant(grad, name):
    assert gp.check(normalised, Z, grad=right).ok
    (found,) = gp.check(normalised, Z, grad=grad).findings
    assert found.kind == "held-fixed"
    assert f"`{name}` (line" in found.message


def scale(b):
    return 2 + np.mean(np.sin(b))


def profile(b):
    s = scale(b)
    return float(np.log(s) + np.sum(b**3) / s)


def profile_gradient(b):
    s, ds = scale(b), np.cos(b) / b.size
    return ds / s + 3 * b**2 / s - np.sum(b**3) * ds / s**2


def test_a_helper_held_fixed():
    b = values(6)
    assert gp.check(profile, b, grad=profile_gradient).ok
    (found,) = gp.check(profile, b, grad=lambda b: 3 * b**2 / scale(b)).findings
    assert found.kind == "held-fixed"
    assert "`s`" in found.message


def test_a_wrong_gradient_that_is_no_path_is_not_called_one():
    noise = values(6, 9)
    (found,) = gp.check(profile, values(6), grad=profile_gradient(values(6)) + noise).findings
    assert found.kind == "unexplained"


def recurrence(w):
    h = np.zeros(3)
    total = 0.0
    for t in range(4):
        h = np.tanh(w @ h + values(3, t))
        total += np.sum(h**2)
    return float(total)


def cut_off(w):
    h, dw = np.zeros(3), np.zeros((3, 3))
    for t in range(4):
        before = h
        h = np.tanh(w @ h + values(3, t))
        dw += np.outer(2 * h * (1 - h**2), before)
    return dw


def test_a_recurrence_that_was_cut_off():
    (found,) = gp.check(recurrence, 0.4 * values((3, 3)), grad=cut_off).findings
    assert found.kind == "truncated"
    assert "`h`" in found.message


def test_a_loop_that_waits_for_another_value_is_ended():
    """With a value held or exchanged it never comes."""

    def fun(x):
        total, k = 0.0, x[0]
        while k > 0.1:
            k = k / 2
            total = total + k * x[1]
        return total

    def grad(x):
        total, k, share = 0.0, x[0], 1.0
        while k > 0.1:
            k = k / 2
            share = share / 2
            total = total + k
        return np.array([3 * share * x[1], total])

    report = gp.check(fun, np.array([3.3, 0.7]), grad=grad)
    assert report.verdict == "wrong"
    assert fun(np.array([3.3, 0.7])) > 0


def both(sign, share, p, x, y):
    """A loss and its gradient from one function."""
    h = np.tanh(p["W"] @ x + p["b"])
    r = p["V"] @ h - y
    loss = 0.5 * np.mean(r**2)
    above = r / r.size * share
    dz = p["V"].T @ above * (1 - sign * h**2)
    return loss, {"V": above @ h.T, "W": dz @ x.T, "b": dz.sum(1, keepdims=True)}


@pytest.mark.parametrize(
    ("sign", "share", "said"), [(-1.0, 1.0, "has the wrong sign"), (1.0, 2.0, "2× too large")]
)
def test_a_function_that_returns_its_gradient_too_is_looked_into(sign, share, said):
    x, y = values((4, 20), 3), values((2, 20), 4)
    p = {"W": values((3, 4), 5), "b": values((3, 1), 6), "V": values((2, 3), 7)}
    report = gp.check(lambda p: both(sign, share, p, x, y), p, grad=True)
    assert report.verdict == "wrong"
    wrong = {b.name for b in report.blocks if b.verdict == "wrong"}
    assert {f.block for f in report.findings} == wrong
    assert all(said in f.message for f in report.findings), report
    assert gp.check(lambda p: both(1.0, 1.0, p, x, y), p, grad=True).ok
