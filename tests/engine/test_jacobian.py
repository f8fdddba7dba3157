"""Where a Jacobian is wrong: outputs and parameters, and not a random projection of them."""

import numpy as np
import pytest

import gradproof as gp
from suspects import values

A = values((4, 3))


def fun(x):
    return np.array([x[0] * x[1], np.sin(x[1]) + x[2], x[2] ** 3 + x[0], x[0] - 2 * x[2]])


def jac(x):
    return np.array([
        [x[1], x[0], 0.0],
        [0.0, np.cos(x[1]), 1.0],
        [1.0, 0.0, 3 * x[2] ** 2],
        [1.0, 0.0, -2.0],
    ])  # fmt: skip


def spoiled(change):
    def claimed(x):
        made = jac(x)
        return change(made)

    return claimed


def times(where, factor):
    def change(made):
        made[where] *= factor
        return made

    return change


@pytest.mark.parametrize(
    ("change", "kind", "says", "factor"),
    [
        (times(1, -1), "sign", "output [1] has the wrong sign", -1.0),
        (times(2, 2), "scale", "output [2] is 2× too large", 2.0),
        (times((slice(None), 0), 0.5), "scale", "column 0 ([:, 0]) is 2× too small", 0.5),
        (times((2, 2), 1 / 3), "entries", "entry [2, 2]", 1 / 3),
        (lambda made: -made, "sign", "wrong sign", -1.0),
        (lambda made: made[:, [1, 0, 2]], None, "", None),
    ],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_outputs_and_columns_are_named(change, kind, says, factor, seed):
    point = np.array([0.4, 0.7, 0.5])
    assert gp.check(fun, point, grad=jac).ok
    report = gp.check(fun, point, grad=spoiled(change), seed=seed)
    (found,) = report.findings
    assert found.block == "params"
    assert kind is None or found.kind == kind, found.message
    assert says in found.message
    assert factor is None or found.factor == pytest.approx(factor)


def test_one_output_of_many_parameters():
    matrix = values((5, 30))

    def claimed(x):
        made = matrix * np.cos(x)
        made[3] *= 2
        return made

    report = gp.check(lambda x: matrix @ np.sin(x), values(30, 1), grad=claimed)
    (found,) = report.findings
    assert "output [3] is 2× too large" in found.message
    assert set(found.entries) == {(3, j) for j in range(30)}
