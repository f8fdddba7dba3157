"""Conventions, told as such; and faults that look like one by accident."""

import numpy as np
import pytest

from gradproof.diagnose.convention import suspect
from suspects import Suspect, honest, values

POSITIVE = np.abs(values(9, 1)) + 0.1


def told(point, true, claimed):
    case = Suspect(point, true, claimed)
    found = case.finding()
    honest(found, case)
    return found


@pytest.mark.parametrize(
    ("claimed", "words"),
    [
        (lambda g, p: g * p, "logarithm"),
        (lambda g, p: g / p, "parameter"),
        (lambda g, p: g * np.exp(-p), "exponential"),
        (lambda g, p: g * np.exp(p), "exponential"),
    ],
)
def test_gradients_for_the_logarithm_or_the_exponential(claimed, words):
    true = values(9)
    found = told(POSITIVE, true, claimed(true, POSITIVE))
    assert found.kind == "log-parameter"
    assert words in found.message
    assert found.explained > 0.999


def symmetric(n=5):
    point, true = values((n, n), 1), values((n, n))
    return point + point.T, true + true.T, np.eye(n, dtype=bool)


@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_off_diagonal_entries_of_a_symmetric_matrix(factor):
    point, true, diagonal = symmetric()
    found = told(point, true, np.where(diagonal, true, factor * true))
    assert found.kind == "symmetric-convention"
    assert "off-diagonal" in found.message
    assert set(found.entries) == {(i, j) for i in range(5) for j in range(5) if i != j}


@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_the_diagonal_of_a_symmetric_matrix(factor):
    point, true, diagonal = symmetric()
    found = told(point, true, np.where(diagonal, factor * true, true))
    assert found.kind == "symmetric-convention"
    assert set(found.entries) == {(i, i) for i in range(5)}


def test_an_ordinary_weight_has_no_symmetric_convention():
    true = values((3, 3))
    found = told(values((3, 3), 1), true, np.where(np.eye(3) > 0, true / 2, true))
    assert "not a slip" not in found.message
    assert set(found.entries) == {(i, i) for i in range(3)}


def test_the_conjugate():
    true = values(6) + 1j * values(6, 2)
    point = values(6, 3) + 1j * values(6, 4)
    found = told(point, true, np.conj(true))
    assert found.kind == "conjugate"
    other = told(point, true, true.real + 2j * true.imag)
    assert other.kind != "conjugate"
    assert "column" not in other.message


def test_a_real_gradient_has_no_conjugate():
    true = values(6) + 0j
    claimed = 2 * true
    found = told(values(6, 3) + 1j * values(6, 4), true, claimed)
    assert found.kind == "scale"


def test_signs_for_parameters_are_no_logarithm():
    point = np.sign(values(12, 5))
    true = values(12)
    found = told(point, true, true * point)
    assert "logarithm" not in found.message
    assert set(found.entries) == {(int(i),) for i in np.flatnonzero(point < 0)}


def test_equal_parameters_make_a_factor_and_no_convention():
    found = told(np.full(7, 3.0), values(7), 3 * values(7))
    assert found.kind == "scale"


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (4, 4), (3, 5)])
def test_a_right_gradient_follows_no_other_convention(shape):
    true = values(shape)
    assert not list(suspect(Suspect(values(shape, 1), true, true.copy()).evidence))


def test_one_entry_times_its_parameter_is_no_convention():
    true = 1e-3 * values(9)
    true[4] = 1.0
    claimed = true.copy()
    claimed[4] *= POSITIVE[4]
    found = told(POSITIVE, true, claimed)
    assert found.kind == "entries"
    assert found.entries == ((4,),)


def test_large_parameters_do_not_overflow():
    true = values(9)
    point = 800 * values(9, 1)
    case = Suspect(point, true, 1.5 * true + 0.2 * np.cos(np.arange(9.0)))
    with np.errstate(all="ignore"):  # as an inquiry does
        honest(case.finding(), case)
