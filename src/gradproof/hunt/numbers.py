"""Shorter numbers: what is tried in place of the entries of an array, and what is simple."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SIMPLE = (0.0, 1.0, 2.0, -1.0, 0.5, 3.0, -2.0, 10.0, 5.0, -3.0, -10.0, 20.0, 100.0, -100.0, 1000.0)


def simpler_numbers(array: NDArray[Any], most: int) -> Iterator[NDArray[Any]]:
    """The same array with simpler entries: all at once, then one after the other."""
    if not array.size or array.dtype.kind not in "fciu":
        return
    flat = array.reshape(-1)
    if flat.size > 1:
        for value in _SIMPLE:
            yield np.full_like(array, value)
        yield np.full_like(array, flat[0])
        yield np.arange(1, flat.size + 1).reshape(array.shape).astype(array.dtype)
    for digits in (1, 2, 3):
        yield _rounded(array, digits)
    if array.dtype.kind == "c":
        yield array.real.astype(array.dtype)
        yield (1j * array.imag).astype(array.dtype)
    for place in range(min(flat.size, most)):
        for value in _of_one(flat[place]):
            other = array.copy()
            other.reshape(-1)[place] = value
            yield other


def _of_one(value: Any) -> list[Any]:
    if isinstance(value, complex | np.complexfloating):
        return [0.0, 1.0, 1j, 1 + 1j, 2j]
    simple = [v for v in _SIMPLE if cost_of_number(v) < cost_of_number(float(value))]
    rounded = []
    if math.isfinite(value):
        rounded = [float(f"{float(v):.{d}g}") for v in (value, value / 2) for d in (1, 2, 3)]
    return [*simple, *(v for v in rounded if cost_of_number(v) < cost_of_number(float(value)))]


def _rounded(array: NDArray[Any], digits: int) -> NDArray[Any]:
    if array.dtype.kind == "c":
        return (_rounded(array.real, digits) + 1j * _rounded(array.imag, digits)).astype(
            array.dtype
        )
    flat = [float(f"{float(v):.{digits}g}") for v in array.reshape(-1)]
    return np.array(flat).reshape(array.shape).astype(array.dtype)


def cost_of_number(value: float) -> float:
    """How long a number is to read: 0 is the simplest, then 1, then small whole ones."""
    if value == 0:
        return 0.5 if math.copysign(1, value) < 0 else 0.0
    if not math.isfinite(value):
        return 60.0
    minus = 0.5 if value < 0 else 0.0
    if value == int(value) and abs(value) < 1e6:
        return (1 if abs(value) == 1 else 1.5 + math.log10(abs(value))) + minus
    return (
        2.0 + len(f"{abs(value):.17g}" if float(f"{value:.6g}") != value else f"{value:g}") + minus
    )


def cost(value: Any) -> float:
    """How much there is to read in a value."""
    if isinstance(value, np.ndarray):
        parts = value.reshape(-1)
        if value.dtype.kind == "c":
            parts = np.concatenate([parts.real, parts.imag])
        distinct = 0.01 * len(np.unique(parts)) if parts.size else 0.0
        return float(sum(cost_of_number(float(v)) for v in parts[:256])) + distinct
    if isinstance(value, bool) or value is None:
        return 0.0
    if isinstance(value, int | float | np.integer | np.floating):
        return cost_of_number(float(value))
    if isinstance(value, dict):
        return sum(cost(one) for one in value.values())
    if isinstance(value, list | tuple):
        return sum(cost(one) for one in value)
    return 1.0
