"""The thresholds, and what the user may put in their place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradproof.errors import UsageError
from gradproof.judge.bands import Bands, bands, round_off
from gradproof.judge.thresholds import BANDS


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        ("float64", 1e-7, 1e-5),
        ("complex128", 1e-7, 1e-5),
        ("longdouble", 1e-7, 1e-5),
        ("float128", 1e-7, 1e-5),
        ("float32", 1e-5, 1e-3),
        ("complex64", 1e-5, 1e-3),
        ("float16", 1e-2, 1e-1),
    ],
)
def test_the_bands_of_a_precision(dtype, low, high):
    assert bands(dtype, None, None) == Bands(low, high)


def test_a_coarser_precision_has_wider_bands():
    low, high = zip(*BANDS.values(), strict=True)
    assert list(low) == sorted(low)
    assert list(high) == sorted(high)


def test_the_users_own_bands():
    assert bands("float64", 1e-6, 1e-4) == Bands(1e-6, 1e-4)
    assert bands("float64", 1e-8, None) == Bands(1e-8, 1e-5)


def test_one_band_of_the_users_takes_the_other_along():
    assert bands("float64", 1e-3, None) == Bands(1e-3, 1e-3)
    assert bands("float64", None, 1e-9) == Bands(1e-9, 1e-9)


@pytest.mark.parametrize(
    ("low", "high"),
    [(1e-3, 1e-5), (0, 1), (-1, 1), (None, 0), (None, -1), (float("nan"), 1), (1, float("nan"))],
)
def test_bands_that_make_no_sense(low, high):
    with pytest.raises(UsageError, match=r"correct_below|wrong_above"):
        bands("float64", low, high)


@given(st.sampled_from(sorted(BANDS)), st.floats(1e-12, 1e3) | st.none(), st.none())
def test_bands_are_in_order(dtype, low, high):
    found = bands(dtype, low, high)
    assert 0 < found.correct_below <= found.wrong_above


# The same value in two precisions

SINGLE, HALF = (float(np.finfo(dtype).eps) for dtype in (np.float32, np.float16))


@given(st.floats(1e-30, 1e30), st.sampled_from([np.float32, np.float16]))
def test_rounding_alone_is_no_noise(value, dtype):
    with np.errstate(over="ignore"):
        rounded = float(dtype(value))
    if np.isfinite(rounded) and rounded > 1e3 * np.finfo(dtype).tiny:
        assert round_off(rounded, value, float(np.finfo(dtype).eps)) == 0


def test_round_off_that_has_grown_inside_the_function_is_its_noise():
    assert round_off(1.0, 1.01, SINGLE) == pytest.approx(0.01)
    assert round_off(3e-8, 1.6e-8, SINGLE) == pytest.approx(1.4e-8)


@pytest.mark.parametrize(
    ("one", "other"), [(1.0, 1.2), (1.0, -1.0), (1.0, 0.0), (np.nan, np.nan), (np.inf, np.inf)]
)
def test_two_different_things(one, other):
    assert round_off(one, other, SINGLE) == np.inf


def test_even_in_float16_a_fifth_is_not_round_off():
    assert round_off(10.0, 12.0, HALF) > 0


@given(st.floats(-1e10, 1e10), st.floats(-1e10, 1e10))
def test_it_does_not_matter_which_is_which(one, other):
    assert round_off(one, other, SINGLE) == round_off(other, one, SINGLE)


def test_zero_is_zero():
    assert round_off(0.0, 0.0, SINGLE) == 0
