"""Many small blocks move together, and the user sees them as he would see each."""

import numpy as np
import pytest

import gradproof as gp
from gradproof.records.direction import Direction, Part
from gradproof.space.point import Point, Working

COUNT = 40


def arrays(dtype="float64", count=COUNT):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(2, 1 + k % 3)).astype(dtype) for k in range(count)]


def direction(point, count=COUNT):
    return Direction(tuple(Part(b.index, b.scale) for b in point.blocks[:count]), 0, 3)


@pytest.mark.parametrize(("dtype", "promote"), [("float64", False), ("float32", True)])
@pytest.mark.parametrize("moved", [COUNT, COUNT - 7, 3])
def test_blocks_move_as_they_would_alone(dtype, promote, moved):
    point = Point(arrays(dtype))
    together, alone = Working(point, promote=promote), Working(point, promote=promote)
    assert together.arena is not None
    alone.arena = None
    for working in (together, alone):
        working.line(direction(point, moved)).move(0.25)
    for one, other, given in zip(together.copies, alone.copies, point.tree.leaves, strict=True):
        assert one.dtype == np.float64
        assert one == pytest.approx(other, rel=1e-15, abs=1e-15)
        assert one.shape == given.shape
    line = together.line(direction(point, moved))
    line.move(0.25)
    line.back()
    assert all(map(np.array_equal, together.copies, point.tree.leaves))
    assert together.changed() == []


@pytest.mark.parametrize(
    "given",
    [
        arrays(count=31),
        arrays("float32"),
        arrays("complex128"),
        [*arrays(), np.ones(3, np.float32)],
        [*arrays(), 1.0],
        [np.zeros(1 << 16) for _ in range(COUNT)],
    ],
)
def test_few_large_or_different_ones_are_by_themselves(given):
    assert Working(Point(given), promote=False).arena is None


def test_what_is_written_into_one_of_them_is_seen_and_put_back():
    point = Point(arrays())
    working = Working(point, promote=False)
    working.copies[5][0, 0] += 1e-9
    assert working.changed() == [point.blocks[5].name]
    working.restore()
    assert working.changed() == []


def cost(p):
    return sum([float(np.sum(np.sin(x))) for x in p])


def backprop(p, factor=1.0):
    return [np.cos(x) * (factor if k == 11 else 1) for k, x in enumerate(p)]


def test_one_wrong_block_of_many_is_named():
    point = arrays()
    assert gp.check(cost, point, grad=backprop).ok
    report = gp.check(cost, point, grad=lambda p: backprop(p, 1.001))
    assert [b.name for b in report.blocks if b.verdict == "wrong"] == ["params[11]"]


def test_a_function_that_writes_into_its_arguments_is_told():
    def writes(p):
        value = cost(p)
        p[3] *= 2
        return value

    report = gp.check(writes, arrays(), grad=backprop)
    assert report.ok
    assert "mutation" in [f.kind for f in report.findings]


def test_a_gradient_that_is_a_view_of_the_parameters_is_kept_as_it_was():
    squares = lambda p: sum([float(np.vdot(x, x)) for x in p]) / 2
    assert gp.check(squares, arrays(), grad=lambda p: [*p]).ok
    assert not gp.check(cost, arrays(), grad=lambda p: [*p]).ok
