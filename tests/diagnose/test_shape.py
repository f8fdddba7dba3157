"""The right numbers in the wrong places, and numbers that only look so."""

import time

import numpy as np
import pytest

from gradproof.diagnose.shape import suspect
from suspects import Suspect, honest, values

MOVES = {
    "transposed": lambda a: a.T,
    "reversed along axis 0": lambda a: a[::-1],
    "reversed along axis 1": lambda a: a[:, ::-1],
    "reversed along axis 0 and 1": lambda a: a[::-1, ::-1],
    "rolled by 1 along axis 0": lambda a: np.roll(a, 1, 0),
    "rolled by -2 along axis 1": lambda a: np.roll(a, -2, 1),
}


def told(true, claimed, **kwargs):
    case = Suspect(values(np.shape(true), 1), true, np.array(claimed), **kwargs)
    found = case.finding()
    honest(found, case)
    return found


@pytest.mark.parametrize("words", MOVES)
def test_a_rearranged_gradient_is_named(words):
    found = told(values((9, 9)), MOVES[words](values((9, 9))))
    assert words in found.message
    assert found.kind in {"transpose", "flip", "permutation"}
    assert found.explained > 0.999


def test_memory_read_in_another_order():
    true = values((4, 6))
    column = told(true, true.ravel("F").reshape(4, 6))
    assert "written in column order and read in row order" in column.message
    row = told(true, true.ravel("C").reshape(4, 6, order="F"))
    assert "written in row order and read in column order" in row.message


@pytest.mark.parametrize("order", [(1, 2, 0), (2, 0, 1), (0, 2, 1), (2, 1, 0)])
def test_axes_in_another_order(order):
    true = values((3, 3, 3))
    found = told(true, true.transpose(order))
    assert found.kind == "transpose"
    assert str(order) in found.message


def test_exchanged_gates():
    true = values((8, 3))
    found = told(true, np.concatenate([true[:2], true[4:6], true[2:4], true[6:]]))
    assert found.kind == "permutation"
    assert "4 equal parts along axis 0" in found.message
    assert set(found.entries) == {(i, j) for i in range(2, 6) for j in range(3)}


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (1, 5), (5, 1), (2, 3, 4)])
def test_a_right_gradient_is_not_rearranged(shape):
    true = values(shape)
    assert not list(suspect(Suspect(values(shape, 1), true, true.copy()).evidence))


def test_a_symmetric_gradient_cannot_be_transposed():
    true = values((8, 8))
    true = true + true.T
    claimed = true.copy()
    claimed[2, 5] += 1
    found = told(true, claimed)
    assert found.kind != "transpose"
    assert found.entries == ((2, 5),)


def test_entries_symmetric_up_to_round_off_are_not_named():
    true = values((8, 8))
    true = true + true.T
    true[2, 5] += 3
    claimed = true.T * (1 + 2**-52)
    case = Suspect(values((8, 8), 1), true, claimed)
    found = case.finding()
    assert found.kind == "transpose"
    assert set(found.entries) == {(2, 5), (5, 2)}


@pytest.mark.parametrize("move", [lambda a: a[::-1], lambda a: np.roll(a, 1)])
def test_a_constant_gradient_cannot_be_permuted(move):
    true = np.full(12, 1.5)
    claimed = true.copy()
    claimed[4] = 7
    found = told(true, move(claimed))
    assert found.kind == "entries"


def test_a_flip_that_is_a_roll_is_told_as_one_of_the_two():
    true = np.array([1.0, 2.0])
    found = told(true, true[::-1])
    assert found.kind in {"flip", "permutation", "unexplained"}
    assert found.kind != "parameter-term"


def test_a_transpose_with_a_second_fault_is_not_passed_off_as_the_whole():
    true = values((9, 9))
    claimed = true.T.copy()
    claimed[2, 3] *= 1.05
    case = Suspect(values((9, 9), 1), true, claimed)
    assert not list(suspect(case.evidence))


def test_complex_blocks_have_no_axis_of_two():
    true = values(5) + 1j * values(5, 3)
    point = values(5, 1) + 1j * values(5, 2)
    found = Suspect(point, true, 1j * np.conj(true)).finding()
    assert "axis 1" not in found.message
    rolled = Suspect(point, true, np.roll(true, 1)).finding()
    assert rolled.kind == "permutation"
    assert "along axis 0" in rolled.message


def test_many_axes_take_no_time():
    true = values((2,) * 12)
    claimed = true * (1 + 0.1 * np.cos(np.arange(true.size)).reshape(true.shape))
    case = Suspect(values(true.shape, 1), true, claimed)
    began = time.process_time()
    for found in suspect(case.evidence):
        assert not found
    assert time.process_time() - began < 5
