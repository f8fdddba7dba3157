"""Directions as bytes: random signs times magnitudes, regenerated from their recipe.

One byte per coordinate encodes a sign and one of 128 magnitudes spread evenly over
[0.5, 1.5]. Plain Gaussian directions hide a single wrong entry, plain signs can cancel two
equal errors; signs times magnitudes do neither. A byte per coordinate is an eighth of the
memory of the vector itself, and scaling the table of 256 numbers scales the direction.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..records.direction import Part

Codes = NDArray[np.uint8]

_MAGNITUDES = 0.5 + (np.arange(128) + 0.5) / 128
TABLE: NDArray[np.float64] = np.concatenate([_MAGNITUDES, -_MAGNITUDES])

# The root mean square of one coordinate of a direction whose step is 1.
RMS = float(np.sqrt(np.mean(TABLE**2)))

# Coordinates handled at a time: the temporaries stay in the processor's cache.
_CHUNK = 1 << 16


def codes(part: Part, count: int, seed: int, draw: int) -> Codes:
    """The bytes of a direction in one block; the same on every machine."""
    generator = np.random.Generator(np.random.PCG64((seed, draw, part.block)))
    return np.frombuffer(generator.bytes(count), dtype=np.uint8)


def displace(out: NDArray[np.floating], codes: Codes, step: float) -> None:
    """Write ``step`` times the direction into a flat array."""
    table = (TABLE * step).astype(out.dtype)
    for begin in range(0, out.size, _CHUNK):
        end = begin + _CHUNK
        np.take(table, codes[begin:end], out=out[begin:end], mode="clip")


def dot(gradient: NDArray[np.floating], codes: Codes) -> float:
    """Inner product of a flat array with the direction of step 1, in float64."""
    total = 0.0
    for begin in range(0, gradient.size, _CHUNK):
        end = begin + _CHUNK
        total += float(gradient[begin:end].astype(np.float64) @ TABLE[codes[begin:end]])
    return total
