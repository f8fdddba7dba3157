"""Leaves as arrays of real coordinates."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from gradproof.backend import arrays
from gradproof.errors import UsageError

FLOATS = [np.float16, np.float32, np.float64, np.longdouble, np.complex64, np.complex128]


@pytest.mark.parametrize("dtype", FLOATS)
def test_floating_point_leaves_can_be_differentiated(dtype):
    assert arrays.differentiable(np.ones(3, dtype), "w") == ""
    assert arrays.differentiable(dtype(1), "w") == ""
    assert arrays.differentiable(np.array(1, dtype), "w") == ""


@pytest.mark.parametrize("leaf", [1.5, 2j])
def test_python_numbers_can_too(leaf):
    assert arrays.differentiable(leaf, "w") == ""


@pytest.mark.parametrize(
    ("leaf", "reason"),
    [
        (None, "None"),
        ("relu", "text"),
        (b"relu", "text"),
        (3, "int"),
        (True, "bool"),
        (np.arange(3), "int"),
        (np.uint8(3), "uint8"),
        (np.ones(2, bool), "bool"),
        (np.empty((0, 3)), "empty (shape (0, 3))"),
    ],
)
def test_others_are_left_alone_for_a_reason(leaf, reason):
    assert reason in arrays.differentiable(leaf, "w")


@pytest.mark.parametrize(
    "leaf",
    [
        np.array(["a"]),
        np.array([object()]),
        np.array(["2020-01-01"], "M8[D]"),
        Decimal(1),
        Fraction(1, 2),
        object(),
        len,
    ],
    ids=lambda leaf: f"{type(leaf).__name__} {getattr(leaf, 'dtype', '')}",
)
def test_leaves_that_are_no_numbers_are_refused_by_name(leaf):
    with pytest.raises(UsageError, match=r"params\['w'\]"):
        arrays.differentiable(leaf, "params['w']")


@pytest.mark.parametrize(
    ("dtype", "real", "wide"),
    [
        (np.float16, np.float16, np.float64),
        (np.float32, np.float32, np.float64),
        (np.longdouble, np.longdouble, np.longdouble),
        (np.complex64, np.float32, np.complex128),
        (np.complex128, np.float64, np.complex128),
    ],
)
def test_types(dtype, real, wide):
    assert arrays.real_dtype(np.dtype(dtype)) == real
    assert arrays.promoted(np.dtype(dtype)) == wide


def test_a_complex_entry_is_two_coordinates_side_by_side():
    assert arrays.flat(np.array([1 + 2j, 3 + 4j])).tolist() == [1, 2, 3, 4]


def test_coordinates_are_in_c_order_whatever_the_memory():
    A = np.arange(6.0).reshape(2, 3)
    assert arrays.flat(A).base is not None
    assert arrays.flat(np.asfortranarray(A)).tolist() == arrays.flat(A).tolist()
    assert arrays.flat(np.arange(12.0)[::2]).tolist() == [0, 2, 4, 6, 8, 10]
    assert arrays.flat(np.array(5.0)).tolist() == [5]
    assert arrays.flat(np.broadcast_to(1.0, (2, 2))).tolist() == [1, 1, 1, 1]


@given(
    npst.arrays(
        np.float64,
        npst.array_shapes(max_dims=3, min_side=0, max_side=6),
        elements=st.floats(-1e6, 1e6),
    )
)
def test_the_norm_is_numpys_where_numpy_can(array):
    assert arrays.norm(array) == pytest.approx(float(np.linalg.norm(array.ravel())), rel=1e-12)


@pytest.mark.parametrize("size", [1e-300, 1e-200, 1.0, 1e200, 1e300])
def test_the_norm_neither_overflows_nor_underflows(size):
    with np.errstate(over="ignore"):  # as during a check
        assert arrays.norm(np.array([3 * size, -4 * size])) == pytest.approx(5 * size)
    assert arrays.norm(np.full(4, 30000, np.float16)) == pytest.approx(59968, rel=1e-3)


def test_the_norm_of_a_complex_a_long_and_a_zero_array():
    assert arrays.norm(np.array([3 + 4j])) == pytest.approx(5)
    assert arrays.norm(np.ones((1 << 16) * 2 + 1)) == pytest.approx(((1 << 17) + 1) ** 0.5)
    assert arrays.norm(np.zeros(3)) == 0


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_the_norm_tells_what_is_not_finite(bad):
    assert not np.isfinite(arrays.norm(np.array([1.0, bad])))


@pytest.mark.parametrize("like", [1.5, 1.5j, np.float32(1), np.float64(1), np.complex64(1)])
def test_scalars_are_given_back_as_scalars_of_their_own_type(like):
    given_back = arrays.as_given(np.asarray(like), like)
    assert type(given_back) is type(like)
    assert given_back == like


def test_arrays_are_given_back_as_arrays():
    array = np.array(1.5)
    assert arrays.as_given(array, np.array(2.0)) is array


# Types by their names


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_spacing_of_a_type_is_known_by_its_name(dtype):
    name = np.dtype(dtype).name
    assert arrays.eps(name) == np.finfo(dtype).eps
    assert arrays.continuous(name)
    assert arrays.is_complex(name) is (np.dtype(dtype).kind == "c")


@pytest.mark.parametrize(
    ("name", "eps"),
    [("bfloat16", 2.0**-7), ("float8_e4m3fn", 2.0**-3), ("float8_e5m2", 2.0**-2)],
)
def test_so_is_that_of_types_that_numpy_does_not_know(name, eps):
    assert arrays.eps(name) == eps


@pytest.mark.parametrize("name", ["int64", "bool", "object", "str", "sparse_coo", "key<fry>"])
def test_other_types_are_not_continuous(name):
    assert not arrays.continuous(name)


@given(st.floats(-1e30, 1e30))
def test_a_number_is_rounded_to_bfloat16_as_elsewhere(number):
    torch = pytest.importorskip("torch")
    wanted = float(torch.tensor(number, dtype=torch.bfloat16))
    assert float(arrays.rounded("bfloat16", number)) == wanted
    assert float(arrays.rounded("float32", number)) == float(np.float32(number))
