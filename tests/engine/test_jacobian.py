"""Where a Jacobian is wrong: outputs and parameters, and not a random projection of them."""

import numpy as np
import pytest
import scipy.sparse

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


@pytest.mark.parametrize("smallest", [1e-3, 1e-6, 1e-9])
@pytest.mark.parametrize("form", ["dense", "sparse", "fixed"])
def test_a_row_is_seen_whatever_its_size_beside_the_others(smallest, form):
    at = np.random.default_rng(0).normal(size=4)
    mix = np.random.default_rng(1).normal(size=(3, 4))
    units = np.array([1.0, smallest, 1.0])

    def fun(x):
        return units * np.sin(mix @ x)

    def claim(x, row=None):
        jacobian = (units * np.cos(mix @ x))[:, None] * mix
        if row is not None:
            jacobian[row] *= -1
        return scipy.sparse.csr_array(jacobian) if form == "sparse" else jacobian

    given = claim(at) if form == "fixed" else claim
    assert gp.check(fun, at, grad=given).verdict == "correct"
    for row in range(3):
        wrong = claim(at, row) if form == "fixed" else (lambda x, row=row: claim(x, row))
        assert gp.check(fun, at, grad=wrong).verdict == "wrong"


@pytest.mark.parametrize("offset", [1e3, 1e6, 1e8])
def test_a_small_row_of_a_large_number_leaves_the_others_their_digits(offset):
    at = np.random.default_rng(0).normal(size=4)
    mix = np.random.default_rng(1).normal(size=(3, 4))
    units, added = np.array([1.0, 1e-3, 1.0]), np.array([0.0, offset, 0.0])

    def claim(x):
        return (units * np.cos(mix @ x))[:, None] * mix

    assert gp.check(lambda x: added + units * np.sin(mix @ x), at, grad=claim).verdict == "correct"
    wrong = gp.check(
        lambda x: added + units * np.sin(mix @ x), at, grad=lambda x: claim(x) * [[1.01], [1], [1]]
    )
    assert wrong.verdict == "wrong"
