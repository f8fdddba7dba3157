"""Rules about a wrong Hessian: each finds its own fault, and not that of another."""

import numpy as np
import pytest

from gradproof.diagnose.columns import Columns
from gradproof.diagnose.second import causes
from gradproof.records.finding import Kind

rng = np.random.default_rng(181)
N = 6
A = rng.normal(size=(9, N))
TRUE = A.T @ A
X = rng.uniform(0.3, 0.7, size=N)
G = rng.normal(size=N)


def columns(claimed, true=TRUE, lone=None, drawn=0, **more):
    """What would be measured, with bars like those of real slopes."""
    lone = np.arange(N) if lone is None else np.array(lone)
    moved = np.column_stack([np.eye(N)[:, lone] * X[lone], rng.normal(size=(N, drawn))])
    measured = true @ moved
    bars = 1e-11 * np.abs(true) @ np.abs(moved)
    noise = rng.uniform(-0.3, 0.3, size=measured.shape) * bars
    return Columns(claimed, moved, measured + noise, bars, lone, X, G, **more)


def found(claimed, **more):
    return causes(columns(claimed, **more))


def of(claimed, **more):
    return [cause and cause.kind for _, cause in found(claimed, **more)]


def test_nothing_is_wrong_of_the_right_one():
    assert found(TRUE) == []
    assert found(TRUE * (1 + 1e-13)) == []


def cleared(rows, cols, mirror=True):
    made = TRUE.copy()
    made[np.ix_(rows, cols)] = 0
    if mirror:
        made[np.ix_(cols, rows)] = 0
    return made


def reparametrised(first, ratio):
    """The matrix by φ = T(x): (H − diag(T''/T' g)) / T' T'."""
    slope = first(X)
    return (TRUE - np.diag(ratio(X) * G)) / np.outer(slope, slope)


ones = np.ones_like
CASES = {
    "lower": (np.tril(TRUE), Kind.TRIANGLE),
    "upper": (np.triu(TRUE), Kind.TRIANGLE),
    "strictly lower": (np.tril(TRUE, -1), Kind.ZERO),
    "added": (np.tril(TRUE) + np.tril(TRUE).T, Kind.TRIANGLE),
    "half": (TRUE / 2, Kind.SCALE),
    "twice": (2 * TRUE, Kind.SCALE),
    "a tenth": (TRUE / 10, Kind.SCALE),
    "sign": (-TRUE, Kind.SIGN),
    "nothing": (0 * TRUE, Kind.ZERO),
    "diagonal": (np.diag(np.diag(TRUE)), Kind.ZERO),
    "cross": (cleared([0, 1, 2], [3, 4, 5]), Kind.ZERO),
    "one side": (cleared([0, 1, 2], [3, 4, 5], mirror=False), Kind.TRIANGLE),
    "penalty": (TRUE + 0.3 * np.eye(N), Kind.PARAMETER_TERM),
    "penalty of some": (TRUE - 0.3 * np.diag([0, 1.0, 1, 1, 1, 1]), Kind.PARAMETER_TERM),
    "outer": (TRUE + np.outer(G, G), Kind.OUTER_PRODUCT),
    "inverse": (np.linalg.inv(TRUE), Kind.INVERSE),
    "minus the inverse": (-np.linalg.inv(TRUE), Kind.INVERSE),
    "reversed": (TRUE[::-1, ::-1], Kind.PERMUTATION),
    "rolled": (np.roll(TRUE, 2, (0, 1)), Kind.PERMUTATION),
    "antisymmetric part": (TRUE + A[:N] - A[:N].T, Kind.ASYMMETRIC),
    "exp": (reparametrised(np.exp, ones), Kind.PARAMETRISATION),
    "log": (reparametrised(lambda x: 1 / x, lambda x: -1 / x), Kind.PARAMETRISATION),
    "square": (reparametrised(lambda x: 2 * x, lambda x: 1 / x), Kind.PARAMETRISATION),
    "logit": (
        reparametrised(
            lambda x: 1 / (x * (1 - x)), lambda x: (2 * x - 1) / (x * (1 - x))
        ),
        Kind.PARAMETRISATION,
    ),
    "chain rule without its second term": (TRUE - np.diag(G), Kind.PARAMETRISATION),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_fault_has_its_rule(name):
    claimed, kind = CASES[name]
    assert set(of(claimed)) == {kind}


def test_one_coordinate_by_its_logarithm():
    """As a negative binomial regression has it: the last one only."""
    slope = np.array([1, 1, 1, 1, 1, np.exp(X[5])])
    ratio = np.array([0, 0, 0, 0, 0, G[5]])
    claimed = (TRUE - np.diag(ratio)) / np.outer(slope, slope)
    ((_, cause),) = found(claimed)
    assert cause.kind is Kind.PARAMETRISATION
    assert cause.of.tolist() == [5]


def test_two_faults_are_told_apart():
    claimed = TRUE.copy()
    claimed[0, 1] = claimed[1, 0] = 0
    claimed[np.ix_([2, 3], [4, 5])] *= 0.5
    claimed[np.ix_([4, 5], [2, 3])] *= 0.5
    made = found(claimed)
    assert {cause.kind for _, cause in made} == {Kind.ZERO, Kind.SCALE}
    assert sorted(case.region.rows.tolist() for case, _ in made) == [[0], [2, 3]]


def test_noise_is_not_explained():
    assert of(TRUE + rng.normal(size=(N, N))) == [None]
    symmetric = rng.normal(size=(N, N))
    assert of(TRUE + symmetric + symmetric.T) == [None]


def test_entries_that_should_be_zero():
    true = TRUE * (1 - np.eye(N))
    ((_, cause),) = found(TRUE, true=true)
    assert cause.kind is Kind.ENTRIES
    assert "not zero" in cause.text


def test_a_pattern_that_misses_an_entry():
    claimed = cleared([0], [5])
    assert of(claimed, stored=claimed != 0) == [Kind.SPARSITY]
    # It stores a zero: then it is no fault of the pattern.
    assert of(claimed, stored=np.ones((N, N), bool)) == [Kind.ZERO]


def test_the_order_of_a_matrix_of_parameters():
    turned = np.arange(N).reshape(2, 3).ravel(order="F")
    ((_, cause),) = found(TRUE[np.ix_(turned, turned)], shapes=((2, 3),))
    assert "column-major" in cause.text


def test_some_columns_are_enough():
    """Of many parameters not every column is measured."""
    claimed = TRUE.copy()
    claimed[1, 4] = claimed[4, 1] = 0
    assert of(claimed, lone=[0, 1, 4], drawn=2) == [Kind.ZERO]
    assert of(TRUE / 2, lone=[0, 3], drawn=2) == [Kind.SCALE]
    assert found(TRUE, lone=[0, 3], drawn=2) == []
