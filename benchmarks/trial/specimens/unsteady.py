"""Unsteady: a function known to a tolerance, or a claim that is a random estimate.

Nothing is wrong with either, and nobody can tell it from a fault by slopes alone: a checker may
say that it cannot tell, and must not accuse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Problem, Specimen
from .twins import Wrong, one, sign
from .twins import twins as _twins

FAMILY = "unsteady"
Array = NDArray[Any]


def twins(name: str, make: Callable[[], Problem], *wrong: Wrong, why: str) -> Iterator[Specimen]:
    for specimen in _twins(FAMILY, name, make, *wrong, why=why):
        yield replace(specimen, open=specimen.right)


def decayed(u: Array, rate: float, tolerance: float) -> Array:
    """``u' = -rate u`` from 0 to 2 by Heun's method, its step chosen by the error of each."""
    t, h = 0.0, 0.1
    while t < 2:
        h = min(h, 2 - t)
        k1 = -rate * u
        k2 = -rate * (u + h * k1)
        error = float(np.max(np.abs(h * (k2 - k1) / 2) / (1e-6 + tolerance * np.abs(u))))
        if error <= 1:
            t, u = t + h, u + h * (k1 + k2) / 2
        h *= min(4.0, max(0.2, 0.9 / max(error, 1e-4) ** 0.5))
    return u


def to_a_tolerance() -> Iterator[Specimen]:
    for tolerance in (1e-3, 1e-5):
        for rate in (1.0, 2.5):
            yield from twins(
                f"a decay of {rate:g}, solved to {tolerance:g}",
                one(
                    lambda u, r=rate, e=tolerance: decayed(u, r, e).sum(), [1.0, 2.0],
                    lambda u, r=rate: np.full_like(u, np.exp(-2 * r)),
                ),
                sign(), why="the exact sensitivity is not that of the steps that the solver took",
            )  # fmt: skip


def estimated() -> Iterator[Specimen]:
    """The price of an option and its slope by likelihood ratios, both from samples."""
    volatility = 0.2
    for count in (2_000, 20_000):

        def drawn(count: int = count) -> Array:
            return np.random.standard_normal(count)  # noqa: NPY002 - that is the point

        def price(S: Array, drawn: Any = drawn) -> Any:
            return np.mean(np.maximum(S[0] * np.exp(volatility * drawn()) - 1, 0))

        def delta(S: Array, drawn: Any = drawn) -> Array:
            Z = drawn()
            paid = np.maximum(S[0] * np.exp(volatility * Z) - 1, 0)
            return np.array([np.mean(paid * Z / (S[0] * volatility))])

        yield from twins(
            f"a slope estimated from {count:,} samples", one(price, 1.05, delta), sign(),
            why="unbiased, with a scatter of a per cent",
        )  # fmt: skip


ALL_UNSTEADY: tuple[Specimen, ...] = (*to_a_tolerance(), *estimated())
