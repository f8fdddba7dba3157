"""Optima: values and gradients of next to nothing, and blocks that begin at zero.

What is left of a right claim is round-off, or little beside what it is one step away; a wrong one
is wrong all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Params, Problem, Specimen
from .twins import Wrong, at, blocks, entry, factor, instead, one, sign, zero
from .twins import twins as _twins

FAMILY = "optima"
Array = NDArray[Any]


def level(number: float, name: str) -> Wrong:
    """One block's claim is the same number everywhere."""
    return replace(at(number, name), name=f"claimed {number:g} in {name}")


def twins(name: str, make: Callable[[], Problem], *wrong: Wrong, why: str) -> Iterator[Specimen]:
    return _twins(FAMILY, name, make, *wrong, why=why)


def normal(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).normal(size=shape)


def at_the_truth() -> Iterator[Specimen]:
    """Least squares at the parameters that made the data, which were summed in another order."""
    why = "value and gradient are round-off"
    for seed, (rows, count) in enumerate(((20, 1), (30, 3), (80, 12), (200, 60))):
        X, w = normal(100 + seed, rows, count), normal(200 + seed, count)
        y = (X * w).sum(1)
        yield from twins(
            f"{count} weights of the truth",
            one(
                lambda w, X=X, y=y: np.mean((X @ w - y) ** 2), w,
                lambda w, X=X, y=y: 2 * X.T @ (X @ w - y) / len(y),
            ),
            at(1e-2), at(1e-6), why=why,
        )  # fmt: skip
        yield from twins(
            f"{count} weights of the truth, and a penalty of 1e-6",
            one(
                lambda w, X=X, y=y: np.mean((X @ w - y) ** 2) + 5e-7 * w @ w, w,
                lambda w, X=X, y=y: 2 * X.T @ (X @ w - y) / len(y) + 1e-6 * w,
            ),
            zero(), factor(2.0), why="all that is left is the penalty",
        )  # fmt: skip


def normal_equations() -> Iterator[Specimen]:
    """The value is exactly zero, the gradient a difference of two products."""

    def fun(w: Array, X: Array, y: Array) -> Any:
        return np.mean((X @ w - y) ** 2)

    def grad(w: Array, X: Array, y: Array) -> Array:
        return 2 / len(y) * ((X.T @ X) @ w - X.T @ y)

    shapes = ((20, 1), (30, 3), (80, 12), (300, 60), (500, 40), (900, 90), (200, 25))
    drawn = [(seed, *shape) for seed, shape in enumerate(shapes)]
    for seed, rows, count in (*drawn, (1003, 400, 50), (1004, 700, 70)):
        X, w = normal(150 + seed, rows, count), normal(250 + seed, count)
        yield from twins(
            f"normal equations of {count}", one(fun, w, grad, X, X @ w),
            at(1e-2), at(1e-6), why="the claim is round-off of what the value knows exactly",
        )  # fmt: skip


def solved() -> Iterator[Specimen]:
    """Least squares of noisy data at their solution: the value stays."""
    for seed, (rows, count) in enumerate(((20, 1), (40, 4), (100, 15), (200, 50))):
        X, y = normal(300 + seed, rows, count), normal(400 + seed, rows)
        w = np.linalg.lstsq(X, y, rcond=None)[0]
        for told, apart in (("", 0.0), (", 1e-6 from it", 1e-6), (", 1e-9 from it", 1e-9)):
            point = w + apart * normal(500 + seed, count)
            yield from twins(
                f"{count} weights of the solution{told}",
                one(
                    lambda w, X=X, y=y: np.mean((X @ w - y) ** 2), point,
                    lambda w, X=X, y=y: 2 * X.T @ (X @ w - y) / len(y),
                ),
                *((factor(1.5), sign()) if apart == 1e-6 else (at(1e-4),)),
                why="the gradient is round-off, or little more",
            )  # fmt: skip


