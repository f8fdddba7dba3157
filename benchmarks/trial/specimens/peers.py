"""What other checkers get wrong: functions on which a published one passes or accuses falsely.

Each is told as a NumPy function of arrays with a gradient by hand. A function with many outputs
is summed with random weights, drawn once: a fixed random cotangent. Custom rules of torch and JAX
are their mathematics; what insists on a precision computes in it. Beside each right gradient
stand the nearest wrong ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Params, Specimen
from .twins import Wrong, blocks, changed, entry, factor, instead, instead_of_one, one, sign, twins
from .twins import zero as no_gradient

FAMILY = "peers"
Array = NDArray[Any]
single = np.float32


def normal(seed: int, *shape: int, dtype: Any = float) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def weighted(
    count: int,
    f: Callable[[Array], Array],
    df: Callable[[Array], Array],
    *,
    scale: float = 1.0,
    dtype: Any = float,
) -> tuple[Callable[..., Any], Array, Callable[..., Array]]:
    """``scale · Σ c f(x)`` with fixed random weights, a point and the gradient."""
    c = normal(1, count, dtype=dtype)

    def fun(x: Array) -> Any:
        return scale * (c @ f(x))

    def grad(x: Array) -> Array:
        return scale * c * df(x)

    return fun, normal(2, count, dtype=dtype), grad


def at(number: float) -> Wrong:
    """A claim that is the same number everywhere."""
    return Wrong(f"claimed {number:g}", changed(lambda g: np.full_like(g, number)))


# Wrong gradients that pass


def sines() -> Iterator[Specimen]:
    fun, x, grad = weighted(90_000, np.sin, np.cos)
    yield from twins(
        FAMILY, "sin of 90,000", one(fun, x, grad), no_gradient(),
        why="torch, fast: the tolerance grows with the number of inputs",
    )  # fmt: skip
    fun, x, grad = weighted(2_000, np.sin, np.cos)
    yield from twins(
        FAMILY, "sin of 2,000", one(fun, x, grad),
        entry(777, lambda _: 0.0, "x", "one entry zeroed", "zero"),
        why="torch, fast: one share of 1/n is below its relative tolerance",
    )  # fmt: skip
    fun, x, grad = weighted(20, np.sin, np.cos)
    yield from twins(
        FAMILY, "sin of 20", one(fun, x, grad), factor(1.0009), factor(1 + 2e-5), factor(1 + 2e-7),
        entry(7, lambda g: g + 1e-3, "x", "1e-3 more in one entry", "entries"),
        why="below a relative tolerance of 1e-3; a slope or a rate judged by eye",
    )  # fmt: skip
    fun, x, grad = weighted(1_000, np.sin, np.cos)
    yield from twins(
        FAMILY, "sin of 1,000", one(fun, x, grad),
        entry(999, lambda g: g + 1e-3, "x", "1e-3 more in one entry", "entries"),
        why="scipy, random: 6.5e-6 in some draws",
    )  # fmt: skip
    for scale in (1e-6, 1e-7, 1e-9):
        fun, x, grad = weighted(20, np.sin, np.cos, scale=scale)
        yield from twins(
            FAMILY, f"{scale:g} sin of 20", one(fun, x, grad), no_gradient(), sign(),
            why="below absolute tolerances (torch, autograd, scipy)",
        )  # fmt: skip


def identity() -> Iterator[Specimen]:
    fun, x, grad = weighted(250_000, lambda x: x, np.ones_like)
    yield from twins(
        FAMILY, "identity of 250,000", one(fun, x, grad), sign(),
        why="torch, fast: the tolerance grows with the number of inputs",
    )  # fmt: skip


def mean_loss() -> Iterator[Specimen]:
    y = normal(4, 500)
    yield from twins(
        FAMILY, "1e-3 mean loss",
        one(
            lambda p, y: 1e-3 * np.mean((p - y) ** 2),
            normal(5, 500), lambda p, y: 1e-3 / 250 * (p - y), y,
        ),
        sign(), why="torch: absolute tolerance of 1e-5",
    )  # fmt: skip


def huge_squares() -> Iterator[Specimen]:
    for count in (1, 3):
        yield from twins(
            FAMILY, f"x**2 at 2e11, {count}",
            one(lambda x: np.sum(x**2), np.full(count, 2e11), lambda x: 2 * x),
            no_gradient(), factor(1.001), why="torch: x + eps is x",
        )  # fmt: skip


def linear_module() -> Iterator[Specimen]:
    """A layer's weight and bias, a random cotangent for its output."""
    c = normal(33, 5, 3)

    def fun(params: Params, x: Array) -> Any:
        return np.sum(c * (x @ params["weight"].T + params["bias"]))

    def grad(_: Params, x: Array) -> Params:
        return {"weight": c.T @ x, "bias": c.sum(axis=0)}

    point = {"weight": normal(12, 3, 4), "bias": normal(13, 3)}
    yield from twins(
        FAMILY, "linear module", blocks(fun, point, grad, normal(14, 5, 4)),
        no_gradient("weight"), sign("weight"), why="torch: only positional inputs are looked at",
    )  # fmt: skip


