"""False alarms: right gradients that invite an accusation, each beside a plainly wrong twin.

A checker that is told to accuse nobody would score well on the right ones alone; the twin of
each, wrong by about 100 %, shows that the function does not hide everything either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Params, Problem, Specimen
from .twins import (
    Wrong,
    at,
    blocks,
    changed,
    entry,
    factor,
    instead,
    instead_of_one,
    one,
    sign,
    zero,
)
from .twins import twins as _twins

FAMILY = "false alarms"
Array = NDArray[Any]
single = np.float32


def twins(name: str, make: Callable[[], Problem], *wrong: Wrong, why: str) -> Iterator[Specimen]:
    return _twins(FAMILY, name, make, *wrong, why=why)


def normal(seed: int, *shape: int, dtype: Any = float) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


# Precision that is lost inside


def single_inside() -> Iterator[Specimen]:
    why = "the dtype says float64, the value has seven digits"
    c = normal(1, 30)
    yield from twins(
        "sines cast to float32",
        one(lambda x: np.sum(c * np.sin(x.astype(single))), normal(2, 30), lambda x: c * np.cos(x)),
        sign(), zero(), why=why,
    )  # fmt: skip
    A, u = normal(3, 20, 30, dtype=single), normal(4, 20, dtype=single)
    yield from twins(
        "a product in float32",
        one(
            lambda x: float(u @ np.tanh(A @ x.astype(single))), normal(5, 30),
            lambda x: A.T.astype(float) @ (u * (1 - np.tanh(A @ x) ** 2)),
        ),
        sign(), zero(), why=why,
    )  # fmt: skip
    yield from twins("a network in float32", _network(inside=single), sign("W1"), zero("W1"),
                     why=why)  # fmt: skip
    yield from twins(
        "summed up in float32",
        one(
            lambda x: float(np.sum((x**2).astype(single))), normal(6, 2_000), lambda x: 2 * x
        ),
        sign(), zero(), why="the value of 2,000 is rounded to 1e-4",
    )  # fmt: skip


def _network(
    *, dtype: Any = float, inside: Any = None, shift: float = 0.0, scale: float = 1.0
) -> Callable[[], Problem]:
    """Two layers and tanh under a mean square; ``inside`` is the precision it computes in."""
    point = {
        "W1": normal(10, 4, 6, dtype=dtype) / 2,
        "b1": normal(11, 6, dtype=dtype),
        "W2": normal(12, 6, 2, dtype=dtype) / 2,
        "b2": normal(13, 2, dtype=dtype),
    }

    def outputs(p: Params, X: Array) -> tuple[Array, Array]:
        H = np.tanh(X @ p["W1"] + p["b1"])
        return H, H @ p["W2"] + p["b2"]

    def fun(params: Params, X: Array, Y: Array) -> Any:
        if inside is not None:
            params = {name: value.astype(inside) for name, value in params.items()}
            X, Y = X.astype(inside), Y.astype(inside)
        _, out = outputs(params, X)
        return shift + scale * np.mean((out - Y) ** 2)

    def grad(params: Params, X: Array, Y: Array) -> Params:
        H, out = outputs(params, X)
        dout = scale * 2 / Y.size * (out - Y)
        dZ = dout @ params["W2"].T * (1 - H**2)
        return {"W1": X.T @ dZ, "b1": dZ.sum(0), "W2": H.T @ dout, "b2": dout.sum(0)}

    return blocks(fun, point, grad, normal(14, 7, 4, dtype=dtype), normal(15, 7, 2, dtype=dtype))


def single_outside() -> Iterator[Specimen]:
    yield from twins(
        "a network of float32 parameters", _network(dtype=single), sign("W2"), zero("b1"),
        why="seven digits of everything",
    )  # fmt: skip
    yield from twins(
        "a network of float32 parameters, never promoted", _network(dtype=single, inside=single),
        sign("W2"), zero("W1"), why="seven digits of everything, whatever it is called with",
    )  # fmt: skip


def cancellation() -> Iterator[Specimen]:
    yield from twins(
        "(1e8 + x) - 1e8",
        one(lambda x: np.sum((1e8 + np.sin(x)) - 1e8), normal(20, 5), np.cos), sign(), zero(),
        why="eight digits are gone before the value is small",
    )  # fmt: skip
    data = 1e4 + normal(21, 40)
    yield from twins(
        "variance as mean of squares minus square of mean",
        one(
            lambda x: np.mean((x * data) ** 2) - np.mean(x * data) ** 2, 1.3,
            lambda x: 2 * x * np.var(data),
        ),
        sign(), zero(), why="a value of 1 as the difference of two of 1e8",
    )  # fmt: skip
    yield from twins(
        "(1 - cos x) / x**2 at 1e-3",
        one(
            lambda x: np.sum(100 * x + (1 - np.cos(x)) / x**2), 1e-3,
            lambda x: 100 - x / 12,
        ),
        sign(), zero(), why="ten digits of the value are noise",
    )  # fmt: skip
    yield from twins(
        "log of a sum of exponentials, unshifted",
        one(
            lambda x: np.log(np.sum(np.exp(x))) - 600, 600 + normal(22, 5),
            lambda x: np.exp(x - x.max()) / np.sum(np.exp(x - x.max())),
        ),
        sign(), zero(), why="near overflow, and a difference of large numbers",
    )  # fmt: skip


# Kinks


def kinks_at_the_point() -> Iterator[Specimen]:
    x = [0.0, 1.0, -1.0, 2.0, 0.0, -0.5]
    why = "a central difference averages the two sides; any slope between them is valid"
    c = np.array([1.0, -2.0, 0.5, 3.0, 2.0, -1.0])
    for claim in (0.0, 0.5, 1.0):
        yield from twins(
            f"weighted relu at 0, {claim:g} claimed there",
            one(
                lambda x: c @ np.maximum(x, 0), x,
                lambda x, claim=claim: c * np.where(x == 0, claim, x > 0),
            ),
            sign(), entry([0, 4], lambda _: 7.0, "x", "claimed 7 there", "entries"), why=why,
        )  # fmt: skip
    yield from twins(
        "absolute values at 0", one(lambda x: np.sum(np.abs(x)), x, np.sign), sign(), why=why,
    )  # fmt: skip
    yield from twins(
        "lasso at 0",
        one(
            lambda w: np.sum((w - c) ** 2) / 2 + 0.3 * np.sum(np.abs(w)), x,
            lambda w: w - c + 0.3 * np.sign(w),
        ),
        sign(), factor(2.0), why=why,
    )  # fmt: skip
    t = np.array([1.0, -1.0, 1.0, 1.0, -1.0, 1.0])
    yield from twins(
        "hinge on the margin",
        one(
            lambda x: np.sum(np.maximum(1 - t * x, 0)), [1.0, 0.3, 2.0, -1.0, -1.0, 0.0],
            lambda x: -t * (t * x < 1),
        ),
        sign(), why=why,
    )  # fmt: skip
    yield from twins(
        "largest of two that are equal",
        one(lambda x: np.max(x) + 0.1 * np.sum(x), [1.5, 0.3, 1.5],
            lambda x: 0.1 + np.eye(3)[np.argmax(x)]),
        sign(), why=why,
    )  # fmt: skip
    yield from twins(
        "norm at 0",
        one(lambda x: np.linalg.norm(x) + np.sum(x), np.zeros(4),
            lambda x: x / (np.linalg.norm(x) or 1.0) + 1),
        sign(), at(7.0), why="a cone: the claim is inside the subdifferential",
    )  # fmt: skip
    yield from empty_example()


def empty_example() -> Iterator[Specimen]:
    """An example of zeros and biases of zero: each hidden unit sits on its kink there."""
    X, c = normal(30, 5, 4), normal(31, 5, 6)
    X[2] = 0

    def fun(p: Params, X: Array) -> Any:
        return np.sum(c * np.maximum(X @ p["W"] + p["b"], 0))

    def grad(p: Params, X: Array) -> Params:
        dZ = c * (X @ p["W"] + p["b"] > 0)
        return {"W": X.T @ dZ, "b": dZ.sum(0)}

    yield from twins(
        "relu layer with an empty example",
        blocks(fun, {"W": normal(32, 4, 6), "b": np.zeros(6)}, grad, X),
        sign("W"), sign("b"), zero("b"), why="six kinks at once, in the middle of the function",
    )  # fmt: skip


def kinks_beside() -> Iterator[Specimen]:
    for told, gap in (("1e-7", 1e-7), ("1e-5", 1e-5), ("1e-3", 1e-3)):
        why = f"a step larger than {told} crosses the kink"
        yield from twins(
            f"relu at {told}",
            one(lambda x: np.sum(np.maximum(x, 0)), gap, lambda x: 1.0 * (x > 0)),
            zero(), sign(), why=why,
        )  # fmt: skip
        yield from twins(
            f"relu at -{told}",
            one(lambda x: np.sum(np.maximum(x, 0)), -gap, lambda x: 1.0 * (x > 0)), at(1.0),
            why=why,
        )  # fmt: skip
        yield from twins(
            f"absolute values, one at {told}",
            one(lambda x: np.sum(np.abs(x)), [gap, 1.0, -1.0, 0.3], np.sign),
            entry(0, np.negative, "x", "sign of that one", "entries"), sign(), why=why,
        )  # fmt: skip
        yield from twins(
            f"largest of two that are {told} apart",
            one(np.max, [1.5, 0.3, 1.5 + gap], lambda x: np.eye(3)[np.argmax(x)]),
            Wrong("the other one", instead_of_one(lambda _: np.eye(3)[0])), sign(), why=why,
        )  # fmt: skip
        yield from twins(
            f"hinge {told} inside the margin",
            one(lambda x: np.sum(np.maximum(1 - x, 0)), [1 - gap, 0.2, 3.0],
                lambda x: -1.0 * (x < 1)),
            entry(0, lambda _: 0.0, "x", "that one zero", "zero"), sign(), why=why,
        )  # fmt: skip
        yield from twins(
            f"clipped {told} beside the limit",
            one(lambda x: np.sum(np.sin(np.clip(x, -1, 1))), [1 + gap, -0.4, 0.7],
                lambda x: np.cos(x) * (np.abs(x) < 1)),
            entry(0, lambda _: np.cos(1.0), "x", "let through", "entries"), sign(), why=why,
        )  # fmt: skip


def pooling_ties() -> Iterator[Specimen]:
    """Two by two cells of small whole numbers: several of a cell are the largest."""
    image = np.random.default_rng(40).integers(0, 3, size=(6, 8)).astype(float)
    c = normal(41, 3, 4)

    def cells(x: Array) -> Array:
        return x.reshape(3, 2, 4, 2).transpose(0, 2, 1, 3).reshape(3, 4, 4)

    def back(shares: Array) -> Array:
        dx = (c[..., None] * shares).reshape(3, 4, 2, 2)
        return dx.transpose(0, 2, 1, 3).reshape(6, 8)

    def fun(x: Array) -> Any:
        return np.sum(c * cells(x).max(axis=2))

    def tied(x: Array) -> Array:
        return 1.0 * (cells(x) == cells(x).max(axis=2, keepdims=True))

    def to_first(x: Array) -> Array:
        return back(np.eye(4)[cells(x).argmax(axis=2)])

    def shared(x: Array) -> Array:
        return back(tied(x) / tied(x).sum(axis=2, keepdims=True))

    to_all = Wrong("to all that are tied", instead_of_one(lambda x: back(tied(x))), whole=False)
    for name, grad in (("to the first", to_first), ("shared", shared)):
        yield from twins(
            f"max pooling with ties, {name}", one(fun, image, grad), sign(), to_all,
            why="one-sided slopes differ in every cell",
        )  # fmt: skip


# Functions that are not the same at every call


def random_functions() -> Iterator[Specimen]:
    def mask(shape: tuple[int, ...]) -> Array:
        return 2.0 * (np.random.rand(*shape) > 0.5)  # noqa: NPY002 - that is the point

    yield from twins(
        "dropout of a sum",
        one(
            lambda x: np.sum(x**2 * mask(x.shape)), normal(50, 20),
            lambda x: 2 * x * mask(x.shape),
        ),
        sign(), zero(), why="drawn from the global generator: another function at every call",
    )  # fmt: skip
    c = normal(51, 6, 3)

    def hidden(p: Params, X: Array) -> tuple[Array, Array]:
        H = np.tanh(X @ p["W1"])
        return H, mask(H.shape)

    def fun(p: Params, X: Array) -> Any:
        H, M = hidden(p, X)
        return np.sum(c * ((H * M) @ p["W2"]))

    def grad(p: Params, X: Array) -> Params:
        H, M = hidden(p, X)
        return {"W1": X.T @ (c @ p["W2"].T * M * (1 - H**2)), "W2": (H * M).T @ c}

    point = {"W1": normal(52, 4, 5), "W2": normal(53, 5, 3)}
    yield from twins(
        "dropout in a network", blocks(fun, point, grad, normal(54, 6, 4)),
        sign("W1"), zero("W1"), why="drawn from the global generator, in fun and in grad",
    )  # fmt: skip
    yield from twins(
        "reparametrised noise",
        one(
            lambda x: np.sum((x[0] + np.exp(x[1]) * np.random.randn(8)) ** 2),  # noqa: NPY002
            [0.3, -0.5], _of_noise,
        ),
        sign(), zero(), why="drawn from the global generator",
    )  # fmt: skip


def _of_noise(x: Array) -> Array:
    e = np.random.randn(8)  # noqa: NPY002
    r = 2 * (x[0] + np.exp(x[1]) * e)
    return np.array([np.sum(r), np.sum(r * e * np.exp(x[1]))])


def running_statistics() -> Iterator[Specimen]:
    """Batch norm in training: the statistics that it keeps are written, never read."""
    c = normal(60, 8, 3)

    def normed(p: Params, X: Array) -> tuple[Array, Array, Array]:
        Z = X @ p["W"]
        deviation = np.sqrt(Z.var(0) + 1e-5)
        return Z, (Z - Z.mean(0)) / deviation, deviation

    def fun(p: Params, X: Array, running: Array) -> Any:
        Z, N, _ = normed(p, X)
        running[...] = 0.9 * running + 0.1 * np.stack([Z.mean(0), Z.var(0)])
        return np.sum(c * np.tanh(N * p["gain"] + p["bias"]))

    def backward(p: Params, X: Array, means: Callable[[Array, Array], Array]) -> Params:
        _, N, deviation = normed(p, X)
        dY = c * (1 - np.tanh(N * p["gain"] + p["bias"]) ** 2)
        dN = dY * p["gain"]
        return {
            "W": X.T @ (means(dN, N) / deviation),
            "gain": (dY * N).sum(0),
            "bias": dY.sum(0),
        }

    def grad(p: Params, X: Array, _: Array) -> Params:
        return backward(p, X, lambda d, N: d - d.mean(0) - N * (d * N).mean(0))

    def constants(p: Params, X: Array, _: Array) -> Params:
        return backward(p, X, lambda d, _: d)

    point = {"W": normal(61, 4, 3), "gain": 1 + normal(62, 3) / 4, "bias": normal(63, 3)}
    yield from twins(
        "batch norm with running statistics",
        blocks(fun, point, grad, normal(64, 8, 4), np.zeros((2, 3))),
        sign("W"), zero("gain"), Wrong("statistics taken for constants", instead(constants)),
        why="every call writes into its arguments",
    )  # fmt: skip


def mutation() -> Iterator[Specimen]:
    c = normal(70, 6)

    def centred(x: Array) -> Any:
        x -= x.mean()
        return c @ x**3

    def of_centred(x: Array) -> Array:
        d = 3 * c * (x - x.mean()) ** 2
        return d - d.mean()

    yield from twins(
        "parameters centred in place", one(centred, 2 + normal(71, 6), of_centred), sign(), zero(),
        why="what is handed to it is changed when it returns",
    )  # fmt: skip

    def doubled(x: Array) -> Any:
        x *= 2
        return np.sum(np.sin(x))

    yield from twins(
        "parameters doubled in place",
        one(doubled, normal(72, 6), lambda x: 2 * np.cos(2 * x)), sign(), zero(),
        why="what is handed to it is changed when it returns",
    )  # fmt: skip

    def in_order(x: Array) -> Any:
        x.sort()
        return c @ x**2

    def of_sorted(x: Array) -> Array:
        return 2 * c[np.argsort(np.argsort(x))] * x

    yield from twins(
        "parameters sorted in place", one(in_order, normal(73, 6), of_sorted), sign(), zero(),
        why="the entries change places",
    )  # fmt: skip

    def fit(x: Array, data: Array) -> Any:
        data -= data.mean(axis=0)
        return np.sum((data @ x - c) ** 2)

    def of_fit(x: Array, data: Array) -> Array:
        D = data - data.mean(axis=0)
        return 2 * D.T @ (D @ x - c)

    yield from twins(
        "data centred in place", one(fit, normal(74, 3), of_fit, 1 + normal(75, 6, 3)),
        sign(), zero(), why="the second call finds other data, though they mean the same",
    )  # fmt: skip


# Zero, small and large


def true_zeros() -> Iterator[Specimen]:
    why = "the true gradient is zero: there is nothing to be relative to"

    def normed(x: Array) -> Array:
        return (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)

    yield from twins(
        "1 + sum of batch norm",
        one(lambda x: 1 + np.sum(normed(x)), normal(80, 8, 3), np.zeros_like), at(1.0), why=why,
    )  # fmt: skip
    yield from twins(
        "sum of softmax",
        one(lambda x: np.sum(np.exp(x) / np.sum(np.exp(x))), normal(81, 6), np.zeros_like),
        at(1.0), why=why,
    )  # fmt: skip
    yield from twins(
        "a layer that no example wakes up",
        one(lambda x: np.sum(np.maximum(x - 100, 0)) + 3.0, normal(82, 6), np.zeros_like),
        at(1.0), why=why,
    )  # fmt: skip
    yield from twins(
        "a constant", one(lambda x: 2.5 + 0 * x.sum(), normal(83, 6), np.zeros_like), at(1.0),
        why=why,
    )  # fmt: skip
    yield from twins(
        "cosines at 0", one(lambda x: np.sum(np.cos(x)), np.zeros(5), lambda x: -np.sin(x)),
        at(1.0), why=why,
    )  # fmt: skip
    yield from twins(
        "sines at pi / 2", one(lambda x: np.sum(np.sin(x)), np.full(5, np.pi / 2), np.cos),
        at(1.0), why="the claim is 6e-17, which is round-off",
    )  # fmt: skip
    yield from unused()
    yield from bias_before_normalisation()
    yield from shifted_logits()
    yield from at_the_minimum()


def unused() -> Iterator[Specimen]:
    def fun(p: Params) -> Any:
        return np.sum(np.tanh(p["used"]) ** 2)

    def grad(p: Params) -> Params:
        T = np.tanh(p["used"])
        return {"used": 2 * T * (1 - T**2), "unused": np.zeros_like(p["unused"])}

    point = {"used": normal(84, 5), "unused": normal(85, 4)}
    yield from twins(
        "a parameter that is not used", blocks(fun, point, grad), at(1.0, "unused"), sign("used"),
        why="its true gradient is zero",
    )  # fmt: skip


def bias_before_normalisation() -> Iterator[Specimen]:
    c = normal(86, 9, 4)

    def normed(p: Params, X: Array) -> tuple[Array, Array]:
        Z = X @ p["W"] + p["b"]
        deviation = np.sqrt(Z.var(0) + 1e-5)
        return (Z - Z.mean(0)) / deviation, deviation

    def fun(p: Params, X: Array) -> Any:
        return np.sum(c * np.tanh(normed(p, X)[0]))

    def grad(p: Params, X: Array) -> Params:
        N, deviation = normed(p, X)
        d = c * (1 - np.tanh(N) ** 2)
        dZ = (d - d.mean(0) - N * (d * N).mean(0)) / deviation
        return {"W": X.T @ dZ, "b": dZ.sum(0)}

    point = {"W": normal(87, 3, 4), "b": normal(88, 4)}
    yield from twins(
        "bias before batch norm", blocks(fun, point, grad, normal(89, 9, 3)),
        at(1.0, "b"), sign("W"), why="the mean takes the bias away: its gradient is round-off",
    )  # fmt: skip


def shifted_logits() -> Iterator[Specimen]:
    y = np.array([0, 2, 1, 1, 2])

    def logs(p: Params) -> Array:
        Z = p["Z"] + p["shift"]
        Z = Z - Z.max(1, keepdims=True)
        return Z - np.log(np.exp(Z).sum(1, keepdims=True))

    def fun(p: Params) -> Any:
        return -np.mean(logs(p)[np.arange(5), y])

    def grad(p: Params) -> Params:
        dZ = (np.exp(logs(p)) - np.eye(3)[y]) / 5
        return {"Z": dZ, "shift": np.sum(dZ, axis=1, keepdims=True)}

    yield from twins(
        "a shift of all logits",
        blocks(fun, {"Z": normal(90, 5, 3), "shift": normal(91, 5, 1)}, grad),
        at(1.0, "shift"), sign("Z"), why="softmax does not see it: its gradient is round-off",
    )  # fmt: skip


def at_the_minimum() -> Iterator[Specimen]:
    A, y = normal(92, 30, 5), normal(93, 30)
    solution = np.linalg.lstsq(A, y, rcond=None)[0]
    yield from twins(
        "least squares at the solution",
        one(lambda x: np.sum((A @ x - y) ** 2), solution, lambda x: 2 * A.T @ (A @ x - y)),
        at(1.0), Wrong("gradient of the data alone", instead_of_one(lambda _: -2 * A.T @ y)),
        why="the gradient at the minimum is round-off",
    )  # fmt: skip
    yield from twins(
        "least squares 1e-6 beside the solution",
        one(lambda x: np.sum((A @ x - y) ** 2), solution + 1e-6,
            lambda x: 2 * A.T @ (A @ x - y)),
        sign(), zero(), why="the curvature is a million times the slope",
    )  # fmt: skip


def large_and_small() -> Iterator[Specimen]:
    c = normal(100, 20)
    yield from twins(
        "loss of 1e8, gradient of 1",
        one(lambda x: 1e8 + np.sum(np.sin(x)), normal(101, 20), np.cos), sign(), zero(),
        why="the value has eight digits left for the slope",
    )  # fmt: skip
    yield from twins(
        "network with a loss of 1e8", _network(shift=1e8, scale=10.0), sign("W1"), zero("W1"),
        why="the value has eight digits left for the slope",
    )  # fmt: skip
    yield from twins(
        "linear, loss of 1e8", one(lambda x: 1e8 + c @ x, normal(102, 20), lambda _: c.copy()),
        sign(), zero(), why="nothing but noise around a line",
    )  # fmt: skip
    yield from twins(
        "gradient of 1e-12",
        one(lambda x: 1e-12 * c @ np.sin(x), normal(103, 20), lambda x: 1e-12 * c * np.cos(x)),
        sign(), zero(), why="below every absolute tolerance",
    )  # fmt: skip
    yield from twins(
        "network with a gradient of 1e-12", _network(scale=1e-12), sign("W1"), zero("W1"),
        why="below every absolute tolerance",
    )  # fmt: skip
    yield from twins(
        "1 + gradient of 1e-12",
        one(
            lambda x: 1 + 1e-12 * c @ np.sin(x), normal(104, 20), lambda x: 1e-12 * c * np.cos(x)
        ),
        sign(), zero(), why="the value has four digits left for it",
    )  # fmt: skip
    yield from twins(
        "gradient of 1e15",
        one(lambda x: 1e15 * c @ np.sin(x), normal(105, 20), lambda x: 1e15 * c * np.cos(x)),
        sign(), zero(), why="absolute tolerances and floors mean nothing",
    )  # fmt: skip

    def fun(p: Params) -> Any:
        return 1e6 * np.sum(np.sin(p["steep"])) + 1e-4 * np.sum(np.sin(p["flat"]))

    def grad(p: Params) -> Params:
        return {"steep": 1e6 * np.cos(p["steep"]), "flat": 1e-4 * np.cos(p["flat"])}

    yield from twins(
        "a steep block and a flat one",
        blocks(fun, {"steep": normal(106, 8), "flat": normal(107, 8)}, grad),
        sign("flat"), zero("flat"), sign("steep"), why="one norm for both sees the steep one alone",
    )  # fmt: skip


def far_points() -> Iterator[Specimen]:
    why = "a step of 1e-6 is below the spacing of floats there"
    yield from twins(
        "linear at 1e10", one(lambda x: np.sum([3, -1, 2] * x), np.full(3, 1e10),
                              lambda _: np.array([3.0, -1.0, 2.0])),
        sign(), zero(), why=why,
    )  # fmt: skip
    yield from twins(
        "squares at 1e10", one(lambda x: np.sum(x**2), np.array([1e10, -2e10, 3e10]),
                               lambda x: 2 * x),
        sign(), zero(), why=why,
    )  # fmt: skip
    yield from twins(
        "square roots at 1e10", one(lambda x: np.sum(np.sqrt(x)), np.array([1e10, 2e10]),
                                    lambda x: 0.5 / np.sqrt(x)),
        sign(), zero(), why=why,
    )  # fmt: skip
    yield from twins(
        "sines of 1e-10 x at 1e10",
        one(lambda x: np.sum(np.sin(1e-10 * x)), np.array([1e10, 2e10, -1e10]),
            lambda x: 1e-10 * np.cos(1e-10 * x)),
        sign(), zero(), why=why,
    )  # fmt: skip
    yield from twins(
        "parameters of 1e10, 1 and 1e-10",
        one(lambda x: np.sum(np.log(x) ** 2), np.array([1e10, 2.0, 1e-10]),
            lambda x: 2 * np.log(x) / x),
        sign(), zero(), why="no step fits them all",
    )  # fmt: skip


# Edges, curvature and frequency


def domain_edges() -> Iterator[Specimen]:
    why = "a step of 1e-6 leaves the domain, or nearly"
    edges: tuple[tuple[str, Any, Any, float], ...] = (
        ("sqrt at 1e-8", np.sqrt, lambda x: 0.5 / np.sqrt(x), 1e-8),
        ("log at 1e-7", np.log, lambda x: 1 / x, 1e-7),
        ("log at 1e-9", np.log, lambda x: 1 / x, 1e-9),
        ("x log x at 1e-7", lambda x: x * np.log(x), lambda x: np.log(x) + 1, 1e-7),
        ("1 / x at 1e-7", lambda x: 1 / x, lambda x: -1 / x**2, 1e-7),
        ("x**0.1 at 1e-7", lambda x: x**0.1, lambda x: 0.1 * x**-0.9, 1e-7),
        ("arccos at 1 - 1e-7", np.arccos, lambda x: -1 / np.sqrt(1 - x**2), 1 - 1e-7),
        ("arctanh at 1 - 1e-7", np.arctanh, lambda x: 1 / (1 - x**2), 1 - 1e-7),
        ("log1p at -1 + 1e-7", np.log1p, lambda x: 1 / (1 + x), -1 + 1e-7),
    )
    for name, f, df, edge in edges:
        yield from twins(
            name, one(lambda x, f=f: np.sum(f(x)), edge, df), sign(), zero(), why=why,
        )  # fmt: skip
        yield from twins(
            f"{name}, and others inside",
            one(lambda x, f=f: np.sum(f(x)), [0.5, edge, 0.3, 0.7], df), sign(), zero(), why=why,
        )  # fmt: skip
    p = np.array([1e-9, 0.2, 0.3, 0.5])
    yield from twins(
        "entropy of a rare class",
        one(lambda p: -np.sum(p * np.log(p)), p, lambda p: -np.log(p) - 1), sign(), zero(), why=why,
    )  # fmt: skip


def flat_points() -> Iterator[Specimen]:
    why = "the slope is zero and the curvature too: every difference is of a higher order"
    powers: tuple[tuple[str, Any, Any], ...] = (
        ("x**3", lambda x: x**3, lambda x: 3 * x**2),
        ("x**5", lambda x: x**5, lambda x: 5 * x**4),
        ("x|x|", lambda x: x * np.abs(x), lambda x: 2 * np.abs(x)),
        ("5 + x**3", lambda x: 5 + x**3, lambda x: 3 * x**2),
    )
    for name, f, df in powers:
        yield from twins(
            f"{name} at zero", one(lambda x, f=f: np.sum(f(x)), np.zeros(3), df), at(1.0), why=why,
        )  # fmt: skip


def frequencies() -> Iterator[Specimen]:
    why = "a step is a large part of the period, or a multiple of it"
    waves: tuple[tuple[str, float, Any], ...] = (
        ("sines of 128 pi x at zero", 128 * np.pi, [0.0, 0.5, -0.25]),
        ("sines of 1e4 x", 1e4, [1.0, 0.3, -0.7]),
        ("sines of 1e6 x", 1e6, [0.3]),
        ("sines of 2**20 pi x at zero", 2**20 * np.pi, [0.0, 1.0]),
    )
    for name, w, x in waves:
        yield from twins(
            name, one(lambda x, w=w: np.sum(np.sin(w * x)), x, lambda x, w=w: w * np.cos(w * x)),
            sign(), zero(), why=why,
        )  # fmt: skip
    yield from twins(
        "a slope of 1 under ripples of 1e-9",
        one(
            lambda x: np.sum(x + 1e-9 * np.sin(1e7 * x)), [0.1, 0.7],
            lambda x: 1 + 1e-2 * np.cos(1e7 * x),
        ),
        sign(), zero(), why="large steps see the mean slope, small ones the ripples",
    )  # fmt: skip
    yield from twins(
        "exp(20 x)",
        one(lambda x: np.sum(np.exp(20 * x)), normal(110, 6), lambda x: 20 * np.exp(20 * x)),
        sign(), zero(), why="truncation grows with the cube of 20",
    )  # fmt: skip


# Iterative solvers


def solvers() -> Iterator[Specimen]:
    # A strong contraction: where it stops, error and slope are off by a twentieth of the tolerance.
    A = 0.02 * normal(120, 6, 6)
    v = normal(121, 6)

    def fixed(theta: Array, tolerance: float) -> Array:
        z = np.zeros(6)
        while True:
            new = np.tanh(A @ z + theta)
            if np.max(np.abs(new - z)) < tolerance:
                return new
            z = new

    def implicit(theta: Array, _: float) -> Array:
        z = fixed(theta, 1e-14)
        s = 1 - z**2
        return s * np.linalg.solve(np.eye(6) - A.T * s, v)

    for told, tolerance in (("1e-6", 1e-6), ("1e-9", 1e-9)):
        yield from twins(
            f"fixed point to {told}",
            one(lambda t, tol: v @ fixed(t, tol), normal(122, 6), implicit, tolerance),
            sign(), zero(), why="the number of iterations changes from step to step",
        )  # fmt: skip
        yield from twins(
            f"Newton's method to {told}",
            one(_by_newton, [0.5, 2.0, 7.0], lambda x, _: np.exp(-_roots(x)) / (1 + _roots(x)),
                tolerance),
            sign(), zero(), why="it stops when it is content",
        )  # fmt: skip
    yield from twins(
        "bisection to 1e-9",
        one(_by_bisection, [0.5, 2.0, 7.0], lambda x: np.exp(-_roots(x)) / (1 + _roots(x))),
        sign(), zero(), why="a staircase with steps of 1e-9",
    )  # fmt: skip
    M = normal(123, 8, 8)
    M = M @ M.T / 8 + np.eye(8)
    b = normal(124, 8)
    for told, tolerance in (("1e-6", 1e-6), ("1e-9", 1e-9)):
        yield from twins(
            f"conjugate gradients to {told}",
            one(
                lambda d, tol: b @ _conjugate_gradients(M + np.diag(d), b, tol),
                0.5 + np.abs(normal(125, 8)),
                lambda d, _: -(np.linalg.solve(M + np.diag(d), b) ** 2), tolerance,
            ),
            sign(), zero(), why="what is left of the residual is noise",
        )  # fmt: skip


def _roots(x: Array) -> Array:
    """The z with z exp(z) = x, to the last digit."""
    z = np.log1p(x)
    for _ in range(50):
        z = z - (z * np.exp(z) - x) / (np.exp(z) * (1 + z))
    return z


def _by_newton(x: Array, tolerance: float) -> Any:
    z = np.log1p(x)
    while np.max(np.abs(z * np.exp(z) - x)) > tolerance:
        z = z - (z * np.exp(z) - x) / (np.exp(z) * (1 + z))
    return np.sum(z)


def _by_bisection(x: Array) -> Any:
    low, high = np.zeros_like(x), np.full_like(x, 4.0)
    while np.max(high - low) > 1e-9:
        middle = (low + high) / 2
        below = middle * np.exp(middle) < x
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.sum((low + high) / 2)


def _conjugate_gradients(M: Array, b: Array, tolerance: float) -> Array:
    x, r = np.zeros_like(b), b.copy()
    p = r.copy()
    for _ in range(100):
        if np.linalg.norm(r) < tolerance:
            break
        Mp = M @ p
        step = r @ r / (p @ Mp)
        x, new = x + step * p, r - step * Mp
        p, r = new + (new @ new) / (r @ r) * p, new
    return x


# Inputs and conventions


def integers() -> Iterator[Specimen]:
    counts = np.array([3, 0, 2, 5, 1, 4])
    x = normal(130, 6)
    yield from twins(
        "counts among the arguments",
        one(lambda x, k: np.sum(np.exp(x) - k * x), x, lambda x, k: np.exp(x) - k, counts),
        sign(), zero(), why="an integer array that must not be moved",
    )  # fmt: skip

    def fun(p: Params) -> Any:
        return np.sum(np.exp(p["x"]) - p["counts"] * p["x"])

    def grad(p: Params) -> Params:
        return {"x": np.exp(p["x"]) - p["counts"], "counts": np.zeros(6)}

    yield from twins(
        "counts among the parameters", blocks(fun, {"x": x, "counts": counts}, grad),
        sign("x"), zero("x"), why="an integer array that cannot be moved, with a claim of zero",
    )  # fmt: skip

    def picked(p: Params, rows: Array) -> Any:
        return np.sum(np.sin(p["E"][rows]))

    def of_picked(p: Params, rows: Array) -> Params:
        dE = np.zeros_like(p["E"])
        np.add.at(dE, rows, np.cos(p["E"][rows]))
        return {"E": dE}

    yield from twins(
        "embedding with rows that nobody picks",
        blocks(picked, {"E": normal(131, 5, 3)}, of_picked, np.array([0, 2, 2, 4])),
        sign("E"), zero("E"), why="indices among the arguments, and rows of true zeros",
    )  # fmt: skip


def conventions() -> Iterator[Specimen]:
    R = normal(140, 4, 4)
    S = R @ R.T + np.eye(4)
    yield from twins(
        "log determinant at a symmetric matrix",
        one(lambda A: np.linalg.slogdet(A)[1] + np.sum(A**2), S,
            lambda A: np.linalg.inv(A).T + 2 * A),
        sign(), zero(), why="every entry is free, though the point is symmetric",
    )  # fmt: skip
    c = normal(141, 4, 4)

    def mirrored(A: Array) -> Any:
        L = np.tril(A, -1)
        return np.sum(c * np.sin(L + L.T + np.diag(np.diag(A))))

    def triangle_twice(A: Array) -> Array:
        L = np.tril(A, -1)
        G = c * np.cos(L + L.T + np.diag(np.diag(A)))
        return np.tril(G, -1) + np.triu(G, 1).T + np.diag(np.diag(G))

    yield from twins(
        "a triangle that counts twice", one(mirrored, normal(142, 4, 4), triangle_twice),
        sign(), zero(), why="the other triangle is never read: its gradient is zero",
    )  # fmt: skip
    data = normal(143, 12, 3) * [1.0, 0.2, 5.0]

    def likelihood(s: Array) -> Any:
        return 12 * np.sum(s) + np.sum((data * np.exp(-s)) ** 2) / 2

    def of_logs(s: Array) -> Array:
        return 12 - np.sum((data * np.exp(-s)) ** 2, axis=0)

    yield from twins(
        "scales by their logarithms", one(likelihood, [0.1, -1.0, 1.2], of_logs),
        Wrong("for the scales themselves",
              instead_of_one(lambda s: of_logs(s) * np.exp(-s)), "log-parameter"),
        sign(), why="the parameter is the logarithm",
    )  # fmt: skip
    yield from strange_arrays()


def strange_arrays() -> Iterator[Specimen]:
    """Memory that is not in the usual order, an array of no dimension, one array by two names."""
    c = normal(144, 5, 4)

    def fun(p: Params) -> Any:
        return np.sum(c * np.sin(p["A"])) + np.sum(np.cos(p["B"])) * p["gain"] ** 2

    def grad(p: Params) -> Params:
        return {
            "A": c * np.cos(p["A"]),
            "B": -np.sin(p["B"]) * p["gain"] ** 2,
            "gain": np.asarray(2 * p["gain"] * np.sum(np.cos(p["B"]))),
        }

    def strided() -> Problem:
        A, B = np.asfortranarray(normal(145, 5, 4)), normal(146, 6, 4)[::-2, ::2]
        return Problem(fun, {"A": A, "B": B, "gain": np.array(1.3)}, grad)

    yield from twins(
        "strides, and an array of no dimension", strided, sign("A"), zero("B"), zero("gain"),
        why="what flattens a copy writes nowhere",
    )  # fmt: skip

    def product(p: Params) -> Any:
        return np.sum(c[0] * p["left"] * np.sin(p["right"]))

    def of_product(p: Params) -> Params:
        return {
            "left": c[0] * np.sin(p["right"]),
            "right": c[0] * p["left"] * np.cos(p["right"]),
        }

    def shared() -> Problem:
        x = normal(147, 4)
        return Problem(product, {"left": x, "right": x}, of_product)

    yield from twins(
        "one array by two names", shared, sign("left"), zero("right"),
        why="moved in place, both move",
    )  # fmt: skip


def complex_parameters() -> Iterator[Specimen]:
    """The gradient is ∂f/∂x + i ∂f/∂y."""
    A = normal(150, 7, 4) + 1j * normal(151, 7, 4)
    y = normal(152, 7) + 1j * normal(153, 7)
    z = normal(154, 4) + 1j * normal(155, 4)
    conjugated = Wrong("conjugated", changed(np.conj), "conjugate")
    cases: tuple[tuple[str, Any, Any], ...] = (
        ("complex least squares, small",
         lambda z: np.sum(np.abs(A @ z - y) ** 2), lambda z: 2 * A.conj().T @ (A @ z - y)),
        ("real part of an analytic function",
         lambda z: np.sum(np.exp(z) * A[0]).real, lambda z: np.conj(np.exp(z) * A[0])),
        ("phases", lambda z: np.sum(np.angle(z) ** 2),
         lambda z: 2 * np.angle(z) * 1j * z / np.abs(z) ** 2),
        ("moduli", lambda z: np.sum(np.abs(z)), lambda z: z / np.abs(z)),
    )  # fmt: skip
    for name, fun, grad in cases:
        yield from twins(
            name, one(fun, z, grad), sign(), conjugated, zero(),
            why="two real directions for each entry, and two conventions",
        )  # fmt: skip

    def mixed(p: Params) -> Any:
        return np.sum(np.abs(p["gain"] * p["z"]) ** 2)

    def of_mixed(p: Params) -> Params:
        return {"gain": 2 * p["gain"] * np.abs(p["z"]) ** 2, "z": 2 * p["gain"] ** 2 * p["z"]}

    yield from twins(
        "real and complex blocks", blocks(mixed, {"gain": normal(156, 4), "z": z}, of_mixed),
        sign("gain"), Wrong("conjugated in z", changed(np.conj, "z"), "conjugate"),
        why="a real block has no imaginary part to move",
    )  # fmt: skip


def _all() -> Iterator[Specimen]:
    for family in (
        single_inside, single_outside, cancellation, kinks_at_the_point, kinks_beside, pooling_ties,
        random_functions, running_statistics, mutation, true_zeros, large_and_small, far_points,
        domain_edges, flat_points, frequencies, solvers, integers, conventions, complex_parameters,
    ):  # fmt: skip
        yield from family()


ALL_ALARMS: tuple[Specimen, ...] = tuple(_all())
