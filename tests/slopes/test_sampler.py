from __future__ import annotations

import math

import numpy as np
import pytest

from gradproof.errors import UsageError
from gradproof.slopes.sampler import Sampler
from gradproof.slopes.window import SYMMETRIC

EPS = float(np.finfo(np.float64).eps)
EPS32 = float(np.finfo(np.float32).eps)
EPS16 = float(np.finfo(np.float16).eps)


def ready(phi, **options) -> Sampler:
    sampler = Sampler(phi, **options)
    sampler.window(SYMMETRIC, 0.1)
    return sampler


def test_evaluations_are_counted():
    seen = []
    sampler = Sampler(lambda t: seen.append(t) or 1.0)
    assert sampler.evaluations == len(seen) == 1
    sampler.window(SYMMETRIC, 0.1)
    assert sampler.evaluations == len(seen) == 9


def test_a_value_at_0_that_is_known_costs_nothing():
    sampler = Sampler(lambda t: 5.0 + t, centre=5.0)
    assert sampler.evaluations == 0
    assert sampler.window(SYMMETRIC, 0.1).slope == pytest.approx(1.0)
    assert sampler.evaluations == 8


def test_steps_are_python_floats_in_units_of_the_scale():
    steps = []
    ready(lambda t: steps.append(t) or t, scale=100.0)
    assert {type(step) for step in steps} == {float}
    assert max(steps) == pytest.approx(10 * SYMMETRIC.nodes.max())


def test_slopes_are_per_unit_of_the_scale():
    assert Sampler(lambda t: 3 * t, 100.0).window(SYMMETRIC, 0.1).slope == pytest.approx(300)


@pytest.mark.parametrize(
    ("convert", "eps"),
    [
        (float, EPS),
        (np.float64, EPS),
        (np.asarray, EPS),
        (np.longdouble, EPS),
        (np.float32, EPS32),
        (np.float16, EPS16),
        (lambda v: float(np.float32(v)), EPS32),  # computed in float32, returned as float64
        (lambda v: np.asarray(v, np.float32), EPS32),
    ],
)
def test_roundoff_is_that_of_the_type_returned_or_computed_in(convert, eps):
    sampler = ready(lambda t: convert(math.sin(1 + t)))
    assert sampler.roundoff == pytest.approx(12**-0.5 * eps * sampler.largest)


@pytest.mark.parametrize("value", [0.5, 1, True])
def test_one_short_number_is_not_taken_for_float32(value):
    assert ready(lambda t: value).roundoff <= EPS


def test_a_few_short_numbers_are_not_either():
    assert ready(lambda t: 0.25 if t > 0 else 0.5).roundoff <= EPS


def test_roundoff_follows_the_largest_value():
    assert ready(lambda t: 1e8 + math.sin(t)).roundoff == pytest.approx(12**-0.5 * EPS * 1e8)


def test_values_that_are_not_finite_do_not_count_as_large():
    sampler = ready(lambda t: math.inf if t > 0 else math.nan if t < 0 else 2.0)
    assert sampler.largest == 2.0


def test_float32_overflow_is_no_warning():
    assert ready(lambda t: 1e300 * math.sin(1 + t)).largest > 1e299


@pytest.mark.parametrize("value", [np.array([2.0]), np.array([[2.0]]), np.ones((1, 1, 1)) * 2])
def test_arrays_with_one_entry_are_numbers(value):
    assert Sampler(lambda t: value).centre == 2.0


def test_lists_with_one_entry_are_not():
    with pytest.raises(UsageError, match="must return a real scalar"):
        Sampler(lambda t: [2.0])


@pytest.mark.parametrize(
    "value",
    [
        1j,
        1 + 0j,
        np.complex128(1),
        np.array(1j),
        np.ones(2),
        np.ones(0),
        None,
        "a",
        "1.5",
        b"1",
        {},
        (),
        np.datetime64("2020-01-01"),
        lambda: 1.0,
    ],
    ids=lambda value: type(value).__name__,
)
def test_anything_else_is_wrong_use(value):
    with pytest.raises(UsageError, match="must return a real scalar"):
        Sampler(lambda t: value)


def test_also_when_only_a_moved_point_returns_it():
    sampler = Sampler(lambda t: 1.0 if t == 0 else None)
    with pytest.raises(UsageError, match="must return a real scalar"):
        sampler.window(SYMMETRIC, 0.1)


def test_the_step_taken_is_asked_for_in_the_variables_own_units():
    asked = []
    sampler = Sampler(lambda t: 3 * t, 100.0, taken=lambda step: asked.append(step) or step)
    sampler.window(SYMMETRIC, 0.1)
    np.testing.assert_allclose(asked, 10 * SYMMETRIC.nodes)


def test_far_points_are_measured_by_the_step_that_happened():
    # Around 1e10 in float32 a step of 1e4 becomes a multiple of 1024.
    point = np.float32(1e10)

    def moved(step):
        return float(np.float32(point + np.float32(step)))

    def taken(step):
        return moved(step) - float(point)

    naive = Sampler(taken).window(SYMMETRIC, 1e5)
    exact = Sampler(taken, taken=taken).window(SYMMETRIC, 1e5)
    assert abs(naive.slope - 1) > 1e-3
    assert abs(exact.slope - 1) < 1e-4
    assert exact.bar() < naive.bar() / 10


def test_exceptions_of_the_function_surface_unchanged():
    failure = RuntimeError("mine")

    def phi(t):
        if t:
            raise failure
        return 1.0

    sampler = Sampler(phi)
    with pytest.raises(RuntimeError) as caught:
        sampler.window(SYMMETRIC, 0.1)
    assert caught.value is failure
