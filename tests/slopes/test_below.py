from __future__ import annotations

import math

import numpy as np
import pytest

import gradproof as gp
from gradproof.records.slope import Smoothness
from gradproof.slopes import search as module
from gradproof.slopes.below import NEAREST, deeper, is_staircase, is_straight, may_hide
from gradproof.slopes.measure import measure
from gradproof.slopes.sampler import Sampler
from gradproof.slopes.search import never
from gradproof.slopes.window import SYMMETRIC


def look(phi, half_width=1e-7):
    sampler = Sampler(phi)
    return sampler, deeper(sampler, SYMMETRIC, sampler.window(SYMMETRIC, half_width))


# The pilot below ---------------------------------------------------------------------------


@pytest.mark.parametrize("length", [1e-8, 1e-9, 1e-11, 1e-12])
def test_waves_shorter_than_the_window_are_no_noise(length):
    _, found = look(lambda t: math.sin(t / length + 1))
    assert abs(found.slope - math.cos(1) / length) <= found.bar()


@pytest.mark.parametrize("size", [1e-9, 1e-3, 1.0])
def test_noise_is_noise_and_costs_one_value(size):
    dear = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        sampler, found = look(lambda t, r=rng: t + size * r.normal())
        assert found is None
        dear += sampler.evaluations > 10
    assert dear < 30  # a first increment may be small by chance


def test_a_straight_window_is_not_looked_below():
    assert not may_hide(Sampler(lambda t: math.sin(1 + t)).window(SYMMETRIC, 1e-7))
    assert may_hide(Sampler(lambda t: math.sin(1 + 1e8 * t)).window(SYMMETRIC, 1e-7))


def test_noise_around_what_is_expected_is_not_looked_below():
    """The same ripples: noise around the slope that is claimed, a slope of their own otherwise."""
    ripples, taken = lambda t: math.sin(1 + t) + 1e-9 * math.sin(1e9 * t), math.cos(1)
    noise = measure(Sampler(ripples), never, expected=lambda v, e: abs(v - taken) <= e < 1e-3)
    shape = measure(Sampler(ripples), never, expected=lambda v, e: abs(v + taken) <= e < 1e-3)
    assert abs(noise.value - taken) <= noise.error < 1e-3
    assert abs(shape.value - taken - 1) <= shape.error < 1e-3


def test_a_window_that_leaves_the_domain_is_no_edge():
    _, found = look(lambda t: math.log(1e-9 + t) if t > -1e-9 else math.nan)
    assert abs(found.slope - 1e9) <= found.bar()
    _, none = look(lambda t: math.sqrt(t) if t >= 0 else math.nan)  # at the edge itself
    assert none is None


def test_a_function_that_does_not_move_next_to_the_point_says_nothing():
    _, found = look(lambda t: float(np.float32(1 + t)), half_width=1e-3)
    assert found is None


# Treads ------------------------------------------------------------------------------------


def leaving(phi, straight, broken):
    sampler = Sampler(phi)
    narrow, wide = (sampler.window(SYMMETRIC, h) for h in (straight, broken))
    return is_staircase(SYMMETRIC, narrow, wide, 1e-2)


def test_what_breaks_in_steps_is_rounding():
    rounded = lambda t: round(1.2345678 + t, 6) + 0.3 * t
    assert leaving(rounded, 1e-7, 2e-6)


@pytest.mark.parametrize(
    "phi",
    [
        lambda t: abs(t - 1e-6),
        lambda t: max(t - 1e-6, 0.0) + 0.3 * t,
        lambda t: 1e-3 * math.sin(t / 1e-6 + 1),
        lambda t: 1e-3 * math.tanh(t / 1e-6 + 0.3),
    ],
    ids=["kink", "hinge", "wave", "soft step"],
)
def test_and_what_bends_or_kinks_is_not(phi):
    assert not leaving(phi, 1e-8, 2e-6)


def test_low_precision_beside_a_smooth_term_is_not_taken_for_detail():
    found = gp.slope(lambda t: float(np.float32(math.sin(1 + t))) + 0.1 * (1 + t) ** 2)
    assert abs(found.value - math.cos(1) - 0.2) <= found.error


def test_and_would_be_if_treads_were_believed(monkeypatch):
    monkeypatch.setattr(module, "is_staircase", lambda *_: False)
    found = gp.slope(lambda t: float(np.float32(math.sin(1 + t))) + 0.1 * (1 + t) ** 2)
    assert abs(found.value - math.cos(1) - 0.2) > found.error


# All of it ---------------------------------------------------------------------------------


def test_detail_below_is_found_and_would_be_averaged_over(monkeypatch):
    phi = lambda t: math.sin(1e9 * t + 1)
    found = gp.slope(phi)
    assert abs(found.value - 1e9 * math.cos(1)) <= found.error < 10
    monkeypatch.setattr(module, "deeper", lambda *_: None)
    averaged = gp.slope(phi)
    assert abs(averaged.value) < 1e3


@pytest.mark.parametrize("frequency", [3e13, 1e15])
def test_where_nothing_can_be_told_the_bar_covers_it(frequency):
    found = gp.slope(lambda t: math.sin(frequency * t + 1))
    assert found.smoothness is Smoothness.UNKNOWN
    assert abs(found.value - frequency * math.cos(1)) <= found.error


@pytest.mark.parametrize("at", [88.0, 88.3, 200.4, 5000.2, 3e7 + 0.2, 1e9 + 0.3])
def test_whole_numbers_have_no_slope_of_one(at):
    found = gp.slope(lambda t: float(round(at + t)), scale=at)
    assert found.smoothness is Smoothness.UNKNOWN
    assert found.error == math.inf
    assert gp.slope(lambda t: float(round(88.3 + t))).value == 0.0  # a tread, plainly


def test_a_rough_window_does_not_end_a_search():
    """A claim of the right slope is far from what a wide window averages to."""
    sampler = Sampler(lambda t: math.sin(1e9 * t + 1))
    wide = sampler.window(SYMMETRIC, 1e-3)
    assert not is_straight(wide)
    assert is_straight(Sampler(math.sin).window(SYMMETRIC, 1e-3))


def test_the_nearest_steps_go_outwards():
    assert list(NEAREST) == sorted(NEAREST)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("cycles", [3e4, 3e5])
def test_waves_just_above_the_round_off_are_not_averaged(seed, cycles):
    rng = np.random.default_rng(seed)
    heights, phases = 1e-12 * rng.normal(size=30), rng.uniform(0, 2 * np.pi, 30)
    lengths = cycles * rng.normal(size=30)

    def phi(t):
        return 59.0 + float(heights @ np.sin(lengths * t + phases))

    true = float((heights * lengths) @ np.cos(phases))
    found = gp.slope(phi)
    assert abs(found.value - true) <= found.error or found.smoothness is Smoothness.UNKNOWN
