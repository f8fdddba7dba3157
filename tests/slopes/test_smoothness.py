from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradproof as gp
from gradproof.records.slope import Smoothness
from gradproof.slopes import smoothness as module

# The same examples in every run, however slow the machine.
steady = settings(derandomize=True, deadline=None)


@pytest.mark.parametrize(
    ("phi", "left", "right"),
    [
        (abs, -1, 1),
        (lambda t: max(t, 0.0), 0, 1),
        (lambda t: max(-t, 0.0), -1, 0),
        (lambda t: t if t > 0 else 0.1 * t, 0.1, 1),
        (lambda t: 1e3 * t + abs(t), 999, 1001),
        (lambda t: 5 + math.sin(3 * t) + 0.5 * abs(t), 2.5, 3.5),
        (lambda t: 1e-8 * abs(t), -1e-8, 1e-8),
        (lambda t: math.exp(abs(t)), -1, 1),
    ],
)
def test_a_kink_at_the_point_is_reported_with_both_sides(phi, left, right):
    found = gp.slope(phi)
    assert found.smoothness is Smoothness.KINK
    assert abs(found.left - left) <= found.side_error
    assert abs(found.right - right) <= found.side_error
    assert found.side_error < 1e-6 * abs(right - left)
    assert found.value - found.error <= left < right <= found.value + found.error


@steady
@given(st.floats(-10, 10), st.floats(-10, 10), st.floats(-3, 3), st.floats(-100, 100))
def test_any_two_sides(left, right, curvature, offset):
    def phi(t):
        return offset + (right if t > 0 else left) * t + curvature * t * t

    found = gp.slope(phi)
    low, high = sorted((left, right))
    assert found.value - found.error <= low + 1e-12
    assert high - 1e-12 <= found.value + found.error
    if abs(left - right) > 1e-3:
        assert found.smoothness is Smoothness.KINK


def test_without_a_look_at_the_sides_the_mean_would_pass_for_a_slope(monkeypatch):
    # What every symmetric difference says of |t|: 0, and it is very sure.
    monkeypatch.setattr(module, "kinked", lambda _: False)
    assert gp.slope(abs).smoothness is not Smoothness.KINK


@pytest.mark.parametrize("beside", [1e-6, 1e-5, 1e-4, 9e-4, 1e-3, 3e-3, 0.1])
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_kink_beside_the_point_only_makes_the_window_smaller(beside, sign):
    found = gp.slope(lambda t: 2 * t + abs(t - sign * beside))
    assert found.smoothness is Smoothness.SMOOTH
    assert abs(found.value - (2 - sign)) <= found.error < 1e-2


@pytest.mark.parametrize("height", [1.0, -3.0, 1e-3, 1e6])
@pytest.mark.parametrize("slope", [0.0, 1.0])
@pytest.mark.parametrize("closed", [True, False])
def test_a_jump_is_a_jump(height, slope, closed):
    def phi(t):
        return slope * t + height * (t >= 0 if closed else t > 0)

    found = gp.slope(phi)
    assert found.smoothness is Smoothness.JUMP
    assert math.isnan(found.value)
    assert found.error == math.inf


def test_a_jump_beside_the_point_is_none():
    found = gp.slope(lambda t: t + (t > 1e-4))
    assert found.smoothness is Smoothness.SMOOTH
    assert abs(found.value - 1) <= found.error < 1e-6


def test_a_single_value_beside_all_others_is_no_jump():
    # A drift between calls looks like this: φ(0) was measured first.
    found = gp.slope(lambda t: t + (t != 0))
    assert found.smoothness is Smoothness.UNKNOWN
    assert abs(found.value - 1) <= found.error


def test_noise_however_small_is_no_jump():
    rng = np.random.default_rng(3)
    for size in (1e-224, 1e-12, 1e-3):
        for _ in range(200):
            found = gp.slope(lambda t, s=size: s * (math.sin(1 + t) + rng.standard_normal()))
            assert found.smoothness is not Smoothness.JUMP


def right_only(fun):
    return lambda t: fun(t) if t >= 0 else math.nan


@pytest.mark.parametrize(
    ("fun", "slope"),
    [
        (math.exp, 1.0),
        (lambda t: t * math.sqrt(t) + t, 1.0),
        (lambda t: 3 * t * t - t, -1.0),
        (lambda t: t**3, 0.0),
    ],
)
@pytest.mark.parametrize("sign", [-1, 1])
def test_at_the_edge_of_the_domain_the_other_side_counts(fun, slope, sign):
    inside = right_only(fun)
    found = gp.slope(lambda t: inside(sign * t))
    assert found.smoothness is Smoothness.EDGE
    assert abs(found.value - sign * slope) <= found.error < 1e-2


def test_an_infinite_slope_at_the_edge_is_no_slope():
    found = gp.slope(right_only(math.sqrt))
    assert found.smoothness is not Smoothness.SMOOTH
    assert math.isnan(found.value) or found.error > abs(found.value)


@pytest.mark.parametrize("distance", [1e-2, 1e-4, 1e-5, 1e-6])
def test_an_edge_beside_the_point_only_makes_the_window_smaller(distance):
    with np.errstate(invalid="ignore", divide="ignore"):
        found = gp.slope(lambda t: np.log(distance + t))
    assert abs(found.value - 1 / distance) <= found.error


@pytest.mark.parametrize(
    "phi",
    [
        lambda t: math.nan,
        lambda t: math.inf,
        lambda t: 0.0 if t == 0 else math.inf,
        lambda t: 0.0 if t == 0 else math.nan,
        lambda t: -math.inf if t == 0 else t,
    ],
)
def test_where_nothing_is_finite_there_is_no_slope(phi):
    found = gp.slope(phi)
    assert found.smoothness is Smoothness.NOT_FINITE
    assert math.isnan(found.value)
    assert found.error == math.inf


def test_a_centre_that_is_not_finite_costs_one_evaluation():
    assert gp.slope(lambda t: math.nan).evaluations == 1


def test_pure_noise_has_no_slope_that_can_be_told():
    rng = np.random.default_rng(1)
    found = gp.slope(lambda t: rng.standard_normal())
    assert abs(found.value) <= found.error


@pytest.mark.parametrize("power", [1.1, 1.2, 1.5, 1.8, 2.0, 2.5])
@pytest.mark.parametrize("line", [0.0, 1.0])
def test_singular_terms_that_still_have_a_derivative(power, line):
    # sign(t)|t|^p with 1 < p < 2: the slope settles so slowly that no window is good.
    found = gp.slope(lambda t: line * t + math.copysign(abs(t) ** power, t))
    assert abs(found.value - line) <= found.error


def test_a_cube_root_has_no_slope():
    found = gp.slope(lambda t: math.copysign(abs(t) ** (1 / 3), t))
    assert found.smoothness is not Smoothness.SMOOTH


@pytest.mark.parametrize("size", [1e-10, 1e-6])
def test_kinks_under_noise_are_not_silently_wrong(size):
    rng = np.random.default_rng(2)
    for _ in range(20):
        found = gp.slope(lambda t: 1 + 2 * t + abs(t) + size * rng.standard_normal())
        assert found.value - found.error <= 3
        assert found.value + found.error >= 1
        if found.smoothness is Smoothness.KINK:
            assert abs(found.left - 1) <= found.side_error
            assert abs(found.right - 3) <= found.side_error
