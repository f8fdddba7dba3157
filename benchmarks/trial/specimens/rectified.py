"""Rectified: networks whose point is on the kinks of their units: layers of zeros, rows of padding.

Any convention for the slope at a kink is right, as long as it is one for all units. What is wrong
is wrong at the kink alone, in a block that has no choice there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Params, Specimen
from .twins import Gradient, Wrong, blocks
from .twins import twins as _twins

FAMILY = "rectified"
Array = NDArray[Any]
_WHY = "at a kink nothing but the claims beside it says what a claim has to be"


@dataclass(frozen=True)
class Unit:
    """Piecewise linear, with a kink at ``kink``: the slope is ``left``, then ``right``."""

    name: str
    kink: float
    left: float
    right: float

    def value(self, z: Array) -> Array:
        return np.where(z > self.kink, self.right, self.left) * (z - self.kink)

    def slope(self, z: Array, share: float) -> Array:
        here = self.left + share * (self.right - self.left)
        return np.where(z == self.kink, here, np.where(z > self.kink, self.right, self.left))


UNITS = (
    Unit("relu", 0.0, 0.0, 1.0),
    Unit("leaky relu", 0.0, 0.125, 1.0),
    Unit("abs", 0.0, -1.0, 1.0),
    Unit("clip", 1.0, 1.0, 0.0),
)


def there_only(point: Params, change: Callable[[Params], Params]) -> Callable[[Gradient], Gradient]:
    """A claim that is spoilt at the point itself and nowhere else."""
    here = {name: array.copy() for name, array in point.items()}

    def spoil(right: Gradient) -> Gradient:
        def gradient(params: Params, *args: Any) -> Params:
            found = dict(right(params, *args))
            if all(np.array_equal(params[name], here[name]) for name in here):
                found.update(change(found))
            return found

        return gradient

    return spoil


def spoilt(point: Params, name: str, told: str, number: Callable[[Array], Array]) -> Wrong:
    """One block is wrong at the point."""
    return Wrong(f"{told} there", there_only(point, lambda g: {name: number(g[name])}))


def backward(unit: Unit, share: float, X: Array, Y: Array, p: Params) -> tuple[float, Params]:
    """Loss and gradient of a network whose layers are ``W1``, ``b1`` and so on, linear at last."""
    depth = len(p) // 2
    h, held = X, []
    for k in range(1, depth + 1):
        z = h @ p[f"W{k}"] + p[f"b{k}"]
        held.append((h, z))
        h = z if k == depth else unit.value(z)
    d = (h - Y) / len(X)
    loss, found = 0.5 * float(np.sum((h - Y) ** 2)) / len(X), {}
    for k in range(depth, 0, -1):
        below, z = held[k - 1]
        if k < depth:
            d = d * unit.slope(z, share)
        found[f"W{k}"], found[f"b{k}"] = below.T @ d, d.sum(0)
        d = d @ p[f"W{k}"].T
    return loss, {name: found[name] for name in p}


def _drawn(seed: int, sizes: tuple[int, ...], unit: Unit) -> tuple[Array, Array, Params]:
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(7, sizes[0])), rng.normal(size=(7, sizes[-1]))
    point: Params = {}
    for k, (m, n) in enumerate(pairwise(sizes), 1):
        point[f"W{k}"] = rng.normal(size=(m, n)) / m**0.5
        point[f"b{k}"] = 0.3 * rng.normal(size=n) + unit.kink
    return X, Y, point


def _first(_: Array, point: Params, unit: Unit) -> None:
    point["W1"][:], point["b1"][:] = 0, unit.kink


def _second(_: Array, point: Params, unit: Unit) -> None:
    point["W2"][:], point["b2"][:] = 0, unit.kink


def _units(_: Array, point: Params, unit: Unit) -> None:
    point["W1"][:, ::2], point["b1"][::2] = 0, unit.kink


def _one_unit(_: Array, point: Params, unit: Unit) -> None:
    point["W1"][:, 0], point["b1"][0] = 0, unit.kink


def _padding(X: Array, point: Params, unit: Unit) -> None:
    X[:2] = 0
    point["b1"][:] = unit.kink


def _one_row(X: Array, point: Params, unit: Unit) -> None:
    X[0] = 0
    point["b1"][0] = unit.kink


PLACES = {
    "a first layer of zeros": _first,
    "a second layer of zeros": _second,
    "half of the units off": _units,
    "one unit off": _one_unit,
    "rows of padding": _padding,
    "a row of padding": _one_row,
}


def networks() -> Iterator[Specimen]:
    for count, (unit, told, share) in enumerate(product(UNITS, PLACES, (0.0, 0.5, 1.0))):
        sizes = ((3, 5, 2), (4, 6, 5, 1), (2, 12, 1))[count % 3]
        if told == "a second layer of zeros":
            sizes = (4, 6, 5, 1)
        X, Y, point = _drawn(4000 + count, sizes, unit)
        PLACES[told](X, point, unit)
        last = len(sizes) - 1

        def fun(p: Params, u: Unit = unit, c: float = share, X: Array = X, Y: Array = Y) -> Any:
            return backward(u, c, X, Y, p)[0]

        def grad(p: Params, u: Unit = unit, c: float = share, X: Array = X, Y: Array = Y) -> Params:
            return backward(u, c, X, Y, p)[1]

        wrong = (
            spoilt(point, f"b{last}", "zero", np.zeros_like),
            spoilt(point, f"b{last}", "1 % more", lambda g: 1.01 * g),
            spoilt(point, f"b{last}", "sign", np.negative),
        )[count % 3]
        yield from _twins(
            FAMILY, f"{unit.name}, {told}, {share:g} taken at the kink",
            blocks(fun, point, grad), wrong, why=_WHY,
        )  # fmt: skip


def features() -> Iterator[Specimen]:
    """Features of very different sizes, whose largest chooses the sides of all kinks."""
    every = product(UNITS, ("one unit off", "half of the units off"), (0.0, 0.5), (800.0, 1e4))
    for count, (unit, told, share, largest) in enumerate(every):
        X, Y, point = _drawn(4300 + count, (2, 5, 2), unit)
        X, Y = X[:4] * np.array([3.0, largest]), Y[:4]
        PLACES[told](X, point, unit)

        def fun(p: Params, u: Unit = unit, c: float = share, X: Array = X, Y: Array = Y) -> Any:
            return backward(u, c, X, Y, p)[0]

        def grad(p: Params, u: Unit = unit, c: float = share, X: Array = X, Y: Array = Y) -> Params:
            return backward(u, c, X, Y, p)[1]

        yield from _twins(
            FAMILY, f"{unit.name}, a feature of {largest:g}, {told}, {share:g} taken at the kink",
            blocks(fun, point, grad), spoilt(point, "b2", "1 % more", lambda g: 1.01 * g), why=_WHY,
        )  # fmt: skip


def deep() -> Iterator[Specimen]:
    """Four and more layers of which one, or all biases, are zero."""
    for count, (share, layers) in enumerate(product((0.0, 0.5, 1.0), (4, 5, 6))):
        unit, sizes = UNITS[count % 2], (3, *(4,) * (layers - 1), 1)
        X, Y, point = _drawn(4100 + count, sizes, unit)
        for name in point:
            if name.startswith("b"):
                point[name][:] = 0
        X[0] = 0

        def fun(p: Params, u: Unit = unit, c: float = share, X: Array = X, Y: Array = Y) -> Any:
            return backward(u, c, X, Y, p)[0]

        def grad(p: Params, u: Unit = unit, c: float = share, X: Array = X, Y: Array = Y) -> Params:
            return backward(u, c, X, Y, p)[1]

        yield from _twins(
            FAMILY, f"{layers} layers of {unit.name} without biases, {share:g} taken at the kink",
            blocks(fun, point, grad), spoilt(point, f"b{layers}", "zero", np.zeros_like), why=_WHY,
        )  # fmt: skip


def adapters() -> Iterator[Specimen]:
    """Adapters that begin at zero, in one block, beside a ReLU at its kink, in another."""
    for count, (share, width, rank) in enumerate(product((0.0, 0.5, 1.0), (3, 6), (1, 2, 4))):
        rng = np.random.default_rng(4200 + count)
        W, X = rng.normal(size=(width, 4)), rng.normal(size=(4, 9))
        Y, v = rng.normal(size=(width, 9)), rng.normal(size=5)
        point = {
            "A": rng.normal(size=(rank, 4)), "B": np.zeros((width, rank)), "gate": np.zeros(5),
        }  # fmt: skip

        def fun(p: Params, W: Array = W, X: Array = X, Y: Array = Y, v: Array = v) -> Any:
            r = (W + p["B"] @ p["A"]) @ X - Y
            return 0.5 * np.mean(r**2) + v @ np.maximum(p["gate"], 0)

        def grad(
            p: Params, c: float = share, W: Array = W, X: Array = X, Y: Array = Y, v: Array = v
        ) -> Params:
            outer = ((W + p["B"] @ p["A"]) @ X - Y) @ X.T / Y.size
            on = np.where(p["gate"] == 0, c, p["gate"] > 0)
            return {"A": p["B"].T @ outer, "B": outer @ p["A"].T, "gate": v * on}

        yield from _twins(
            FAMILY, f"an adapter of rank {rank} and {width} beside relu, {share:g} taken there",
            blocks(fun, point, grad), spoilt(point, "B", "zero", np.zeros_like),
            spoilt(point, "B", "half", lambda g: g / 2), why=_WHY,
        )  # fmt: skip


ALL_RECTIFIED: tuple[Specimen, ...] = (
    *networks(), *features(), *deep(), *adapters(),
)  # fmt: skip
