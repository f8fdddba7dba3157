"""Directions: replayed from their recipe, fair, and with no kind of error that they cannot see."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradproof.records.direction import Part
from gradproof.space import directions

MANY = 100_000


def vector(count, seed=0, draw=0, block=0, step=1.0):
    out = np.empty(count)
    directions.vector(Part(block, 1.0), (count,), seed, draw).displace(out, step)
    return out


recipes = st.tuples(
    st.integers(0, 2**40), st.integers(0, 10_000), st.integers(0, 500), st.integers(1, 3000)
)


@given(recipes)
def test_the_same_recipe_gives_the_same_bytes(recipe):
    seed, draw, block, count = recipe
    one, other = (directions.codes(Part(block, 1.0), count, seed, draw) for _ in range(2))
    assert one.tobytes() == other.tobytes()
    assert one.size == count
    # A step scales the direction and does not choose another.
    assert one.tobytes() == directions.codes(Part(block, 7.0), count, seed, draw).tobytes()


def test_the_bytes_are_the_same_everywhere_and_for_ever():
    """A report can be replayed years later: these bytes may only change with a major version."""
    known = [-53, -80, -91, -121, -122, 54]
    assert directions.codes(Part(3, 1.0), 6, 1, 2).tolist() == known
    # However long the block is, and in whatever pieces it is drawn.
    assert directions.codes(Part(3, 1.0), 3 * directions._CHUNK, 1, 2)[:6].tolist() == known


@pytest.mark.parametrize("other", [{"seed": 1}, {"draw": 1}, {"block": 1}])
def test_other_recipes_give_independent_directions(other):
    one, two = vector(MANY), vector(MANY, **other)
    for a, b in ((one, two), (np.abs(one), np.abs(two)), (one[1:], two[:-1])):
        assert abs(np.corrcoef(a, b)[0, 1]) < 5 / MANY**0.5


def test_neighbours_in_one_direction_are_independent():
    v = vector(MANY)
    assert abs(np.corrcoef(v[1:], v[:-1])[0, 1]) < 5 / MANY**0.5
    assert abs(np.corrcoef(np.sign(v), np.abs(v))[0, 1]) < 5 / MANY**0.5


def test_signs_are_fair_and_magnitudes_spread_over_half_to_one_and_a_half():
    v = vector(MANY)
    assert abs(np.mean(v)) < 5 * directions.RMS / MANY**0.5
    assert abs(np.mean(v > 0) - 0.5) < 2.5 / MANY**0.5
    magnitudes = np.abs(v)
    assert magnitudes.min() >= 0.5
    assert magnitudes.max() <= 1.5
    assert np.mean(magnitudes) == pytest.approx(1, abs=0.01)
    assert np.mean(v**2) ** 0.5 == pytest.approx(directions.RMS, rel=0.005)
    assert abs(directions.RMS - (13 / 12) ** 0.5) < 0.01
    assert len(np.unique(magnitudes)) >= 80


@given(recipes, st.floats(1e-12, 1e12))
def test_the_inner_product_is_with_what_is_added(recipe, step):
    seed, draw, block, count = recipe
    direction = directions.vector(Part(block, step), (count,), seed, draw)
    gradient = np.random.default_rng(count).normal(size=count)
    moved = np.empty(count)
    direction.displace(moved, step)
    size = float(np.abs(gradient) @ np.abs(moved))
    assert direction.dot(gradient) * step == pytest.approx(gradient @ moved, abs=1e-13 * size)
    assert direction.component(count // 2) * step == pytest.approx(moved[count // 2])


def test_long_blocks_are_summed_in_pieces_without_losing_any():
    count = 3 * directions._CHUNK + 17
    direction = directions.vector(Part(0, 1.0), (count,), 0, 0)
    gradient = np.zeros(count)
    for entry in (0, directions._CHUNK - 1, directions._CHUNK, count - 1):
        gradient[entry] = 1 + entry
    expected = sum((1 + i) * direction.component(i) for i in np.flatnonzero(gradient))
    assert direction.dot(gradient) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_a_direction_is_written_in_the_precision_of_the_block(dtype):
    out = np.empty(1000, dtype)
    directions.vector(Part(0, 1.0), (1000,), 0, 0).displace(out, 0.25)
    assert out.dtype == dtype
    np.testing.assert_allclose(out.astype(float), vector(1000, step=0.25), rtol=2e-3)


def test_a_float32_gradient_is_summed_in_double_precision():
    """A sum in float32 would be lost here: large terms that cancel beside a small one."""
    direction = directions.vector(Part(0, 1.0), (3,), 0, 0)
    c = [direction.component(i) for i in range(3)]
    gradient = np.array([2.0**30 / c[0], -(2.0**30) / c[1], 1 / c[2]], np.float32)
    exact = sum(float(g) * x for g, x in zip(gradient, c, strict=True))
    assert direction.dot(gradient) == pytest.approx(exact, abs=1e-6)


# What other kinds of direction cannot see


def share_hidden(draws, error, below=0.02):
    z = draws @ error / np.linalg.norm(error) / np.sqrt(np.mean(draws**2))
    return float(np.mean(np.abs(z) < below))


def test_no_single_entry_and_no_pair_of_equal_entries_hides():
    n, draws = 8, 4000
    ours = np.array([vector(n, draw=draw) for draw in range(draws)])
    rng = np.random.default_rng(0)
    gaussian = rng.normal(size=(draws, n))
    signs = rng.choice([-1.0, 1.0], size=(draws, n))
    one, two = np.eye(n)[3], np.eye(n)[3] + np.eye(n)[5]
    assert share_hidden(ours, one) == 0.0 < share_hidden(gaussian, one)
    assert share_hidden(ours, two) < 0.05
    assert share_hidden(signs, two) > 0.4


# Parts of a block


def test_a_box_moves_only_what_is_inside():
    boxed = directions.vector(Part(0, 1.0, box=((1, 3), (0, 2))), (4, 5), 0, 0)
    whole = directions.vector(Part(0, 1.0), (4, 5), 0, 0)
    out, full = np.empty(20), np.empty(20)
    boxed.displace(out, 1.0)
    whole.displace(full, 1.0)
    expected = np.zeros((4, 5))
    expected[1:3, 0:2] = full.reshape(4, 5)[1:3, 0:2]
    assert out.reshape(4, 5).tolist() == expected.tolist()
    gradient = np.arange(20.0)
    assert boxed.dot(gradient) == pytest.approx(gradient @ out)


def test_only_the_listed_coordinates_move():
    out, full = np.empty(20), np.empty(20)
    directions.vector(Part(0, 1.0, only=(3, 11, 19)), (4, 5), 0, 0).displace(out, 1.0)
    directions.vector(Part(0, 1.0), (4, 5), 0, 0).displace(full, 1.0)
    assert np.flatnonzero(out).tolist() == [3, 11, 19]
    assert out[[3, 11, 19]].tolist() == full[[3, 11, 19]].tolist()


@pytest.mark.parametrize(("stride", "length", "axis"), [(5, 4, 0), (1, 5, 1)])
def test_a_ramp_grows_along_an_axis_from_a_half_to_one_and_a_half(stride, length, axis):
    ramped = directions.vector(Part(0, 1.0, ramp=(stride, length)), (4, 5), 0, 0)
    plain = directions.vector(Part(0, 1.0), (4, 5), 0, 0)
    out, flat = np.empty(20), np.empty(20)
    ramped.displace(out, 2.0)
    plain.displace(flat, 2.0)
    ratio = (out / flat).reshape(4, 5)
    index = np.indices((4, 5))[axis]
    np.testing.assert_allclose(ratio, 0.5 + (index + 0.5) / length)
    gradient = np.arange(20.0)
    assert ramped.dot(gradient) * 2 == pytest.approx(gradient @ out)
    assert ramped.component(13) * 2 == pytest.approx(out[13])
