"""Near: features far finer than the point is large, and claims whose round-off is what is left.

The functions are smooth and the gradients right; what is hard is to see it in double precision.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Params, Problem, Specimen
from . import errors
from .twins import Wrong, at, blocks, changed, factor, one, sign, zero
from .twins import twins as _twins

FAMILY = "near"
Array = NDArray[Any]


def twins(name: str, make: Callable[[], Problem], *wrong: Wrong, why: str) -> Iterator[Specimen]:
    return _twins(FAMILY, name, make, *wrong, why=why)


def normal(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).normal(size=shape)


def fine() -> Iterator[Specimen]:
    """It turns within the first windows that a search takes."""
    yield from (*_frequencies(), *_offsets())


_FINE = "it turns many times within the smallest share of the point that is looked at"


def _frequencies() -> Iterator[Specimen]:
    """A radio frequency in Hz, seen for a while."""
    t = np.linspace(0, 0.05, 50)
    y = np.sin(2 * np.pi * 1e9 * t)

    def cost(f: Array) -> Any:
        return np.mean((np.sin(2 * np.pi * f[0] * t) - y) ** 2)

    def slope(f: Array) -> Array:
        phase = 2 * np.pi * f[0] * t
        return np.array([np.mean(2 * (np.sin(phase) - y) * np.cos(phase) * 2 * np.pi * t)])

    yield from twins("a frequency of 1e9 Hz", one(cost, 1e9 + 1, slope), sign(), zero(), why=_FINE)
    yield from twins(
        "a frequency of 1e9 Hz, its offset",
        one(lambda d: cost(d + 1e9), 1.0, lambda d: slope(d + 1e9)), sign(), zero(), why=_FINE,
    )  # fmt: skip


def _offsets() -> Iterator[Specimen]:
    """A zero offset in nanometres."""
    for told, length in (("1e-8", 1e-8), ("1e-9", 1e-9)):
        yield from twins(
            f"an offset of zero, waves of {told}",
            one(
                lambda x, d=length: np.sin(x[0] / d + 1) + x[1], np.zeros(2),
                lambda x, d=length: np.array([np.cos(x[0] / d + 1) / d, 1.0]),
            ),
            sign(), zero(), why="zero has no size, and 1 is taken for it",
        )  # fmt: skip


def kinks_very_near() -> Iterator[Specimen]:
    """A kink nearer to the point than the smallest window."""
    for told, gap in (("1e-8", 1e-8), ("3e-9", 3e-9), ("1e-9", 1e-9)):
        why = "the smallest window of a search is wider than the distance"
        yield from twins(
            f"relu, {told} above its kink",
            one(lambda x: np.sum(np.maximum(x, 0)), [gap], lambda x: 1.0 * (x > 0)),
            zero(), sign(), why=why,
        )  # fmt: skip
        yield from twins(
            f"|x - 1|, {told} above its kink",
            one(lambda x: np.abs(x - 1).sum(), [1 + gap, 0.4], lambda x: np.sign(x - 1)),
            sign(), factor(1.01), why=why,
        )  # fmt: skip
        yield from twins(
            f"log, {told} from its edge",
            one(lambda x: np.log(x).sum(), [gap, 0.5], lambda x: 1 / x), sign(), zero(), why=why,
        )  # fmt: skip


def confident() -> Iterator[Specimen]:
    """Cross-entropy of logits far on the right side: sigmoid minus label is a few roundings."""
    why = "sigmoid - 1 is known to a rounding of 1, the function to a rounding of itself"
    for margin in (18.0, 22.0, 26.0, 29.0):
        z = margin + np.array([0.0, 1.0, 2.0])
        yield from twins(
            f"cross-entropy at a margin of {margin:g}",
            one(
                lambda z: np.sum(np.logaddexp(0, -z)), z, lambda z: 1 / (1 + np.exp(-z)) - 1
            ),
            sign(), zero(), why=why,
        )  # fmt: skip
    X, labels = normal(1, 12, 4), (np.arange(12) % 3)
    W = 40 * np.eye(4, 3)[:, [0, 1, 2]]
    X[:, :3] += 3 * np.eye(3)[labels]

    def logits(W: Array) -> Array:
        Z = X @ W
        return Z - Z.max(1, keepdims=True)

    def cost(W: Array) -> Any:
        Z = logits(W)
        return np.mean(np.log(np.exp(Z).sum(1)) - Z[np.arange(12), labels])

    def grad(W: Array) -> Array:
        P = np.exp(logits(W))
        P /= P.sum(1, keepdims=True)
        return X.T @ (P - np.eye(3)[labels]) / 12

    yield from twins("softmax that is sure", one(cost, W, grad), sign(), factor(1.01), why=why)


def at_the_truth() -> Iterator[Specimen]:
    """Fits at the parameters that made the data: value and gradient are round-off."""
    for told, count in (("5", 5), ("20", 20)):
        X, w = normal(2, 50, count), normal(3, count)
        y = (X * w).sum(1)
        yield from twins(
            f"least squares of {told} at the truth",
            one(
                lambda w, X=X, y=y: np.mean((X @ w - y) ** 2), w,
                lambda w, X=X, y=y: 2 * X.T @ (X @ w - y) / 50,
            ),
            at(1e-3), why="nothing is left but round-off",
        )  # fmt: skip


def exactly_zero() -> Iterator[Specimen]:
    """A value of exactly zero, and a right claim of which only round-off is left."""
    rng = np.random.default_rng(4)
    a, b = rng.uniform(1, 2, 7), rng.uniform(1, 2, 7)
    product, ratio, root = a * b, a / b, np.sqrt(a)
    for name, fun, grad in (
        (
            "products",
            lambda x: np.sum((x * b - product) ** 2),
            lambda x: 2 * (b * b * x - product * b),
        ),
        (
            "ratios",
            lambda x: np.sum((x / b - ratio) ** 2),
            lambda x: 2 * (x / b / b - ratio / b),
        ),
        (
            "roots",
            lambda x: np.sum((np.sqrt(x) - root) ** 2),
            lambda x: 1 - root / np.sqrt(x) * (1 + 1 / 3 - 1 / 3),
        ),
        (
            "sums",
            lambda x: np.sum((x + b - (a + b)) ** 2),
            lambda x: 2 * x + 2 * b - 2 * a - 2 * b,
        ),
    ):
        yield from twins(
            f"{name} that are met exactly", one(fun, a, grad), at(1e-3),
            why="the value is zero, and the claim the round-off of a zero",
        )  # fmt: skip


def kinks_elsewhere() -> Iterator[Specimen]:
    """A block without any kink beside one of kinks."""
    c = np.array([1.0, -2.0, 0.5])
    point = {"z": np.zeros(3), "b": np.zeros(30)}

    def fun(p: Params) -> Any:
        return c @ np.expm1(p["z"]) + np.abs(p["b"]).sum()

    def grad(p: Params) -> Params:
        return {"z": c * np.exp(p["z"]), "b": np.sign(p["b"])}

    only_there = Wrong("zero in z at 0", _zero_at_zero, "zero")
    yield from twins("expm1 beside kinks", blocks(fun, point, grad), only_there, sign("z"),
                     why="the point is a kink of the other block")  # fmt: skip


def _zero_at_zero(right: Callable[..., Params]) -> Callable[..., Params]:
    """Right everywhere but at zero, where it is said to be zero."""

    def grad(p: Params, *args: Any) -> Params:
        found = right(p, *args)
        return {**found, "z": np.where(p["z"] == 0, 0, found["z"])}

    return grad


def masked() -> Iterator[Specimen]:
    """Lasso: where a weight is zero its gradient is skipped, though it is far from zero."""
    for told, weight in (("0.01", 0.01), ("1", 1.0)):
        b = np.array([3.0, -2.0, 5.0, 0.4])
        w = np.array([1.0, 0.0, 0.0, 0.7])

        def fun(w: Array, k: float = weight, b: Array = b) -> Any:
            return np.sum((w - b) ** 2) / 2 + k * np.abs(w).sum()

        def grad(w: Array, k: float = weight, b: Array = b) -> Array:
            return w - b + k * np.sign(w)

        skipped = changed(lambda g: g * np.array([1.0, 0.0, 0.0, 1.0]))
        yield from twins(
            f"lasso of {told}, some weights zero", one(fun, w, grad),
            Wrong("zero weights skipped", skipped, whole=False), sign(),
            why="the kinks are small beside the slope that was skipped",
        )  # fmt: skip


def faint() -> Iterator[Specimen]:
    """Errors two to five times the band in a part of a block, or the whole of it."""
    places = {"row": errors.in_row, "entry": errors.in_entry, "block": errors.in_all}
    for name, place, size in (
        ("network", "entry", 2e-7), ("network", "row", 3e-7), ("convolution", "entry", 3e-7),
        ("regression", "row", 2e-7), ("regression", "entry", 2e-7), ("attention", "row", 5e-7),
        ("recurrent network", "block", 2e-7), ("network", "block", 1.2e-7),
        ("regression", "block", 1.2e-7),
    ):  # fmt: skip
        make, block, _ = errors.FUNCTIONS[name]
        spoil = changed(functools.partial(places[place], size=size), block)
        told = f"{size:g} in one {place} of {block}" if place != "block" else f"{size:g} in {block}"
        _, wrong = twins(name, make(), Wrong(told, spoil, whole=False), why="little above the band")
        yield wrong


ALL_NEAR: tuple[Specimen, ...] = (
    *fine(), *kinks_very_near(), *confident(), *at_the_truth(), *exactly_zero(),
    *kinks_elsewhere(), *masked(), *faint(),
)  # fmt: skip
