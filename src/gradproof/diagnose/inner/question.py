"""What is asked of a backward: how it is run, what was measured, what a fault is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...judge.thresholds import T
from ...records.finding import Kind, SourceLine
from ..values import Instrument

Flat = NDArray[np.float64]
Blocks = frozenset[int]

Edit = Callable[[Any, int], Any]
"""The value of an expression, and the round it is met in: what it answers instead."""

_LARGEST = 1 << 20  # entries of a value that is kept


@dataclass(frozen=True, slots=True)
class Known:
    """What was measured: a claim's products with ``rows`` are ``slopes`` within ``limits``.

    A claim here is one flat array: that of all blocks, for each list of cotangents. ``moved`` are
    the blocks that a row moves, ``places`` where the coordinates of each block are.
    """

    rows: Flat
    slopes: Flat
    limits: Flat
    moved: tuple[Blocks, ...]
    places: tuple[NDArray[np.intp], ...]

    def changed(self, one: Flat, other: Flat) -> Blocks:
        """The blocks in which two claims differ, by more than the round-off of the other one."""
        least = T.followed * np.finfo(float).eps * np.abs(other).max(initial=0.0)
        off = ~(np.abs(one - other) <= least)
        return frozenset(k for k, place in enumerate(self.places) if off[place].any())

    def about(self, blocks: Blocks, right: Blocks) -> NDArray[np.intp]:
        """The rows that tell of some blocks, and of no other wrong one; of a lone one first."""
        chosen = [k for k, m in enumerate(self.moved) if m & blocks and m <= blocks | right]
        return np.array(sorted(chosen, key=lambda k: len(self.moved[k])), np.intp)


@dataclass(frozen=True, slots=True)
class Question:
    """A backward with ``wrong`` blocks, and what it claims, ``base``.

    ``run`` calls it; ``seen`` are the values of ``fun``, by their text; ``shared`` the functions
    that ``fun`` calls as well. ``numbers`` names a factor, ``upstream`` the gradient from above,
    of which there are so many ``readings``.
    """

    run: Callable[[], Flat]
    base: Flat
    instrument: Instrument
    known: Known
    wrong: Blocks
    seen: Sequence[tuple[str, list[Any]]]
    numbers: Callable[[float, float], str]
    upstream: frozenset[str] = frozenset()
    readings: int = 1
    shared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """The fault: where it stands, what it is, and the blocks that are right without it.

    ``claim`` is what is claimed then.
    """

    kind: Kind
    words: str
    line: SourceLine
    blocks: Blocks
    claim: Flat
    factor: float | None = None
    factor_bar: float | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """How a claim's products with a few rows follow the entries of an expression."""

    columns: Flat
    base: Flat
    slopes: Flat
    limits: Flat

    def products(self, values: Sequence[Any], edit: Edit) -> Flat:
        """What they become with an edit."""
        moved = [np.broadcast_to(edit(v, k), v.shape) - v for k, v in enumerate(values)]
        return np.asarray(self.base + self.columns @ np.concatenate([m.reshape(-1) for m in moved]))

    def allows(self, values: Sequence[Any], edit: Edit, *, times: bool = False) -> bool:
        """Whether the slopes do not speak against an edit, or not against all multiples of it."""
        try:
            moved = self.products(values, edit) - self.base
        except (ValueError, IndexError, TypeError):  # it does not fit all values there
            return False
        wanted = self.slopes - self.base
        if times:
            size = float(np.vdot(moved, moved).real)
            moved = moved * (float(np.vdot(moved, wanted).real) / size) if size > 0 else moved
        room = self.limits + T.linear * (np.abs(self.slopes) + np.abs(self.base))
        return bool((np.abs(moved - wanted) <= room).all())


def kept(value: Any) -> NDArray[Any] | None:
    """A copy of what can be looked at: numbers, and what is true or false."""
    if isinstance(value, np.ndarray | np.generic | float | int) and np.size(value) <= _LARGEST:
        array = np.array(value)
        return array if array.dtype.kind in "fcbiu" else None
    return None
