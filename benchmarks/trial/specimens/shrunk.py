"""Shrunk: penalties and losses with a kink, where parameters are exactly on it.

A claim may take any subgradient of the penalty; the smooth part of the same entries has no choice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Params, Problem, Specimen
from .rectified import spoilt
from .twins import Wrong, blocks, instead, instead_of_one, one
from .twins import twins as _twins

FAMILY = "shrunk"
Array = NDArray[Any]
_WHY = "the penalty has a choice at zero, and the data has none"


def twins(name: str, make: Callable[[], Problem], *wrong: Wrong) -> Iterator[Specimen]:
    return _twins(FAMILY, name, make, *wrong, why=_WHY)


def sparse(seed: int, count: int, share: float = 0.5) -> Array:
    rng = np.random.default_rng(seed)
    w = rng.normal(size=count)
    w[rng.permutation(count)[: max(1, int(share * count))]] = 0
    return w


def _instead(grad: Callable[[Array], Array], told: str) -> Wrong:
    return Wrong(told, instead_of_one(grad), whole=False)


def lasso() -> Iterator[Specimen]:
    """Half a square and an absolute value, of few and of many weights, more or less of them 0."""
    sizes, shares = (2, 3, 8, 17, 40, 90), (0.3, 0.7, 1.0)
    for count, (size, zeros, convention) in enumerate(product(sizes, shares, (0.0, 1.0, -0.5))):
        w, rng = sparse(5000 + count, size, zeros), np.random.default_rng(5200 + count)
        X = rng.normal(size=(size + 4, size))
        y, penalty = X @ rng.normal(size=size) + 0.1, (0.01, 0.3)[count % 2]

        def fun(w: Array, X: Array = X, y: Array = y, k: float = penalty) -> Any:
            return 0.5 * np.sum((X @ w - y) ** 2) / len(y) + k * np.abs(w).sum()

        def data(w: Array, X: Array = X, y: Array = y) -> Array:
            return np.asarray(X.T @ (X @ w - y) / len(y))

        def grad(w: Array, k: float = penalty, c: float = convention, data: Any = data) -> Array:
            return np.asarray(data(w) + k * np.where(w == 0, c, np.sign(w)))

        yield from twins(
            f"lasso of {size}, {zeros:g} of them 0, {convention:g} taken at the kink",
            one(fun, w, grad), _first_illegal(w, grad, data, penalty, count),
        )  # fmt: skip


def _first_illegal(
    w: Array, grad: Callable[[Array], Array], data: Callable[[Array], Array], k: float, start: int
) -> Wrong:
    """The next of a few faults whose claim is no subgradient."""
    faults = (
        _instead(lambda w: grad(w) * (w != 0), "skipped where it is 0"),
        _instead(lambda w: grad(w) - 2 * data(w) * (w == 0), "data sign where it is 0"),
        _instead(lambda w: grad(w) + 3 * k * (w == 0), "penalty more than once"),
    )
    for fault in faults[start % 3 :] + faults:
        claim = fault.spoil(lambda p, *_: p)({"x": w})["x"]
        if (np.abs(claim - data(w))[w == 0] > 1.1 * k).any():
            break
    return fault


def in_two_blocks() -> Iterator[Specimen]:
    """A sparse matrix with a penalty beside a bias without one."""
    for count, (rows, cols, convention) in enumerate(product((3, 7), (2, 6), (0.0, 1.0))):
        rng = np.random.default_rng(5300 + count)
        W = sparse(5400 + count, rows * cols, 0.6).reshape(rows, cols)
        X, Y = rng.normal(size=(12, rows)), rng.normal(size=(12, cols))
        point = {"W": W, "b": np.zeros(cols)}

        def fun(p: Params, X: Array = X, Y: Array = Y) -> Any:
            r = np.tanh(X @ p["W"] + p["b"]) - Y
            return 0.5 * np.mean(r**2) + 0.02 * np.abs(p["W"]).sum()

        def grad(p: Params, X: Array = X, Y: Array = Y, c: float = convention) -> Params:
            h = np.tanh(X @ p["W"] + p["b"])
            d = (h - Y) * (1 - h**2) / Y.size
            penalty = np.where(p["W"] == 0, c, np.sign(p["W"]))
            return {"W": X.T @ d + 0.02 * penalty, "b": d.sum(0)}

        def masked(p: Params, grad: Any = grad) -> Params:
            found = grad(p)
            return {"W": found["W"] * (p["W"] != 0), "b": found["b"]}

        def without_bias(p: Params, grad: Any = grad) -> Params:
            found = grad(p)
            return {"W": found["W"], "b": found["b"] * (p["b"] != 0)}

        yield from twins(
            f"a sparse layer of {rows} and {cols}, {convention:g} taken at the kink",
            blocks(fun, point, grad), Wrong("W masked", instead(masked), whole=False),
            Wrong("b masked", instead(without_bias)), spoilt(point, "b", "sign", np.negative),
        )  # fmt: skip


def losses() -> Iterator[Specimen]:
    """Absolute, pinball, hinge and insensitive losses, some of whose residuals are on the kink."""
    forms: tuple[tuple[str, Any, Any], ...] = (
        ("absolute", np.abs, lambda r, c: np.where(r == 0, 2 * c - 1, np.sign(r))),
        ("pinball", lambda r: np.where(r > 0, 0.3 * r, -0.7 * r),
         lambda r, c: np.where(r == 0, c - 0.7, np.where(r > 0, 0.3, -0.7))),
        ("hinge", lambda r: np.maximum(r, 0), lambda r, c: np.where(r == 0, c, r > 0)),
    )  # fmt: skip
    for count, ((told, loss, slope), size, convention) in enumerate(
        product(forms, (1, 4, 20), (0.0, 0.5, 1.0))
    ):
        rng = np.random.default_rng(5500 + count)
        X, w = rng.integers(-3, 4, size=(size + 6, size)).astype(float), np.ones(size)
        y = X @ w
        y[3:] += rng.choice([-1.5, 1.5], len(y) - 3)  # three are on the kink
        point = {"w": w, "b": np.zeros(1)}

        def fun(p: Params, X: Array = X, y: Array = y, f: Any = loss) -> Any:
            return f(X @ p["w"] + p["b"] - y).sum() + 0.1 * np.sum(np.sin(p["w"]))

        def grad(
            p: Params, X: Array = X, y: Array = y, df: Any = slope, c: float = convention
        ) -> Params:
            d = df(X @ p["w"] + p["b"] - y, c)
            return {"w": X.T @ d + 0.1 * np.cos(p["w"]), "b": d.sum(keepdims=True)}

        yield from twins(
            f"{told} loss in {size}, {convention:g} taken at the kink", blocks(fun, point, grad),
            spoilt(point, "b", "far off", lambda g: g + 1e5),
        )  # fmt: skip


def clips() -> Iterator[Specimen]:
    """Clips at their bounds, soft thresholds, positive parts, beside a sine of the same entries."""
    forms: tuple[tuple[str, float, Any, Any], ...] = (
        ("clip at its bound", 1.0, lambda x: np.clip(x, -1, 1),
         lambda x, c: np.where(np.abs(x) == 1, c, np.abs(x) < 1)),
        ("soft threshold", 0.5, lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0),
         lambda x, c: np.where(np.abs(x) == 0.5, c, np.abs(x) > 0.5)),
        ("positive part", 0.0, lambda x: np.maximum(x, 0), lambda x, c: np.where(x == 0, c, x > 0)),
        ("absolute value", 0.0, np.abs, lambda x, c: np.where(x == 0, 2 * c - 1, np.sign(x))),
    )  # fmt: skip
    for count, ((told, kink, f, df), size, convention) in enumerate(
        product(forms, (1, 5, 30), (0.0, 1.0))
    ):
        rng = np.random.default_rng(5600 + count)
        x, a = rng.uniform(1.1, 2, size) * rng.choice([-1, 1], size), rng.normal(size=size)
        x[: (size + 1) // 2] = kink

        def fun(x: Array, f: Any = f, a: Array = a) -> Any:
            return a @ f(x) + np.sin(x).sum()

        def grad(x: Array, df: Any = df, a: Array = a, c: float = convention) -> Array:
            return np.asarray(a * df(x, c) + np.cos(x))

        wrong = (
            _instead(lambda x, g=grad, a=a, k=kink: g(x) + 3 * a * (x == k), "far off on the kink"),
            _instead(lambda x, g=grad, a=a, k=kink: g(x) - 3 * a * (x == k), "below on the kink"),
        )[count % 2]
        yield from twins(
            f"{told}, {size}, {convention:g} taken at the kink", one(fun, x, grad), wrong
        )


def norms() -> Iterator[Specimen]:
    """Norms of rows of which some are zero; a smooth term has them all."""
    for count, (rows, cols, unit) in enumerate(product((1, 4, 9), (2, 5), (0.0, 1.0))):
        rng = np.random.default_rng(5700 + count)
        x, A = rng.normal(size=(rows, cols)), rng.normal(size=(rows, cols))
        x[::2] = 0

        def fun(x: Array, A: Array = A) -> Any:
            return np.sqrt((x**2).sum(1)).sum() + np.sum(A * np.sin(x))

        def grad(x: Array, A: Array = A, unit: float = unit) -> Array:
            size = np.sqrt((x**2).sum(1, keepdims=True))
            first = unit * (np.arange(x.shape[1]) == 0)
            return np.asarray(
                np.where(size > 0, x / np.where(size > 0, size, 1), first) + A * np.cos(x)
            )

        yield from twins(
            f"norms of {rows} rows of {cols}, {unit:g} along the first axis", one(fun, x, grad),
            _instead(lambda x, g=grad: np.where(x == 0, np.nan, g(x)), "NaN where it is 0"),
        )  # fmt: skip


def differences() -> Iterator[Specimen]:
    """Total variation of a signal with steps, and of a constant one."""
    for count, (size, convention) in enumerate(product((4, 12, 40), (0.0, 1.0, -1.0))):
        x = np.repeat(np.random.default_rng(5800 + count).normal(size=-(-size // 4)), 4)[:size]
        target = np.random.default_rng(5900 + count).normal(size=size)

        def fun(x: Array, t: Array = target) -> Any:
            return 0.5 * np.sum((x - t) ** 2) + 0.3 * np.abs(np.diff(x)).sum()

        def grad(x: Array, t: Array = target, c: float = convention) -> Array:
            s = 0.3 * np.where(np.diff(x) == 0, c, np.sign(np.diff(x)))
            return np.asarray(x - t + np.append(0, s) - np.append(s, 0))

        yield from twins(
            f"total variation of {size}, {convention:g} taken at the kink", one(fun, x, grad),
            _instead(lambda x, g=grad: g(x) + 2.0, "shifted by 2"),
            Wrong("5 more there", spoilt({"x": x}, "x", "", lambda g: g + 5.0).spoil),
        )  # fmt: skip


ALL_SHRUNK: tuple[Specimen, ...] = (
    *lasso(), *in_two_blocks(), *losses(), *clips(), *norms(), *differences(),
)  # fmt: skip
