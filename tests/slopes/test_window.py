from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradproof.slopes import window as module
from gradproof.slopes.window import BAR, LEFT, RIGHT, SYMMETRIC, Stencil, Window, fit, halves

# The same examples in every run, however slow the machine.
steady = settings(derandomize=True, deadline=None)

finite = st.floats(-10, 10)


def sample(fun, stencil=SYMMETRIC, half_width=0.1, roundoff=0.0, taken=None) -> Window:
    increments = np.array([fun(node * half_width) - fun(0.0) for node in stencil.nodes])
    return fit(stencil, half_width, increments, roundoff, taken)


@steady
@given(st.lists(finite, min_size=5, max_size=5))
def test_polynomials_of_degree_four_are_exact(c):
    found = sample(lambda t: sum(a * t**i for i, a in enumerate(c)))
    assert abs(found.slope - c[1]) <= 1e-12 * max(map(abs, c)) + 1e-300
    assert found.scatter <= 1e-13 * max(map(abs, c)) + 1e-300


@pytest.mark.parametrize(("stencil", "degree"), [(SYMMETRIC, 4), (RIGHT, 3), (LEFT, 3)])
def test_the_first_power_too_many_is_seen_as_scatter(stencil, degree):
    assert sample(lambda t: t**degree, stencil).scatter < 1e-15
    assert sample(lambda t: t ** (degree + 1), stencil).scatter > 1e-9


@pytest.mark.parametrize("stencil", [SYMMETRIC, RIGHT, LEFT])
def test_the_bar_covers_every_missing_power(stencil):
    worst = 0.0
    for power in range(5, 14):
        found = sample(lambda t, p=power: t**p, stencil, 1.0)
        worst = max(worst, abs(found.slope) / found.bar())
    assert worst < 0.4


def worst_kink() -> float:
    """Error over bar for a kink anywhere in the window, φ = max(t, c)."""
    corners = np.concatenate([np.linspace(-0.999, 0.999, 999), np.geomspace(1e-4, 1, 300)])
    found = [(sample(lambda t, c=c: max(t, c), half_width=1.0), float(c < 0)) for c in corners]
    return max(abs(w.slope - truth) / w.bar() for w, truth in found if w.bar() > 1e-12)


def test_the_bar_covers_a_kink_anywhere_in_the_window():
    assert worst_kink() < 1.0


def test_a_smaller_bar_would_not(monkeypatch):
    monkeypatch.setattr(module, "BAR", 5.0)
    assert worst_kink() > 1.0


def share_inside(count: int = 4000) -> float:
    rng = np.random.default_rng(1)
    noise = 1e-6 * rng.standard_normal((count, 9))
    windows = [fit(SYMMETRIC, 0.1, row[1:] - row[0], 0.0) for row in noise]
    return float(np.mean([abs(w.slope) <= w.bar() for w in windows]))


def test_noise_is_inside_the_bar_as_often_as_student_says():
    # Four degrees of freedom: P(|t| > 10) = 6e-4; φ(0) is shared, which the gain knows.
    assert share_inside() >= 0.998


def test_and_one_standard_error_would_not_do(monkeypatch):
    monkeypatch.setattr(module, "BAR", 1.0)
    assert share_inside() < 0.8


@pytest.mark.parametrize("stencil", [SYMMETRIC, RIGHT, LEFT])
def test_gain_is_the_standard_error_for_unit_noise(stencil):
    rng = np.random.default_rng(2)
    noise = rng.standard_normal((20_000, 9))
    slopes = (noise[:, 1:] - noise[:, :1]) @ stencil.slope
    assert np.std(slopes) == pytest.approx(stencil.amplification, rel=0.03)


def test_scatter_is_the_noise_per_evaluation():
    rng = np.random.default_rng(3)
    # φ(0) without noise: the increments have no offset in common.
    scatters = [fit(SYMMETRIC, 1.0, row, 0.0).scatter for row in rng.standard_normal((5000, 8))]
    assert np.sqrt(np.mean(np.square(scatters))) == pytest.approx(1.0, rel=0.03)


def test_an_offset_of_the_centre_is_scatter_and_not_slope():
    found = fit(SYMMETRIC, 1.0, np.full(8, 1e-3), 0.0)
    assert abs(found.slope) < 1e-15
    assert found.scatter > 1e-4


def test_the_bar_is_never_below_roundoff_or_known_noise():
    found = sample(lambda t: t, roundoff=1e-9)
    assert found.bar() == pytest.approx(BAR * SYMMETRIC.amplification * 1e-9 / 0.1)
    assert found.bar(1e-6) == pytest.approx(BAR * SYMMETRIC.amplification * 1e-6 / 0.1)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_one_value_that_is_not_finite_spoils_the_window(bad):
    increments = np.arange(8.0)
    increments[3] = bad
    found = fit(SYMMETRIC, 1.0, increments, 0.0)
    assert not found.finite
    assert math.isnan(found.slope)
    assert found.bar() == math.inf


