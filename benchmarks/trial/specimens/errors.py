"""Error sizes: the same few functions with faults of 100 %, 1e-2, 1e-4 and 1e-6, in five places.

The size is the relative error of the block: ``‖wrong − right‖ / ‖right‖``, wherever in the block
the error sits. What grows with the place is how it is spread: over every block, over one block,
one row or a single entry. The sign of one entry is about 100 % of its block where the entry is the
largest of a short bias.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Params, Problem, Specimen
from .twins import Wrong, blocks, changed, twins

FAMILY = "error sizes"
SIZES = {"100 %": 1.0, "1e-2": 1e-2, "1e-4": 1e-4, "1e-6": 1e-6}
Array = NDArray[Any]


def normal(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).normal(size=shape)


# The functions, 50 to 500 parameters


def network() -> Callable[[], Problem]:
    """Three layers with tanh, and softmax: 371 parameters."""
    sizes = (8, 14, 12, 5)
    point: Params = {}
    for i, (rows, columns) in enumerate(itertools.pairwise(sizes), 1):
        point[f"W{i}"] = normal(200 + i, rows, columns) / rows**0.5
        point[f"b{i}"] = normal(210 + i, columns) / 2
    labels = np.arange(20) % 5

    def forward(p: Params, X: Array) -> tuple[list[Array], Array]:
        layers = [X, np.tanh(X @ p["W1"] + p["b1"])]
        layers += [np.tanh(layers[1] @ p["W2"] + p["b2"])]
        return layers, _log_softmax(layers[2] @ p["W3"] + p["b3"])

    def fun(p: Params, X: Array, labels: Array) -> Any:
        return -np.mean(forward(p, X)[1][np.arange(20), labels])

    def grad(p: Params, X: Array, labels: Array) -> Params:
        layers, logs = forward(p, X)
        dZ, found = (np.exp(logs) - np.eye(5)[labels]) / 20, {}
        for i in (3, 2, 1):
            found |= {f"W{i}": layers[i - 1].T @ dZ, f"b{i}": dZ.sum(0)}
            dZ = dZ @ p[f"W{i}"].T * (1 - layers[i - 1] ** 2)
        return {name: found[name] for name in p}

    return blocks(fun, point, grad, normal(220, 20, 8), labels)


def regression() -> Callable[[], Problem]:
    """Poisson regression with a ridge: 55 parameters."""
    counts = np.arange(60) % 4
    point = {"w": normal(230, 50) / 7, "offsets": normal(231, 5) / 3}
    groups = np.arange(60) % 5

    def rates(p: Params, X: Array) -> Array:
        return np.exp(X @ p["w"] + p["offsets"][groups])

    def fun(p: Params, X: Array) -> Any:
        return np.sum(rates(p, X) - counts * np.log(rates(p, X))) + np.sum(p["w"] ** 2)

    def grad(p: Params, X: Array) -> Params:
        r = rates(p, X) - counts
        return {"w": X.T @ r + 2 * p["w"], "offsets": np.eye(5)[groups].T @ r}

    return blocks(fun, point, grad, normal(232, 60, 50) / 3)


def attention() -> Callable[[], Problem]:
    """One head with values and a bias: 196 parameters."""
    names = ("Wq", "Wk", "Wv")
    point = {name: normal(240 + i, 8, 8) / 8**0.5 for i, name in enumerate(names)}
    point["b"] = normal(244, 4)
    C = normal(245, 6, 8)

    def inner(p: Params, X: Array) -> tuple[Array, ...]:
        Q, K, V = X @ p["Wq"], X @ p["Wk"], X @ p["Wv"]
        P = np.exp(_log_softmax(Q @ K.T / 8**0.5))
        return Q, K, V, P, np.tanh(P @ V + np.tile(p["b"], 2))

    def fun(p: Params, X: Array) -> Any:
        return np.sum(C * inner(p, X)[-1])

    def grad(p: Params, X: Array) -> Params:
        Q, K, V, P, out = inner(p, X)
        dO = C * (1 - out**2)
        dP = dO @ V.T
        dS = P * (dP - (dP * P).sum(1, keepdims=True)) / 8**0.5
        found = {"Wq": X.T @ dS @ K, "Wk": X.T @ dS.T @ Q, "Wv": X.T @ P.T @ dO}
        return {**found, "b": dO.sum(0).reshape(2, 4).sum(0)}

    return blocks(fun, point, grad, normal(246, 6, 8))


def convolution() -> Callable[[], Problem]:
    """A convolution of an image, a smooth activation and a mean: 115 parameters."""
    point = {"K": normal(250, 6, 2, 3, 3) / 3, "b": normal(251, 6), "c": normal(252, 1)}
    weights = normal(253, 6, 4, 5)

    def windows(X: Array) -> Array:
        return np.lib.stride_tricks.sliding_window_view(X, (3, 3), axis=(1, 2))

    def out(p: Params, X: Array) -> Array:
        return np.einsum("cijst,kcst->kij", windows(X), p["K"]) + p["b"][:, None, None]

    def fun(p: Params, X: Array) -> Any:
        return np.sum(weights * np.logaddexp(0, out(p, X) * p["c"]))

    def grad(p: Params, X: Array) -> Params:
        Z = out(p, X)
        d = weights / (1 + np.exp(-Z * p["c"]))
        dK = np.einsum("kij,cijst->kcst", d, windows(X)) * p["c"]
        return {"K": dK, "b": d.sum((1, 2)) * p["c"], "c": np.sum(d * Z, keepdims=True)[0, 0]}

    return blocks(fun, point, grad, normal(254, 2, 6, 7))


def recurrent() -> Callable[[], Problem]:
    """A recurrent network over seven steps: 104 parameters."""
    point = {"W": normal(260, 8, 8) / 8**0.5, "U": normal(261, 4, 8) / 2, "b": normal(262, 8)}
    C = normal(263, 7, 8)

    def states(p: Params, X: Array) -> list[Array]:
        found = [np.zeros_like(p["b"])]
        for x in X:
            found.append(np.tanh(found[-1] @ p["W"] + x @ p["U"] + p["b"]))
        return found

    def fun(p: Params, X: Array) -> Any:
        return np.sum(C * np.array(states(p, X)[1:]))

    def grad(p: Params, X: Array) -> Params:
        found, h = {name: np.zeros_like(value) for name, value in p.items()}, states(p, X)
        dh = np.zeros(8)
        for t in reversed(range(7)):
            dz = (dh + C[t]) * (1 - h[t + 1] ** 2)
            found["W"] += np.outer(h[t], dz)
            found["U"] += np.outer(X[t], dz)
            found["b"] += dz
            dh = p["W"] @ dz
        return found

    return blocks(fun, point, grad, normal(264, 7, 4))


def _log_softmax(Z: Array) -> Array:
    Z = Z - Z.max(axis=1, keepdims=True)
    return Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))


FUNCTIONS = {
    "network": (network, "W2", "b3"),
    "regression": (regression, "w", "offsets"),
    "attention": (attention, "Wk", "b"),
    "convolution": (convolution, "K", "b"),
    "recurrent network": (recurrent, "W", "b"),
}


# The faults


def in_all(g: Array, size: float) -> Array:
    return g * (1 + size)


def in_entry(g: Array, size: float) -> Array:
    """One entry of middling size gets the whole error."""
    place = np.argsort(np.abs(g), axis=None)[g.size // 2]
    g = g.copy()
    g.flat[place] += size * np.linalg.norm(g)
    return g


def in_row(g: Array, size: float) -> Array:
    """One row is multiplied by so much that the block is off by the size."""
    g = g.copy()
    row = g[1] if g.ndim > 1 else g[1 : 1 + len(g) // 4]
    row *= 1 + size * np.linalg.norm(g) / np.linalg.norm(row)
    return g


def _sign(g: Array) -> Array:
    g = g.copy()
    g.flat[np.abs(g).argmax()] *= -1
    return g


def _faults(block: str, bias: str) -> Iterator[tuple[float, Wrong]]:
    for told, size in SIZES.items():
        for place, change, names, kind, whole in (
            ("every block", in_all, (), "scale", True),
            (f"{block} as a whole", in_all, (block,), "scale", True),
            (f"one row of {block}", in_row, (block,), "entries", False),
            (f"one entry of {block}", in_entry, (block,), "entries", False),
        ):
            spoil = changed(functools.partial(change, size=size), *names)
            yield size, Wrong(f"{told} in {place}", spoil, kind, whole)
    yield 1.0, Wrong(f"sign of one entry of {bias}", changed(_sign, bias), "entries", whole=False)


def _all() -> Iterator[Specimen]:
    for name, (function, block, bias) in FUNCTIONS.items():
        sizes, wrong = zip(*_faults(block, bias), strict=True)
        right, *spoilt = twins(FAMILY, name, function(), *wrong)
        yield right
        # The nominal size: the measured one differs in the last digits, and for the sign by a half.
        yield from (replace(s, error=size) for s, size in zip(spoilt, sizes, strict=True))


ALL_ERRORS: tuple[Specimen, ...] = tuple(_all())
