"""Leaves as arrays: which can be differentiated, in which precision, as real coordinates."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..naming import instead, what


def differentiable(leaf: Any, name: str) -> str:
    """An empty string where a leaf can be differentiated, else the reason why it is left alone."""
    if leaf is None:
        return "is None"
    if isinstance(leaf, str | bytes):
        return "is text"
    if hasattr(leaf, "named_parameters"):
        raise UsageError(
            f"{name} is a module ({type(leaf).__name__}): check its parameters with "
            "gp.check_module(module, *inputs, loss=...), or pass dict(module.named_parameters()) "
            "and use torch.func.functional_call."
        )
    if not isinstance(leaf, bool | int | float | complex | np.generic | np.ndarray):
        raise UsageError(f"{name} is {_strange(leaf)}.")
    if isinstance(leaf, np.ma.MaskedArray | np.matrix):
        raise UsageError(
            f"{name} is a {type(leaf).__name__}, whose arithmetic differs from a plain array's: "
            "convert it with np.asarray, and fill what is masked."
        )
    array = np.asarray(leaf)
    if array.dtype.kind in "biu":
        return f"has the type {array.dtype}, which does not move continuously"
    if array.dtype.kind not in "fc":
        raise UsageError(
            f"{name} has the type {array.dtype}: only real and complex floating-point numbers "
            "can be differentiated; convert it with .astype(float)."
        )
    return "" if array.size else f"is empty (shape {array.shape})"


def _strange(leaf: Any) -> str:
    """What a leaf is that is no array, and what to write in its place."""
    if advice := instead(leaf):
        return f"{what(leaf)}, and no array of numbers: {advice}"
    home = "" if type(leaf).__module__ == "builtins" else f"{type(leaf).__module__}."
    return (
        f"of the type {home}{type(leaf).__qualname__}, which is neither a number, a NumPy array "
        "nor a container known to optree: convert it, or register its class with optree "
        "(optree.register_pytree_node or optree.dataclasses)"
    )


@lru_cache(maxsize=64)
def real_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type of the real coordinates of an array."""
    return np.empty(0, dtype).real.dtype


@lru_cache(maxsize=64)
def name(dtype: np.dtype[Any]) -> str:
    """What NumPy calls a type; it makes the name anew each time."""
    return str(dtype.name)


def continuous(dtype: str) -> bool:
    """Whether a type of this name is one of floating-point numbers, real or complex."""
    return dtype.startswith(("float", "bfloat", "complex", "longdouble", "clongdouble"))


def is_complex(dtype: str) -> bool:
    """Whether a type of this name is complex."""
    return dtype.startswith(("complex", "clongdouble"))


# Types that NumPy does not know: one that rounds alike, where there is one.
_STRANGE = {"complex32": "float16"}


@lru_cache(maxsize=64)
def eps(dtype: str) -> float:
    """Spacing of 1.0 in the type of this name, of NumPy's types and those of fewer bits."""
    if dtype.startswith("bfloat16"):
        return 2.0**-7
    digits = re.match(r"float\d+_e\d+m(\d+)", dtype)
    if digits is not None:
        return 2.0 ** -int(digits[1])
    return float(np.finfo(_STRANGE.get(dtype, dtype)).eps)


def rounded(dtype: str, number: Any) -> Any:
    """A real number as the type of this name holds it, in a NumPy scalar."""
    if not dtype.startswith("bfloat16"):
        return real_dtype(np.dtype(dtype)).type(number)
    # The upper half of a float32, to the nearest and to even.
    bits = np.float32(number).view(np.uint32)
    bits += np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))
    return (bits & np.uint32(0xFFFF0000)).view(np.float32)


def promoted(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """At least double precision, complex if ``dtype`` is."""
    return np.result_type(dtype, np.float64)


def flat(array: NDArray[Any]) -> NDArray[Any]:
    """Real coordinates in C order; a view where the memory allows it.

    A complex entry is its real and its imaginary part, next to each other.
    """
    contiguous = (array if array.flags.c_contiguous else np.ascontiguousarray(array)).reshape(-1)
    return contiguous.view(real_dtype(contiguous.dtype)) if array.dtype.kind == "c" else contiguous


def same(copy: Any, origin: Any) -> bool:
    """Whether two arrays hold the same numbers; NaN is equal to NaN."""
    new, old = np.asarray(copy), np.asarray(origin)
    if old.shape != new.shape:
        return False
    if old.size <= _FEW and old.dtype == new.dtype and new.tobytes() == old.tobytes():
        return True
    return np.array_equal(old, new) or (
        old.dtype.kind in "fc" and np.array_equal(old, new, equal_nan=True)
    )


# So few numbers are compared as bytes first, which takes a tenth of the time.
_FEW = 512

# No square of a number between these limits overflows, and what underflows does not count.
_SAFE = 1e-100
_SMALL = 4096
_PIECE = 1 << 16


def norm(array: NDArray[Any]) -> float:
    """Euclidean norm in double precision, safe from overflow and underflow.

    NumPy may warn of an overflow on the way: a check hears no such warnings (``Point.session``).
    """
    coordinates = flat(array)
    if coordinates.dtype == np.float64 and coordinates.size <= _SMALL:
        quick = math.sqrt(float(coordinates @ coordinates))
        if _SAFE < quick < 1 / _SAFE:
            return quick
    largest = float(max(coordinates.max(initial=0), -coordinates.min(initial=0)))
    if largest == 0 or not np.isfinite(largest):
        return largest
    total = 0.0
    for begin in range(0, coordinates.size, 1 << 14):
        scaled = np.divide(coordinates[begin : begin + (1 << 14)], largest, dtype=np.float64)
        total += float(scaled @ scaled)
    return float(largest * total**0.5)


def norms(whole: NDArray[np.float64], parts: Sequence[slice]) -> tuple[float, ...]:
    """The norm of each part of a flat array; the parts follow one another."""
    starts: list[int] = []
    found: list[float] = []
    for part in parts:
        starts.append(part.start)  # noqa: PERF401 - a frame less
    for one in np.sqrt(np.add.reduceat(whole * whole, starts)).tolist():
        safe = _SAFE < one < 1 / _SAFE
        found.append(one if safe else norm(whole[parts[len(found)]]))
    return tuple(found)


def smallest(array: NDArray[Any], below: float, most: int) -> tuple[int, ...]:
    """Real coordinates that are not zero, and smaller than ``below``: at most so many of them."""
    coordinates, found = flat(array), []
    if coordinates.size <= _FEW and not (np.abs(coordinates) < below).any():
        return ()
    for begin in range(0, coordinates.size, _PIECE):
        sizes = np.abs(coordinates[begin : begin + _PIECE])
        found.append(begin + np.flatnonzero((sizes > 0) & (sizes < below)))
    chosen = np.concatenate(found)
    return tuple(int(i) for i in chosen[:: -(-chosen.size // most) or 1])


def as_given(array: NDArray[Any], like: Any) -> Any:
    """An array in the form of the leaf that it stands for: a Python or NumPy scalar, or itself."""
    if isinstance(like, np.generic):
        return array[()]
    if isinstance(like, complex):
        return complex(array[()])
    return float(array[()]) if isinstance(like, float) else array
