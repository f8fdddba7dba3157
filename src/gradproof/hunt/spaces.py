"""The spaces that a user writes: ``gp.arrays``, ``gp.floats``, ``gp.one_of`` and the domains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from ..errors import UsageError
from .arrays import DEFAULT, Arrays, Floats
from .domains import Mapped, PositiveDefinite
from .nested import Nested
from .space import Choices, Integers, Shapes, Space

Shape = int | Sequence[int | str] | Space | None


def arrays(
    shape: Shape = None, dtype: Any = None, low: float = -math.inf, high: float = math.inf
) -> Space:
    """Arrays of floating-point numbers (or of integers), for ``gp.hunt``.

    Parameters
    ----------
    shape : int, tuple or space, optional
        A shape, or a space of shapes (``gp.shapes(max_dims=2)``, ``gp.one_of((3,), (4, 4))``); any
        shape of up to four axes if left out. A name in the place of a length, ``("n", "d")``, is a
        length that varies, the same in all arrays of a hunt.
    dtype : dtype or sequence of dtypes, optional
        Left out, float64, and now and then float32; complex as well where the code mentions it.
    low, high : float
        The domain: no entry of the point is ever below or above, whatever is tried or measured.

    Returns
    -------
    Space

    Raises
    ------
    UsageError
        Where there is no such array.

    Examples
    --------
    >>> import numpy as np
    >>> import gradproof as gp
    >>> def norm(x):
    ...     return float(np.sqrt(np.sum(x**2)))
    >>> def gradient(x):
    ...     return x / norm(x)
    >>> found = gp.hunt(norm, gp.arrays((2,)), grad=gradient, tries=60).found
    >>> found[0].values["point"]
    array([0., 0.])

    """
    low, high = _ends(low, high)
    wanted = _shape(shape)
    if isinstance(wanted, Choices):
        return Choices(tuple(arrays(one, dtype, low, high) for one in wanted.values))
    kinds = _dtypes(dtype)
    if kinds[0].startswith(("int", "uint")):
        low, high = (low if low > -math.inf else 0.0), (high if high < math.inf else 9.0)
    return Arrays(wanted, kinds, low, high)


def floats(low: float = -math.inf, high: float = math.inf) -> Space:
    """Python floats from ``low`` to ``high``, both included."""
    return Floats(*_ends(low, high))


def integers(low: int, high: int) -> Space:
    """Integers from ``low`` to ``high``, both included."""
    ends: list[tuple[str, Any]] = [("low", low), ("high", high)]
    for name, value in ends:
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise UsageError(f"{name} must be an integer, but is {value!r}.")
    if low > high:
        raise UsageError(f"There is no integer from {low} to {high}: low must not be above high.")
    return Integers(int(low), int(high))


def one_of(*values: Any) -> Space:
    """One of some values, which may be spaces; the first is the ordinary one."""
    if not values:
        raise UsageError("gp.one_of needs at least one value: gp.one_of(0.5, 1, 20).")
    return Choices(values)


def shapes(min_dims: int = 0, max_dims: int = 4, min_side: int = 0, max_side: int = 1024) -> Space:
    """Shapes with so many axes, each of so many entries: of length 0 and 1 too, square and not."""
    numbers: tuple[Any, ...] = (min_dims, max_dims, min_side, max_side)
    if not all(isinstance(n, Integral) and int(n) >= 0 for n in numbers):
        raise UsageError(f"gp.shapes takes integers that are not negative, but got {numbers}.")
    if min_dims > max_dims or min_side > max_side:
        raise UsageError("There is no such shape: the least is above the most.")
    return Shapes(int(min_dims), int(max_dims), int(min_side), int(max_side))


def trees(leaves: Any = None) -> Space:
    """Containers of arrays: a dictionary, a list, a tuple, one inside another.

    ``leaves`` is the space of what they hold, ``gp.arrays(2)`` if left out. A certain container is
    written down as it is, with spaces in it: ``{"W": gp.arrays((3, 2)), "b": gp.arrays(2)}``.
    """
    held = arrays(2) if leaves is None else leaves
    if not isinstance(held, Space):
        raise UsageError(
            f"gp.trees takes the space of what it holds, but got a {type(held).__name__}: a "
            "container with spaces in it is a point by itself."
        )
    return Nested(held)


def positive_definite(n: int, dtype: Any = None) -> Space:
    """Symmetric ``n × n`` matrices with positive eigenvalues."""
    side = _side(n, "n")
    return PositiveDefinite((side, side), _dtypes(dtype))


def simplex(n: int, dtype: Any = None) -> Space:
    """Arrays of ``n`` shares: none is negative, and they add up to 1."""
    return Mapped((_side(n, "n"),), _dtypes(dtype), 0.0, math.inf, kind="simplex")


def sorted_(shape: Any, dtype: Any = None, low: float = -math.inf, high: float = math.inf) -> Space:
    """Arrays whose entries ascend along the last axis; ties are among them."""
    return Mapped(_fixed(shape), _dtypes(dtype), *_ends(low, high), kind="sorted")


def ties(shape: Any, dtype: Any = None, low: float = -math.inf, high: float = math.inf) -> Space:
    """Arrays in which entries are equal."""
    return Mapped(_fixed(shape), _dtypes(dtype), *_ends(low, high), kind="ties")


def _fixed(shape: Any) -> Any:
    wanted = _shape(shape)
    if isinstance(wanted, Space) or not wanted:
        raise UsageError("This space needs a shape with at least one axis, such as (5,).")
    return wanted


def _side(n: Any, name: str) -> int:
    if isinstance(n, bool) or not isinstance(n, Integral) or n < 1:
        raise UsageError(f"{name} must be a positive integer, but is {n!r}.")
    return int(n)


def _shape(shape: Any) -> Any:
    if shape is None:
        return Shapes()
    if isinstance(shape, Shapes | Choices):
        return shape
    sides = (shape,) if isinstance(shape, Integral | str) else shape
    if isinstance(sides, list | tuple) and all(map(_is_side, sides)):
        return tuple(side if isinstance(side, str) else int(side) for side in sides)
    raise UsageError(
        "shape must be a shape, such as (3, 2) or ('n', 2), or a space of shapes, "
        f"but is {shape!r}."
    )


def _is_side(side: Any) -> bool:
    whole = isinstance(side, Integral) and not isinstance(side, bool)
    return isinstance(side, str) or (whole and int(side) >= 0)


def _dtypes(dtype: Any) -> tuple[str, ...]:
    if dtype is None:
        return DEFAULT
    listed = dtype if isinstance(dtype, list | tuple) else (dtype,)
    try:
        return tuple(np.dtype(one).name for one in listed)
    except TypeError:
        raise UsageError(
            f"dtype must be a dtype of NumPy, such as 'float32', or several, but is {dtype!r}: "
            "arrays are handed to a framework in the same precision."
        ) from None


def _ends(low: Any, high: Any) -> tuple[float, float]:
    for name, value in (("low", low), ("high", high)):
        if isinstance(value, bool) or not isinstance(value, Real) or math.isnan(value):
            raise UsageError(f"{name} must be a number, but is {value!r}.")
    if low > high:
        raise UsageError(f"There is no number from {low} to {high}: low must not be above high.")
    return float(low), float(high)
