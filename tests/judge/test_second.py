"""Claims of a Hessian beside each other, without any measurement."""

import numpy as np
import pytest

from gradproof.judge.bands import Bands
from gradproof.judge.second import asymmetry, crossed, difference, known_to, products_apart
from gradproof.records.verdict import Verdict

BANDS = Bands(1e-7, 1e-5)
EPS = 2.0**-52
rng = np.random.default_rng(3)


def whole(matrix, spans=None, scales=None):
    size = len(matrix)
    return asymmetry(
        matrix, spans or [slice(0, size)], np.ones(size) if scales is None else scales, EPS, BANDS
    )


@pytest.mark.parametrize("size", [1, 2, 5, 40])
def test_round_off_is_no_asymmetry(size):
    X = rng.normal(size=(200, size)) * 10.0 ** rng.uniform(-4, 4, size=size)
    made = X.T @ (X * rng.uniform(size=(200, 1)))
    shuffled = made + EPS * made * rng.normal(size=made.shape)
    assert whole(shuffled).verdict is Verdict.CORRECT


@pytest.mark.parametrize(("apart", "verdict"), [(1e-4, "wrong"), (1e-6, "suspect")])
def test_an_asymmetry_is_judged_by_the_bands(apart, verdict):
    made = rng.normal(size=(4, 4))
    made = made + made.T
    made[0, 1] *= 1 + apart
    assert whole(made).verdict in (Verdict(verdict), Verdict.SUSPECT)
    assert whole(made).verdict.rejects


def test_a_small_pair_counts_by_itself():
    made = np.diag([1e8, 1e8, 1.0, 1.0])
    made[2, 3], made[3, 2] = 0.5, 0.6
    made[0, 2] = made[2, 0] = 1e3
    found = whole(made, [slice(0, 2), slice(2, 4)])
    assert found.verdict is Verdict.WRONG
    assert found.where == (1, 1)


def test_a_matrix_with_holes_is_not_told():
    assert whole(np.array([[1.0, np.nan], [2, 1]])).verdict is Verdict.UNDECIDED


@pytest.mark.parametrize("size", [2, 30])
def test_operators_are_crossed(size):
    A = rng.normal(size=(size, size))
    drawn = list(rng.normal(size=(3, size)))
    right, wrong = A + A.T, A
    assert crossed(drawn, [right @ v for v in drawn], EPS, BANDS).verdict is Verdict.CORRECT
    assert crossed(drawn, [wrong @ v for v in drawn], EPS, BANDS).verdict is Verdict.WRONG


def test_products_are_compared_block_by_block():
    one = np.array([1e6, 1.0, 1.0])
    other = np.array([1e6, 1.0, 1.1])
    spans = [slice(0, 1), slice(1, 3)]
    assert products_apart([(one, one)], spans, EPS, BANDS).verdict is Verdict.CORRECT
    found = products_apart([(one, one), (one, other)], spans, EPS, BANDS)
    assert found.verdict is Verdict.WRONG
    assert found.where == (1, 1)
    nothing = products_apart([(one, one * np.nan)], spans, EPS, BANDS)
    assert nothing.verdict is Verdict.WRONG
    assert not nothing.tells


def test_a_claim_that_scatters_is_known_to_that():
    one = np.eye(2)
    apart = difference(one, one + 1e-3)
    assert 5e-4 < apart < 2e-3
    assert difference(one, one) == 0
    assert difference(None, one) == 0
    asymmetric = whole(np.array([[1.0, 1e-3], [0, 1]]))
    assert asymmetric.verdict.rejects
    assert known_to(asymmetric, apart=1.0).verdict is Verdict.UNDECIDED
    assert known_to(asymmetric, apart=0.0) == asymmetric
