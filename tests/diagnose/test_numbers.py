"""What a factor might be, and how it is written."""

import math

import numpy as np
import pytest

from gradproof.diagnose.numbers import measured, name_factor, times
from suspects import Suspect, values

POINT = values((5, 3), 1)
ARGUMENTS = {"args[0]": np.ones((37, 11)), "args[1]": np.arange(37)}


def guess(factor, bar=1e-12, **arguments):
    case = Suspect(POINT, POINT, POINT, arguments=arguments or ARGUMENTS)
    return name_factor(factor, bar, case.evidence)


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (37.0, "37, the length of axis 0 of args[0]"),
        (-37.0, "37, the length of axis 0 of args[0]"),
        (1 / 37, "1 over 37, the length of axis 0 of args[0]"),
        (math.sqrt(11), "the root of 11, the length of axis 1 of args[0]"),
        (1 / math.sqrt(11), "1 over the root of 11"),
        (407.0, "407, the size of args[0]"),
        (5.0, "5, the length of axis 0 of params['W']"),
    ],
)
def test_dimensions_are_recognised(factor, words):
    assert words in guess(factor)


@pytest.mark.parametrize("factor", [1.0, 2.0, 0.5, -1.0, 1.234, 36.9, 38.0, 1e9])
def test_plain_numbers_and_strangers_get_no_name(factor):
    assert guess(factor) == ""


def test_a_coarse_factor_is_not_a_fine_number():
    assert guess(37.01, bar=1e-6) == ""
    assert "37" in guess(37.01, bar=0.01)


def test_axes_of_length_one_and_empty_arguments_mean_nothing():
    assert guess(3.7, args0=np.ones((1, 1)), args1=np.ones((0, 4)), args2=np.float64(3.7)) == ""


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (2.0, "2× too large"),
        (0.5, "2× too small"),
        (-3.0, "-3× what it should be"),
        (1 / 3, "3× too small"),
        (1.5, "1.5× too large"),
    ],
)
def test_the_size_of_a_factor_in_words(factor, words):
    assert times(factor).replace("−", "-") == words


@pytest.mark.parametrize(
    ("factor", "bar", "text"),
    [
        (2.0, 3e-10, "2.000000000 ± 3e-10"),
        (2.0, 0.0, "2"),
        (2.0, math.inf, "2"),
        (2.0, math.nan, "2"),
        (1234.5, 30.0, "1234 ± 3e+01"),
    ],
)
def test_a_number_to_its_bar(factor, bar, text):
    assert measured(factor, bar) == text