def batch_norm() -> Iterator[Specimen]:
    c = normal(6, 8, 3)

    def normed(x: Array) -> Array:
        return (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)

    def back(x: Array) -> Array:
        n = normed(x)
        return (c - c.mean(0) - n * (c * n).mean(0)) / np.sqrt(x.var(0) + 1e-5)

    def without_mean(x: Array) -> Array:
        n = normed(x)
        return (c - n * (c * n).mean(0)) / np.sqrt(x.var(0) + 1e-5)

    yield from twins(
        FAMILY, "weighted batch norm",
        one(lambda x: np.sum(c * normed(x)), normal(7, 8, 3), back),
        no_gradient(), Wrong("without the mean", instead_of_one(without_mean)),
        why="torch: a uniform cotangent sees nothing of it",
    )  # fmt: skip


def in_single_precision() -> Iterator[Specimen]:
    for count, twin in ((1000, sign()), (600, no_gradient())):
        fun, x, grad = weighted(count, np.sin, np.cos, dtype=single)
        yield from twins(
            FAMILY, f"float32 sin of {count}", one(fun, x, grad), twin,
            why="JAX: the tolerance is multiplied by the size of the output",
        )  # fmt: skip

    def fun(params: Params) -> Any:
        return 1e4 * params["a"].sum() + np.sin(params["b"]).sum()

    def grad(params: Params) -> Params:
        return {"a": np.full_like(params["a"], 1e4), "b": np.cos(params["b"])}

    point = {"a": normal(8, 5, dtype=single), "b": normal(9, 7, dtype=single)}
    yield from twins(
        FAMILY, "float32 1e4 sum(a) + sum(sin b)", blocks(fun, point, grad),
        no_gradient("b"), sign("b"), why="JAX: one direction, dominated by the large leaf",
    )  # fmt: skip


def small_linear() -> Iterator[Specimen]:
    yield from twins(
        FAMILY, "9e-5 x",
        one(lambda x: 9e-5 * x.sum(), normal(10, 4), lambda x: np.full_like(x, 9e-5)),
        no_gradient(), sign(), why="Theano: wrong only where absolute and relative are exceeded",
    )  # fmt: skip


def steep_kink() -> Iterator[Specimen]:
    yield from twins(
        FAMILY, "1e3 x + |x| at 1e-6",
        one(lambda x: np.sum(1e3 * x + abs(x)), 1e-6, lambda x: 1e3 + np.sign(x)),
        at(999.0), at(1000.0), sign(), why="Chainer: the kink is unseen beside the range",
    )  # fmt: skip


def not_finite() -> Iterator[Specimen]:
    fun, x, grad = weighted(20, np.sin, np.cos)
    yield from twins(
        FAMILY, "not a number", one(fun, x, grad),
        Wrong("all NaN", changed(lambda g: np.full_like(g, np.nan)), "not-finite"),
        entry(3, lambda _: np.nan, "x", "one NaN", "not-finite"),
        entry(3, lambda _: np.inf, "x", "one infinity", "not-finite"),
        why="Stan: NaN > error is false",
    )  # fmt: skip


