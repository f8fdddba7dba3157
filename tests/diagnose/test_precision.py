"""Low precision inside a high one; and numbers that happen to have few bits."""

import numpy as np
import pytest

from suspects import Suspect, honest, values

POINT, TRUE = values((12, 10), 1), values((12, 10)) * 1.2345678901234


def told(claimed, true=TRUE, point=POINT, **kwargs):
    case = Suspect(point, true, claimed, **kwargs)
    found = case.finding()
    honest(found, case)
    return found


def bfloat16(array):
    mantissa, exponent = np.frexp(array)
    return np.ldexp(np.rint(mantissa * 2**8) / 2**8, exponent)


@pytest.mark.parametrize(
    ("name", "rounded"),
    [
        ("float32", lambda a: a.astype(np.float32).astype(float)),
        ("float16", lambda a: a.astype(np.float16).astype(float)),
        ("bfloat16", bfloat16),
    ],
)
def test_a_rounded_gradient(name, rounded):
    found = told(rounded(TRUE))
    assert found.kind == "low-precision"
    assert f" {name} number" in found.message


@pytest.mark.parametrize("entry", [(0, 0), (11, 9)])
def test_a_rounded_gradient_with_a_wrong_entry(entry):
    claimed = TRUE.astype(np.float32).astype(float)
    claimed[entry] *= 2
    found = told(claimed, noise=0.0)
    assert found.kind != "low-precision"


def test_integers_are_not_rounded():
    true = np.array([3.0, 5, 7, 9, 11, 2, 4, 6])
    claimed = true.copy()
    claimed[4] += 1
    found = told(claimed, true, values(8, 1))
    assert found.kind == "entries"
    assert found.entries == ((4,),)


def test_larger_integers_are_not_rounded_either():
    rng = np.random.default_rng(5)
    true = rng.integers(1, 200, size=30).astype(float)
    claimed = true.copy()
    claimed[4] += 9
    found = told(claimed, true, values(30, 1))
    assert found.kind == "entries"
    assert found.entries == ((4,),)


def test_quarters_are_not_rounded():
    rng = np.random.default_rng(6)
    true = rng.integers(1, 4000, size=50) / 4
    claimed = true.copy()
    claimed[7] -= 0.25
    found = told(claimed, true, values(50, 1))
    assert found.kind == "entries"
    assert found.entries == ((7,),)


def test_powers_of_two_prove_nothing():
    true = 2.0 ** np.arange(-6, 6)
    claimed = true.copy()
    claimed[3] *= 2
    found = told(claimed, true, values(12, 1))
    assert found.entries == ((3,),)


def test_blocks_of_low_precision_are_not_asked():
    point = POINT.astype(np.float32)
    true = TRUE.astype(np.float32)
    claimed = true.copy()
    claimed[2, 2] *= np.float32(1.5)
    found = told(claimed, true, point)
    assert found.entries == ((2, 2),)
