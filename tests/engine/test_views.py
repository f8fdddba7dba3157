"""A flat vector whose parts have names in ``fun``."""

import numpy as np

import gradproof as gp
from suspects import values

X, Y = values((8, 4), 1), values((8, 3), 2)


def cost(theta):
    W = theta[:12].reshape(3, 4)
    b = theta[12:]
    return float(np.sum((np.tanh(X @ W.T + b) - Y) ** 2) + 0.1 * np.sum(W[:, 1:] ** 2))


def gradient(theta):
    W, b = theta[:12].reshape(3, 4), theta[12:]
    A = np.tanh(X @ W.T + b)
    d = 2 * (A - Y) * (1 - A**2)
    dW = d.T @ X
    dW[:, 1:] += 0.2 * W[:, 1:]
    return np.concatenate([dW.ravel(), d.sum(0)])


def claimed_by(spoil):
    def grad(theta):
        made = gradient(theta)
        spoil(made, theta)
        return made

    return grad


def test_a_column_of_a_view_has_its_name():
    def spoil(made, theta):
        made[0:12:4] += 0.25 * theta[0:12:4]

    point = values(15, 3)
    assert gp.check(cost, point, grad=gradient).ok
    (found,) = gp.check(cost, point, grad=claimed_by(spoil)(point)).findings
    assert found.kind == "parameter-term"
    assert found.factor == 0.25 or abs(found.factor - 0.25) < 1e-8
    assert "W[:, 0], a view of params" in found.message
    assert found.entries == ((0,), (4,), (8,))


def test_another_view():
    def spoil(made, theta):
        made[12:] *= -1

    (found,) = gp.check(cost, values(15, 3), grad=claimed_by(spoil)(values(15, 3))).findings
    assert "every entry of b, a view of params" in found.message


def test_without_views_nothing_is_added():
    def plain(x):
        return float(np.sum(np.sin(x)))

    claimed = np.cos(values(15))
    claimed[3] *= 2
    (found,) = gp.check(plain, values(15), grad=claimed).findings
    assert "view of" not in found.message
