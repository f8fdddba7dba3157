"""The point and its working copy: any pytree in, the same pytree out, never written to."""

import math
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from gradproof.errors import UsageError
from gradproof.records.direction import Direction, Part
from gradproof.space.point import Point, Working
from gradproof.space.tree import flatten

Layer = namedtuple("Layer", ["W", "b"])

DTYPES = [np.float64, np.float32, np.float16, np.longdouble, np.complex128, np.complex64]
numbers = st.floats(-10, 10, width=16)


@st.composite
def leaves(draw, dtypes=tuple(DTYPES)):
    """A leaf of any type, shape and layout in memory."""
    dtype = draw(st.sampled_from(dtypes))
    shape = draw(npst.array_shapes(min_dims=0, max_dims=3, max_side=4))
    kind = np.dtype(dtype).kind
    elements = st.builds(complex, numbers, numbers) if kind == "c" else numbers
    values = draw(
        npst.arrays(np.complex128 if kind == "c" else np.float64, shape, elements=elements)
    )
    array = values.astype(dtype)
    layout = draw(st.sampled_from(["C", "F", "strided", "reversed", "read-only", "scalar"]))
    if layout == "F":
        array = np.asfortranarray(array)
    elif layout == "strided" and array.ndim:
        array = np.repeat(array, 2, axis=-1)[..., ::2]
    elif layout == "reversed" and array.ndim:
        array = array[::-1]
    elif layout == "read-only":
        array.flags.writeable = False
    elif layout == "scalar" and array.ndim == 0:
        return array[()]
    return array


others = st.sampled_from([None, 3, True, "relu", np.arange(2), np.empty((0, 2))])


def trees(leaf):
    return st.recursive(
        leaf | others,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["W1", "b1", "a"]), inner, max_size=3)
            | st.tuples(inner, inner)
            | st.builds(Layer, inner, inner)
        ),
        max_leaves=6,
    )


# There is always one leaf to differentiate.
points = st.builds(lambda tree, leaf: {"first": leaf, "rest": tree}, trees(leaves()), leaves())
doubles = leaves(dtypes=(np.float64, np.complex128))
double_points = st.builds(lambda tree, leaf: [leaf, tree], trees(doubles), doubles)


def same(one, other):
    if isinstance(one, np.ndarray | np.generic):
        assert type(one) is type(other)
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        assert np.asarray(one).tolist() == np.asarray(other).tolist()
    else:
        assert one is other or (type(one) is type(other) and one == other)


def same_trees(one, other):
    one, other = flatten(one), flatten(other)
    assert one.names == other.names
    for a, b in zip(one.leaves, other.leaves, strict=True):
        same(a, b)


def joint(point, step=1.0, seed=0, draw=0):
    return Direction(tuple(Part(b.index, step * b.scale) for b in point.blocks), seed, draw)


def digits(array):
    """Every bit, but for the padding of a long double."""
    return array.dtype, array.shape, repr(np.asarray(array).tolist())


def snapshot(working):
    return [digits(copy) for copy in working.copies]


# Any pytree


@given(points)
def test_the_copy_is_the_same_tree(tree):
    point = Point(tree)
    given_to_fun = Working(point, promote=False).tree()
    same_trees(tree, given_to_fun)
    assert type(given_to_fun) is type(tree)


@given(points, st.floats(1e-6, 1e3), st.integers(0, 99))
def test_moving_and_coming_back_restores_every_bit(tree, t, draw):
    point = Point(tree)
    before = [digits(np.asarray(point.leaf(b.index))) for b in point.blocks]
    working = Working(point, promote=False)
    at_the_point = snapshot(working)
    line = working.line(joint(point, draw=draw))
    line.move(t)
    line.move(-t / 3)
    line.back()
    assert snapshot(working) == at_the_point
    line.move(t)
    working.restore()
    assert snapshot(working) == at_the_point
    assert working.changed() == []
    # And the user's own arrays were never touched.
    assert [digits(np.asarray(point.leaf(b.index))) for b in point.blocks] == before


