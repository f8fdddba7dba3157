"""The gradient of another block; and two blocks whose gradients are alike for good reason."""

import pytest

from gradproof.diagnose.other import suspect
from suspects import Suspect, honest, values

POINT, TRUE, OTHER = values((4, 5), 1), values((4, 5)), values((4, 5), 2)


def test_exchanged_gradients():
    case = Suspect(POINT, TRUE, OTHER, others={"params['V']": TRUE})
    found = case.finding()
    assert found.kind == "other-block"
    assert "params['V']" in found.message
    assert found.explained > 0.999


def test_the_same_numbers_for_both():
    case = Suspect(POINT, TRUE, OTHER, others={"params['V']": OTHER.copy()})
    found = case.finding()
    assert found.kind in {"other-block", "unexplained"}
    assert "params['V']" in found.message or found.kind == "unexplained"


def test_a_block_of_another_shape_with_as_many_entries():
    case = Suspect(POINT, TRUE, OTHER, others={"params['V']": TRUE.reshape(2, 10)})
    assert case.finding().kind == "other-block"


@pytest.mark.parametrize("shape", [(4, 4), (20, 2), (3,), ()])
def test_blocks_of_another_size_are_not_looked_at(shape):
    case = Suspect(POINT, TRUE, OTHER, others={"params['V']": values(shape)})
    assert not list(suspect(case.evidence))


def test_a_right_gradient_beside_its_equal():
    case = Suspect(POINT, TRUE, 2 * TRUE, others={"params['V']": 2 * TRUE})
    found = case.finding()
    assert found.kind == "scale"


def test_equal_true_gradients_with_the_same_entry_wrong_were_not_copied():
    # f(x + y): one wrong delta spoils both alike.
    claimed = TRUE.copy()
    claimed[2, 3] *= 1.5
    case = Suspect(POINT, TRUE, claimed, others={"params['V']": claimed.copy()})
    found = case.finding()
    honest(found, case)
    assert "copied" not in found.message or "may" in found.message
    assert found.entries == ((2, 3),)