def found() -> Iterator[Specimen]:
    """Logistic regression with a penalty, where Newton's method ends."""
    for seed, count in enumerate((2, 6, 20)):
        X, labels = normal(600 + seed, 60, count), (normal(700 + seed, 60) > 0) * 2.0 - 1

        def cost(w: Array, X: Array = X, s: Array = labels) -> Any:
            return np.mean(np.logaddexp(0, -s * (X @ w))) + 0.05 * w @ w

        def slope(w: Array, X: Array = X, s: Array = labels) -> Array:
            return X.T @ (-s / (1 + np.exp(s * (X @ w)))) / len(s) + 0.1 * w

        w = np.zeros(count)
        for _ in range(30):
            p = 1 / (1 + np.exp(-(X @ w)))
            w = w - np.linalg.solve((X.T * (p * (1 - p))) @ X / 60 + 0.1 * np.eye(count), slope(w))
        for told, apart in (("", 0.0), (", 1e-6 from it", 1e-6), (", 1e-10 from it", 1e-10)):
            yield from twins(
                f"the minimum of logistic regression in {count}{told}",
                one(cost, w + apart * normal(800 + seed, count), slope),
                *((factor(2.0), zero()) if apart == 1e-6 else (at(1e-3),)),
                why="what an optimiser ends with",
            )  # fmt: skip


def zeros() -> Iterator[Specimen]:
    """Functions whose value and slope are zero, of any order, in one and in several entries."""
    forms: tuple[tuple[str, Any, Any], ...] = (
        ("squares", lambda x: x**2, lambda x: 2 * x),
        ("cubes", lambda x: x**3, lambda x: 3 * x**2),
        ("fourth powers", lambda x: x**4, lambda x: 4 * x**3),
        ("1 - cos", lambda x: 2 * np.sin(x / 2) ** 2, np.sin),
        ("x - sin", lambda x: x * (1 - np.sinc(x / np.pi)), lambda x: 1 - np.cos(x)),
        ("log cosh", lambda x: np.log1p(2 * np.sinh(x / 2) ** 2), np.tanh),
    )
    for told, f, df in forms:
        for count in (1, 5):
            c = normal(900, count)
            yield from twins(
                f"{told} at 0, {count}",
                one(lambda x, f=f, c=c: c @ f(x), np.zeros(count), lambda x, df=df, c=c: c * df(x)),
                at(1e-3), at(1.0), why="neither value nor slope has a scale",
            )  # fmt: skip


def growing() -> Iterator[Specimen]:
    """A value of zero that grows so fast that what it is far away says nothing of it here."""
    forms: tuple[tuple[str, Any, Any], ...] = (
        ("exp - 1", np.expm1, np.exp),
        ("exp 5x - 1", lambda x: np.expm1(5 * x), lambda x: 5 * np.exp(5 * x)),
        ("sinh", np.sinh, np.cosh),
        ("sinh 3x + x", lambda x: np.sinh(3 * x) + x, lambda x: 3 * np.cosh(3 * x) + 1),
        ("x exp x²", lambda x: x * np.exp(x**2), lambda x: (1 + 2 * x**2) * np.exp(x**2)),
    )
    for told, f, df in forms:
        for count in (1, 4):
            c = normal(1000, count)
            yield from twins(
                f"{told} at 0, {count}",
                one(lambda x, f=f, c=c: c @ f(x), np.zeros(count), lambda x, df=df, c=c: c * df(x)),
                zero(), at(1e-3), factor(1.001), why="the value is zero, and huge far away",
            )  # fmt: skip
    c = normal(1001, 6)
    for told, shape in (("smooth", 4), ("wide", 40)):
        point = {"z": np.zeros(6), "b": np.zeros(shape)}

        def fun(p: Params) -> Any:
            return c @ np.expm1(p["z"]) + (p["b"] ** 2).sum()

        def grad(p: Params) -> Params:
            return {"z": c * np.exp(p["z"]), "b": 2 * p["b"]}

        yield from twins(
            f"exp - 1 beside squares, {told}", blocks(fun, point, grad),
            zero("z"), sign("z"), level(1e-3, "b"), why="the value is zero, and huge far away",
        )  # fmt: skip


