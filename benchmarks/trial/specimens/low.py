"""Low precision: claims in float16 and float32 that have round-off of their own.

What is right is the exact gradient but for a few roundings, or what the same code in float64
gives; what is wrong is wrong by far more. A sum in low precision that forgets most of its terms
is wrong, though every rounding in it was right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Params, Problem, Specimen
from .steps import brain
from .twins import Wrong, blocks, factor, instead_of_one, one, sign, zero
from .twins import twins as _twins

FAMILY = "low precision"
Array = NDArray[Any]
single, half = np.float32, np.float16


def twins(name: str, make: Callable[[], Problem], *wrong: Wrong, why: str) -> Iterator[Specimen]:
    return _twins(FAMILY, name, make, *wrong, why=why)


def few_digits(name: str, make: Callable[[], Problem], *wrong: Wrong) -> Iterator[Specimen]:
    """The right claim has lost digits: it must not be accused, and need not be acquitted."""
    for specimen in twins(name, make, *wrong, why="the claim has few digits left, and no fault"):
        yield replace(specimen, open=specimen.right)


def normal(seed: int, *shape: int, dtype: Any = float) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def cancelling() -> Iterator[Specimen]:
    """Sums whose terms are far larger than they: the claim has lost digits, rightly."""
    for told, size in (("10", 1e1), ("100", 1e2)):
        data = (size + normal(1, 40)).astype(single)

        def fun(x: Array, data: Array = data) -> Any:
            return np.mean((x * data - data.mean(dtype=x.dtype) * x) ** 2)

        def grad(x: Array, data: Array = data) -> Array:
            centred = data.astype(x.dtype) ** 2
            middle = data.mean(dtype=x.dtype) ** 2
            return np.array([2 * x[0] * (centred.mean() - middle)], x.dtype)

        yield from few_digits(
            f"variance around {told}", one(fun, 1.3, grad, dtype=single), sign(), zero()
        )
    margins = (("6", 6.0, 5), ("9", 9.0, 5), ("12", 12.0, 5), ("8", 8.0, 12), ("11", 11.0, 12))
    for told, margin, count in margins:
        z = (margin + normal(2, count)).astype(single)
        yield from few_digits(
            f"cross-entropy of float32 at a margin of {told}",
            one(
                lambda z: np.sum(np.logaddexp(0, -z)), z,
                lambda z: 1 / (1 + np.exp(-z)) - np.ones((), z.dtype), dtype=single,
            ),
            sign(), zero(),
        )  # fmt: skip


def residuals() -> Iterator[Specimen]:
    """Least squares near the optimum: the residual is a difference of numbers alike."""
    for dtype, apart in ((single, 1e-3), (single, 1e-5), (half, 1e-1), (half, 1e-2)):
        X, w = normal(3, 30, 4, dtype=dtype), normal(4, 4, dtype=dtype)
        y = (X.astype(float) @ w.astype(float) + apart * normal(5, 30)).astype(dtype)
        point = {"w": w, "b": np.zeros(1, dtype)}

        def fun(p: Params, X: Array = X, y: Array = y) -> Any:
            return np.mean((X @ p["w"] + p["b"] - y) ** 2)

        def grad(p: Params, X: Array = X, y: Array = y) -> Params:
            r = X.astype(p["w"].dtype) @ p["w"] + p["b"] - y
            two = np.array(2 / len(y), r.dtype)
            return {"w": two * (X.astype(r.dtype).T @ r), "b": two * r.sum(keepdims=True)}

        yield from few_digits(
            f"least squares in {np.dtype(dtype).name}, {apart:g} from the optimum",
            blocks(fun, point, grad), sign("w"), zero("b"),
        )  # fmt: skip


def networks() -> Iterator[Specimen]:
    """Two layers in float16, whose gradients have three digits."""
    for seed in range(3):
        X, y = normal(10 + seed, 16, 5, dtype=half), normal(20 + seed, 16, dtype=half)
        point = {
            "W": normal(30 + seed, 5, 7, dtype=half) / half(2),
            "v": normal(40 + seed, 7, dtype=half),
        }

        def fun(p: Params, X: Array = X, y: Array = y) -> Any:
            return np.mean((np.tanh(X @ p["W"]) @ p["v"] - y) ** 2)

        def grad(p: Params, X: Array = X, y: Array = y) -> Params:
            H = np.tanh(X @ p["W"])
            r = (H @ p["v"] - y) * np.array(2 / len(y), p["v"].dtype)
            return {"W": X.T @ (np.outer(r, p["v"]) * (1 - H**2)), "v": H.T @ r}

        yield from twins(
            f"a network in float16, draw {seed}", blocks(fun, point, grad),
            sign("W"), factor(1.5, "v"), zero("v"), why="three digits of everything",
        )  # fmt: skip


def lost_sums() -> Iterator[Specimen]:
    """Thousands of terms added one by one in low precision: the sum stops growing."""
    x = np.random.default_rng(50).uniform(0.5, 1.5, (2048, 4))

    def running(terms: Array, rounded: Callable[[Array], Array]) -> Array:
        total = np.zeros(terms.shape[1])
        for term in terms:
            total = rounded(total + rounded(term))
        return total

    for told, rounded in (
        ("float16", lambda t: np.asarray(t, half).astype(float)), ("bfloat16", brain),
    ):  # fmt: skip
        yield from twins(
            f"means of columns, summed in {told}",
            one(
                lambda w: np.sum(x * w) / len(x), np.ones(4),
                lambda w: (x.sum(0) / len(x)).astype(w.dtype), dtype=single,
            ),
            Wrong(
                "one by one",
                instead_of_one(
                    lambda w, r=rounded: (running(x, r) / len(x)).astype(w.dtype)
                ),
            ),
            why="every rounding is right, and most of the sum is lost",
        )  # fmt: skip


ALL_LOW: tuple[Specimen, ...] = (*cancelling(), *residuals(), *networks(), *lost_sums())
