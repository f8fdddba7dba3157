"""Wrong on one side of a branch, and wrong at entries that happen to lie on one side."""

import numpy as np
import pytest

from gradproof.diagnose.branch import suspect
from suspects import Suspect, honest, values

POINT, TRUE = values((8, 9), 1), values((8, 9))


def told(claimed, true=TRUE, point=POINT, **kwargs):
    case = Suspect(point, true, claimed, **kwargs)
    found = case.finding()
    honest(found, case)
    return found


@pytest.mark.parametrize("factor", [-1.0, 0.1, 2.0])
@pytest.mark.parametrize("side", ["negative", "positive"])
def test_a_factor_on_one_side(factor, side):
    mask = POINT < 0 if side == "negative" else POINT > 0
    found = told(np.where(mask, factor * TRUE, TRUE))
    assert found.kind == "branch"
    assert f"where the parameter is {side}" in found.message
    assert found.factor == pytest.approx(factor)
    assert set(found.entries) == {tuple(map(int, i)) for i in np.argwhere(mask)}
    assert ("wrong sign" in found.message) == (factor == -1)


def test_right_on_both_sides():
    assert not list(suspect(Suspect(POINT, TRUE, TRUE.copy()).evidence))


def test_a_factor_on_both_sides_is_no_branch():
    assert told(2 * TRUE).kind == "scale"


def test_all_on_one_side_is_no_branch():
    assert told(2 * TRUE, point=np.abs(POINT)).kind == "scale"


def test_different_factors_on_one_side():
    claimed = np.where(POINT < 0, TRUE * (1 + 0.2 * np.cos(np.arange(72)).reshape(8, 9)), TRUE)
    assert not list(suspect(Suspect(POINT, TRUE, claimed).evidence))


def test_one_large_entry_does_not_speak_for_its_side():
    true = 1e-3 * TRUE
    row, column = map(int, np.argwhere(POINT < 0)[3])
    true[row, column] = 1.0
    claimed = true.copy()
    claimed[row, column] *= 2
    found = told(claimed, true)
    assert found.entries == ((row, column),)


def test_elsewhere_it_is_right_is_not_said_when_it_is_not():
    claimed = np.where(POINT < 0, -TRUE, TRUE)
    row, column = map(int, np.argwhere(POINT > 0)[5])
    claimed[row, column] *= 1.02
    case = Suspect(POINT, TRUE, claimed)
    assert not list(suspect(case.evidence))


def test_zero_on_one_side_is_zero():
    found = told(np.where(POINT < 0, 0.0, TRUE))
    assert found.kind in {"zero", "branch"}
    assert "negative half" in found.message or "negative" in found.message


def test_complex_counts_are_of_entries():
    point = values(6, 3) + 1j * np.abs(values(6, 4))
    true = values(6) + 1j * values(6, 2)
    claimed = np.where(point.real < 0, -true.real, true.real) + 1j * true.imag
    found = told(claimed, true, point)
    assert "of 12" not in found.message
