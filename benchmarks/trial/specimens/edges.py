"""Edges: points on the border of the domain, where the function has a slope from one side only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Problem, Specimen
from .twins import Wrong, factor, one, sign, zero
from .twins import twins as _twins

FAMILY = "edges"
Array = NDArray[Any]
_WHY = "on one side it is not finite, however near"


def twins(name: str, make: Callable[[], Problem], *wrong: Wrong) -> Iterator[Specimen]:
    return _twins(FAMILY, name, make, *wrong, why=_WHY)


def on_the_border() -> Iterator[Specimen]:
    yield from twins(
        "the square of a root and a sine at 0",
        one(
            lambda x: np.sum(np.sqrt(x) ** 2 + np.sin(2 * x)), 0.0,
            lambda x: 1 + 2 * np.cos(2 * x),
        ),
        sign(), zero(), factor(1.01),
    )  # fmt: skip
    yield from twins(
        "the fourth power of a root at 1",
        one(
            lambda x: np.sum(np.sqrt(1 - x) ** 4 + np.exp(x)), 1.0,
            lambda x: -2 * (1 - x) + np.exp(x),
        ),
        sign(), zero(), factor(1.01),
    )  # fmt: skip
    yield from twins(
        "a cosine by its arc at 1",
        one(lambda x: np.sum(np.cos(2 * np.arccos(x))), 1.0, lambda x: 4 * x), sign(), zero(),
    )  # fmt: skip
    yield from twins(
        "a square by its logarithm at 0",
        one(lambda x: np.sum(np.exp(2 * np.log(x)) + 3 * x), 0.0, lambda x: 2 * x + 3),
        sign(), zero(), factor(1.01),
    )  # fmt: skip
    yield from twins(
        "one weight of three on the border",
        one(
            lambda x: np.sum(np.sqrt(x) ** 2 * np.array([1.0, -2.0, 0.7]) + np.sin(x)),
            [0.0, 0.4, 1.3], lambda x: np.array([1.0, -2.0, 0.7]) + np.cos(x),
        ),
        sign(), zero(),
    )  # fmt: skip


ALL_EDGES: tuple[Specimen, ...] = tuple(on_the_border())
