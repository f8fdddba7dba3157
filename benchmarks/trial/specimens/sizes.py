"""Sizes: one kind of network from ten parameters to ten million, in any number of blocks."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Params, Problem, Specimen

FAMILY = "sizes"
SIZES = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
PRECISIONS = ("float64", "float32")
BATCH = 4
Array = NDArray[Any]


def growing(parameters: int, blocks: int) -> Specimen:
    """A right specimen with about so many parameters in exactly so many blocks."""
    name = f"growing: {parameters:,} parameters in {blocks} blocks"
    return Specimen(name, FAMILY, functools.partial(_problem, parameters, blocks, "float64"))


def _sized(parameters: int, dtype: str) -> Iterator[Specimen]:
    """A right one, and one whose middle block is multiplied by 1.01."""
    blocks = min(4, parameters // 3)
    name = f"{parameters:,} parameters of {dtype}"
    make = functools.partial(_problem, parameters, blocks, dtype)
    yield Specimen(f"{name}, right", FAMILY, make, why="many inputs")
    block = f"W{(blocks + 1) // 2}"
    yield Specimen(
        f"{name}, {block} times 1.01", FAMILY, functools.partial(make, spoilt=block),
        error=0.01, blocks=(block,), kind="scale", why="many inputs, an error of 1 % in one block",
    )  # fmt: skip


def _problem(parameters: int, blocks: int, dtype: str, spoilt: str = "") -> Problem:
    """Residual layers ``a + tanh(W a) / √blocks``, which neither fade nor blow up with depth.

    All weights are square but for the first, whose columns take up the parameters that are left.
    """
    width = max(1, int((parameters / blocks) ** 0.5))
    columns = max(1, (parameters - (blocks - 1) * width**2) // width)
    rng = np.random.default_rng(300 + blocks)
    point = {
        f"W{i + 1}": _normal(rng, dtype, width, width if i else columns) for i in range(blocks)
    }
    X, C = _normal(rng, dtype, columns, BATCH), _normal(rng, dtype, width, BATCH)
    share = np.array(blocks**-0.5, dtype)  # no Python float: it would be a float64 in some places
    grad = functools.partial(_backward, spoilt=spoilt, share=share)
    return Problem(functools.partial(_value, share=share), point, grad, (X * columns**0.5, C))


def _normal(rng: np.random.Generator, dtype: str, rows: int, columns: int) -> Array:
    """Entries of a size that keeps products with them about as large as they were."""
    return rng.standard_normal((rows, columns), dtype=np.dtype(dtype)) / np.sqrt(
        np.array(columns, dtype)
    )


def _layers(params: Params, X: Array, share: Array) -> list[tuple[Array, Array]]:
    """Of each layer what goes in, and the tanh."""
    first, *others = params.values()
    T = np.tanh(first @ X)
    found, a = [(X, T)], T
    for W in others:
        T = np.tanh(W @ a)
        found.append((a, T))
        a = a + share * T
    return found


def _value(params: Params, X: Array, C: Array, *, share: Array) -> Any:
    layers = _layers(params, X, share)
    a, T = layers[-1]
    return np.sum(C * (a + share * T if len(layers) > 1 else T))


def _backward(params: Params, X: Array, C: Array, *, spoilt: str, share: Array) -> Params:
    layers, da, found = _layers(params, X, share), C, {}
    for i in range(len(layers), 1, -1):
        a, T = layers[i - 1]
        dZ = share * da * (1 - T**2)
        found[f"W{i}"] = dZ @ a.T
        da = da + params[f"W{i}"].T @ dZ
    found["W1"] = (da * (1 - layers[0][1] ** 2)) @ X.T
    if spoilt:
        found[spoilt] = found[spoilt] * np.array(1.01, found[spoilt].dtype)
    return {name: found[name] for name in params}


ALL_SIZES: tuple[Specimen, ...] = tuple(
    specimen
    for dtype in PRECISIONS
    for parameters in SIZES
    for specimen in _sized(parameters, dtype)
)
