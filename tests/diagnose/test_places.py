"""Entries as a person would write them."""

import numpy as np
import pytest

from gradproof.diagnose.places import by_entry, describe, located
from suspects import block_of, values


def told(mask, point=None, name="params['W']"):
    mask = np.asarray(mask)
    point = values(mask.shape, 1) if point is None else point
    return describe(mask.reshape(-1), block_of(point, name), np.asarray(point).reshape(-1))


def at(shape, *keys):
    mask = np.zeros(shape, dtype=bool)
    for key in keys:
        mask[key] = True
    return mask


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (at((5, 6), (3, 4)), "params['W'][3, 4]"),
        (at((5,), 3), "params['W'][3]"),
        (at((5, 6), 3), "params['W'][3, :]"),
        (at((5, 6), (slice(None), 2)), "params['W'][:, 2]"),
        (at((5, 6), 1, 3), "[1, :], [3, :] of params['W']"),
        (at((3, 4, 5, 5), (slice(None), 2)), "params['W'][:, 2, :, :]"),
        (at((1, 6), (0, 2), (0, 5)), "[:, 2], [:, 5] of params['W']"),
        (at((6, 1), 2), "params['W'][2, 0]"),
        (np.ones((3, 2), bool), "every entry of params['W']"),
        (at((7, 7), (range(7), range(7))), "the diagonal of params['W'] (7 of 49 entries)"),
        (~np.eye(7, dtype=bool), "everything off the diagonal of params['W'] (42 of 49 entries)"),
        (np.tri(7, dtype=bool), "the lower triangle of params['W'] (28 of 49 entries)"),
        (np.tri(7, k=-1, dtype=bool), "the triangle below the diagonal of params['W']"),
        (np.tri(7, dtype=bool).T, "the upper triangle of params['W']"),
    ],
)
def test_words(mask, words):
    assert told(mask).startswith(words)


def test_scattered_entries():
    mask = at((500,), [0, 4, 9, 77, 80, 300, 499])
    assert told(mask) == "7 of 500 entries of params['W']: [0], [4], [9], [77], …"


def test_few_entries_have_no_dots():
    assert told(at((9, 9), (0, 1), (5, 3))) == "2 of 81 entries of params['W']: [0, 1], [5, 3]"


def test_a_block_without_axes_is_its_own_entry():
    assert told(np.array(True), np.array(2.0)) == "every entry of params['W']"


def test_the_sign_of_the_parameter():
    point = values((6, 7), 4)
    assert told(point < 0, point).startswith("the negative half of params['W']")
    assert told(point > 0, point).startswith("the positive half of params['W']")
    point[2, 3] = point[4, 1] = point[5, 5] = 0
    assert told(point == 0, point).startswith("the zeros of params['W'] (3 of 42 entries)")


def test_what_is_nearly_a_row_or_a_half_is_neither():
    mask = at((5, 6), 3)
    mask[3, 5] = False
    assert "[3, :]" not in told(mask)
    point = values((6, 7), 4)
    mask = point < 0
    mask[tuple(np.argwhere(mask)[0])] = False
    assert "half" not in told(mask, point)
    mask = np.eye(7, dtype=bool)
    mask[0, 0] = False
    assert "the diagonal" not in told(mask)


def test_complex_entries_are_named_once():
    point = values(4) + 1j * values(4, 1)
    block = block_of(point)
    mask = np.zeros(8, dtype=bool)
    mask[[2, 3, 7]] = True
    assert by_entry(mask, block).tolist() == [False, True, False, True]
    assert located(by_entry(mask, block)) == (((1,), (3,)), None)
    assert describe(mask, block, np.zeros(8)) == "2 of 4 entries of params['W']: [1], [3]"


@pytest.mark.parametrize("shape", [(2,), (2, 3), (1, 1, 4)])
def test_indices_are_python_ints(shape):
    mask = np.ones(shape, bool)
    mask.flat[0] = False
    found, grid = located(mask)
    assert grid is None
    assert len(found) == mask.sum()
    assert all(type(i) is int for index in found for i in index)
    assert all(len(index) == len(shape) for index in found)


@pytest.mark.parametrize("shape", [(), (1,), (2, 3)])
def test_all_and_none_need_no_list(shape):
    assert located(np.ones(shape, bool)) == (None, None)
    assert located(np.zeros(shape, bool)) == (None, None)


def test_too_many_to_list_become_a_map():
    mask = np.zeros((300, 200), bool)
    mask[:150] = True
    found, grid = located(mask)
    assert found is None
    assert np.array_equal(np.array(grid) > 0.5, np.arange(48)[:, None].repeat(48, 1) < 24)
