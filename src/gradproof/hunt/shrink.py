"""From a hit to the smallest one like it: fewer entries, usual settings, shorter numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .arrays import Arrays, Floats
from .domains import Mapped, PositiveDefinite
from .family import Family

Values = Mapping[str, Any]

MOST = 300  # candidates for one hit


def shrunk(family: Family, values: Values, fails: Callable[[Values], bool]) -> Values:
    """The simplest arguments that still fail, as far as single steps lead there.

    Parameters
    ----------
    family : Family
        The spaces, which say what is simpler.
    values : mapping
        Arguments that fail.
    fails : callable
        Whether others fail in the same way.

    """
    left, cost = MOST, family.cost(values)
    again = True
    seen: set[str] = set()
    while again and left > 0:
        again = False
        for candidate in family.simpler(values):
            price = family.cost(candidate)
            if price >= cost or (said := repr(candidate)) in seen:
                continue
            seen.add(said)
            left -= 1
            if fails(candidate):
                values, cost, again = candidate, price, True
                break
            if left <= 0:
                break
    return values


def nudged(
    family: Family, values: Values, rng: np.random.Generator, share: float = 0.01
) -> dict[str, Any]:
    """The same arguments with every floating-point entry moved by about a ``share`` of its array.

    What is special about them is gone then: zeros, ties, ends of the domain.
    """
    leaves = family.leaves(values)
    moved = []
    for space, leaf in zip(family.spaces, leaves, strict=True):
        if isinstance(space, Arrays) and isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fc":
            moved.append(_moved(space, leaf, rng, share))
        elif isinstance(space, Floats):
            step = share * (abs(leaf) or 1.0) * rng.uniform(0.5, 1.5)
            moved.append(next((x for x in (leaf + step, leaf - step) if space.contains(x)), leaf))
        else:
            moved.append(leaf)
    return dict(family.flat.unflatten(moved))


def _moved(space: Arrays, leaf: Any, rng: np.random.Generator, share: float) -> Any:
    size = float(np.sqrt(np.mean(np.abs(leaf.astype(complex)) ** 2))) if leaf.size else 0.0
    size = size if 0 < size < np.inf else 1.0
    step = share * size * rng.choice([-1.0, 1.0], leaf.shape) * rng.uniform(0.5, 1.5, leaf.shape)
    if isinstance(space, PositiveDefinite):
        step = (step + step.T) / 2
        return leaf + 0.1 * step + share * size * np.eye(len(leaf))
    if leaf.dtype.kind == "c":
        return leaf + step * np.exp(1j * rng.uniform(0, 6.28, leaf.shape))
    array = (leaf + step).astype(float)
    if isinstance(space, Mapped) and space.kind == "ties":
        return array.astype(leaf.dtype)
    return space.fitted(array).astype(leaf.dtype)
