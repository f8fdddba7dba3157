"""Powers: ``|t|^p`` with p between 1 and 2, smooth once and no more.

The slope at the point exists, and no window ever settles on it: the rest shrinks with ``H^(p-1)``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Problem, Specimen
from .twins import Wrong, factor, one, sign, zero
from .twins import twins as _twins

FAMILY = "powers"
Array = NDArray[Any]

NEARLY = 0.1
POWERS = (1.1, 1.2, 1.35, 1.5, 1.65, 1.8, 1.95)


def twins(name: str, make: Callable[[], Problem], *wrong: Wrong, why: str) -> Iterator[Specimen]:
    """What is right, or nearly so, cannot be told where no window settles."""
    for specimen in _twins(FAMILY, name, make, *wrong, why=why):
        yield replace(specimen, open=specimen.error < NEARLY)


def even(p: float) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    """``|t|^p`` and its derivative, which is 0 at 0; a central difference at 0 does not see it."""
    return lambda t: np.abs(t) ** p, lambda t: p * np.sign(t) * np.abs(t) ** (p - 1)


def odd(p: float) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    """``sign(t) |t|^p``: a central difference at 0 is off by ``H^(p-1)``."""
    return lambda t: np.sign(t) * np.abs(t) ** p, lambda t: p * np.abs(t) ** (p - 1)


def one_sided(p: float) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    """The power of what is positive."""
    return lambda t: np.maximum(t, 0) ** p, lambda t: p * np.maximum(t, 0) ** (p - 1)


SHAPES = {"|t|^{}": even, "sign(t) |t|^{}": odd, "max(t, 0)^{}": one_sided}


def at_zero() -> Iterator[Specimen]:
    """A slope of 1 and the power, at its singular point."""
    for told, shape in SHAPES.items():
        for p in POWERS:
            f, df = shape(p)
            yield from twins(
                f"t + {told.format(p)} at 0",
                one(lambda t, f=f: np.sum(t + f(t)), 0.0, lambda t, d=df: 1 + d(t)),
                sign(), zero(), factor(1.01), why="no window settles on the slope",
            )  # fmt: skip
            yield from twins(
                f"t + 0.01 {told.format(p)} at 0",
                one(lambda t, f=f: np.sum(t + 0.01 * f(t)), 0.0, lambda t, d=df: 1 + 0.01 * d(t)),
                factor(1.01), zero(), why="the singular term is small, and its slope is not",
            )  # fmt: skip


def one_of_many() -> Iterator[Specimen]:
    """One entry of several at its singular point, the others where all is smooth."""
    x = np.array([0.0, 0.7, -1.3, 0.4])
    for told, shape in SHAPES.items():
        for p in POWERS[::2]:
            f, df = shape(p)
            yield from twins(
                f"sines and {told.format(p)}, one of four at 0",
                one(
                    lambda x, f=f: np.sum(np.sin(x) + f(x)), x,
                    lambda x, d=df: np.cos(x) + d(x),
                ),
                sign(), factor(1.01), why="one entry never settles, the others do",
            )  # fmt: skip


def beside() -> Iterator[Specimen]:
    """Near the singular point, where the window has to be a tenth of the distance."""
    for p in POWERS[1::2]:
        f, df = odd(p)
        for told, gap in (("1e-6", 1e-6), ("1e-3", 1e-3)):
            yield from twins(
                f"t + sign(t) |t|^{p:g} at {told}",
                one(lambda t, f=f: np.sum(t + f(t)), gap, lambda t, d=df: 1 + d(t)),
                zero(), factor(1.01), why="singular near by",
            )  # fmt: skip


ALL_POWERS: tuple[Specimen, ...] = (*at_zero(), *one_of_many(), *beside())