def cancelling_jacobian() -> Iterator[Specimen]:
    """The error that a direction of ones does not see, weighted like the outputs."""
    jacobian, weights = normal(11, 2, 3), normal(12, 2)
    error = np.array([[1.0, -1.0, 0.0], [0.0, 2.0, -2.0]])
    yield from twins(
        FAMILY, "Jacobian",
        one(lambda x: weights @ (jacobian @ x), normal(13, 3), lambda _: jacobian.T @ weights),
        Wrong("off by what cancels", instead_of_one(lambda _: (jacobian + error).T @ weights)),
        why="OpenMDAO, directional: a direction of ones",
    )  # fmt: skip


def dominated_norm() -> Iterator[Specimen]:
    """The flipped entry is 3e-10 of the block's norm: only entry by entry is it to be seen."""
    slopes = np.full(50, 1e9)
    slopes[17] = 1.0
    yield from twins(
        FAMILY, "one slope of 1 among 1e9",
        one(lambda x: slopes @ x, normal(22, 50), lambda _: slopes.copy()),
        entry(17, np.negative, "x", "one entry flipped", "entries"),
        why="every norm is dominated by the others",
    )  # fmt: skip


# Right gradients that are accused


def round_off() -> Iterator[Specimen]:
    yield from twins(
        FAMILY, "x at 1e10", one(np.sum, 1e10, np.ones_like), at(1.9073), factor(1.001),
        why="torch divides by the nominal step",
    )  # fmt: skip
    for shift in (1e6, 1e8):
        yield from twins(
            FAMILY, f"{shift:g} + sin x at 1",
            one(lambda x, s=shift: s + np.sin(x).sum(), 1.0, np.cos), at(0.5364), no_gradient(),
            why="cancellation in the difference of two values",
        )  # fmt: skip
        yield from twins(
            FAMILY, f"{shift:g} + sin of 50",
            one(lambda x, s=shift: s + np.sin(x).sum(), normal(14, 50), np.cos),
            sign(), factor(1.01), why="one fixed step",
        )  # fmt: skip
    yield from twins(
        FAMILY, "cost of size 1e6",
        one(lambda x: 1e6 + np.sum((x - 1) ** 2), normal(15, 50), lambda x: 2 * (x - 1)),
        factor(1.026), why="scipy: one absolute norm",
    )  # fmt: skip
    yield from twins(
        FAMILY, "linear cost of size 1e6",
        one(lambda x: 1e6 * x.sum(), normal(16, 50), lambda x: np.full_like(x, 1e6)),
        factor(1.0001), why="Manopt: the slope of nothing but noise",
    )  # fmt: skip


def truncation() -> Iterator[Specimen]:
    roots: tuple[tuple[str, Any, Any], ...] = (
        ("log", np.log, lambda x: 1 / x),
        ("sqrt", np.sqrt, lambda x: 0.5 / np.sqrt(x)),
    )
    for name, f, df in roots:
        for where in (1e-5, 1e-7):
            yield from twins(
                FAMILY, f"{name} at {where:g}", one(lambda x, f=f: f(x).sum(), where, df),
                factor(1.003), sign(), why="a step of 1e-6 is a tenth of the way to the edge",
            )  # fmt: skip
    for frequency, where in ((1e5, 0.3), (1e4, 1.0), (50.0, 1.0), (2000.0, 0.0)):
        yield from twins(
            FAMILY, f"sin({frequency:g} x) at {where:g}",
            one(
                lambda x, w=frequency: np.sin(w * x).sum(), where,
                lambda x, w=frequency: w * np.cos(w * x),
            ),
            no_gradient(), factor(1.003), why="the step is a large part of the period",
        )  # fmt: skip
    yield from twins(
        FAMILY, "sin(128 pi x) at 0",
        one(
            lambda x: np.sin(128 * np.pi * x).sum(), 0.0,
            lambda x: 128 * np.pi * np.cos(128 * np.pi * x),
        ),
        no_gradient(), factor(1.001), why="steps that are powers of two hit the period",
    )  # fmt: skip


