"""Directions as bytes: random signs times magnitudes, regenerated from their recipe.

One signed byte per coordinate: a sign, and one of 85 magnitudes spread evenly over
[0.5, 1.5]. Plain Gaussian directions hide a single wrong entry, plain signs can cancel two
equal errors; signs times magnitudes do neither. A byte per coordinate is an eighth of the
memory of the vector itself, and NumPy scales it in one pass.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..records.direction import Part

Codes = NDArray[np.int8]

_UNIT = 85.0  # the byte that stands for 1; 43 to 127 are the magnitudes
_MAGNITUDES = 43 + np.arange(128) * 85 // 128
_SIGNED = np.concatenate([_MAGNITUDES, -_MAGNITUDES]).astype(np.int8)

# The root mean square of one coordinate of a direction whose step is 1.
RMS = float(np.sqrt(np.mean((_SIGNED / _UNIT) ** 2)))

# Coordinates handled at a time, where a temporary is needed: it stays in the cache.
_CHUNK = 1 << 16


def codes(part: Part, count: int, seed: int, draw: int) -> Codes:
    """The bytes of a direction in one block; the same on every machine."""
    generator = np.random.Generator(np.random.PCG64((seed, draw, part.block)))
    drawn = np.frombuffer(generator.bytes(count), dtype=np.uint8)
    signed = np.empty(count, dtype=np.int8)
    for begin in range(0, count, _CHUNK):
        end = begin + _CHUNK
        np.take(_SIGNED, drawn[begin:end], out=signed[begin:end], mode="clip")
    return signed


def displace(out: NDArray[np.floating], codes: Codes, step: float) -> None:
    """Write ``step`` times the direction into a flat array."""
    np.multiply(codes, out.dtype.type(step / _UNIT), out=out)


def component(codes: Codes, index: int) -> float:
    """One coordinate of the direction of step 1."""
    return float(codes[index]) / _UNIT


def dot(gradient: NDArray[np.floating], codes: Codes) -> float:
    """Inner product of a flat array with the direction of step 1, in float64."""
    total = 0.0
    # A claim that is not finite is told as such; its inner product need not be.
    with np.errstate(invalid="ignore", over="ignore"):
        for begin in range(0, gradient.size, _CHUNK):
            end = begin + _CHUNK
            total += float(gradient[begin:end].astype(np.float64) @ codes[begin:end])
    return total / _UNIT
