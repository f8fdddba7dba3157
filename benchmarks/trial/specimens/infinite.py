"""Not finite: NaN and infinity where the function has a kink and a gradient by choice.

The chain rule through a square root at zero gives 0/0; zero is right there, and NaN never is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Params, Problem, Specimen
from .twins import Gradient, Wrong, one, sign
from .twins import twins as _twins

FAMILY = "not finite"
Array = NDArray[Any]
single = np.float32


def twins(name: str, make: Callable[[], Problem], *wrong: Wrong, why: str) -> Iterator[Specimen]:
    return _twins(FAMILY, name, make, *wrong, why=why)


def normal(seed: int, *shape: int, dtype: Any = float) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def gone(number: float, where: Callable[[Array], Any]) -> Wrong:
    """A number that is not finite, in the entries that ``where`` picks at the point asked about."""

    def spoil(right: Gradient) -> Gradient:
        def gradient(params: Params, *args: Any) -> Params:
            found = right(params, *args)["x"].copy()
            found[where(params["x"])] = number
            return {"x": found}

        return gradient

    return Wrong(f"{number:g} there", spoil, "not-finite", whole=False)


def everywhere(x: Array) -> Any:
    return np.ones(x.shape, bool)


def all_zero(x: Array) -> Any:
    return np.full(x.shape, not x.any())


def zero_rows(x: Array) -> Any:
    return ~x.any(-1)


def first(x: Array) -> Any:
    return np.arange(x.size) == 0


def zeros(x: Array) -> Any:
    return x == 0


def _normed(x: Array) -> Array:
    """Rows by their norm; rows of zeros stay."""
    size = np.sqrt((x**2).sum(-1, keepdims=True))
    return x / np.where(size > 0, size, 1)


def _distances(x: Array) -> Array:
    return np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1))


def _pull(x: Array) -> Array:
    """The gradient of the sum of all distances, those of a point to itself left out."""
    return 2 * _normed(x[:, None] - x[None]).sum(1)


def at_kinks() -> Iterator[Specimen]:
    for dtype in (float, single):
        told, why = np.dtype(dtype).name, "0/0 by the chain rule, where zero is a subgradient"
        yield from twins(
            f"norm at 0 in {told}",
            one(
                lambda x: np.sqrt((x**2).sum()) + x.sum(), np.zeros(30),
                lambda x: 1 + _normed(x), dtype=dtype,
            ),
            gone(np.nan, all_zero), gone(np.inf, all_zero), sign(), why=why,
        )  # fmt: skip
        rows = normal(1, 8, 5, dtype=dtype)
        rows[2] = 0
        yield from twins(
            f"norms of rows, one of zeros, in {told}",
            one(lambda x: np.sqrt((x**2).sum(1)).sum(), rows, _normed, dtype=dtype),
            gone(np.nan, zero_rows), gone(np.inf, zero_rows), sign(), why=why,
        )  # fmt: skip
        yield from twins(
            f"distances of all pairs in {told}",
            one(lambda x: _distances(x).sum(), normal(2, 6, 3), _pull, dtype=dtype),
            gone(np.nan, everywhere), sign(), why="a point is at 0 from itself: no kink at all",
        )  # fmt: skip
        yield from twins(
            f"roots of squares, some 0, in {told}",
            one(
                lambda x: np.sqrt(x * x).sum(),
                normal(3, 50) * (np.arange(50) % 5 > 0), np.sign, dtype=dtype,
            ),
            gone(np.nan, zeros), gone(-np.inf, zeros), sign(), why=why,
        )  # fmt: skip


def where_it_is_smooth() -> Iterator[Specimen]:
    c = normal(4, 6)
    yield from twins(
        "sines, one entry lost",
        one(lambda x: c @ np.sin(x), normal(5, 6), lambda x: c * np.cos(x)),
        gone(np.nan, first), gone(np.inf, first), gone(-np.inf, everywhere),
        why="nothing but the claim is not finite",
    )  # fmt: skip


ALL_INFINITE: tuple[Specimen, ...] = (*at_kinks(), *where_it_is_smooth())