def flat() -> Iterator[Specimen]:
    for name, f, df in (
        ("x**3", lambda x: x**3, lambda x: 3 * x**2),
        ("x|x|", lambda x: x * abs(x), lambda x: 2 * abs(x)),
    ):
        for count in (1, 4):
            yield from twins(
                FAMILY, f"{name} at 0, {count}",
                one(lambda x, f=f: f(x).sum(), np.zeros(count), df), at(1.0), at(0.01),
                why="Chainer: no scale in the fit; Manopt: a slope of 3",
            )  # fmt: skip


def kinks() -> Iterator[Specimen]:
    def relu(claim: float) -> Callable[[Array], Array]:
        return lambda x: np.where(x == 0, claim, 1.0 * (x > 0))

    for point in ([0.0], [0.0, 1.0, -1.0, 2.0, 0.0]):
        name = f"relu at 0, {len(point)}"
        # Among several kinks a right backward pass may claim more than one of them shows.
        outside = (7.0, -8.0, 1.01, -0.01) if len(point) == 1 else (7.0, -8.0)
        yield from twins(
            FAMILY, name, one(lambda x: np.maximum(x, 0).sum(), point, relu(0.0)),
            *(Wrong(f"claimed {c:g}", instead_of_one(relu(c)), whole=False) for c in outside),
            why="a central difference is 0.5; every slope from 0 to 1 is valid, and no other",
        )  # fmt: skip
        for claim in (0.5, 1.0):
            yield from twins(
                FAMILY, f"{name}, claimed {claim:g}",
                one(lambda x: np.maximum(x, 0).sum(), point, relu(claim)),
                why="a central difference is 0.5; every slope from 0 to 1 is valid",
            )  # fmt: skip
    yield from twins(
        FAMILY, "|x| at 5e-7", one(lambda x: abs(x).sum(), 5e-7, np.sign),
        no_gradient(), at(0.5), sign(), why="the step crosses the kink",
    )  # fmt: skip
    weights = np.array([1.0, 3.0, -2.0, 0.5])

    def unsort(x: Array) -> Array:
        return weights[np.argsort(np.argsort(x))]

    yield from twins(
        FAMILY, "sort with a gap of 5e-7",
        one(lambda x: weights @ np.sort(x), [0.3, 0.3 + 5e-7, 1.2, -0.4], unsort),
        Wrong("pair swapped", instead_of_one(lambda x: unsort(x)[[1, 0, 2, 3]]), "permutation",
              whole=False),
        why="the step swaps the pair",
    )  # fmt: skip


def low_precision() -> Iterator[Specimen]:
    for count in (1, 10, 100_000):
        x = normal(17, count, dtype=single) if count > 10 else np.ones(count, single)
        for forced in (False, True):
            yield from twins(
                FAMILY, f"float32 sum of {count:,} squares{_told(forced)}",
                one(lambda x, f=forced: np.sum(_cast(x, f) ** 2), x, lambda x: 2 * x),
                *(() if forced and count > 10 else (factor(1.967 / 2),)), sign(),
                why="the step is below the spacing of the value",
            )  # fmt: skip
    for forced in (False, True):
        yield from twins(
            FAMILY, f"float32 x at 100{_told(forced)}",
            one(lambda x, f=forced: _cast(x, f).sum(), np.full(3, 100, single), np.ones_like),
            at(1.075), why="7.5 % is what JAX measures",
        )  # fmt: skip
        yield from twins(
            FAMILY, f"float32 1000 + sin x{_told(forced)}",
            one(
                lambda x, f=forced: single(1000) + np.sin(_cast(x, f)).sum(),
                np.ones(3, single), np.cos,
            ),
            sign(), why="round-off of the value",
        )  # fmt: skip
        yield from _log_softmax(forced)
    yield from twins(
        FAMILY, "exp in float32 inside float64",
        one(lambda x: float(np.exp(x.astype(single)).sum()), 1.0, np.exp), factor(1.01),
        why="scipy's bar is 1,900 times too small",
    )  # fmt: skip
    for name, f, df in (("exp", np.exp, np.exp), ("sin", np.sin, np.cos)):
        for forced in (False, True):
            yield from twins(
                FAMILY, f"float16 {name}{_told(forced)}",
                one(
                    lambda x, f=f, forced=forced: f(_cast(x, forced, np.float16)).sum(),
                    np.ones(3, np.float16), df,
                ),
                sign(), no_gradient(), why="JAX: x + h is x, so 0 passes and the right one fails",
            )  # fmt: skip