@given(double_points, st.floats(1e-3, 1e3), st.integers(0, 99))
def test_the_claim_is_taken_along_the_way_that_is_gone(tree, t, draw):
    """``(moved - point) · gradient / t`` is what ``along`` says: same order, same scale."""
    point = Point(tree)
    working = Working(point, promote=False)
    rng = np.random.default_rng(draw)
    gradients = [
        (rng.normal(size=b.shape) + 1j * rng.normal(size=b.shape)).astype(b.dtype)
        if "complex" in b.dtype
        else np.asarray(rng.normal(size=b.shape))
        for b in point.blocks
    ]
    line = working.line(joint(point, draw=draw))
    line.move(t)
    gone = size = 0.0
    for b, gradient in zip(point.blocks, gradients, strict=True):
        moved = (working.copies[b.index] - np.asarray(point.leaf(b.index))).ravel()
        # The gradient of a complex parameter is ∂f/∂x + i ∂f/∂y.
        gone += float(np.real(np.conj(gradient.ravel()) @ moved))
        size += float(np.abs(gradient).sum()) * (10 + 1.5 * t * b.scale)
    assert line.along(gradients) * t == pytest.approx(gone, abs=1e-14 * size)


@given(points)
def test_blocks_are_named_counted_and_scaled(tree):
    point = Point(tree)
    names = flatten(tree).names
    assert [b.index for b in point.blocks] == list(range(len(point.blocks)))
    assert set(names) == {b.name for b in point.blocks} | set(point.left_alone)
    for b in point.blocks:
        leaf = np.asarray(point.leaf(b.index))
        assert b.shape == leaf.shape
        assert b.count == leaf.size * (2 if leaf.dtype.kind == "c" else 1)
        assert b.scale > 0
        assert math.isfinite(b.scale)
        wide = np.abs(leaf.astype(complex))
        if wide.any():
            assert b.scale == pytest.approx((np.sum(wide**2) / b.count) ** 0.5, rel=1e-3)
        else:
            assert b.scale == 1


@given(points)
def test_promotion_widens_types_and_keeps_values(tree):
    point = Point(tree)
    working = Working(point, promote=True)
    for b, copy in zip(point.blocks, working.copies, strict=True):
        assert np.finfo(copy.dtype).eps <= np.finfo(np.float64).eps
        assert (copy == np.asarray(point.leaf(b.index))).all()
        assert (copy.dtype.kind == "c") == ("complex" in b.dtype)
    assert working.changed() == []


# One coordinate


@given(doubles, st.data())
def test_an_entry_moves_alone(leaf, data):
    point = Point([leaf])
    block = point.blocks[0]
    entry = data.draw(st.integers(0, block.count - 1))
    working = Working(point, promote=False)
    before = working.copies[0].copy().reshape(-1).view(np.float64)
    line = working.line(Direction((Part(0, 0.5, entry),), 0, 0))
    line.move(0.25)
    after = working.copies[0].reshape(-1).view(np.float64)
    assert after[entry] == before[entry] + 0.125
    assert (np.delete(after, entry) == np.delete(before, entry)).all()
    gradient = np.zeros(block.count)
    gradient[entry] = 3.0
    complete = gradient.view(np.complex128) if leaf.dtype.kind == "c" else gradient
    assert line.along([complete.reshape(block.shape)]) == 1.5


def test_the_real_and_the_imaginary_part_are_moved_one_by_one():
    point = Point(np.array([[1 + 2j, 3 + 4j]]))
    working = Working(point, promote=False)
    working.line(Direction((Part(0, 1.0, 3),), 0, 0)).move(1.0)
    assert working.tree().tolist() == [[1 + 2j, 3 + 5j]]
    assert [point.entry_scale(0, entry) for entry in range(4)] == [1, 2, 3, 4]