def adapters() -> Iterator[Specimen]:
    """Blocks that begin at zero: one of two that multiply, or both, at a loss and without."""
    for seed, (told, a, fits) in enumerate((
        ("low rank", 1.0, False), ("low rank of zeros", 0.0, False),
        ("low rank that fits", 1.0, True), ("low rank of zeros that fits", 0.0, True),
        ("low rank that fits but for round-off", 1.0, True),
        ("low rank of zeros that fits but for round-off", 0.0, True),
    )):  # fmt: skip
        W, X = normal(1100 + seed, 5, 4), normal(1110 + seed, 4, 9)
        Y = W @ X + (0.0 if fits else 1.0) * normal(1120 + seed, 5, 9)
        Y *= 1 + 2.0**-52 if "round-off" in told else 1.0
        point = {"A": a * normal(1130 + seed, 2, 4), "B": np.zeros((5, 2))}

        def residual(p: Params, W: Array = W, X: Array = X, Y: Array = Y) -> Array:
            return (W + p["B"] @ p["A"]) @ X - Y

        def fun(p: Params, r: Any = residual) -> Any:
            return 0.5 * np.sum(r(p) ** 2)

        def grad(p: Params, r: Any = residual, X: Array = X) -> Params:
            outer = r(p) @ X.T
            return {"A": p["B"].T @ outer, "B": outer @ p["A"].T}

        twin = level(1e-2, "B") if fits or not a else factor(1.01, "B")
        yield from twins(
            told, blocks(fun, point, grad), twin, level(1e-2, "A"),
            why="a block's gradient is zero as long as the other one is",
        )  # fmt: skip


def gates() -> Iterator[Specimen]:
    """A branch behind a gate of zero, and a last layer of zeros."""
    x, c = normal(1200, 6), normal(1201, 6)
    W = normal(1202, 6, 6)

    def gated(p: Params) -> Any:
        return c @ (x + p["gate"] * np.tanh(p["W"] @ x))

    def back(p: Params) -> Params:
        h = np.tanh(p["W"] @ x)
        return {"gate": np.atleast_1d(c @ h), "W": np.outer(p["gate"] * c * (1 - h**2), x)}

    yield from twins(
        "a gate of zero", blocks(gated, {"gate": np.zeros(1), "W": W}, back),
        zero("gate"), factor(1.001, "gate"), level(1e-3, "W"), why="the branch has no gradient yet",
    )  # fmt: skip
    X, y = normal(1203, 12, 5), normal(1204, 12)
    for told, targets in (("", y), (" that fits", np.zeros(12))):

        def fun(p: Params, y: Array = targets) -> Any:
            return np.mean((np.tanh(X @ p["W1"]) @ p["w2"] + p["b"] - y) ** 2)

        def grad(p: Params, y: Array = targets) -> Params:
            H = np.tanh(X @ p["W1"])
            r = 2 / len(y) * (H @ p["w2"] + p["b"] - y)
            inner = np.outer(r, p["w2"]) * (1 - H**2)
            return {"W1": X.T @ inner, "w2": H.T @ r, "b": r.sum(keepdims=True)}

        point = {"W1": normal(1205, 5, 4), "w2": np.zeros(4), "b": np.zeros(1)}
        yield from twins(
            f"a last layer of zeros{told}", blocks(fun, point, grad), level(1e-3, "W1"),
            level(1e-3, "w2"), level(1e-3, "b"), why="all layers before it have no gradient yet",
        )  # fmt: skip


def networks() -> Iterator[Specimen]:
    """Two layers that fit their data: zero in every block, but for round-off."""
    for seed, told in enumerate(("3 units", "8 units")):
        units = int(told.split()[0])
        X = normal(1300 + seed, 20, 4)
        point = {
            "W1": normal(1310 + seed, 4, units), "b1": normal(1320 + seed, units),
            "w2": normal(1330 + seed, units), "b2": normal(1340 + seed, 1),
        }  # fmt: skip
        y = sum(np.tanh(X @ point["W1"][:, k] + point["b1"][k]) * point["w2"][k]
                for k in range(units)) + point["b2"]  # fmt: skip

        def fun(p: Params, X: Array = X, y: Array = y) -> Any:
            return np.mean((np.tanh(X @ p["W1"] + p["b1"]) @ p["w2"] + p["b2"] - y) ** 2)

        def grad(p: Params, X: Array = X, y: Array = y) -> Params:
            H = np.tanh(X @ p["W1"] + p["b1"])
            r = 2 / len(y) * (H @ p["w2"] + p["b2"] - y)
            inner = np.outer(r, p["w2"]) * (1 - H**2)
            return {
                "W1": X.T @ inner, "b1": inner.sum(0), "w2": H.T @ r, "b2": r.sum(keepdims=True),
            }  # fmt: skip

        yield from twins(
            f"a network of {told} that fits", blocks(fun, point, grad),
            level(1e-3, "W1"), level(1e-6, "b1"), level(1e-3, "w2"), why="nothing is left to learn",
        )  # fmt: skip


