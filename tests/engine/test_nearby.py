"""What lies nearer than a search can look: it acquits a claim, or shows a kink to be beside it."""

import numpy as np
import pytest

import gradproof as gp
from gradproof.engine.quantisation import nearby
from gradproof.records.slope import Smoothness
from gradproof.slopes.measure import measure
from gradproof.slopes.sampler import Sampler


def found(phi, claimed):
    sampler = Sampler(phi)
    slope = measure(sampler, lambda value, error: error <= 1e-8 * abs(claimed))
    return slope, nearby(sampler, claimed, slope)


@pytest.mark.parametrize("distance", [2e-8, 5e-8, 1e-7])
def test_a_kink_beside_the_point_is_seen_past(distance):
    hinge = lambda t: float(max(t + distance, 0.0) + 0.1 * np.sin(t))
    _, near = found(hinge, 1.1)
    assert abs(near.value - 1.1) <= near.error < 1e-4


def test_a_wrong_claim_is_not_acquitted():
    hinge = lambda t: float(max(t + 5e-8, 0.0) + 0.1 * np.sin(t))
    for claimed in (1.2, -1.1, 0.55, 0.1):
        _, near = found(hinge, claimed)
        assert abs(near.value - claimed) > near.error
        assert near.smoothness is not Smoothness.KINK or near.side_error < abs(claimed - 0.55)


@pytest.mark.parametrize("slope", [1.0, -3.0])
def test_the_other_side_of_a_kink_beside_the_point_is_denied(slope):
    hinge = lambda t: float(slope * max(t + 5e-8, 0.0) + 0.1 * np.sin(t))
    _, near = found(hinge, 0.1)  # what it is beyond the kink
    assert near.smoothness is Smoothness.SMOOTH
    assert abs(near.value - slope - 0.1) <= near.error < 1e-4


@pytest.mark.parametrize("claimed", [0.1, 0.6, 1.1])
def test_at_the_kink_itself_every_side_is_left_to_the_claim(claimed):
    hinge = lambda t: float(max(t, 0.0) + 0.1 * np.sin(t))
    slope, near = found(hinge, claimed)
    assert near is slope
    assert near.smoothness is Smoothness.KINK


@pytest.mark.parametrize("noise", [1e-9, 1e-6, 1e-3])
def test_noise_acquits_nothing(noise):
    """Its own slope, if any, is not what anybody claims; nor is a wide bar a proof."""
    rough = lambda t: float(np.sin(t) + noise * np.sin(1e9 * t + 1))
    for claimed in (1.0, 2.0):
        slope, near = found(rough, claimed)
        assert near is slope


def test_a_smooth_function_is_not_looked_at_again():
    calls = []

    def phi(t):
        calls.append(t)
        return float(np.sin(t))

    sampler = Sampler(phi)
    slope = measure(sampler, lambda value, error: error <= 1e-8)
    before = len(calls)
    assert nearby(sampler, 2.0, slope) is slope  # denied, but plainly
    assert len(calls) == before


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
