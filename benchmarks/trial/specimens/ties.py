"""Ties: the largest of several that are equal, in one block and across blocks.

A claim may give the whole to one of them or share it out; it may not give it to several, nor to
none. The squares stand so that no claim is right by chance.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Params, Problem, Specimen
from .twins import Wrong, blocks, instead, instead_of_one, one, sign
from .twins import twins as _twins

FAMILY = "ties"
Array = NDArray[Any]
_WHY = "a tie may be shared out, but not given to several, nor to none"


def twins(name: str, make: Callable[[], Problem], *wrong: Wrong) -> Iterator[Specimen]:
    return _twins(FAMILY, name, make, *wrong, why=_WHY)


def across_blocks() -> Iterator[Specimen]:
    """The larger of two blocks, entry by entry; two of three entries are equal."""
    point = {"a": np.array([1.0, 2.0, 3.0]), "b": np.array([1.0, 2.0, 0.0])}
    for told, w in (("equal weights", np.ones(3)), ("weights", np.array([1.0, 1.5, 2.0]))):

        def fun(p: Params, w: Array = w) -> Any:
            return np.sum(w * np.maximum(p["a"], p["b"]) ** 2)

        def split(to_a: float, to_b: float, w: Array = w) -> Callable[[Params], Params]:
            return functools.partial(_split, to_a, to_b, w)

        both, neither = instead(split(1, 1)), instead(split(0, 0))
        for name, grad in (("to the first", split(1, 0)), ("shared", split(0.5, 0.5))):
            yield from twins(
                f"the larger of two blocks, {told}, {name}", blocks(fun, point, grad),
                Wrong("to both", both), Wrong("to neither", neither), sign(),
            )  # fmt: skip


def _split(to_a: float, to_b: float, w: Array, p: Params) -> Params:
    a, b = p["a"], p["b"]
    whole = 2 * w * np.maximum(a, b)
    return {
        "a": whole * np.where(a == b, to_a, a > b),
        "b": whole * np.where(a == b, to_b, b > a),
    }


def within_rows() -> Iterator[Specimen]:
    """The largest of each row, of which some have two or three."""
    rows = {
        "two rows": np.array([[1.0, 3, 3], [2, 2, 0]]),
        "four rows": np.array([[1.0, 3, 3, 0], [2, 2, 2, 1], [4, 1, 0, 2], [5, 5, 5, 5]]),
    }
    for told, x in rows.items():
        c = np.linspace(0.9, 1.3, len(x))

        def fun(x: Array, c: Array = c) -> Any:
            return c @ x.max(1)

        def tied(x: Array, c: Array = c) -> Array:
            return c[:, None] * (x == x.max(1, keepdims=True))

        def shared(x: Array, c: Array = c) -> Array:
            mask = x == x.max(1, keepdims=True)
            return c[:, None] * mask / mask.sum(1, keepdims=True)

        def to_first(x: Array, c: Array = c) -> Array:
            return c[:, None] * np.eye(x.shape[1])[x.argmax(1)]

        to_all = Wrong("to all", instead_of_one(tied), whole=False)
        to_none = Wrong("to none", instead_of_one(np.zeros_like), whole=False)
        for name, grad in (("to the first", to_first), ("shared", shared)):
            yield from twins(f"the largest of each row, {told}, {name}", one(fun, x, grad),
                             to_all, to_none, sign())  # fmt: skip


def of_a_vector() -> Iterator[Specimen]:
    """The largest of a vector and its spread, at a point of whole numbers."""
    x = np.array([2.0, 5, 1, 5, 1, 3])

    def first(x: Array) -> Array:
        return np.eye(x.size)[x.argmax()]

    def last(x: Array) -> Array:
        return np.eye(x.size)[x.size - 1 - x[::-1].argmax()]

    def all_of(x: Array) -> Array:
        return 1.0 * (x == x.max())

    for name, grad in (("the first", first), ("the last", last)):
        yield from twins(
            f"the square of the largest, to {name}",
            one(lambda x: np.max(x) ** 2, x, lambda x, g=grad: 2 * np.max(x) * g(x)),
            Wrong("to all", instead_of_one(lambda x: 2 * np.max(x) * all_of(x)), whole=False),
            sign(),
        )  # fmt: skip
    yield from twins(
        "largest minus smallest, shared",
        one(lambda x: np.ptp(x) ** 2, x, lambda x: 2 * np.ptp(x) * (_even(x) - _even(-x))),
        Wrong("to all", instead_of_one(lambda x: 2 * np.ptp(x) * (all_of(x) - all_of(-x))),
              whole=False),
        sign(),
    )  # fmt: skip


def _even(x: Array) -> Array:
    return (x == x.max()) / np.sum(x == x.max())


ALL_TIES: tuple[Specimen, ...] = (*across_blocks(), *within_rows(), *of_a_vector())
