"""When an explanation counts, and when it does not."""

import math

import numpy as np
import pytest

from gradproof.judge.explain import accounts, digit, explained, is_discrepant, pattern, same_number
from gradproof.records.comparison import Comparison
from gradproof.records.direction import Direction, Part
from gradproof.records.slope import Slope, Smoothness

DIRECTION = Direction((Part(0, 1.0),), 0, 0)


def compared(gap, error=1e-12, slope=1.0, bar=0.0, **kwargs):
    measured = Slope(slope, error, 9, 0.0, Smoothness.SMOOTH, **kwargs)
    return Comparison(DIRECTION, slope + gap, bar, measured)


def share(residuals, gaps=(1.0, -2.0, 1.5), bars=1e-9, slopes=1.0):
    gaps = np.asarray(gaps)
    return explained(
        np.asarray(residuals) * np.ones_like(gaps), np.full_like(gaps, bars), gaps,
        np.full_like(gaps, slopes),
    )  # fmt: skip


# Whether a corrected gradient explains the gaps


def test_nothing_left_explains_everything():
    assert share(0.0) == pytest.approx(1.0)
    assert share(1e-10) > 0.999


@pytest.mark.parametrize("left", [0.5, 0.1, 0.01, 0.001, 1e-5])
def test_what_is_left_has_to_be_within_the_bars(left):
    assert share([left, 0, 0]) == 0


def test_wide_bars_leave_more():
    assert share([0.01, 0, 0], bars=0.005) > 0.99


def test_gaps_within_their_bars_prove_nothing():
    assert share(0.0, bars=10.0) == 0
    assert share(0.0, gaps=(1.0, 1e-12, -1e-12)) == 0, "one slope alone is no proof"
    assert share(0.0, gaps=(0.0, 0.0, 0.0)) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_explains_nothing(bad):
    with np.errstate(invalid="ignore"):
        assert share([bad, 0, 0]) == 0
        assert not share(0.0, gaps=(np.nan, np.nan, 1.0)) > 0


# Whether entries are wrong


@pytest.mark.parametrize(
    ("comparison", "discrepant"),
    [
        (compared(1e-6), True),
        (compared(1e-6, error=1e-6), False),
        (compared(1e-6, error=1e-9), True),
        (compared(1e-6, bar=1e-6), False),
        (compared(0.0), False),
        (compared(0.0, error=0.0), False),
        (compared(1.0, error=math.inf), False),
        (compared(1.0, slope=math.nan), False),
    ],
)
def test_wrong_is_what_no_bar_explains(comparison, discrepant):
    assert is_discrepant(comparison) == discrepant


def test_a_claim_between_one_sided_slopes_is_not_wrong():
    slope = Slope(
        0.5, 0.6, 9, 0.0, Smoothness.KINK, left=0.0, right=1.0, side_error=1e-9
    )  # fmt: skip
    assert not is_discrepant(Comparison(DIRECTION, 0.7, 0.0, slope))
    assert is_discrepant(Comparison(DIRECTION, 1.7, 0.0, slope))


# Whether one entry is all there is


def test_one_entry_accounts_for_the_draws():
    entry, draws = compared(2.0), [compared(3.0), compared(-1.0)]
    assert accounts(entry, draws, [1.5, -0.5])
    assert not accounts(entry, draws, [1.5, 0.5])
    assert not accounts(entry, [compared(3.001), draws[1]], [1.5, -0.5])
    assert accounts(entry, [compared(3.001, error=1e-3), draws[1]], [1.5, -0.5])


# Indices from ramps


def ramped(errors, axis_length, draw=None):
    """The gaps without and with a ramp, of errors at some indices."""
    draw = np.ones(axis_length) if draw is None else draw
    ramp = 0.5 + (np.arange(axis_length) + 0.5) / axis_length
    vector = np.zeros(axis_length)
    for index, size in errors.items():
        vector[index] = size
    return float(vector @ draw), float(vector @ (draw * ramp))


@pytest.mark.parametrize("length", [2, 3, 1000, 10**6])
@pytest.mark.parametrize("where", [0.0, 0.3, 1.0])
def test_one_index_is_read_exactly(length, where):
    index = round(where * (length - 1))
    plain, ramp = ramped({index: -1e-3}, length)
    found = digit(compared(plain, error=1e-15), compared(ramp, error=1e-15), length)
    assert found == index
    assert type(found) is int


def test_several_indices_are_refused():
    rng = np.random.default_rng(0)
    right = 0
    for _ in range(300):
        draw = rng.choice([-1, 1], 1000) * rng.uniform(0.5, 1.5, 1000)
        wrong = {int(i): rng.normal() for i in rng.choice(1000, 3, replace=False)}
        gaps = ramped(wrong, 1000, draw)
        right += digit(*(compared(g) for g in gaps), 1000) is None
    assert right > 290


def test_a_coarse_ratio_is_no_index():
    plain, ramp = ramped({300: 1e-3}, 1000)
    assert digit(compared(plain, error=1e-6), compared(ramp, error=1e-6), 1000) is None
    assert digit(compared(plain, error=1e-9), compared(ramp, error=1e-9), 1000) == 300


@pytest.mark.parametrize(
    ("plain", "ramp"),
    [
        (compared(0.0), compared(0.0)),
        (compared(1.0), compared(1.0, error=math.inf, slope=math.nan)),
        (compared(1.0, slope=math.nan, error=math.inf), compared(1.0)),
        (compared(1.0), compared(7.0)),
        (compared(1.0), compared(-7.0)),
    ],
)
def test_no_gap_no_slope_and_no_such_index(plain, ramp):
    with np.errstate(invalid="ignore"):
        assert digit(plain, ramp, 10) is None


# Numbers that are the same


def test_same_number():
    assert same_number(2.0, 2.0, 0.0)
    assert same_number(2.0 + 1e-7, 2.0, 0.0)
    assert not same_number(2.001, 2.0, 0.0)
    assert same_number(2.001, 2.0, 1e-3)
    assert not same_number(math.nan, 2.0, 1.0)


def test_pattern():
    assert pattern([1.5, 1.5, 1.5 + 1e-9]) == pytest.approx(1.5)
    assert pattern([2.0]) == 2.0
    assert pattern([]) is None
    assert pattern([1.5, 1.6]) is None
    assert pattern([1.0, math.inf]) is None
    assert pattern([math.nan]) is None
