"""Directions as bytes: random signs times magnitudes, regenerated from their recipe.

One signed byte per coordinate: a sign, and one of 85 magnitudes spread evenly over
[0.5, 1.5]. Plain Gaussian directions hide a single wrong entry, plain signs can cancel two
equal errors; signs times magnitudes do neither. A byte per coordinate is an eighth of the
memory of the vector itself, and NumPy scales it in one pass.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..records.direction import Part

Codes = NDArray[np.int8]

_UNIT = 85.0  # the byte that stands for 1; 43 to 127 are the magnitudes
_MAGNITUDES = 43 + np.arange(128) * 85 // 128
_SIGNED = np.concatenate([_MAGNITUDES, -_MAGNITUDES]).astype(np.int8)

# The root mean square of one coordinate of a direction whose step is 1.
RMS = float(np.sqrt(np.mean((_SIGNED / _UNIT) ** 2)))

_STRETCH = 256  # of so many or fewer coordinates one stretch is drawn

# Coordinates handled at a time, where a temporary is needed: it stays in the cache.
_CHUNK = 1 << 14


@dataclass(frozen=True, slots=True)
class Vector:
    """A direction of step 1 in one block: its bytes, and a ramp that multiplies them."""

    codes: Codes
    ramp: tuple[int, int] | None = None
    entry: ClassVar[None] = None

    def displace(self, out: NDArray[np.floating], step: float) -> None:
        """Write ``step`` times the direction into a flat array."""
        np.multiply(self.codes, out.dtype.type(step / _UNIT), out=out)
        if self.ramp is not None:
            for begin in range(0, out.size, _CHUNK):
                out[begin : begin + _CHUNK] *= self._slope(begin, min(begin + _CHUNK, out.size))

    def array(self) -> tuple[NDArray[Any], float]:
        """Numbers, and the one that stands for 1."""
        if self.ramp is None:
            return self.codes, _UNIT
        return self.codes * self._slope(0, self.codes.size), _UNIT

    def dot(self, gradient: NDArray[np.floating]) -> float:
        """Inner product with a flat array, in float64."""
        total = 0.0
        for begin in range(0, gradient.size, _CHUNK):
            end = min(begin + _CHUNK, gradient.size)
            piece = gradient[begin:end].astype(np.float64, copy=False)
            if self.ramp is not None:
                piece = piece * self._slope(begin, end)
            total += float(piece @ self.codes[begin:end].astype(np.float64))
        return total / _UNIT

    def component(self, index: int) -> float:
        """One coordinate."""
        ramp = 1.0 if self.ramp is None else float(self._slope(index, index + 1)[0])
        return float(self.codes[index]) / _UNIT * ramp

    def _slope(self, begin: int, end: int) -> NDArray[np.float64]:
        assert self.ramp is not None
        stride, length = self.ramp
        return 0.5 + (np.arange(begin, end) // stride % length + 0.5) / length


@dataclass(frozen=True, slots=True)
class Axis:
    """The direction of one coordinate alone, of so many."""

    entry: int
    count: int
    ramp: ClassVar[None] = None

    def displace(self, out: NDArray[np.floating], step: float) -> None:
        """Write ``step`` times the direction into a flat array."""
        out[...] = 0
        out[self.entry] = step

    def array(self) -> tuple[NDArray[Any], float]:
        """Numbers, and the one that stands for 1."""
        numbers = np.zeros(self.count, np.int8)
        numbers[self.entry] = 1
        return numbers, 1.0

    def dot(self, gradient: NDArray[np.floating]) -> float:
        """The entry of a flat array."""
        return float(gradient[self.entry])

    def component(self, index: int) -> float:
        """One coordinate."""
        return float(index == self.entry)


def vector(part: Part, shape: tuple[int, ...], seed: int, draw: int) -> Vector | Axis:
    """The direction of a part in a block whose real coordinates have a shape."""
    if part.entry is not None:
        return Axis(part.entry, math.prod(shape))
    if part.even:
        return Vector(np.full(math.prod(shape), int(_UNIT), dtype=np.int8))
    drawn = codes(part, math.prod(shape), seed, draw)
    if part.box is None and part.only is None:
        return Vector(drawn, part.ramp)
    inside = np.zeros_like(drawn)
    if part.only is not None:
        chosen = list(part.only)
        inside[chosen] = drawn[chosen]
    else:
        assert part.box is not None
        box = tuple(slice(low, high) for low, high in part.box)
        inside.reshape(shape)[box] = drawn.reshape(shape)[box]
    return Vector(inside, part.ramp)


def codes(part: Part, count: int, seed: int, draw: int) -> Codes:
    """The bytes of a direction in one block; the same on every machine."""
    if count <= _STRETCH:
        return _remembered(part.block, _STRETCH, seed, draw)[:count]
    if count <= _CHUNK:
        return _remembered(part.block, count, seed, draw)
    return _drawn(part.block, count, seed, draw)


@lru_cache(maxsize=512)
def _remembered(block: int, count: int, seed: int, draw: int) -> Codes:
    """Small ones are asked for again and again: sketches, checks of many small functions.

    Fewer bytes are the first of more.
    """
    return _drawn(block, count, seed, draw)


def _drawn(block: int, count: int, seed: int, draw: int) -> Codes:
    generator = np.random.Generator(np.random.PCG64((seed, draw, block)))
    signed = np.empty(count, dtype=np.int8)
    for begin in range(0, count, _CHUNK):
        piece = signed[begin : begin + _CHUNK]
        drawn = np.frombuffer(generator.bytes(piece.size), dtype=np.uint8)
        np.take(_SIGNED, drawn, out=piece, mode="clip")
    return signed
