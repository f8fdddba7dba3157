"""NumPy arrays that move, and the defaults that other libraries start from."""

import sys

import numpy as np
import pytest

from gradproof.backend.numpy import BACKEND
from gradproof.backend.protocol import Backend
from gradproof.records.direction import Direction, Part
from gradproof.space import directions
from gradproof.space.point import Point, Working


class Defaults(Backend):
    """What a library gets that says as little as it may."""

    def dtype(self, leaf):
        return BACKEND.dtype(leaf)

    def host(self, leaf):
        return BACKEND.host(leaf)

    def copy(self, leaf, *, promote):
        return BACKEND.copy(leaf, promote=promote)

    def array(self, numbers, like):
        return BACKEND.array(numbers, like)


PARTS = {
    "whole": Part(0, 1.0),
    "entry": Part(0, 1.0, entry=3),
    "ramp": Part(0, 1.0, ramp=(1, 3)),
    "some": Part(0, 1.0, only=(1, 4)),
}
every_part = pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
every_dtype = pytest.mark.parametrize(
    "dtype", [np.float64, np.float32, np.float16, np.longdouble, np.complex128, np.complex64]
)


def leaf(dtype):
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(2, 3)) + 1j * rng.normal(size=(2, 3))
    return numbers.astype(dtype) if np.dtype(dtype).kind == "c" else numbers.real.astype(dtype)


def drawn(part, dtype):
    axes = (2, 3, 2) if np.dtype(dtype).kind == "c" else (2, 3)
    return directions.vector(part, axes, 0, 0)


@every_part
@every_dtype
def test_a_move_is_the_origin_plus_a_multiple_of_the_direction(part, dtype):
    origin = leaf(dtype)
    before, copy = origin.copy(), BACKEND.copy(origin, promote=False)
    way = np.empty(12 if np.dtype(dtype).kind == "c" else 6)
    drawn(part, dtype).displace(way, 0.25)
    wanted = origin + (way.view(complex) if np.dtype(dtype).kind == "c" else way).reshape(2, 3)
    move = BACKEND.mover(copy, origin, drawn(part, dtype))
    move(3.0)
    assert move(0.25) is copy
    tolerance = 4 * max(float(np.finfo(dtype).eps), 2.0**-52)
    assert np.allclose(copy.astype(complex), wanted.astype(complex), rtol=0, atol=tolerance)
    assert not np.array_equal(copy, before)
    assert BACKEND.mover(copy, origin)(0.0) is copy
    assert np.array_equal(copy, before)
    assert np.array_equal(origin, before)


@every_part
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128])
def test_the_default_move_goes_to_the_same_place(part, dtype):
    origin, way = leaf(dtype), drawn(part, dtype)
    ours = BACKEND.mover(BACKEND.copy(origin, promote=False), origin, way)(0.25)
    theirs = Defaults().mover(BACKEND.copy(origin, promote=False), origin, way)(0.25)
    assert theirs.dtype == ours.dtype
    assert np.allclose(ours, theirs, rtol=0, atol=4 * float(np.finfo(dtype).eps))
    assert np.array_equal(Defaults().mover(theirs, origin)(0.0), origin)


def test_a_move_costs_one_call_for_each_block():
    point = Point({name: np.ones(3) for name in "abcd"})
    working = Working(point, promote=False)
    line = working.line(Direction(tuple(Part(k, 1.0) for k in range(4)), 0, 0))
    line.move(1.0)
    calls = []
    sys.setprofile(
        lambda frame, event, _: calls.append(frame.f_code.co_name) if event == "call" else None
    )
    try:
        line.move(0.5)
        working.tree()
    finally:
        sys.setprofile(None)
    assert calls == ["move", *["move"] * 4, "tree", "assemble"]


def test_a_number_that_is_no_array_is_handed_out_afresh():
    point = Point({"a": 1.5, "b": np.float32(2.0), "c": np.ones(2)})
    working = Working(point, promote=False)
    working.line(Direction((Part(0, 1.0, entry=0),), 0, 0)).move(0.25)
    given = working.tree()
    assert given["a"] == 1.75
    assert type(given["a"]) is float
    assert type(given["b"]) is np.float32
    assert given["c"] is working.copies[2]


@pytest.mark.parametrize("like", [None, "text", np.array([object()])])
def test_what_is_no_number_has_no_cotangent(like):
    assert BACKEND.array(np.zeros(1), like) is None


def test_products_are_those_of_real_coordinates_by_default_too():
    rng = np.random.default_rng(0)
    w, f = (rng.normal(size=4) + 1j * rng.normal(size=4) for _ in range(2))
    wanted = w.real @ f.real + w.imag @ f.imag
    for backend in (BACKEND, Defaults()):
        cotangent = backend.array(w.view(float), f)
        assert backend.products([cotangent, 2 * cotangent])(f) == pytest.approx(
            [wanted, 2 * wanted]
        )


def test_by_default_what_does_not_move_is_left_alone_for_a_reason():
    backend = Defaults()
    assert backend.differentiable(np.ones(2), "w") == ""
    assert "int64" in backend.differentiable(np.arange(3), "w")
    assert backend.differentiable(np.empty((0, 3)), "w") == "is empty (shape (0, 3))"