@pytest.mark.parametrize("size", [1e-320, 1e-200, 1e200, 1e300])
def test_squares_neither_underflow_nor_overflow(size):
    rng = np.random.default_rng(4)
    row = rng.standard_normal(8)
    expected = fit(SYMMETRIC, 1.0, row, 0.0).scatter
    assert fit(SYMMETRIC, 1.0, row * size, 0.0).scatter == pytest.approx(expected * size, rel=1e-2)


def test_a_constant_has_no_scatter_and_one_level():
    found = fit(SYMMETRIC, 1.0, np.zeros(8), 0.0)
    assert (found.slope, found.scatter, found.levels) == (0.0, 0.0, 1)


@pytest.mark.parametrize(
    ("increments", "levels"),
    [
        ([0, 0, 0, 0, 0, 0, 0, 0], 1),
        ([1, 1, 1, 1, 0, 0, 0, 0], 2),
        ([2, 1, 1, 0, 0, 0, -1, -1], 3),
        ([4, 3, 2, 1, 0, 0, 0, 0], 5),
    ],
)
def test_levels_counts_the_livelier_half(increments, levels):
    assert fit(SYMMETRIC, 1.0, np.array(increments, float), 0.0).levels == levels


def test_the_step_taken_replaces_the_step_asked_for():
    # The steps of a float32 around 1: each is off by up to 3 % of the smallest node.
    half_width = 1e-5
    asked = SYMMETRIC.nodes * half_width
    taken = np.float32(1 + asked).astype(float) - 1
    increments = 3 * taken + 5 * taken**2
    naive = fit(SYMMETRIC, half_width, increments, 0.0)
    corrected = fit(SYMMETRIC, half_width, increments, 0.0, taken)
    assert abs(corrected.slope - 3) <= corrected.bar()
    assert abs(corrected.slope - 3) < abs(naive.slope - 3) / 10
    assert corrected.scatter < naive.scatter / 10


def test_halves_see_each_side_on_its_own():
    right, left = halves(sample(lambda t: 2 * t + t * t if t > 0 else -3 * t + 4 * t * t))
    assert right.slope == pytest.approx(2, abs=1e-12)
    assert left.slope == pytest.approx(-3, abs=1e-12)
    assert right.scatter < 1e-14
    assert left.scatter < 1e-14


@steady
@given(finite, finite, finite)
def test_one_sided_stencils_are_exact_for_cubics(a, b, c):
    size = max(abs(a), abs(b), abs(c))
    for stencil in (RIGHT, LEFT):
        found = sample(lambda t: a * t + b * t * t + c * t**3, stencil)
        assert abs(found.slope - a) <= 1e-11 * size + 1e-300


@pytest.mark.parametrize(("stencil", "sign"), [(RIGHT, 1), (LEFT, -1)])
def test_one_sided_stencils_stay_on_their_side(stencil: Stencil, sign):
    assert (stencil.nodes * sign > 0).all()
    assert abs(stencil.nodes).max() < 1


def test_symmetric_nodes_come_from_right_to_left():
    assert (np.diff(SYMMETRIC.nodes) < 0).all()
    np.testing.assert_allclose(SYMMETRIC.nodes, -SYMMETRIC.nodes[::-1], atol=1e-15)


# Two neighbouring windows in one fit


def both(fun, half_width=1.0) -> Window:
    narrow = sample(fun, half_width=half_width / module.RATIO)
    return module.merge(narrow, sample(fun, half_width=half_width))


def test_a_merged_fit_is_exact_up_to_degree_six():
    for power in range(1, 7):
        found = both(lambda t, p=power: 3 * t + t**p)
        assert found.slope == pytest.approx(4 if power == 1 else 3, abs=1e-13)
        assert found.scatter < 1e-14
    assert both(lambda t: t**7).scatter > 1e-3


def test_its_bar_covers_every_missing_power_and_a_kink_anywhere():
    for power in range(7, 16):
        found = both(lambda t, p=power: t**p)
        assert abs(found.slope) < 0.4 * found.bar()
    for corner in np.concatenate([np.linspace(-0.999, 0.999, 999), np.geomspace(1e-4, 1, 300)]):
        found = both(lambda t, c=corner: max(t, c))
        assert abs(found.slope - (corner < 0)) < 0.8 * found.bar() + 1e-12


def test_its_gain_is_a_third_of_the_narrow_windows_bar_or_less():
    found = both(lambda t: t)
    narrow = sample(lambda t: t, half_width=1 / module.RATIO)
    assert found.bar(1e-6) < narrow.bar(1e-6) / 3


def test_its_samples_run_from_right_to_left():
    assert (np.diff(both(lambda t: t).increments) < 0).all()
    assert both(lambda t: max(t, 0.0)).levels == 9