def _cast(x: Array, forced: bool, dtype: Any = single) -> Array:
    return x.astype(dtype) if forced else x


def _told(forced: bool) -> str:
    return ", never promoted" if forced else ""


def _log_softmax(forced: bool) -> Iterator[Specimen]:
    c = np.array([1.0, 0.0, 0.0], single)

    def log_softmax(x: Array) -> Array:
        shifted = x - x.max()
        return shifted - np.log(np.exp(shifted).sum())

    yield from twins(
        FAMILY, f"float32 log_softmax at 1000{_told(forced)}",
        one(
            lambda x: c @ log_softmax(_cast(x, forced)), np.array([1000, 999, 998.5], single),
            lambda x: c - np.exp(log_softmax(x)),
        ),
        sign(), no_gradient(), why="JAX: the point itself is rounded to 6e-5",
    )  # fmt: skip


def products() -> Iterator[Specimen]:
    W, c = normal(18, 8, 5, dtype=np.float16), normal(19, 4, 5, dtype=np.float16)
    yield from twins(
        FAMILY, "float16 matrix product",
        one(lambda x: np.sum(c * (x @ W)), normal(20, 4, 8, dtype=np.float16), lambda _: c @ W.T),
        no_gradient(), sign(), why="eleven bits (torch's row is one of bfloat16)",
    )  # fmt: skip
    A, u = normal(18, 200, 300, dtype=single), normal(19, 200, dtype=single)
    yield from twins(
        FAMILY, "adjoint in float32",
        one(lambda m: u @ (A @ m.astype(single)), normal(20, 300, dtype=single), lambda _: A.T @ u),
        Wrong("shifted by one", instead_of_one(lambda _: A.T @ np.roll(u, 1))),
        why="PyLops: a fixed tolerance",
    )  # fmt: skip


def dropout() -> Iterator[Specimen]:
    def mask(x: Array) -> Array:
        return 2.0 * (np.random.rand(*x.shape) > 0.5)  # noqa: NPY002

    yield from twins(
        FAMILY, "dropout", one(lambda x: np.sum(x * mask(x)), normal(21, 10), mask),
        factor(0.5), why="another function at every call",
    )  # fmt: skip


def module_loss() -> Iterator[Specimen]:
    """The same layer under a small mean loss."""
    y = normal(34, 5, 3)

    def residual(params: Params, x: Array) -> Array:
        return x @ params["weight"].T + params["bias"] - y

    def fun(params: Params, x: Array) -> Any:
        return 1e-3 * np.mean(residual(params, x) ** 2)

    def grad(params: Params, x: Array) -> Params:
        r = 2e-3 / y.size * residual(params, x)
        return {"weight": r.T @ x, "bias": r.sum(axis=0)}

    def of_one_row(params: Params, x: Array) -> Params:
        r = 2e-3 / y.size * residual(params, x)
        return {"weight": r.T @ x, "bias": r[-1]}

    point = {"weight": normal(12, 3, 4), "bias": normal(13, 3)}
    yield from twins(
        FAMILY, "linear module, small loss", blocks(fun, point, grad, normal(14, 5, 4)),
        no_gradient("weight"),
        Wrong("bias of the last row", instead(of_one_row), "missing-accumulation"),
        why="below an absolute tolerance, and no positional input",
    )  # fmt: skip


def _all() -> Iterator[Specimen]:
    for family in (
        sines, identity, mean_loss, huge_squares, linear_module, module_loss, batch_norm,
        in_single_precision, small_linear, steep_kink, not_finite, cancelling_jacobian,
        dominated_norm, round_off, truncation, flat, kinks, low_precision, products, dropout,
    ):  # fmt: skip
        yield from family()


ALL_PEERS: tuple[Specimen, ...] = tuple(_all())
