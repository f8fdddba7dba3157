"""The verdict on one block, from comparisons made up for the purpose."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradproof.judge.bands import Bands, bands
from gradproof.judge.credible import disagrees, known_enough, sharp_enough
from gradproof.judge.verdict import judge
from gradproof.records.block import Block
from gradproof.records.comparison import Comparison
from gradproof.records.direction import Direction, Part
from gradproof.records.slope import Slope, Smoothness
from gradproof.records.verdict import severity

DOUBLE = bands("float64", None, None)
BLOCK = Block(0, "params['w']", (50,), "float64", 50, 1.0)
OTHER = Block(1, "params['v']", (50,), "float64", 50, 1.0)
SMALL = Block(0, "params['b']", (4,), "float64", 4, 1.0)
EPS = float(np.finfo(float).eps)


def compared(claimed, slope, error=1e-12, *, draw=0, parts=None, bar=0.0, **kwargs):
    """One comparison; by default block 0 moves alone, by a step of 1."""
    kwargs.setdefault("smoothness", Smoothness.SMOOTH)
    direction = Direction(tuple(parts or (Part(0, 1.0),)), 0, draw)
    return Comparison(direction, claimed, bar, Slope(slope, error, 8, 0.0, **kwargs))


def kinked(claimed, left, right, *, error=1e-12, **kwargs):
    half = abs(right - left) / 2
    return compared(
        claimed, (left + right) / 2, half + error, smoothness=Smoothness.KINK,
        left=left, right=right, side_error=error, **kwargs,
    )  # fmt: skip


def judged(comparisons, block=BLOCK, norm=1.0, value=1.0, limits=DOUBLE, eps=EPS):
    return judge(block, comparisons, norm=norm, value=value, eps=eps, bands=limits, rms=1.0)


def draws(gap, n=4, error=1e-12, **kwargs):
    """Draws of a block whose true slope is about 1 and whose claim is off by about ``gap``."""
    truth = [1.1, -0.7, 0.9, -1.3, 0.6, 1.0, -1.2, 0.8][:n]
    off = [0.9, -1.2, -1.1, 0.8, 1.3, 0.7, -1.0, 1.2][:n]
    return [
        compared(t + gap * o, t, error, draw=k, **kwargs)
        for k, (t, o) in enumerate(zip(truth, off, strict=True))
    ]


# The four verdicts


@pytest.mark.parametrize(
    ("gap", "verdict"),
    [(0.0, "correct"), (1e-10, "correct"), (1e-6, "suspect"), (1e-3, "wrong"), (10.0, "wrong")],
)
def test_the_size_of_the_gap_decides(gap, verdict):
    judgement = judged(draws(gap))
    assert judgement.verdict == verdict
    assert judgement.low <= judgement.high
    assert judgement.error == pytest.approx(gap, rel=1, abs=1e-11)


def test_bars_that_are_too_wide_leave_it_undecided():
    judgement = judged(draws(0.0, error=1e-2))
    assert judgement.verdict == "undecided"
    assert "too wide" in judgement.reason
    assert judgement.resolution > 1e-5


def test_nothing_measured_is_undecided():
    judgement = judged([])
    assert judgement.verdict == "undecided"
    assert judgement.resolution == math.inf
    assert judgement.draws == 0
    assert "nothing was measured" in judgement.reason


def test_one_draw_resolves_less_than_two():
    one, two = judged(draws(0.0, n=1)), judged(draws(0.0, n=2))
    assert one.resolution > 5 * two.resolution


def test_a_bar_of_the_asked_share_is_sharp_with_two_draws():
    error = sharp_enough(1.0, DOUBLE)
    exact = [
        compared(c.slope.value, c.slope.value, error, draw=c.direction.draw) for c in draws(0.0, 2)
    ]
    assert judged(exact).sharp
    blunt = [compared(1.0, 1.0, 3 * error, draw=k) for k in range(2)]
    assert not judged(blunt).sharp


@pytest.mark.parametrize("limits", [DOUBLE, bands("float32", None, None), Bands(1e-3, 1e-2)])
def test_the_bands_are_the_judges(limits):
    between = (limits.correct_below * limits.wrong_above) ** 0.5
    assert judged(draws(between), limits=limits).verdict == "suspect"
    assert judged(draws(20 * limits.wrong_above), limits=limits).verdict == "wrong"
    assert judged(draws(limits.correct_below / 100), limits=limits).verdict == "correct"


# Where claim and truth are of one size the relative error saturates; below that it grows.
sizes = st.floats(-14, -1).map(lambda exponent: 10.0**exponent)


@given(sizes, sizes, st.integers(2, 8), st.floats(1e-14, 1e-4))
def test_a_larger_gap_never_gives_a_better_verdict(one, other, n, error):
    small, large = sorted((one, other))
    better, worse = judged(draws(small, n, error)), judged(draws(large, n, error))
    assert severity(worse.verdict) <= severity(better.verdict)
    assert worse.low >= better.low * 0.7


@given(sizes, st.integers(2, 8), st.floats(1e-14, 1e-4), st.floats(1, 1e4))
def test_wider_bars_never_accuse_more(gap, n, error, factor):
    sharp, blunt = judged(draws(gap, n, error)), judged(draws(gap, n, error * factor))
    assert blunt.low <= sharp.low * 1.5 + 1e-12
    assert blunt.resolution >= sharp.resolution * 0.7
    if sharp.verdict == "correct":
        assert blunt.verdict in ("correct", "undecided")


@given(st.floats(1e-100, 1e100), st.sampled_from([0.0, 1e-10, 1e-6, 1e-3]))
def test_units_do_not_matter(unit, gap):
    """The same function in other units: slopes, bars, norms and value all scale."""
    scaled = [
        compared(
            c.claimed * unit, c.slope.value * unit, c.slope.error * unit, draw=c.direction.draw
        )
        for c in draws(gap)
    ]
    one, other = judged(draws(gap)), judged(scaled, norm=unit, value=unit)
    assert one.verdict == other.verdict
    assert other.error == pytest.approx(one.error, rel=1e-6, abs=1e-15)
    assert other.resolution == pytest.approx(one.resolution, rel=1e-6)


@given(st.floats(1e-8, 1e8))
def test_the_step_of_a_direction_does_not_matter(step):
    moved = [
        compared(
            c.claimed * step, c.slope.value * step, c.slope.error * step,
            draw=c.direction.draw, parts=[Part(0, step)],
        )
        for c in draws(1e-3)
    ]  # fmt: skip
    assert judged(moved).error == pytest.approx(judged(draws(1e-3)).error)


# A constant factor is told exactly


@pytest.mark.parametrize("factor", [2.0, 0.5, -1.0, 1 + 1e-4])
def test_a_constant_factor_is_told_exactly(factor):
    slopes = [c.slope.value for c in draws(0.0)]
    judgement = judged(
        [compared(factor * s, s, draw=k) for k, s in enumerate(slopes)], norm=abs(factor)
    )
    assert judgement.verdict == "wrong"
    assert judgement.error == pytest.approx(abs(factor - 1), rel=1e-6)


# Blocks that move together


def together(gap):
    return [compared(1.0 + gap, 1.0, draw=k, parts=[Part(0, 1.0), Part(1, 1.0)]) for k in range(2)]


def test_moving_with_others_can_acquit():
    judgement = judged(together(0.0))
    assert judgement.verdict == "correct"
    assert judgement.draws == 0


@pytest.mark.parametrize("block", [BLOCK, OTHER])
def test_moving_with_others_cannot_accuse(block):
    judgement = judged(together(0.1), block)
    assert judgement.verdict == "undecided"
    assert judgement.low == 0


def test_a_block_cleared_alone_is_not_held_by_what_others_showed():
    judgement = judged([*together(0.1), *draws(0.0, n=2)])
    assert judgement.verdict == "correct"
    assert judgement.high < 1e-6


def test_comparisons_of_other_blocks_are_ignored():
    foreign = [compared(5.0, 1.0, parts=[Part(1, 1.0)], draw=9)]
    assert judged([*draws(0.0), *foreign]) == judged(draws(0.0))


# Zero


def test_a_zero_gradient_is_judged_at_the_scale_of_the_value():
    flat = [compared(0.0, 0.0, 1e-12, draw=k) for k in range(2)]
    judgement = judged(flat, norm=0.0, value=1.0)
    assert judgement.zero
    assert judgement.verdict == "correct"


def test_a_claim_where_there_is_no_slope_is_wrong():
    claimed = [compared(c.claimed, 0.0, 1e-12, draw=k) for k, c in enumerate(draws(0.0))]
    judgement = judged(claimed, norm=1.0)
    assert judgement.verdict == "wrong"
    assert judgement.zero


def test_no_claim_where_there_is_a_slope_is_wrong():
    silent = [compared(0.0, c.slope.value, 1e-12, draw=k) for k, c in enumerate(draws(0.0))]
    judgement = judged(silent, norm=0.0)
    assert judgement.verdict == "wrong"
    assert judgement.error == pytest.approx(1.0, rel=0.1)


# The claim's own round-off


def test_a_claim_that_is_not_known_better_is_not_accused():
    noisy = draws(1e-3, bar=1e-3)
    assert judged(noisy).verdict == "undecided"
    assert "round-off of the claim" in judged(noisy).reason
    assert judged(draws(1e-3, bar=1e-9)).verdict == "wrong"


# Entry by entry


def swept(claims, slopes, error=1e-13):
    return [
        compared(c, s, error, draw=k, parts=[Part(0, 1.0, k)])
        for k, (c, s) in enumerate(zip(claims, slopes, strict=True))
    ]


def test_a_sweep_is_exact():
    slopes, claims = np.array([3.0, 4.0, 0.0, 1.0]), np.array([3.0, 4.0, 0.5, 1.0])
    judgement = judged(swept(claims, slopes), SMALL, norm=float(np.linalg.norm(claims)))
    assert judgement.verdict == "wrong"
    assert judgement.error == pytest.approx(0.5 / np.linalg.norm(slopes), rel=1e-6)


def test_a_sweep_sees_a_small_wrong_entry_beside_large_ones():
    slopes = np.array([1e6, 1.0, 2.0, -1.0])
    claims = slopes * [1, 1.01, 1, 1]
    judgement = judged(swept(claims, slopes), SMALL, norm=float(np.linalg.norm(claims)))
    assert judgement.verdict == "wrong"
    right = judged(swept(slopes, slopes), SMALL, norm=float(np.linalg.norm(slopes)))
    assert right.verdict == "correct"


def test_chance_does_not_reject_a_sweep_of_many_right_entries():
    """Bars of ten standard errors with four degrees of freedom, and gaps drawn from that."""
    block = Block(0, "w", (400,), "float64", 400, 1.0)
    drawn = np.random.default_rng(3).standard_t(4, size=(100, 400))
    ones = np.ones(400)
    rejected = [
        judged(swept(ones, ones + 1e-4 * row, 1e-3), block, norm=20.0).verdict.rejects
        for row in drawn
    ]
    assert (np.abs(drawn) > 10).any(axis=1).mean() > 0.1  # beyond a bar, somewhere
    assert np.mean(rejected) < 0.01


def test_an_unfinished_sweep_proves_nothing():
    slopes = [3.0, 4.0, 0.0, 1.0]
    assert judged(swept(slopes, slopes)[:3], SMALL, norm=5.1).verdict == "undecided"


# Kinks


@pytest.mark.parametrize("claimed", [0.0, 0.3, 1.0])
def test_a_subgradient_is_no_error(claimed):
    lone = Block(0, "params", (1,), "float64", 1, 1.0)
    comparison = kinked(claimed, 0.0, 1.0, parts=[Part(0, 1.0, 0)])
    assert comparison.gap == 0
    judgement = judged([comparison], lone, norm=abs(claimed))
    assert judgement.verdict == "correct"


@pytest.mark.parametrize(("claimed", "gap"), [(1.5, 0.5), (-0.5, -0.5), (1.0, 0.0)])
def test_the_gap_at_a_kink_is_to_the_nearer_side(claimed, gap):
    assert kinked(claimed, 0.0, 1.0).gap == pytest.approx(gap)
    assert kinked(claimed, 1.0, 0.0).gap == pytest.approx(gap)


# What is not finite


@pytest.mark.parametrize("norm", [math.inf, math.nan])
def test_no_slope_judges_a_claim_that_is_not_finite(norm):
    assert judged([compared(math.nan, 1.0)], norm=norm).verdict == "undecided"
    assert judged([], norm=norm).verdict == "undecided"


@pytest.mark.parametrize(
    ("smoothness", "word"),
    [
        (Smoothness.NOT_FINITE, "not finite"),
        (Smoothness.JUMP, "jumps"),
        (Smoothness.UNKNOWN, "no slope"),
    ],
)
def test_the_reason_tells_what_was_seen(smoothness, word):
    judgement = judged([compared(1.0, math.nan, math.inf, smoothness=smoothness)])
    assert judgement.verdict == "undecided"
    assert word in judgement.reason


# Two small questions


def test_disagreement_is_beyond_the_bars_and_the_band():
    assert not disagrees(compared(1.0, 1.0 + 1e-8), DOUBLE)
    assert disagrees(compared(1.0, 1.0 + 1e-6), DOUBLE)
    assert not disagrees(compared(1.0, 1.0 + 1e-6, error=1e-5), DOUBLE)
    assert not disagrees(compared(1.0, 1.0 + 1e-6, bar=1e-6), DOUBLE)
    assert not disagrees(compared(1.0, math.nan, math.inf), DOUBLE)


def test_a_plain_disagreement_needs_no_sharper_slope():
    assert known_enough(2.0, 1.0, 1e-3, 1e-9)
    assert not known_enough(1.0 + 1e-6, 1.0, 1e-6, 1e-9)
    assert known_enough(0.0, 1e-12, 1e-11, 1e-9)
    assert not known_enough(0.0, 1e-12, 1e-8, 1e-9)


def test_a_flat_function_is_flat_whatever_the_draws():
    """Two draws nearly across the claim do not make its norm the size of the truth."""
    slight = [compared(1e-17 * k, 0.0, 1e-300, draw=k) for k in (1, 2)]
    judgement = judged(slight, norm=1e-15)
    assert judgement.zero
    assert judgement.verdict == "correct"
    # With a claim that matters beside the value it is wrong all the same.
    plain = [compared(0.1 * k, 0.0, 1e-300, draw=k) for k in (1, 2)]
    assert judged(plain, norm=10.0).verdict == "wrong"


# The resolution


@given(sizes, st.integers(2, 8), st.floats(1e-14, 1e-4))
def test_what_passes_is_never_further_off_than_its_resolution(gap, n, error):
    judgement = judged(draws(gap, n, error))
    if not judgement.verdict.rejects:
        assert judgement.error <= judgement.resolution == judgement.high


def test_a_gap_beyond_its_bar_widens_the_resolution():
    quiet, loud = judged(draws(0.0, 2)), judged(draws(1e-9, 2))
    assert quiet.verdict == loud.verdict == "correct"
    assert loud.resolution > 100 * quiet.resolution


def test_errors_of_other_blocks_do_not_blunt_what_a_block_shows_alone():
    parts = [Part(0, 1.0), Part(1, 1.0)]
    together = [compared(2.0, 1.0, draw=k, parts=parts) for k in (8, 9)]
    assert judged(together).resolution > 1
    assert judged([*together, *draws(0.0, 2)]).resolution == judged(draws(0.0, 2)).resolution


def test_blocks_that_agree_together_are_resolved_better_by_further_draws():
    parts = [Part(0, 1.0), Part(1, 1.0)]
    together = [compared(1.0, 1.0, draw=k, parts=parts) for k in (8, 9)]
    assert judged([*together, *draws(0.0, 2)]).resolution < judged(draws(0.0, 2)).resolution


def test_a_lone_parameter_is_known_to_its_gap_and_bar():
    lone = Block(0, "params['c']", (), "float64", 1, 1.0)
    moved = compared(1 + 1e-9, 1.0, 1e-12, parts=[Part(0, 1.0, 0)])
    assert judged([moved], lone).resolution == pytest.approx(1e-9 + 1e-12, rel=1e-6)


def test_one_draw_that_shows_an_error_is_not_sharp_but_one_that_shows_round_off_is():
    def one(off):
        return judged([compared(1 + off, 1.0, 1e-15)]).sharp

    assert not one(1e-12)
    assert one(2 * EPS)


def test_a_gradient_of_zero_is_off_by_its_gap_and_not_by_a_share_of_it():
    nothing = [compared(0.0, 1e-9 * (1 + k), 1e-7, draw=k) for k in range(2)]
    same = [compared(0.0, 1e-9, 1e-7, draw=k) for k in range(2)]
    assert judged(nothing, norm=0.0).zero
    assert judged(same, norm=0.0).error == pytest.approx(1e-9)
