"""Special: points at which nothing tells entries apart, where gradients are right that are wrong.

A matrix looks like its transpose, a product the same in either order, a missing factor is one. Each
claim is right at the point itself, so what is wrong of it is read a little way beside that.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from ..specimen import Params, Problem, Specimen
from .twins import difference

FAMILY = "special"
WHY = "the claim is right at the point and wrong all around it"
Array = NDArray[np.float64]
Formula = Callable[[Array], Array]

_RNG = np.random.default_rng(41)
A = _RNG.normal(size=(4, 4))
WEIGHTS = np.array([1.0, -0.7, 1.9, 0.4, 2.3])
LAPLACIAN = -2 * np.eye(12) + np.eye(12, k=1) + np.eye(12, k=-1)
SOURCE, RECEIVER = _RNG.normal(size=(2, 12))
SYMMETRIC = A @ A.T + 4 * np.eye(4)


def _wave(v: Array) -> float:
    scaled = (v**2)[:, None] * LAPLACIAN
    return float(RECEIVER @ scaled @ scaled @ SOURCE)


def _wave_by(adjoint: Formula, v: Array) -> Array:
    once = v**2 * (LAPLACIAN @ SOURCE)
    return 2 * v * RECEIVER * (LAPLACIAN @ once) + 2 * v * adjoint(RECEIVER) * (LAPLACIAN @ SOURCE)


def _softmax(w: Array) -> Array:
    spread = np.exp(w - w.max())
    return np.asarray(spread / spread.sum())


def _inverse(x: Array) -> Array:
    return np.asarray(np.linalg.inv(x.astype(np.float64)))


# The function, its gradient, one that is right at the points only, and these.
CASES: dict[str, tuple[Callable[[Array], float], Formula, Formula, dict[str, Array]]] = {
    "an adjoint with the factors exchanged": (
        _wave,
        lambda v: _wave_by(lambda g: LAPLACIAN.T @ (v**2 * g), v),
        lambda v: _wave_by(lambda g: v**2 * (LAPLACIAN @ g), v),
        {"constant 2": np.full(12, 2.0), "constant 1": np.ones(12)},
    ),
    "a determinant without its transpose": (
        lambda x: float(np.linalg.slogdet(x.astype(np.float64))[1]),
        lambda x: _inverse(x).T,
        _inverse,
        {"identity": np.eye(4), "symmetric": SYMMETRIC},
    ),
    "a trace of the inverse without the inverses": (
        lambda x: float(np.trace(A @ _inverse(x))),
        lambda x: -(_inverse(x) @ A @ _inverse(x)).T,
        lambda x: -A.T + 0 * x,
        {"identity": np.eye(4)},
    ),
    "a square with the factor twice": (
        lambda x: float(np.sum(A * (x @ x))),
        lambda x: A @ x.T + x.T @ A,
        lambda x: 2 * A @ x.T,
        {"identity": np.eye(4), "twice the identity": 2 * np.eye(4), "zero": np.zeros((4, 4))},
    ),
    "a softmax taken for uniform": (
        lambda w: float(WEIGHTS @ _softmax(w)),
        lambda w: _softmax(w) * (WEIGHTS - WEIGHTS @ _softmax(w)),
        lambda w: (WEIGHTS - WEIGHTS.mean()) / w.size,
        {"zero": np.zeros(5), "constant": np.full(5, 0.7)},
    ),
    "tanh without its derivative": (
        lambda w: float(WEIGHTS @ np.tanh(w)),
        lambda w: WEIGHTS * (1 - np.tanh(w) ** 2),
        lambda w: WEIGHTS + 0 * w,
        {"zero": np.zeros(5)},
    ),
    "a power without its last factor": (
        lambda w: float(WEIGHTS @ w**3) / 3,
        lambda w: WEIGHTS * w**2,
        lambda w: WEIGHTS * w,
        {"one": np.ones(5)},
    ),
}


def _problem(value: Callable[[Array], float], claim: Formula, point: Array) -> Problem:
    def fun(p: Params) -> float:
        return value(p["x"])

    def grad(p: Params) -> Params:
        return {"x": claim(p["x"])}

    return Problem(fun, {"x": point.copy()}, grad)


def beside(problem: Problem) -> Problem:
    """The same problem a little way off its point."""
    rng = np.random.default_rng(7)
    moved = {k: v + 0.01 * rng.normal(size=v.shape) for k, v in problem.params.items()}
    return Problem(problem.fun, moved, problem.grad)


def special() -> Iterator[Specimen]:
    """Each of them at its points, right and wrong."""
    for name, (value, right, wrong, points) in CASES.items():
        for where, point in points.items():
            make = functools.partial(_problem, value, right, point)
            spoilt = functools.partial(_problem, value, wrong, point)
            yield Specimen(f"{name} at {where}, right", FAMILY, make, why=WHY)
            near, off = beside(make()), beside(spoilt())
            error, _ = difference(near.grad(near.params), off.grad(off.params))
            yield Specimen(
                f"{name} at {where}, wrong", FAMILY, spoilt, error=error, blocks=("x",), why=WHY
            )


ALL_SPECIAL: tuple[Specimen, ...] = tuple(special())
