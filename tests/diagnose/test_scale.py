"""A constant factor and the wrong sign; what is told beside it must be so too."""

import numpy as np
import pytest

from gradproof.diagnose.scale import suspect
from suspects import Suspect, honest, values

POINT, TRUE = values((5, 4), 1), values((5, 4))


def told(claimed, true=TRUE, point=POINT, **kwargs):
    return list(suspect(Suspect(point, true, claimed, **kwargs).evidence))


@pytest.mark.parametrize("factor", [2.0, 0.5, -2.0, 1 / 3, 1e6, -1e-6, 1.001])
def test_a_constant_factor_is_measured(factor):
    (found,) = told(factor * TRUE)
    assert found.kind == "scale"
    assert found.factor == pytest.approx(factor, rel=1e-9)
    assert abs(found.factor - factor) <= 3 * found.factor_bar + 1e-12 * abs(factor)
    assert found.explained > 0.999


def test_the_wrong_sign_has_a_kind_of_its_own():
    (found,) = told(-TRUE)
    assert found.kind == "sign"
    assert "wrong sign" in found.message


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (1, 6), (6, 1)])
def test_blocks_of_one_entry_and_axes_of_length_one(shape):
    (found,) = told(3 * values(shape), values(shape), values(shape, 1))
    assert found.kind == "scale"
    assert found.factor == pytest.approx(3)


def test_a_right_gradient_has_no_factor():
    assert not told(TRUE.copy())


def test_factors_that_differ_are_none():
    claimed = 2 * TRUE
    claimed[3] *= 1.5
    assert not told(claimed)


@pytest.mark.parametrize("rest", [1e-2, 1e-3, 1e-4])
def test_a_large_entry_does_not_speak_for_the_small_ones(rest):
    true = rest * values(40)
    true[7] = 1.0
    claimed = true.copy()
    claimed[7] *= 2
    case = Suspect(values(40, 1), true, claimed)
    assert not list(suspect(case.evidence))
    honest(case.finding(), case)
    assert case.finding().entries == ((7,),)


def test_a_factor_with_something_else_on_top_is_not_told_with_a_tiny_bar():
    claimed = 2 * TRUE
    claimed[0, 0] *= 1.01
    for found in told(claimed):
        assert abs(found.factor - 2) <= 3 * found.factor_bar


def test_a_true_gradient_of_zero_is_no_factor():
    # Round-off of fun is all there is to fit.
    for seed in range(5):
        true = 1e-18 * values((5, 4), seed)
        case = Suspect(POINT, true, TRUE)
        case.noise = 1.0
        assert not list(suspect(case.evidence)), seed


def test_entries_that_are_zero_are_not_named():
    true = TRUE.copy()
    true[2, 1] = 0
    claimed = 2 * true
    case = Suspect(POINT, true, claimed)
    found = case.finding()
    assert "not zero" in found.message
    honest(found, case)
    assert set(found.entries) == case.wrong


def test_complex_entries_are_counted_as_entries():
    true = values(5) + 1j * values(5, 3)
    found = Suspect(values(5, 1) + 1j * values(5, 2), true, 2 * true).finding()
    assert found.kind == "scale"
    assert "5 of 5 entries" in found.message


def test_noise_widens_the_bar():
    case = Suspect(POINT, TRUE, 2 * TRUE, noise=1e-7)
    found = case.finding()
    assert found.kind == "scale"
    assert 1e-9 < found.factor_bar < 1e-4
    assert abs(found.factor - 2) <= 3 * found.factor_bar


def test_the_length_of_an_axis_is_offered_as_a_guess():
    found = Suspect(POINT, TRUE, 37 * TRUE, arguments={"args[0]": np.ones((37, 3))}).finding()
    assert "may be 37, the length of axis 0 of args[0]" in found.message


def test_a_factor_up_to_a_small_rest():
    true = values(30)
    rest = 1e-5 * values(30, 5)
    found = Suspect(values(30, 1), true, 2 * true + rest).finding()
    assert found.kind == "scale"
    assert "a discrepancy of" in found.message
    assert abs(found.factor - 2) <= 3 * found.factor_bar < 1e-3


def test_a_factor_that_leaves_much_is_none():
    true = values(30)
    found = Suspect(values(30, 1), true, 2 * true + 0.05 * values(30, 5)).finding()
    assert found.kind == "unexplained"
