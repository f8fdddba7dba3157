"""Only some entries: which, what they share, and what must not be said of the others."""

import numpy as np
import pytest

from gradproof.diagnose.entries import sampled
from suspects import Suspect, honest, values


def told(true, claimed, point=None, **kwargs):
    case = Suspect(values(true.shape, 1) if point is None else point, true, claimed, **kwargs)
    found = case.finding()
    honest(found, case)
    return found


def test_one_entry_and_its_ratio():
    true = values((30, 20))
    claimed = true.copy()
    claimed[3, 4] *= 1.5
    found = told(true, claimed)
    assert found.kind == "entries"
    assert found.entries == ((3, 4),)
    assert found.factor == pytest.approx(1.5)
    assert "params['W'][3, 4]: the claim is 1.5× what it should be" in found.message


def test_scattered_entries_are_listed():
    true = values(500)
    claimed = true.copy()
    wrong = [0, 4, 9, 77, 80, 300, 499]
    claimed[wrong] += 0.3
    found = told(true, claimed)
    assert found.entries == tuple((i,) for i in wrong)
    assert "7 of 500 entries of params['W']: [0], [4], [9], [77], …" in found.message


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (np.eye(12, dtype=bool), "the diagonal"),
        (np.arange(144).reshape(12, 12) % 12 == 5, "[:, 5]"),
        (np.arange(144).reshape(12, 12) // 12 == 7, "[7, :]"),
    ],
)
def test_entries_are_told_by_what_they_share(mask, words):
    true = values((12, 12))
    claimed = np.where(mask, true + 0.25 * np.abs(true), true)
    found = told(true, claimed, slopes=400)
    assert words in found.message
    assert set(found.entries) == {tuple(map(int, i)) for i in np.argwhere(mask)}


def test_repeated_indices():
    true = values((10, 6))
    claimed = true.copy()
    claimed[[2, 5]] -= values((2, 6), 8)
    index = np.array([2, 5, 1, 2, 9, 5, 0])
    found = told(true, claimed, arguments={"args[0]": index})
    assert found.kind == "missing-accumulation"
    assert "args[0]" in found.message
    other = told(true, claimed, arguments={"args[0]": np.array([2, 5, 1, 2, 9, 3, 0])})
    assert other.kind != "missing-accumulation"


@pytest.mark.parametrize(
    ("spoil", "right"),
    [
        (lambda row: row * 0, [33]),
        (lambda row: row + 0.3, [33]),
        (lambda row: row * 2, [3, 30, 50]),
    ],
)
def test_right_entries_of_a_wrong_row_are_not_named(spoil, right):
    true = values((60, 80))
    claimed = true.copy()
    claimed[17] = spoil(true[17])
    if not claimed[17].any():
        true[17, right] = 0
    claimed[17, right] = true[17, right]
    found = told(true, claimed)
    assert "[17, :]: the claim is 2×" not in found.message


def test_everything_else_is_not_called_right_where_it_is_not():
    true = values(20)
    claimed = true * (1 + 0.1 * np.cos(np.arange(20) * 7.3))
    claimed[4] = true[4] * (1 + 1e-7)
    claimed[9] = true[9] * (1 - 1e-7)
    found = told(true, claimed, noise=1e-6)
    assert "verything else in the block is right" not in found.message


def test_nothing_simple_shows_a_sample():
    true = values((30, 20))
    case = Suspect(values((30, 20), 1), true, true * (1 + 0.1 * np.cos(true)))
    found = case.finding()
    assert found.kind == "unexplained"
    assert found.explained == 0
    assert "8 of 8 sampled entries are wrong" in found.message
    assert all(word in found.message for word in ("claimed", "numerical", "±", "ratio"))


def test_a_sample_of_complex_entries_has_indices_of_entries():
    true = values(60) + 1j * values(60, 2)
    point = values(60, 3) + 1j * values(60, 4)
    wobble = 1 + 0.1 * np.cos(np.arange(60.0)) + 0.1j * np.sin(np.arange(60.0))
    case = Suspect(point, true, true * wobble)
    text = sampled(case.evidence)
    shown = [int(piece.split("]")[0]) for piece in text.split("[")[1:]]
    assert shown
    assert all(0 <= i < 60 for i in shown)


@pytest.mark.parametrize("seed", range(40))
def test_nothing_right_is_named_under_noise(seed):
    rng = np.random.default_rng(seed)
    shape = [(3,), (1, 7), (30,), (9, 6), (4, 3, 5), (20, 15)][seed % 6]
    true = values(shape, seed)
    claimed = true.copy().reshape(-1)
    chosen = rng.choice(true.size, size=min(true.size, 1 + seed % 5), replace=False)
    claimed[chosen] *= 1 + 10 ** rng.uniform(-6, 0, size=chosen.size)
    case = Suspect(values(shape, seed + 1), true, claimed.reshape(shape))
    case.noise = 10 ** rng.uniform(-9, -6)
    honest(case.finding(), case)
