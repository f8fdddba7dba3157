"""What a planted fault is: a function, its right gradient, a wrong one, and what is wrong in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

ALL = "all"
"""Every entry of the block is wrong."""

Entries = str | frozenset[tuple[int, ...]]
Gradient = Callable[..., Any]


@dataclass(frozen=True)
class Fault:
    """A wrong gradient beside its right twin.

    ``fun(point, *args)`` is a float; ``right`` and ``wrong`` take the same arguments and return
    a gradient. Everything else is told block by block, under the name that a report prints:
    ``blocks`` holds the wrong entries (``ALL`` or a set of index tuples), ``kinds`` the names
    that a diagnosis may give, best first, ``line`` a piece of the statement that last assigned
    the block's gradient (None where there is none).
    """

    name: str
    family: str
    fun: Callable[..., float]
    point: Any
    args: tuple[Any, ...]
    right: Gradient
    wrong: Gradient
    blocks: Mapping[str, Entries]
    kinds: Mapping[str, tuple[str, ...]]
    line: Mapping[str, str | None]


@dataclass(frozen=True)
class Failing:
    """One block that a fault spoils."""

    block: str
    entries: Entries
    kinds: tuple[str, ...]
    line: str | None


@dataclass(frozen=True)
class Family:
    """A function and its right gradient at a point: the soil that faults are planted in."""

    name: str
    fun: Callable[..., float]
    point: Any
    args: tuple[Any, ...]
    right: Gradient

    def plant(self, what: str, wrong: Gradient, *failing: Failing) -> Fault:
        """The fault that ``wrong`` has, in the blocks that are failing."""
        return Fault(
            name=f"{self.name}: {what}",
            family=self.name,
            fun=self.fun,
            point=self.point,
            args=self.args,
            right=self.right,
            wrong=wrong,
            blocks={one.block: one.entries for one in failing},
            kinds={one.block: one.kinds for one in failing},
            line={one.block: one.line for one in failing},
        )


def at(block: str, entries: Entries, *kinds: str, line: str | None) -> Failing:
    """A failing entry of the point; ``""`` is the point itself."""
    return Failing(f"params{block}", entries, kinds, line)


def where(mask: Any) -> frozenset[tuple[int, ...]]:
    """The index tuples at which a mask is true."""
    return frozenset(tuple(int(i) for i in index) for index in np.argwhere(mask))


def part(shape: tuple[int, ...], *keys: Any) -> frozenset[tuple[int, ...]]:
    """The index tuples that one or more NumPy indices pick from an array of a shape."""
    mask = np.zeros(shape, dtype=bool)
    for key in keys:
        mask[key] = True
    return where(mask)
