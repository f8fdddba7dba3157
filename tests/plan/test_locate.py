"""Which entries are wrong: found exactly, for few slopes, and no right one named."""

import numpy as np
import pytest

from gradproof.plan.locate import Located
from suspects import Suspect, values


def located(claimed, true, *, sweep=24, noise=0.0, slopes=120, point=None, vain=0):
    """The search, with the number of slopes that it took."""
    point = values(np.shape(true), 1) if point is None else point
    case = Suspect(point, true, claimed, noise=noise, slopes=slopes)
    draws = case.draws()
    case.measured.clear()
    found = case.search(draws, sweep, vain)
    return found, case


def spoiled(true, *where, by=0.25):
    claimed = true.copy()
    for index in where:
        claimed[index] += by
    return claimed


def flat_indices(shape, *where):
    return sorted(int(np.ravel_multi_index(index, shape)) for index in where)


BIG = values((1000, 1000))
MILLION = values((1000, 1000), 1)


# The figures


@pytest.mark.parametrize("index", [(123, 457), (0, 0), (999, 999)])
def test_one_of_a_million_takes_a_handful_of_slopes(index):
    claimed = spoiled(BIG, index, by=1e-3 * np.linalg.norm(BIG))
    found, case = located(claimed, BIG, point=MILLION)
    assert found.entries == tuple(flat_indices(BIG.shape, index))
    assert found.complete
    # At nine evaluations each, when noise and step are known.
    assert len(case.measured) <= 4


def test_one_of_a_million_in_a_row():
    true = BIG.reshape(-1)
    claimed = spoiled(true, 765_432, by=1e-3 * np.linalg.norm(true))
    found, case = located(claimed, true, point=MILLION.reshape(-1))
    assert found.entries == (765_432,)
    assert len(case.measured) <= 4


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shape", [(1000,), (20, 50), (10, 10, 10), (5, 2, 10, 10)], ids=str)
def test_five_of_a_thousand(shape, seed):
    rng = np.random.default_rng(seed)
    true = values(shape)
    wrong = sorted(int(i) for i in rng.choice(1000, 5, replace=False))
    claimed = true.copy().reshape(-1)
    claimed[wrong] *= rng.choice([-1.0, 0.0, 1.01, 3.0], 5)
    found, case = located(claimed.reshape(shape), true)
    assert sorted(found.entries) == wrong
    assert len(case.measured) <= 120


@pytest.mark.parametrize("slice_", [(17,), (slice(None), 999)], ids=["row", "column"])
def test_a_row_or_column_of_a_weight(slice_):
    claimed = BIG.copy()
    claimed[slice_] *= 2
    found, case = located(claimed, BIG, point=MILLION)
    axis = len(slice_) - 1
    assert found.slices == ((axis, slice_[-1]),)
    assert len(case.measured) <= 80


def test_a_channel():
    true = values((8, 6, 9, 9))
    claimed = true.copy()
    claimed[:, 3] *= -1
    found, case = located(claimed, true)
    assert found.slices == ((1, 3),)
    assert len(case.measured) <= 80


def test_two_rows():
    true = values((40, 50))
    claimed = true.copy()
    claimed[[5, 17]] *= 2
    found, _ = located(claimed, true)
    inside = {i // 50 for i in found.entries} or {index for _, index in found.slices}
    assert inside == {5, 17}


# Shapes


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (7,), (4, 6), (2, 3, 4)], ids=str)
def test_small_blocks_are_swept(shape):
    true = values(shape)
    index = tuple(n - 1 for n in shape)
    claimed = np.array(true)
    claimed[index] += 0.5
    found, case = located(claimed, true)
    assert found.entries == (true.size - 1,)
    assert found.complete
    assert len(found.sample) == len(case.measured) == true.size