def test_the_scale_of_an_entry_that_is_zero_is_its_blocks():
    point = Point(np.array([0.0, 3.0, 4.0]))
    assert point.entry_scale(0, 0) == point.blocks[0].scale
    assert point.entry_scale(0, 2) == 4.0


@pytest.mark.parametrize(("dtype", "at"), [(np.float64, 1e10), (np.float32, 100.0)])
def test_the_step_that_is_really_taken(dtype, at):
    """At 1e10 the number nearest to ``x + h`` is not ``x + h``."""
    point = Point(np.array([at], dtype))
    working = Working(point, promote=False)
    line = working.line(Direction((Part(0, 1.0, 0),), 0, 0))
    for t in (1e-6, 3e-5, 0.1, -0.7):
        line.move(t)
        gone = float(working.copies[0][0]) - float(dtype(at))
        assert line.taken(t) == gone
        assert abs(gone - t) <= np.spacing(dtype(at))
    assert line.taken(1e-9) == 0.0


def test_the_step_of_a_block_of_one_entry_counts_its_magnitude():
    point = Point(1e10)
    working = Working(point, promote=False)
    line = working.line(Direction((Part(0, 1.0),), 0, 0))
    line.move(3e-5)
    gone = float(working.copies[0]) - 1e10
    unit = line.along([np.array(1.0)])
    assert line.taken(3e-5) * unit == pytest.approx(gone, rel=1e-12)


# The user's function and the copy


def test_what_the_function_writes_is_noticed_and_undone():
    w = {"a": np.ones(3), "b": np.zeros(2)}
    working = Working(Point(w), promote=False)
    working.tree()["b"][1] = 7
    assert working.changed() == ["params['b']"]
    working.restore()
    assert working.changed() == []
    assert w["b"].tolist() == [0, 0]


def test_read_only_parameters_come_as_writable_copies():
    w = np.ones(3)
    w.flags.writeable = False
    working = Working(Point(w), promote=False)
    working.tree()[0] = 5  # a function that works in place is the user's business
    assert w.tolist() == [1, 1, 1]


def test_a_move_replaces_and_does_not_add_up():
    point = Point(np.array([1.0, 2.0]))
    working = Working(point, promote=False)
    line = working.line(joint(point))
    line.move(1.0)
    once = snapshot(working)
    line.move(0.5)
    line.move(1.0)
    assert snapshot(working) == once


def test_only_the_blocks_of_a_direction_move():
    point = Point({"a": np.ones(3), "b": np.ones(3)})
    working = Working(point, promote=False)
    working.line(Direction((Part(1, 1.0),), 0, 0)).move(0.1)
    assert (working.copies[0] == 1).all()
    assert (working.copies[1] != 1).all()


# What is no point


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_point_that_is_not_finite_is_refused(bad):
    with pytest.raises(UsageError, match=r"params\['b'\] has 2 of 4 entries that are not finite"):
        Point({"a": np.ones(2), "b": np.array([1, bad, bad, 2])})


@pytest.mark.parametrize("nothing", [{}, [], (), {"a": {}}])
def test_a_point_without_leaves_is_refused(nothing):
    with pytest.raises(UsageError, match="no parameters"):
        Point(nothing)


def test_a_point_of_integers_is_refused_with_the_reason():
    with pytest.raises(UsageError, match=r"params\['n'\].*int64"):
        Point({"n": np.arange(3)})


def test_what_is_left_alone_is_named():
    point = Point({"w": 1.5, "n": np.arange(3), "x": None})
    assert [b.name for b in point.blocks] == ["params['w']"]
    assert list(point.left_alone) == ["params['n']", "params['x']"]


def test_a_denormal_block_is_moved_at_a_scale_of_one():
    assert Point(np.array([1e-310, 0])).blocks[0].scale == 1
    assert Point(np.array([1e-300, 1e-300])).blocks[0].scale == pytest.approx(1e-300)
