"""Whether a claim lies among those beside it: the hull, its bars, ties, and what is far outside."""

import numpy as np
import pytest

from gradproof.judge import hull
from gradproof.judge.functionals import WHOLE, Functionals
from gradproof.judge.hull import Claims
from gradproof.judge.thresholds import T
from gradproof.records.block import Block


def claims(claim, beside, bends=0.0):
    beside = np.array(beside, float)
    claim = np.atleast_1d(np.array(claim, float))
    beside = beside.reshape(len(beside), claim.size)
    sizes = np.maximum(np.abs(beside).max(0), np.abs(claim))
    whole = float(np.linalg.norm(sizes))
    return Claims(claim, beside, np.full((2, claim.size), bends), sizes, whole)


def told(found):
    nobody = np.zeros(found.claim.size, bool)
    return hull.decide(hull.spread(found), nobody, nobody)


@pytest.mark.parametrize("claim", [-1.0, -0.3, 0.0, 1.0])
def test_any_mean_of_the_claims_beside_it_is_right(claim):
    assert told(claims(claim, [-1, 1, 1, -1, 1, -1])).doubt.max() == 0


@pytest.mark.parametrize("claim", [-1.01, 1.01, 7.0])
def test_of_one_kink_the_hull_is_exact(claim):
    assert told(claims(claim, [-1, 1, 1, -1, 1, -1])).against.max() > 1


def test_without_a_spread_there_is_no_excuse():
    assert told(claims(2.0, [2.001] * 8)).against.max() > 1
    assert told(claims(2.0, [2.001] * 8, bends=1e-3)).doubt.max() == 0  # it is curvature


def test_of_many_kinks_only_what_is_far_outside_is_rejected():
    """A backward that takes every relu'(0) for 1 was seen 155 halves of the spread away."""
    beside = np.linspace(-1, 1, 21)
    near, far = told(claims(150.0, beside)), told(claims(1e4, beside))
    assert near.against.max() < 1
    assert near.doubt.max() > T.doubt
    assert far.against.max() > 1


def test_an_end_that_was_seen_once_is_not_known_to_be_one():
    beside = [0.0] * 20 + [1.0]
    assert told(claims(1.5, beside)).against.max() < 1
    assert told(claims(1.5, beside[8:] + [1.0] * 9)).against.max() > 1


# Four equal entries, of which one was seen to be given the whole, each but the last.
SHARED = np.eye(4)[[0, 1, 2, 0, 1, 2, 0, 2]]
EQUAL = np.zeros(4, int)


@pytest.mark.parametrize("claim", [[0, 0, 0, 1], [0.25] * 4, [1, 0, 0, 0]])
def test_a_tie_of_many_that_adds_up_is_excused(claim):
    found = claims(claim, SHARED)
    amid, excused = hull.ties(EQUAL, found, hull.spread(found))
    assert amid.all()
    assert excused.all()


@pytest.mark.parametrize("claim", [[1, 1, 0, 0], [0, 0, 0, 0], [2, -1, 0, 0]])
def test_a_tie_that_is_given_twice_or_not_at_all_is_not(claim):
    found = claims(claim, SHARED)
    assert not hull.ties(EQUAL, found, hull.spread(found))[1].any()


def block(index, *shape):
    return Block(index, f"x{index}", shape, "float64", int(np.prod(shape)), 1.0)


def functionals():
    point = (np.array([1.0, 2, 2, 3, 1, 1]), np.array([2.0, 5.0]))
    return Functionals((block(0, 2, 3), block(1, 2)), point, 0)


def test_what_is_read_is_linear_and_its_squares_add_up():
    read, rng = functionals(), np.random.default_rng(1)
    a, b = ([rng.normal(size=6), rng.normal(size=2)] for _ in range(2))
    both = [x + 2 * y for x, y in zip(a, b, strict=True)]
    assert read.read(both) == pytest.approx(read.read(a) + 2 * read.read(b))
    assert (read.read(a) ** 2 <= read.squares(a) * 8 + 1e-12).all()  # Cauchy and Schwarz
    assert len(read.owner) == len(read.read(a)) == len(read.norms)
    assert read.entries == 8


def test_sums_are_those_of_blocks_axes_and_of_all():
    read = functionals()
    numbers = read.read([np.arange(6.0), np.array([10.0, 20.0])]).tolist()
    for total in (15.0, 30.0, 45.0, 3.0, 12.0):  # of each block, of all, along axes
        assert total in numbers


def test_equal_entries_have_equal_weights_in_whatever_block():
    """So what a tie adds up to does not depend on who of them is given it."""
    read = functionals()
    one, other = [np.zeros(6), np.zeros(2)], [np.zeros(6), np.zeros(2)]
    one[0][1], other[1][0] = 1.0, 1.0  # both are 2.0 at the point
    whole = np.flatnonzero(read.owner == WHOLE)
    assert read.read(one)[whole] == pytest.approx(read.read(other)[whole])
    other[1][:] = [0.0, 1.0]
    assert read.read(one)[whole] != pytest.approx(read.read(other)[whole])


def test_of_several_blocks_those_answer_that_are_moving():
    read = functionals()
    moving = np.zeros(len(read.owner), bool)
    moving[read.owner == 1] = True
    whole = read.owner == WHOLE
    assert read.belongs(1, moving)[whole].all()
    assert not read.belongs(0, moving)[whole].any()
    assert read.belongs(0, np.zeros_like(moving))[whole].all()  # nobody moves: all of them


def test_of_large_blocks_a_sample_is_read_and_the_whole_sum():
    count = 200_000
    read = Functionals((block(0, count),), (np.zeros(count),), 0)
    numbers = read.read([np.ones(count)])
    assert read.entries <= 50_000
    assert count in numbers[read.entries :]
    index, entry = read.place(read.entries - 1)
    assert (index, entry) == (0, int(read.chosen[0][-1]))
