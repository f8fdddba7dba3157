"""Ties, repeated and sorted entries, equal arguments."""

from __future__ import annotations

import numpy as np

import gradproof as gp

from .replica import Replica


def top(x):
    return float(np.max(x))


def shared(mask):
    return mask / mask.sum()


def row_tops(x):
    if x.ndim != 2:
        raise ValueError("a matrix is wanted")
    return float(np.sum(x.max(axis=1)))


def larger(p):
    return float(np.sum(np.maximum(p["a"], p["b"])))


def deviation(x):
    return float(np.sqrt(np.mean((x - x.mean()) ** 2) + 1e-3))


def product(x):
    return float(np.prod(x))


def others(x):
    flat = x.reshape(-1)
    made = [np.prod(np.delete(flat, k)) for k in range(flat.size)]
    return np.array(made).reshape(x.shape)


def ranked(x):
    if x.ndim != 1:
        raise ValueError("a vector is wanted")
    return float(np.sort(x) @ np.arange(len(x)))


def ranked_slope(x, *, stable):
    if stable:
        slope = np.empty_like(x)
        slope[np.argsort(x, kind="stable")] = np.arange(len(x))
        return slope
    return np.searchsorted(np.sort(x), x).astype(float)


def gathered(p):
    return float(np.sum(p["table"][p["index"]] ** 2))


def gathered_slope(p, *, added):
    slope = np.zeros_like(p["table"])
    rows = 2 * p["table"][p["index"]]
    if added:
        np.add.at(slope, p["index"], rows)
    else:
        slope[p["index"]] += rows
    return {"table": slope, "index": None}


def quotient(p):
    gap = p["a"] - p["b"]
    safe = np.where(gap == 0, 1.0, gap)
    return float(
        np.sum(np.where(gap == 0, np.exp(p["a"]), (np.exp(p["a"]) - np.exp(p["b"])) / safe))
    )


def quotient_slope(p, *, limit):
    a, b = p["a"], p["b"]
    gap = a - b
    close = np.abs(gap) < 1e-3
    safe = np.where(close, 1.0, gap)
    first = (np.exp(a) * safe - np.exp(a) + np.exp(b)) / safe**2
    second = (np.exp(a) - np.exp(b) - np.exp(b) * safe) / safe**2
    middle = np.exp((a + b) / 2)
    near_a = middle * (0.5 + gap / 12 + gap**2 / 48) if limit else np.zeros_like(a)
    near_b = middle * (0.5 - gap / 12 + gap**2 / 48) if limit else np.zeros_like(a)
    return {"a": np.where(close, near_a, first), "b": np.where(close, near_b, second)}


PAIR = {"a": gp.arrays(("n",)), "b": gp.arrays(("n",))}

REPLICAS = [
    Replica(
        "maximum: every tied entry gets all",
        "ties",
        top,
        lambda x: (x == x.max()) * 1.0,
        lambda x: shared(x == x.max()),
        2,
    ),
    Replica(
        "row maximum: tied entries get nothing",
        "ties",
        row_tops,
        lambda x: (
            (x == x.max(1, keepdims=True))
            * ((x == x.max(1, keepdims=True)).sum(1, keepdims=True) == 1)
            * 1.0
        ),
        lambda x: (
            (x == x.max(1, keepdims=True)) / (x == x.max(1, keepdims=True)).sum(1, keepdims=True)
        ),
        2,
    ),
    Replica(
        "maximum of two: equal arguments get nothing",
        "ties",
        larger,
        lambda p: {"a": (p["a"] > p["b"]) * 1.0, "b": (p["b"] > p["a"]) * 1.0},
        lambda p: {
            "a": (p["a"] > p["b"]) + 0.5 * (p["a"] == p["b"]),
            "b": (p["b"] > p["a"]) + 0.5 * (p["a"] == p["b"]),
        },
        2,
        PAIR,
    ),
    Replica("product: by division", "ties", product, lambda x: np.prod(x) / x, others, 1),
    Replica(
        "embedding: repeated rows overwritten",
        "ties",
        gathered,
        lambda p: gathered_slope(p, added=False),
        lambda p: gathered_slope(p, added=True),
        8,
        {"table": gp.arrays((4, 2)), "index": gp.arrays(("n",), dtype=int, low=0, high=3)},
    ),
    Replica(
        "divided difference: zero where the arguments meet",
        "ties",
        quotient,
        lambda p: quotient_slope(p, limit=False),
        lambda p: quotient_slope(p, limit=True),
        2,
        PAIR,
    ),
    Replica(
        "ranks: tied entries share the lowest",
        "ties",
        ranked,
        lambda x: ranked_slope(x, stable=False),
        lambda x: ranked_slope(x, stable=True),
        2,
    ),
    Replica(
        "deviation: zero where all entries are equal",
        "ties",
        lambda x: float(np.sum(x) + deviation(x)),
        lambda x: (x - x.mean()) / x.size / deviation(x) + (np.ptp(x) > 0),
        lambda x: (x - x.mean()) / x.size / deviation(x) + 1.0,
        1,
    ),
]
