"""A multiple of the parameter missing or too much, alone or with a factor."""

import numpy as np
import pytest

from gradproof.diagnose.parameter import suspect, suspect_with_factor
from suspects import Suspect, honest, values

POINT, TRUE = values((6, 7), 1), values((6, 7))


@pytest.mark.parametrize("weight", [0.01, -0.3, 2.0, 1e-4])
def test_weight_decay_on_one_side(weight):
    case = Suspect(POINT, TRUE, TRUE + weight * POINT)
    (found,) = suspect(case.evidence)
    assert found.kind == "parameter-term"
    assert found.factor == pytest.approx(weight, rel=1e-8)
    assert abs(found.factor - weight) <= 3 * found.factor_bar + 1e-14
    assert ("too much" in found.message) == (weight > 0)


def test_a_right_gradient_lacks_nothing():
    case = Suspect(POINT, TRUE, TRUE.copy())
    assert not list(suspect(case.evidence))
    assert not list(suspect_with_factor(case.evidence))


def test_a_factor_and_a_term():
    case = Suspect(POINT, TRUE, 2 * TRUE + 0.1 * POINT)
    found = case.finding()
    assert found.kind == "parameter-term"
    assert found.factor == pytest.approx(0.1)
    assert "2× too large" in found.message


def test_a_term_like_the_parameter_but_not_the_same():
    wobble = 1 + 0.01 * np.cos(np.arange(42)).reshape(6, 7)
    case = Suspect(POINT, TRUE, TRUE + 0.1 * POINT * wobble)
    assert not list(suspect(case.evidence))
    assert not list(suspect_with_factor(case.evidence))


def test_parameters_that_are_zero_are_not_named():
    point = POINT.copy()
    point[1, 2] = 0
    case = Suspect(point, TRUE, TRUE + 0.1 * point)
    found = case.finding()
    honest(found, case)
    assert set(found.entries) == case.wrong


def test_a_parameter_too_small_to_matter_is_not_named():
    point = POINT.copy()
    point[1, 2] = 1e-300
    case = Suspect(point, TRUE, TRUE + 0.1 * point)
    honest(case.finding(), case)


@pytest.mark.parametrize("true", [values(2), np.array(values(()) + 0.3j)], ids=["two", "complex"])
def test_two_coefficients_explain_nothing_in_two_coordinates(true):
    point = values(np.shape(true), 4) * (1 + 0.7j if np.iscomplexobj(true) else 1)
    case = Suspect(point, true, true + 0.3)
    assert not list(suspect_with_factor(case.evidence))
    assert case.finding().kind != "parameter-term"


def test_a_gradient_that_is_the_parameter():
    # Half the squared norm: a factor and a term are the same thing, and both would be true.
    found = Suspect(POINT, POINT, 3 * POINT).finding()
    assert found.kind in {"scale", "parameter-term"}
    assert found.factor == pytest.approx(3 if found.kind == "scale" else 2)
    found = Suspect(POINT, POINT, -POINT).finding()
    assert found.kind in {"sign", "parameter-term"}


def test_one_large_entry_is_no_weight_decay():
    point = POINT.copy()
    point[3, 3] = 500.0
    claimed = TRUE.copy()
    claimed[3, 3] += 50.0
    case = Suspect(point, TRUE, claimed)
    found = case.finding()
    honest(found, case)
    assert found.entries == ((3, 3),)
