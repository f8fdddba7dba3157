"""Small: blocks and entries that no norm sees beside the rest, and values that are zero."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Params, Problem, Specimen
from .twins import Wrong, at, blocks, entry, factor, one, sign, zero
from .twins import twins as _twins

FAMILY = "small"
Array = NDArray[Any]


def twins(name: str, make: Callable[[], Problem], *wrong: Wrong, why: str) -> Iterator[Specimen]:
    return _twins(FAMILY, name, make, *wrong, why=why)


def normal(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).normal(size=shape)


def beside_the_rest() -> Iterator[Specimen]:
    """Blocks and entries whose gradient is so much smaller than that of the others."""
    for told, share in (("1e-6", 1e-6), ("1e-7", 1e-7), ("1e-9", 1e-9)):
        c, x = normal(1, 40), normal(2, 40)

        def fun(p: Params, s: float = share, c: Array = c) -> Any:
            return np.sum(np.sin(p["steep"])) + s * (c @ np.sin(p["flat"]))

        def grad(p: Params, s: float = share, c: Array = c) -> Params:
            return {"steep": np.cos(p["steep"]), "flat": s * c * np.cos(p["flat"])}

        yield from twins(
            f"a block of {told} of the other",
            blocks(fun, {"steep": normal(3, 40), "flat": x}, grad), zero("flat"), sign("flat"),
            why="a direction through both sees the steep one alone",
        )  # fmt: skip
        sizes = np.where(np.arange(40) < 4, share, 1.0)
        yield from twins(
            f"entries of {told} of the others",
            one(
                lambda x, c=c, s=sizes: (s * c) @ np.sin(x), x,
                lambda x, c=c, s=sizes: s * c * np.cos(x),
            ),
            entry(slice(0, 4), np.negative, "x", "sign of those", "entries"),
            why="the norm of the block forgets them",
        )  # fmt: skip


def swept() -> Iterator[Specimen]:
    """Few parameters of many sizes: each entry is measured by itself."""
    c = np.array([1.0, -2.0, 0.7, 1.5, -0.4])
    for told, scales, w in (
        ("7 decades, slopes alike", 10.0 ** np.array([-3, -2, 0, 2, 4]), c),
        ("17 decades, shares alike", 10.0 ** np.array([-9, -5, 0, 4, 8]), None),
    ):
        weights = c / scales if w is None else w

        def fun(x: Array, s: Array = scales, w: Array = weights) -> Any:
            return np.sum(w * s * np.sin(x / s))

        def grad(x: Array, s: Array = scales, w: Array = weights) -> Array:
            return w * np.cos(x / s)

        yield from twins(
            f"five parameters over {told}", one(fun, 0.8 * scales, grad),
            entry(0, np.negative, "x", "sign of the smallest", "entries"),
            entry(3, lambda g: 1.01 * g, "x", "1 % more of the fourth", "entries"),
            entry(4, np.negative, "x", "sign of the largest", "entries"), sign(),
            why="no step fits them all",
        )  # fmt: skip


def zero_values() -> Iterator[Specimen]:
    """The function is exactly zero at the point: nothing tells its scale there."""
    x = normal(4, 6)
    a = np.arange(1.0, 7.0)
    yield from twins(
        "a square at its zero",
        one(lambda y: np.sum(a * (y - x) ** 2), x, lambda y: 2 * a * (y - x)),
        at(1e-3), at(1.0), why="value and gradient are zero",
    )  # fmt: skip
    yield from twins(
        "a fourth power at its zero",
        one(lambda y: np.sum(a * (y - x) ** 4), x, lambda y: 4 * a * (y - x) ** 3),
        at(1e-3), at(1.0), why="value, gradient and curvature are zero",
    )  # fmt: skip
    yield from twins(
        "a product of two that are zero",
        blocks(
            lambda p: np.sum(p["u"] @ p["v"]), {"u": np.zeros((3, 4)), "v": np.zeros((4, 2))},
            lambda p: {
                "u": np.tile(p["v"].sum(1), (3, 1)), "v": np.tile(p["u"].sum(0)[:, None], (1, 2))
            },
        ),
        at(1.0, "u"), at(1e-3, "v"), why="each block is flat while the other is zero",
    )  # fmt: skip
    yield from twins(
        "sines at zero", one(lambda y: np.sum(a * np.sin(y)), np.zeros(6), lambda y: a * np.cos(y)),
        sign(), zero(), factor(1.01), why="the value is zero, and the gradient is not",
    )  # fmt: skip
    yield from twins(
        "a loss without labels, all weights zero",
        one(lambda w: 1e-9 * np.sum(w**2), np.zeros(5), lambda w: 2e-9 * w),
        at(1e-3), why="zero, and next to nothing around it",
    )  # fmt: skip


def of_many() -> Iterator[Specimen]:
    """More blocks than there are evaluations to look at each alone."""
    for count in (60, 120, 400):
        c, x = normal(70, count, 5), normal(71, count, 5)

        def fun(p: Params, c: Array = c) -> Any:
            return sum(w @ np.sin(b) for w, b in zip(c, p.values(), strict=True))

        def grad(p: Params, c: Array = c) -> Params:
            return {k: w * np.cos(b) for w, (k, b) in zip(c, p.items(), strict=True)}

        yield from twins(
            f"{count} blocks", blocks(fun, {f"b{i}": b for i, b in enumerate(x)}, grad),
            sign("b17"), factor(1.01, "b3", "b30"), why="they are only seen together",
        )  # fmt: skip


def small_numbers() -> Iterator[Specimen]:
    """Parameters so small that a step of their size moves the value by less than its round-off."""
    w, data, labels = normal(80, 6), normal(81, 6, 30), normal(82, 30) > 0
    for told, size in (("1e-5", 1e-5), ("1e-7", 1e-7), ("3e-9", 3e-9)):
        params = {"A": size * normal(83, 3), "B": size * normal(84, 3, 6)}

        def low_rank(p: Params) -> Any:
            z = (w + p["A"] @ p["B"]) @ data
            return np.mean(np.logaddexp(0, z) - labels * z)

        def slopes(p: Params) -> Params:
            z = (w + p["A"] @ p["B"]) @ data
            g = (1 / (1 + np.exp(-z)) - labels) @ data.T / labels.size
            return {"A": p["B"] @ g, "B": np.outer(p["A"], g)}

        yield from twins(
            f"a low-rank change of {told}", blocks(low_rank, params, slopes),
            factor(2.0, "A"), sign("B"), zero("A"), why="both factors are tiny",
        )  # fmt: skip

        def penalty(p: Params) -> Any:
            return np.sum((p["w"] @ data - 1) ** 2) + np.sum(p["e"] ** 2 * p["w"])

        def of_penalty(p: Params) -> Params:
            return {
                "w": 2 * data @ (p["w"] @ data - 1) + p["e"] ** 2, "e": 2 * p["e"] * p["w"]
            }  # fmt: skip

        params = {"w": w, "e": size * normal(85, 6)}
        yield from twins(
            f"a penalty of numbers of {told}", blocks(penalty, params, of_penalty),
            factor(2.0, "e"), sign("e"), why="small beside the rest, and by itself",
        )  # fmt: skip
        best = size * normal(86, 6)
        yield from twins(
            f"an optimum in units of {told}",
            one(
                lambda x, b=best, s=size: np.sum(np.cos((x - b) / s)), best,
                lambda x, b=best, s=size: -np.sin((x - b) / s) / s,
            ),
            at(0.1 / size), why="a step of 1 is out of the neighbourhood",
        )  # fmt: skip


def rounded_inside() -> Iterator[Specimen]:
    """Small numbers beside larger ones: the value moves in steps of what those are rounded to."""
    for told, size, fun, grad in (
        ("cos(x) - 1 at 1e-8", 1e-8, lambda x: np.sum(np.cos(x) - 1), lambda x: -np.sin(x)),
        ("exp(x) - 1 - x at 1e-7", 1e-7, lambda x: np.sum(np.exp(x) - 1 - x), np.expm1),
        ("(1 + x)^2 - 1 - 2x at 1e-9", 1e-9, lambda x: np.sum((1 + x) ** 2 - 1 - 2 * x),
         lambda x: 2 * x),
        ("log cosh(x) at 1e-7", 1e-7, lambda x: np.sum(np.log(np.cosh(x))), np.tanh),
        ("x log x - x + 1 near 1", 1e-6, lambda x: np.sum((1 + x) * np.log(1 + x) - x), np.log1p),
        ("a smoothed absolute value at 1e-6", 1e-6, lambda x: np.sum(np.sqrt(1e4 + x * x) - 1e2),
         lambda x: x / np.sqrt(1e4 + x * x)),
    ):  # fmt: skip
        yield from twins(
            f"a value that is rounded inside, {told}",
            one(fun, size * (1 + 0.3 * normal(87, 4)), grad),
            factor(2.0), sign(), zero(), why="it is flat, or in steps, as far as the numbers go",
        )  # fmt: skip


ALL_SMALL: tuple[Specimen, ...] = (
    *of_many(),
    *small_numbers(),
    *rounded_inside(),
    *beside_the_rest(),
    *swept(),
    *zero_values(),
)
