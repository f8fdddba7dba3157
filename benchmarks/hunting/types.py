"""Types and memory: float32, complex entries, layouts."""

from __future__ import annotations

import numpy as np

from .replica import Replica


def cubes(x):
    return float(np.sum(x.astype(np.float64) ** 3))


def table(x):
    return np.arange(1, x.size + 1).reshape(x.shape)


def weighted_squares(x):
    return float(np.sum(table(x) * x**2))


def complex_square(x):
    return float(np.real(np.sum(x * x)))


def modulus(x):
    return float(np.sum(np.real(x * np.conj(x)) ** 2))


def in_place(x):
    out = np.array(x, dtype=np.float64)
    return float(np.sum(np.sin(out)))


REPLICAS = [
    Replica(
        "float32: an eighth is lost in lower precision",
        "types",
        cubes,
        lambda x: 3 * x**2 * (0.875 if x.dtype == np.float32 else 1),
        lambda x: 3 * x**2,
        1,
    ),
    Replica(
        "memory order instead of index order",
        "types",
        weighted_squares,
        lambda x: 2 * (np.arange(1, x.size + 1) * x.ravel(order="K")).reshape(x.shape),
        lambda x: 2 * table(x) * x,
        4,
    ),
    Replica(
        "strides ignored in a view",
        "types",
        in_place,
        lambda x: (
            np.cos(x)
            if x.flags.c_contiguous or x.ndim == 0
            else np.cos(np.broadcast_to(x[..., :1], x.shape))
        ),
        np.cos,
        2,
    ),
    Replica(
        "complex: conjugate missing",
        "types",
        complex_square,
        lambda x: 2 * x,
        lambda x: 2 * np.conj(x),
        1,
    ),
    Replica(
        "complex: real part of the modulus only",
        "types",
        modulus,
        lambda x: 4 * np.real(x) * np.real(x * np.conj(x)) + 0 * x,
        lambda x: 4 * x * np.real(x * np.conj(x)),
        1,
    ),
    Replica(
        "a reversed view is read from its start",
        "types",
        in_place,
        lambda x: np.cos(
            np.sort(x.ravel()).reshape(x.shape) if any(s < 0 for s in x.strides) else x
        ),
        np.cos,
        2,
    ),
]
