"""Leaves as blocks: their size and scale, and what is said where they will not do."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import arrays
from ..backend.protocol import Backend
from ..errors import UsageError
from ..records.block import Block

TINY = float(np.finfo(np.float64).tiny)  # the smallest normal number


def block_of(index: int, name: str, library: Backend, leaf: Any) -> Block:
    """A leaf as a block; ``UsageError`` where it is not finite."""
    array = library.host(leaf)
    count = array.size * (2 if array.dtype.kind == "c" else 1)
    norm = arrays.norm(array)
    if not np.isfinite(norm) and not np.isfinite(array).all():
        bad = int(array.size - np.isfinite(array).sum())
        raise UsageError(
            f"{name} has {bad} of {array.size} entries that are not finite "
            f"({places(~np.isfinite(array))}): a gradient exists only at a finite point."
        )
    rms = norm / count**0.5
    # A denormal number cannot be moved by a fraction of itself.
    scale = rms if rms > TINY else 1.0
    return Block(index, name, array.shape, library.dtype(leaf), count, scale)


def places(chosen: NDArray[np.bool_]) -> str:
    """The first few chosen entries as a person writes them; ``value`` of a scalar."""
    if chosen.ndim == 0:
        return "its only value"
    found = np.argwhere(chosen)
    listed = ", ".join(str([int(i) for i in index]) for index in found[:3])
    return f"at {listed}" + (", …" if len(found) > 3 else "")


def nothing(left_alone: dict[str, str]) -> str:
    """What is said where no leaf can be differentiated."""
    if not left_alone:
        return "The point holds no parameters at all: pass an array or a container of arrays."
    listed = "; ".join(f"{name} {reason}" for name, reason in list(left_alone.items())[:5])
    return f"Nothing in the point can be differentiated: {listed}. Pass floating-point arrays."
