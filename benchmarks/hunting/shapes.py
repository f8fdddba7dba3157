"""Shapes: batches, lengths of 1, not square, more than one block, four axes (TAXONOMY: 18 %)."""

from __future__ import annotations

import numpy as np

import gradproof as gp

from .replica import Replica


def matrix(x):
    if x.ndim != 2:
        raise ValueError("a matrix is wanted")


def batch_mean(x):
    matrix(x)
    return float(np.sum(x.mean(axis=0) ** 3))


def layer_norm(x):
    matrix(x)
    return float(np.sum(((x - x.mean(1, keepdims=True)) ** 2).mean(1) ** 1.5))


def layer_norm_slope(x, count):
    centred = x - x.mean(1, keepdims=True)
    variance = (centred**2).mean(1, keepdims=True)
    return 1.5 * np.sqrt(variance) * 2 * centred / count


def gram(x):
    matrix(x)
    return float(np.sum((x @ x.T) ** 2))


def pooled(x):
    if x.ndim != 4:
        raise ValueError("images are wanted")
    return float(np.sum(x.mean(axis=(2, 3)) ** 2))


def blocked(x):
    return float(np.sum(np.sin(x)))


def first_blocks(x, size=16):
    slope = np.cos(x).reshape(-1).copy()
    slope[size:] = 0 if slope.size > size else slope[size:]
    return slope.reshape(x.shape)


def outer(p):
    return float(np.sum(np.outer(p["a"], p["b"]) ** 2))


def dense(p):
    return float(np.sum(np.tanh(p["x"] @ p["W"] + p["b"])))


def dense_slope(p, bias):
    out = 1 - np.tanh(p["x"] @ p["W"] + p["b"]) ** 2
    return {"x": out @ p["W"].T, "W": p["x"].T @ out, "b": bias(out)}


def differences(x):
    return float(np.sum(np.diff(x, axis=-1) ** 2))


def differences_slope(x, *, last):
    step = 2 * np.diff(x, axis=-1)
    slope = np.zeros_like(x)
    slope[..., :-1] -= step
    if last or x.shape[-1] < 3:
        slope[..., 1:] += step
    else:
        slope[..., 1:-1] += step[..., :-1]
    return slope


def trace_of_square(x):
    matrix(x)
    return float(np.trace(x @ x))


def cumulative(x):
    if x.ndim != 1:
        raise ValueError("a vector is wanted")
    return float(np.sum(np.cumsum(x) ** 2))


def bilinear(p):
    return float(p["u"] @ p["A"] @ p["v"])


DENSE = {"x": gp.arrays(("n", "d")), "W": gp.arrays(("d", "k")), "b": gp.arrays(("k",))}

REPLICAS = [
    Replica(
        "batch mean: divided by the number of columns",
        "shapes",
        batch_mean,
        lambda x: np.broadcast_to(3 * x.mean(0) ** 2 / x.shape[1], x.shape),
        lambda x: np.broadcast_to(3 * x.mean(0) ** 2 / x.shape[0], x.shape),
        2,
    ),
    Replica(
        "layer norm: divided by the batch",
        "shapes",
        layer_norm,
        lambda x: layer_norm_slope(x, x.shape[0]),
        lambda x: layer_norm_slope(x, x.shape[1]),
        2,
    ),
    Replica(
        "gram: only the first row of a batch",
        "shapes",
        gram,
        lambda x: 4 * (x @ x.T) @ x * (np.arange(len(x)) < 1)[:, None],
        lambda x: 4 * (x @ x.T) @ x,
        2,
    ),
    Replica(
        "pooling: height used twice",
        "shapes",
        pooled,
        lambda x: np.broadcast_to(2 * x.mean((2, 3), keepdims=True) / x.shape[2] ** 2, x.shape),
        lambda x: np.broadcast_to(
            2 * x.mean((2, 3), keepdims=True) / (x.shape[2] * x.shape[3]), x.shape
        ),
        2,
    ),
    Replica("blocks: only the first block of 16", "shapes", blocked, first_blocks, np.cos, 17),
    Replica(
        "outer: wrong where the lengths differ",
        "shapes",
        outer,
        lambda p: {
            "a": 2 * p["a"] * np.sum(p["b"] ** 2),
            "b": 2 * p["b"] * np.sum(p["a"][: len(p["b"])] ** 2),
        },
        lambda p: {"a": 2 * p["a"] * np.sum(p["b"] ** 2), "b": 2 * p["b"] * np.sum(p["a"] ** 2)},
        3,
        {"a": gp.arrays(("n",)), "b": gp.arrays(("m",))},
    ),
    Replica(
        "dense: bias takes the mean over the batch",
        "shapes",
        dense,
        lambda p: dense_slope(p, lambda out: out.mean(0)),
        lambda p: dense_slope(p, lambda out: out.sum(0)),
        4,
        DENSE,
    ),
    Replica(
        "dense: bias of the first sample",
        "shapes",
        dense,
        lambda p: dense_slope(p, lambda out: out[0]),
        lambda p: dense_slope(p, lambda out: out.sum(0)),
        4,
        DENSE,
    ),
    Replica(
        "differences: the last one missing",
        "shapes",
        differences,
        lambda x: differences_slope(x, last=False),
        lambda x: differences_slope(x, last=True),
        3,
        gp.arrays(gp.shapes(min_dims=1)),
    ),
    Replica(
        "trace of a square: not transposed",
        "shapes",
        trace_of_square,
        lambda x: 2 * x,
        lambda x: 2 * x.T,
        4,
    ),
    Replica(
        "cumulative sum: not reversed",
        "shapes",
        cumulative,
        lambda x: 2 * np.cumsum(np.cumsum(x)),
        lambda x: 2 * np.cumsum(np.cumsum(x)[::-1])[::-1],
        2,
    ),
    Replica(
        "bilinear: right for one row only",
        "shapes",
        bilinear,
        lambda p: {"u": p["A"] @ p["v"], "v": p["A"][0] * p["u"][0], "A": np.outer(p["u"], p["v"])},
        lambda p: {"u": p["A"] @ p["v"], "v": p["u"] @ p["A"], "A": np.outer(p["u"], p["v"])},
        5,
        {"u": gp.arrays(("n",)), "A": gp.arrays(("n", "m")), "v": gp.arrays(("m",))},
    ),
]
