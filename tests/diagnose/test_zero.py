"""Zero where the function does change, and zero where it does not."""

import numpy as np
import pytest

from gradproof.diagnose.zero import suspect, suspect_some
from suspects import Suspect, honest, values

POINT, TRUE = values((12, 5), 1), values((12, 5))


@pytest.mark.parametrize("shape", [(), (1,), (3, 1, 2), (12, 5)])
def test_a_zero_gradient(shape):
    true = values(shape)
    found = Suspect(values(shape, 1), true, np.zeros(shape)).finding()
    assert found.kind == "zero"
    assert found.factor == 0


def test_some_zeros_are_told_from_those_that_are_right():
    true, claimed = TRUE.copy(), TRUE.copy()
    true[4, 2] = claimed[4, 2] = 0
    claimed[3] = 0
    claimed[7, 1] = 0
    case = Suspect(POINT, true, claimed)
    (found,) = suspect_some(case.evidence)
    assert found.kind == "zero"
    assert set(map(tuple, np.argwhere(found.wrong.reshape(12, 5)))) == case.wrong
    honest(case.finding(), case)


def test_zeros_that_are_right_are_not_accused():
    true = TRUE.copy()
    true[2, :3] = 0
    claimed = true.copy()
    claimed[9, 4] *= 3
    case = Suspect(POINT, true, claimed)
    assert not list(suspect_some(case.evidence))
    assert case.finding().entries == ((9, 4),)


def test_zeros_beside_another_fault_are_not_all_of_it():
    claimed = TRUE.copy()
    claimed[0, 0] = 0
    claimed[9, 4] *= 3
    case = Suspect(POINT, TRUE, claimed)
    assert not list(suspect_some(case.evidence))
    honest(case.finding(), case)
    assert set(case.finding().entries) == case.wrong


def test_no_zero_is_no_suspicion():
    case = Suspect(POINT, TRUE, TRUE * 1.1)
    assert not list(suspect(case.evidence))
    assert not list(suspect_some(case.evidence))
    assert len(case.measured) <= 2


def test_a_row_of_zeros_with_a_right_zero_inside():
    true = values((60, 80))
    true[17, 33] = 0
    claimed = true.copy()
    claimed[17] = 0
    case = Suspect(values((60, 80), 1), true, claimed)
    found = case.finding()
    honest(found, case)
    assert "[17, :]" in found.message or found.entries is not None
