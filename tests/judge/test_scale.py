"""What the errors of a block are measured against."""

import math

import pytest

from gradproof.judge.bands import Bands
from gradproof.judge.evidence import NOTHING, Evidence
from gradproof.judge.scale import measured_against, size
from gradproof.records.block import Block

DOUBLE = Bands(1e-7, 1e-5)
EPS = 2.0**-52
BLOCK = Block(0, "w", (4,), "float64", 4, 2.0)


def seen(slopes, bars, bends=(), claims=None, gaps=None):
    claims = slopes if claims is None else claims
    gaps = [abs(c - s) for c, s in zip(claims, slopes, strict=True)] if gaps is None else gaps
    moved, bends = [1] * len(slopes), list(bends) or [0.0] * len(slopes)
    return Evidence(gaps, bars, list(claims), slopes, bars, moved, bends)


def scale(own=NOTHING, norm=1.0, value=1.0, eps=EPS, bands=DOUBLE):
    return measured_against(BLOCK, own, norm, value, eps, bands)


def test_where_there_is_a_gradient_it_is_the_scale():
    found = scale(seen([1.0, 1.2], [1e-9, 1e-9], [0.1, 0.2]))
    assert found.gradient == found.natural == 1.0
    assert found.limit == pytest.approx(1e-5)


def test_at_an_optimum_it_is_what_the_gradient_becomes():
    found = scale(seen([1e-10, 2e-10], [1e-13, 1e-13], [3.0, 4.0]), norm=1e-10)
    assert found.gradient == 1e-10
    assert found.natural == pytest.approx(math.sqrt(12.5))
    assert found.limit == pytest.approx(1e-7 * found.natural)
    assert found.rounding == pytest.approx(100 * EPS * found.natural)


def test_a_slope_that_is_told_leaves_the_value_out():
    assert scale(seen([1e-3, 1e-3], [1e-6, 1e-6]), norm=1e-3, value=1e6).natural == 1e-3


def test_a_claim_above_its_bars_leaves_the_value_out():
    flat = seen([0.0, 0.0], [1e-9, 1e-9], claims=[1e-3, 1e-3])
    assert scale(flat, norm=1e-3, value=1e6).natural == 1e-3


def test_a_block_that_is_ignored_is_measured_by_the_value():
    assert scale(seen([0.0, 0.0], [1e-15, 1e-15]), norm=0.0, value=6.0).natural == 3.0
    assert scale(norm=0.0, value=6.0).natural == 3.0


def test_what_is_zero_everywhere_has_the_scale_of_a_block_of_zeros():
    nothing = seen([0.0, 0.0], [1e-300, 1e-300])
    assert scale(nothing, norm=0.0, value=0.0).natural == 0.5
    claimed = seen([0.0, 0.0], [1e-300, 1e-300], claims=[1e-3, 1e-3])
    found = scale(claimed, norm=1e-3, value=0.0)
    assert found.natural == 1e-3
    assert found.limit < 1e-7


def test_what_stays_zero_may_be_a_remnant_of_round_off():
    flat = seen([0.0, 0.0], [1e-300, 1e-300], claims=[1e-17, 1e-17])
    found = scale(flat, norm=1e-17, value=0.0)
    assert found.rounding == pytest.approx(50 * EPS)
    assert found.limit < 1e-17
    assert scale(flat, norm=1e-17, value=1e-30).rounding < 1e-17


def test_what_is_coarser_than_double_precision_supports_to_one_rounding():
    half = Bands(1e-2, 1e-1)
    bent = seen([1e-3, 1e-3], [1e-6, 1e-6], [1.0, 1.0])
    assert scale(bent, norm=1e-9, eps=1e-3, bands=half).limit == pytest.approx(1e-3, rel=0.1)


def test_the_gradient_is_that_of_the_claim_or_of_the_slopes():
    assert size(NOTHING, 3.0, seen=False) == 3.0
    assert size(seen([2.0, 4.0], [1e-9] * 2, claims=[1.0, 2.0]), 1.0, seen=True) == pytest.approx(
        2.0
    )
    assert size(seen([2.0, -4.0], [1e-9] * 2, claims=[0.0, 0.0]), 0.0, seen=True) == pytest.approx(
        math.sqrt(10)
    )
