"""What lies within 1e-7 of the point is seen by the slope itself, whatever is claimed."""

import numpy as np
import pytest

import gradproof as gp
from gradproof.records.slope import Smoothness
from gradproof.slopes.measure import measure
from gradproof.slopes.sampler import Sampler


def found(phi, claimed=1.0):
    return measure(Sampler(phi), lambda value, error: error <= 1e-8 * abs(claimed))


@pytest.mark.parametrize("distance", [1e-10, 1e-9, 2e-8, 5e-8, 1e-7])
@pytest.mark.parametrize("slope", [1.0, -3.0])
def test_a_kink_beside_the_point_is_seen_past(distance, slope):
    near = found(lambda t: float(slope * max(t + distance, 0.0) + 0.1 * np.sin(t)))
    assert near.smoothness is Smoothness.SMOOTH
    assert abs(near.value - slope - 0.1) <= near.error < 1e-2


def test_a_kink_at_the_point_is_a_kink_at_every_scale():
    near = found(lambda t: float(max(t, 0.0) + 0.1 * np.sin(t)))
    assert near.smoothness is Smoothness.KINK


@pytest.mark.parametrize("noise", [1e-9, 1e-6, 1e-3])
def test_ripples_have_a_slope_of_their_own_and_noise_has_none(noise):
    ripples = found(lambda t: float(np.sin(t) + noise * np.sin(1e9 * t + 1)))
    truth = 1 + noise * 1e9 * np.cos(1)
    assert abs(ripples.value - truth) <= ripples.error < 0.1 * truth
    rng = np.random.default_rng(0)
    noisy = found(lambda t: float(np.sin(t) + noise * rng.normal()))
    assert abs(noisy.value - 1) <= noisy.error < 0.2


@pytest.mark.parametrize(
    ("fun", "grad", "x"),
    [
        (np.arccos, lambda x: -1 / np.sqrt(1 - x**2), 1 - 1e-7),
        (lambda x: 1 / x, lambda x: -1 / x**2, 1e-7),
        (lambda x: np.maximum(x - 1 + 1e-7, 0), lambda x: 1.0 * (x > 1 - 1e-7), 1.0),
    ],
    ids=["edge", "pole", "hinge"],
)
def test_a_check_passes_beside_an_edge_a_pole_and_a_hinge(fun, grad, x):
    point = np.array([0.5, x, 0.3])
    total = lambda p: float(np.sum(fun(p)))
    assert gp.check(total, point, grad=grad).ok
    for wrong in (lambda p: 2 * grad(p), lambda p: -grad(p)):
        assert gp.check(total, point, grad=wrong).verdict != "correct"
