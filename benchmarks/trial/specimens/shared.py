"""Shared: what several may have a claim to: pools, sorts, medians and choices between blocks.

A tie may be given to any of those that are tied, or shared out; it may not be given to several,
nor to none. The squares and sines stand so that no claim is right by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Params, Problem, Specimen
from .twins import Wrong, blocks, instead, instead_of_one, one
from .twins import twins as _twins

FAMILY = "shared"
Array = NDArray[Any]
_WHY = "a tie may be shared out, but not given to several, nor to none"

Shares = Callable[[Array], Array]


def twins(name: str, make: Callable[[], Problem], *wrong: Wrong) -> Iterator[Specimen]:
    return _twins(FAMILY, name, make, *wrong, why=_WHY)


def to_first(cells: Array) -> Array:
    return np.eye(cells.shape[-1])[cells.argmax(-1)]


def to_last(cells: Array) -> Array:
    return np.asarray(to_first(cells[..., ::-1])[..., ::-1])


def to_all(cells: Array) -> Array:
    return 1.0 * (cells == cells.max(-1, keepdims=True))


def evenly(cells: Array) -> Array:
    tied = to_all(cells)
    return np.asarray(tied / tied.sum(-1, keepdims=True))


def to_none(cells: Array) -> Array:
    tied = to_all(cells)
    return np.asarray(tied * (tied.sum(-1, keepdims=True) == 1))


LEGAL: dict[str, Shares] = {"the first": to_first, "the last": to_last, "all, evenly": evenly}


def pools() -> Iterator[Specimen]:
    """Max pooling of whole numbers, in cells of four, by a smooth function of the result."""
    shapes = ((2, 4), (4, 4), (6, 8), (8, 12))
    for count, (shape, levels, told) in enumerate(product(shapes, (2, 3, 5), LEGAL)):
        m, n = shape[0] // 2, shape[1] // 2
        x = np.random.default_rng(6000 + count).integers(0, levels, shape).astype(float)
        c = np.random.default_rng(6100 + count).uniform(0.5, 1.5, (m, n))

        def cells(x: Array, m: int = m, n: int = n) -> Array:
            return x.reshape(m, 2, n, 2).transpose(0, 2, 1, 3).reshape(m, n, 4)

        def fun(x: Array, c: Array = c, cells: Any = cells) -> Any:
            return np.sum(c * (1 + cells(x).max(-1)) ** 2)

        def back(x: Array, shares: Shares, c: Array = c, cells: Any = cells) -> Array:
            found = (2 * c * (1 + cells(x).max(-1)))[..., None] * shares(cells(x))
            m, n = c.shape
            return np.asarray(found.reshape(m, n, 2, 2).transpose(0, 2, 1, 3).reshape(x.shape))

        wrong, shares = (("to all", to_all), ("to none", to_none))[count % 2]
        yield from twins(
            f"pooling of {shape[0]} by {shape[1]}, {levels} levels, to {told}",
            one(fun, x, lambda x, back=back, s=LEGAL[told]: back(x, s)),
            Wrong(wrong, instead_of_one(lambda x, back=back, s=shares: back(x, s)), whole=False),
        )  # fmt: skip


def between_blocks() -> Iterator[Specimen]:
    """The larger of two or three blocks, entry by entry, most of which are equal."""
    for count, (size, blocks_, told) in enumerate(product((1, 4, 25), (2, 3), LEGAL)):
        rng = np.random.default_rng(6200 + count)
        names = "abc"[:blocks_]
        x = rng.integers(1, 3, (size, blocks_)).astype(float)
        x[0] = 2.0
        w = rng.uniform(0.5, 1.5, size)
        point = {name: x[:, k].copy() for k, name in enumerate(names)}

        def fun(p: Params, w: Array = w) -> Any:
            return np.sum(w * np.stack(list(p.values()), -1).max(-1) ** 2)

        def back(p: Params, shares: Shares, w: Array = w) -> Params:
            stacked = np.stack(list(p.values()), -1)
            found = (2 * w * stacked.max(-1))[:, None] * shares(stacked)
            return {name: found[:, k] for k, name in enumerate(p)}

        wrong, shares = (("to all", to_all), ("to none", to_none))[count % 2]
        yield from twins(
            f"the larger of {blocks_} blocks of {size}, to {told}",
            blocks(fun, point, lambda p, back=back, s=LEGAL[told]: back(p, s)),
            Wrong(wrong, instead(lambda p, back=back, s=shares: back(p, s)), whole=False),
        )  # fmt: skip


def sorts() -> Iterator[Specimen]:
    """Weighted sorts, of whole numbers: equal entries share the weights of their places."""
    for count, (size, levels, stable) in enumerate(product((3, 6, 20), (2, 4), (True, False))):
        rng = np.random.default_rng(6300 + count)
        x, w = rng.integers(0, levels, size).astype(float), np.sort(rng.normal(size=size))
        x[:2] = 1.0

        def fun(x: Array, w: Array = w) -> Any:
            return w @ np.sort(x) + np.sin(x).sum()

        def grad(x: Array, w: Array = w, stable: bool = stable) -> Array:
            order = np.lexsort((np.arange(x.size) * (1 if stable else -1), x))
            found = np.empty_like(x)
            found[order] = w
            return np.asarray(found + np.cos(x))

        def highest(x: Array, w: Array = w) -> Array:
            last = np.searchsorted(np.sort(x), x, side="right") - 1
            return np.asarray(w[last] + np.cos(x))

        yield from twins(
            f"a sort of {size}, {levels} levels, {'first' if stable else 'last'} first",
            one(fun, x, grad),
            Wrong("the highest to each", instead_of_one(highest), whole=False),
            Wrong("none", instead_of_one(np.cos), whole=False),
        )  # fmt: skip


def medians() -> Iterator[Specimen]:
    """Medians of which several are in the middle, and the second largest."""
    for count, (size, levels) in enumerate(product((3, 5, 9), (2, 3))):
        x = np.random.default_rng(6400 + count).integers(0, levels, size).astype(float)
        x[:2] = np.median(x)
        for told, place in (("median", size // 2), ("second largest", size - 2)):

            def fun(x: Array, k: int = place) -> Any:
                return (1 + np.sort(x)[k]) ** 2

            def grad(x: Array, share: str, k: int = place) -> Array:
                middle = np.sort(x)[k]
                tied = 1.0 * (x == middle)
                if share == "first":
                    tied = np.eye(x.size)[tied.argmax()]
                elif share == "evenly":
                    tied /= tied.sum()
                return np.asarray(2 * (1 + middle) * tied)

            for share in ("first", "evenly"):
                yield from twins(
                    f"{told} of {size}, {levels} levels, {share}",
                    one(fun, x, lambda x, g=grad, s=share: g(x, s)),
                    Wrong("to all", instead_of_one(lambda x, g=grad: g(x, "all")), whole=False),
                )  # fmt: skip


def ties_of_many() -> Iterator[Specimen]:
    """So many equal entries that most of them are the largest nowhere in sight."""
    for size in (20, 60, 200):
        x = np.ones(size)

        def fun(x: Array) -> Any:
            return np.max(x) ** 2 + np.sin(x).sum()

        def back(x: Array, shares: Shares) -> Array:
            return np.asarray(2 * x.max() * shares(x) + np.cos(x))

        for told, shares in LEGAL.items():
            yield from twins(
                f"the largest of {size} equal ones, to {told}",
                one(fun, x, lambda x, s=shares, back=back: back(x, s)),
                Wrong("to all", instead_of_one(lambda x, back=back: back(x, to_all)), whole=False),
                Wrong("to none", instead_of_one(lambda x, back=back: back(x, to_none))),
            )  # fmt: skip


ALL_SHARED: tuple[Specimen, ...] = (
    *pools(), *between_blocks(), *sorts(), *medians(), *ties_of_many(),
)  # fmt: skip