@pytest.mark.parametrize(
    "shape", [(1, 300), (300, 1), (1, 1, 300), (17, 1, 19), (3, 4, 5, 6), (2,) * 9], ids=str
)
def test_one_entry_whatever_the_axes(shape):
    true = values(shape)
    index = tuple(n // 2 for n in shape)
    found, case = located(spoiled(true, index), true)
    assert list(found.entries) == flat_indices(shape, index)
    assert len(case.measured) <= 12


def test_the_imaginary_part_of_an_entry():
    true = values(60) + 1j * values(60, 2)
    point = values(60, 3) + 1j * values(60, 4)
    found, _ = located(spoiled(true, 31, by=0.2j), true, point=point)
    assert found.entries == (63,)
    found, _ = located(spoiled(true, 31, by=0.2 + 0.1j), true, point=point)
    assert found.entries == (62, 63) or found.slices == ((0, 31),)


# What cannot be told


def test_everywhere_is_shown_by_a_sample():
    true = values((30, 20))
    found, case = located(1.1 * true + 0.01, true)
    assert found.entries == ()
    assert found.slices == ()
    assert not found.complete
    assert len(found.sample) >= 6
    assert len(case.measured) <= 60


def test_too_many_to_halve_are_given_up_within_the_limit():
    true = values(5000)
    claimed = true.copy()
    claimed[::50] *= 2
    found, case = located(claimed, true)
    assert not found.complete or set(found.entries) == set(range(0, 5000, 50))
    assert len(case.measured) <= 160


@pytest.mark.parametrize("slopes", [0, 10, 40])
def test_the_limit_is_kept(slopes):
    true = values(1000)
    claimed = spoiled(true, 3, 77, 500, 501, 900)
    found, case = located(claimed, true, slopes=slopes)
    assert set(found.entries) <= {3, 77, 500, 501, 900}
    assert len(case.measured) <= slopes + 30


def test_a_right_block_has_no_wrong_entry():
    true = values((30, 20))
    found, _ = located(true.copy(), true)
    assert found.entries == ()
    small, _ = located(values(9), values(9))
    assert small == Located((), (), complete=True, sample=small.sample)


@pytest.mark.parametrize("seed", range(200))
def test_no_right_entry_is_named_under_noise(seed):
    rng = np.random.default_rng(seed)
    shape = [(9,), (60,), (7, 9), (1, 80), (4, 5, 6), (30, 30)][seed % 6]
    true = values(shape, seed)
    count = int(rng.integers(1, 7))
    wrong = rng.choice(true.size, min(count, true.size), replace=False)
    claimed = true.copy().reshape(-1)
    claimed[wrong] += 10 ** rng.uniform(-7, 0, wrong.size) * rng.choice([-1, 1], wrong.size)
    noise = 10 ** rng.uniform(-9, -6)
    found, case = located(claimed.reshape(shape), true, noise=noise)
    assert set(found.entries) <= set(wrong.tolist()), seed
    assert len(case.measured) <= 300


@pytest.mark.parametrize("right", [[33], [0, 79], [3, 30, 50]])
def test_right_entries_in_a_wrong_row(right):
    true = values((60, 80))
    claimed = true.copy()
    claimed[17] += 0.3
    claimed[17, right] = true[17, right]
    found, _ = located(claimed, true)
    named = {divmod(i, 80) for i in found.entries}
    assert named <= {(17, j) for j in range(80) if j not in right}
    assert named or found.slices == ((0, 17),)


def test_entries_that_cancel_in_a_plain_sum():
    true = values(1000)
    claimed = true.copy()
    claimed[10] += 1
    claimed[11] -= 1
    found, _ = located(claimed, true)
    assert found.entries == (10, 11)


def test_errors_of_very_different_size():
    true = values(1000)
    claimed = true.copy()
    claimed[10] += 1000.0
    claimed[600] += 1e-3
    found, _ = located(claimed, true)
    assert set(found.entries) <= {10, 600}
    assert found.entries == (10, 600) or not found.complete


# Where there is nothing to find


@pytest.mark.parametrize("shape", [(12,), (4, 5), (30, 40), (10, 10, 10)], ids=str)
def test_a_few_entries_that_are_wrong_each_in_its_own_way_end_the_search(shape):
    true = values(shape)
    found, case = located(true + values(shape, 5), true, vain=5)
    ramps = sum(length > 1 for length in shape) * (true.size > 24)
    assert not found.entries
    assert not found.complete
    assert 3 <= len(found.sample) <= 5
    assert len(case.measured) <= 5 + ramps


@pytest.mark.parametrize("shape", [(12,), (4, 5), (30, 40)], ids=str)
def test_what_sits_in_a_few_entries_is_found_all_the_same(shape):
    true = values(shape)
    places = [tuple(n // 2 for n in shape), tuple(n - 1 for n in shape)]
    found, _ = located(spoiled(true, *places), true, vain=5)
    assert sorted(found.entries) == flat_indices(shape, *places)


def test_one_factor_in_all_of_a_few_entries_does_not_end_it():
    true = values((4, 5))
    claimed = true * 1.5
    claimed[3, 4] = true[3, 4]
    found, _ = located(claimed, true, vain=5)
    assert sorted(found.entries) == list(range(19))
