"""What random directions can hide, against directions as they are really drawn."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gradproof.judge.chance import chance_below, largest_hidden, largest_within, smallest_proven
from gradproof.records.direction import Part
from gradproof.space import directions

COUNT, DRAWS = 32, 40_000


@pytest.fixture(scope="module")
def draws():
    """Many directions of one block, of unit variance."""
    out = np.empty(COUNT * DRAWS)
    recipe = directions.vector(Part(0, 1.0), (COUNT * DRAWS,), 2024, 0)
    recipe.displace(out, 1 / directions.RMS)
    return out.reshape(DRAWS, COUNT)


def geometric(ratio):
    return ratio ** np.arange(COUNT)


PATTERNS = {
    "one entry": np.eye(COUNT)[0],
    "two equal entries": np.eye(COUNT)[0] + np.eye(COUNT)[1],
    "two opposite entries": np.eye(COUNT)[0] - np.eye(COUNT)[1],
    "two entries, 1 % apart": np.eye(COUNT)[0] + 1.01 * np.eye(COUNT)[1],
    "two entries, one half as large": np.eye(COUNT)[0] + 0.5 * np.eye(COUNT)[1],
    "three equal entries": np.arange(COUNT) < 3,
    "four equal entries": np.arange(COUNT) < 4,
    "a row": np.arange(COUNT) < 8,
    "all alike": np.ones(COUNT),
    "halving": geometric(0.5),
    "slowly falling": geometric(0.9),
    "Gaussian": np.random.default_rng(0).normal(size=COUNT),
    "one large, many small": np.eye(COUNT)[0] + 0.1,
}


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
def test_no_pattern_hides_more_often_than_the_bound_says(draws, pattern):
    pattern = pattern / np.linalg.norm(pattern)
    shown = np.abs(draws @ pattern)
    for x in (0.001, 0.003, 0.01, 0.02, 0.03, 0.06, 0.1, 0.2, 0.4, 0.7, 1.0, 1.2):
        observed, bound = float(np.mean(shown <= x)), chance_below(x)
        # Magnitudes come in 85 steps, and the bound is that of a continuous spread.
        allowed = 0.12 * bound + 4 * (bound * (1 - bound) / DRAWS) ** 0.5
        assert observed <= bound + allowed, f"{observed} at {x}, not {bound}"


def test_the_bound_is_not_much_more_than_the_worst_pattern(draws):
    for x in (0.03, 0.06, 0.1, 0.2):
        worst = max(
            np.mean(np.abs(draws @ (p / np.linalg.norm(p))) <= x) for p in PATTERNS.values()
        )
        assert worst >= 0.6 * chance_below(x)


def test_the_bound_is_a_probability_that_grows():
    assert 0 < chance_below(0) < 0.01
    values = [chance_below(x) for x in np.geomspace(1e-6, 100, 200)]
    assert all(a <= b for a, b in pairwise(values))
    assert values[-1] == pytest.approx(1)


# What bars hide

positive = st.floats(1e-12, 1e6)
shows = st.lists(positive, min_size=1, max_size=8)


@given(shows, st.floats(0.01, 0.2))
def test_the_largest_error_within_bars_hides_with_just_the_chance_that_was_asked(shown, chance):
    error = largest_within(tuple(shown), chance)
    if math.isfinite(error) and error > 0:
        assert math.prod(chance_below(x / (error * 1.01)) for x in shown) <= chance
        if max(shown) / min(shown) < 1e3:
            assert math.prod(chance_below(x / (error * 0.98)) for x in shown) >= chance


@given(shows, st.floats(1e-3, 1e3))
def test_it_scales(shown, factor):
    error = largest_within(tuple(shown), 0.01)
    scaled = largest_within(tuple([x * factor for x in shown]), 0.01)
    assert scaled == pytest.approx(error * factor, rel=0.01)


@given(shows, positive)
def test_a_further_draw_never_hides_more(shown, another):
    assert largest_within((*shown, another), 0.01) <= largest_within(tuple(shown), 0.01) * 1.02


@given(shows, st.integers(0, 7), st.floats(1, 1e3))
def test_a_wider_bar_never_hides_less(shown, which, factor):
    wider = list(shown)
    wider[which % len(shown)] *= factor
    assert largest_within(tuple(wider), 0.01) >= largest_within(tuple(shown), 0.01) * 0.98


def test_sharp_draws_after_blunt_ones_count_in_full():
    """A loud disagreement of others, long ago, must not blunt what a block shows alone."""
    alone = largest_within((1e-10,) * 4, 0.01)
    assert largest_within((1e6, 1e5, *[1e-10] * 4), 0.01) <= alone * 1.01
    assert largest_within((math.inf, *[1e-10] * 4), 0.01) == pytest.approx(alone, rel=0.01)


def test_draws_that_say_nothing_hide_everything():
    assert largest_within((), 0.01) == math.inf
    assert largest_within((math.inf, math.inf), 0.01) == math.inf
    assert largest_within((0.0, 0.0), 0.01) == 0


def test_two_draws_resolve_a_tenth_of_what_one_does():
    one, two = largest_within((1.0,), 0.01), largest_within((1.0, 1.0), 0.01)
    assert one > 10 * two > 100


# What gaps may be

RUNS = 2000
LIMIT = 0.01 + 4 * (0.01 * 0.99 / RUNS) ** 0.5


def runs(draws, name, count):
    """What an error of size 1 shows, in many runs of a few draws."""
    pattern = PATTERNS[name] / np.linalg.norm(PATTERNS[name])
    chosen = np.random.default_rng(count).integers(DRAWS, size=(RUNS, count))
    return np.abs(draws @ pattern)[chosen]


@pytest.mark.parametrize("count", [1, 2, 4, 8])
@pytest.mark.parametrize("name", PATTERNS)
def test_no_pattern_is_larger_than_its_gaps_allow(draws, count, name):
    above = np.mean([largest_hidden(run.tolist(), 0.01) < 1 for run in runs(draws, name, count)])
    print(f"{name}, {count} draws: {100 * above:.2f} % of {RUNS}")
    assert above <= LIMIT


@pytest.mark.parametrize("bars", [(1, 3), (1, 100), (0, 1), (0, 0), (1e-12, 1, 1, 1)])
def test_it_holds_with_bars_of_any_widths(draws, bars):
    for name in ("one entry", "two equal entries", "a row", "Gaussian"):
        every = runs(draws, name, len(bars)).tolist()
        above = np.mean([largest_hidden(run, 0.01, bars) < 1 for run in every])
        assert above <= LIMIT, name


def test_the_product_rule_does_not_hold_for_gaps(draws):
    """The mistake that the limit avoids: among several gaps there are always small ones."""
    every = runs(draws, "Gaussian", 6).tolist()
    assert np.mean([largest_within(tuple(run), 0.01) < 1 for run in every]) > 0.1


@given(shows)
def test_gaps_that_are_all_alike_are_bars(shown):
    alike = [max(shown)] * len(shown)
    assert largest_hidden(alike, 0.01) == pytest.approx(
        largest_within(tuple(alike), 0.01), rel=0.02
    )
    assume(min(shown) > 1e-12 * max(shown))  # what is left beside that is round-off
    found = largest_hidden(shown, 0.01, shown)
    assert found == pytest.approx(largest_within(tuple(shown), 0.01), rel=0.02)


@given(shows, st.integers(0, 7), st.floats(1, 1e3))
def test_a_larger_gap_never_allows_less(shown, which, factor):
    larger = list(shown)
    larger[which % len(shown)] *= factor
    assert largest_hidden(larger, 0.01) >= largest_hidden(shown, 0.01)


def test_no_gaps_allow_everything_and_gaps_of_zero_nothing():
    assert largest_hidden([], 0.01) == math.inf
    assert largest_hidden([0.0, 0.0], 0.01, [0.0, 0.0]) == 0
    assert math.isfinite(largest_hidden([1e-3, 0.0], 0.01, [0.0, 0.0]))


# What is proven


@pytest.mark.parametrize("count", [1, 2, 3, 8])
@pytest.mark.parametrize("name", PATTERNS)
def test_no_pattern_shows_more_than_is_proven_of_it(draws, count, name):
    """An error of size 1 is called larger than 1 in at most 1 % of all runs."""
    pattern = PATTERNS[name] / np.linalg.norm(PATTERNS[name])
    shown = np.abs(draws @ pattern)
    runs = shown[: DRAWS // count * count].reshape(-1, count)[:4000]
    too_much = np.mean([smallest_proven(run.tolist()) > 1 for run in runs])
    assert too_much <= 0.01 + 4 * (0.01 * 0.99 / len(runs)) ** 0.5


@given(st.lists(st.floats(1, 5), min_size=1, max_size=8))
def test_what_is_proven_is_less_than_what_may_hide(shown):
    """Of draws that one error can show: seven of 1 beside one of 6 are too unlikely for any."""
    assert 0 < smallest_proven(shown) <= max(shown)
    assert smallest_proven(shown) <= largest_hidden(shown, 0.01) * 1.01


def test_nothing_is_proven_by_nothing():
    assert smallest_proven([]) == 0
    assert smallest_proven([0.0, 0.0]) == 0


def test_more_draws_prove_more_of_the_same_error():
    proven = [smallest_proven([1.0] * count) for count in (1, 2, 4, 8, 100)]
    assert proven == sorted(proven)
    assert proven[0] == pytest.approx(1 / 2.576, rel=0.05)
    assert 0.8 < proven[-1] < 1


@pytest.mark.parametrize("count", [2, 3, 6, 8, 10, 12, 16])
def test_many_draws_hide_no_pattern_more_often_than_one_in_a_hundred(draws, count):
    """Three equal entries stay within their bars in eight draws more often than many small ones."""
    reach = largest_within((1.0,) * count, 0.01)
    for name, pattern in PATTERNS.items():
        shown = np.abs(draws @ (pattern / np.linalg.norm(pattern)))
        rng = np.random.default_rng(count)
        most = np.max([rng.permutation(shown) for _ in range(count)], axis=0)
        hidden = float(np.mean(reach * most < 1))
        assert hidden <= 0.01 + 4 * (0.01 / DRAWS) ** 0.5, f"{name}: {hidden}"
