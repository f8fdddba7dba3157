"""A factor for each row or column, and rows in which something else is wrong."""

import numpy as np
import pytest

from gradproof.diagnose.rows import suspect
from suspects import Suspect, honest, values


def told(true, claimed, **kwargs):
    case = Suspect(values(true.shape, 1), true, claimed, **kwargs)
    found = case.finding()
    honest(found, case)
    return found


def test_a_factor_for_each_row():
    true = values((8, 20))
    found = told(true, true * np.arange(1.0, 9)[:, None])
    assert found.kind == "row-scale"
    assert "1, 2, 3, 4, 5, 6, …" in found.message
    assert set(found.entries) == {(i, j) for i in range(1, 8) for j in range(20)}


def test_a_factor_for_each_column():
    true = values((20, 6))
    found = told(true, true * np.array([2.0, 3, 4, 5, 6, 7]))
    assert found.kind == "column-scale"
    assert found.entries is None


def test_factors_proportional_to_an_argument():
    true = values((8, 20))
    weights = np.abs(values(8, 9))
    found = told(true, true * weights[:, None], arguments={"args[1]": weights})
    assert found.kind == "row-scale"
    assert "proportional to args[1]" in found.message


def test_a_channel():
    true = values((6, 5, 4, 4))
    claimed = true.copy()
    claimed[:, 3] *= 2
    found = told(true, claimed)
    assert set(found.entries) == {
        (i, 3, k, m) for i in range(6) for k in range(4) for m in range(4)
    }


@pytest.mark.parametrize("shape", [(), (9,), (1, 9), (9, 1)])
def test_vectors_have_no_rows(shape):
    case = Suspect(values(shape, 1), values(shape), values(shape) * np.cos(np.ones(shape)))
    assert not list(suspect(case.evidence))


def test_three_rows_do_not_speak_for_fifty():
    true = values((50, 20))
    claimed = true * (1 + 0.3 * np.cos(np.arange(1000.0)).reshape(50, 20))
    claimed[[0, 25, 49]] = true[[0, 25, 49]] * np.array([2.0, 3, 4])[:, None]
    found = told(true, claimed)
    assert "every row" not in found.message


def test_fifty_rows_with_factors():
    true = values((50, 20))
    found = told(true, true * (1 + np.arange(50.0))[:, None])
    assert found.kind == "row-scale"


def test_a_row_with_one_wrong_entry_has_no_factor():
    true = values((8, 20))
    factors = np.arange(1.0, 9)
    claimed = true * factors[:, None]
    claimed[5] = true[5]
    claimed[5, 3] *= 1.2
    case = Suspect(values((8, 20), 1), true, claimed)
    honest(case.finding(), case)


def test_a_small_row_beside_a_large_one():
    true = values((8, 20))
    true[0] *= 1e4
    claimed = true.copy()
    claimed[0] *= 2
    claimed[1] *= 3
    claimed[3, 4] *= 1.5
    claimed[5:, ::2] *= 1.5
    told(true, claimed)


def test_a_right_gradient_has_no_row_factors():
    true = values((8, 20))
    assert not list(suspect(Suspect(values((8, 20), 1), true, true.copy()).evidence))