def ignored() -> Iterator[Specimen]:
    """Blocks on which the function does not depend, or only by round-off."""
    c, z = normal(1400, 7), normal(1401, 7)

    def entropy(p: Params) -> Any:
        moved = p["z"] + p["shift"]
        return np.log(np.exp(moved).sum()) - moved[2]

    def slopes(p: Params) -> Params:
        e = np.exp(p["z"] + p["shift"])
        g = e / e.sum() - (np.arange(7) == 2)
        return {"z": g, "shift": g.sum(keepdims=True)}

    yield from twins(
        "a bias of all logits", blocks(entropy, {"z": z, "shift": np.ones(1)}, slopes),
        level(1e-3, "shift"), level(1.0, "shift"), factor(1.01, "z"),
        why="it cancels, but for round-off",
    )  # fmt: skip
    for told, k in (("value", 1.0), ("value of zero", 0.0)):

        def fun(p: Params, k: float = k) -> Any:
            return k * np.cos(p["x"]).sum()

        def grad(p: Params, k: float = k) -> Params:
            return {"x": -k * np.sin(p["x"]), "unused": np.zeros(4)}

        yield from twins(
            f"a block that a {told} ignores",
            blocks(fun, {"x": c, "unused": normal(1402, 4)}, grad),
            level(1e-3, "unused"), level(1.0, "unused"), why="there is no slope at all",
        )  # fmt: skip


def ordinary() -> Iterator[Specimen]:
    """Points like any other, of values that are zero, small or large."""
    for count in (1, 8, 50):
        c, x = normal(1500, count), normal(1501, count)
        for told, shift in (("", 0.0), (", shifted to zero", -1.0), (", of 1e6", 1e6)):
            start = float(c @ np.sin(x))
            offset = shift * start if shift < 0 else shift

            def fun(x: Array, c: Array = c, offset: float = offset) -> Any:
                return c @ np.sin(x) + offset

            yield from twins(
                f"sines of {count}{told}",
                one(fun, x, lambda x, c=c: c * np.cos(x)), factor(1.001), zero(),
                why="the natural scale is no excuse here",
            )  # fmt: skip
    c, x = normal(1502, 30), normal(1503, 30)
    for told, k in (("10", 10.0), ("300", 300.0)):
        yield from twins(
            f"sines {told} times as fast", one(
                lambda x, k=k: c @ np.sin(k * x), x, lambda x, k=k: k * c * np.cos(k * x)
            ),
            factor(1.0001), entry(0, np.negative, "x", "sign of an entry"),
            why="it bends more than it slopes",
        )  # fmt: skip


def beside_others() -> Iterator[Specimen]:
    """A block of 1e-6 of the others, and one at its optimum beside one that is not."""
    c = normal(1600, 10)

    def fun(p: Params) -> Any:
        return np.sin(p["u"]).sum() + 1e-6 * (c @ np.sin(p["v"])) + ((p["w"] - 1) ** 2).sum()

    def grad(p: Params) -> Params:
        return {"u": np.cos(p["u"]), "v": 1e-6 * c * np.cos(p["v"]), "w": 2 * (p["w"] - 1)}

    point = {"u": normal(1601, 20), "v": normal(1602, 10), "w": np.ones(5)}
    yield from twins(
        "a small block, and one at its optimum", blocks(fun, point, grad),
        zero("v"), factor(1.01, "v"), level(1e-6, "w"), level(1e-3, "w"),
        Wrong("those of the last one in the second", instead(
            lambda p: {**grad(p), "v": np.resize(p["w"] - 1, 10)}
        )),
        why="neither shows beside the steep one",
    )  # fmt: skip


ALL_OPTIMA: tuple[Specimen, ...] = (
    *at_the_truth(), *normal_equations(), *solved(), *found(), *zeros(), *growing(),
    *adapters(), *gates(), *networks(), *ignored(), *ordinary(), *beside_others(),
)  # fmt: skip
