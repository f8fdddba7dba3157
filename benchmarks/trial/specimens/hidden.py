"""Hidden: state behind the arguments, buffers that are filled again, chance, and exceptions.

Called in the order of a training step each gradient is right, or its twin wrong; a checker calls
in an order of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Params, Problem, Specimen
from .twins import factor, sign, twins

FAMILY = "hidden"
Array = NDArray[Any]
C = np.array([1.0, -0.7, 1.9, 0.4])
POINT = np.array([0.3, 1.2, -0.8, 0.5])


@dataclass(frozen=True)
class Smooth:
    """A function and its derivative."""

    name: str
    value: Callable[[Array], Any]
    slope: Callable[[Array], Array]


SMOOTH = (
    Smooth("tanh", lambda w: C @ np.tanh(w), lambda w: C * (1 - np.tanh(w) ** 2)),
    Smooth("cubes", lambda w: C @ w**3 / 3, lambda w: C * w**2),
    Smooth(
        "log-sum-exp",
        lambda w: np.log(np.sum(np.exp(C * w))),
        lambda w: C * np.exp(C * w) / np.sum(np.exp(C * w)),
    ),
)


def asked(fun: Callable[[Array], Any], grad: Callable[[Array], Array]) -> Problem:
    """A problem of one block, ``w``; nothing is copied on the way."""

    def claim(p: Params) -> Params:
        return {"w": grad(p["w"])}

    return Problem(lambda p: fun(p["w"]), {"w": POINT.copy()}, claim)


# State


class Remembering:
    """A layer that keeps its input for the backward, in one of several places."""

    def __init__(self, smooth: Smooth, way: str) -> None:
        self.smooth, self.way = smooth, way
        self.cache: dict[str, Array] = {}
        self.buffer, self.row = POINT + 1, [POINT]

    def fun(self, w: Array) -> Any:
        if self.way == "an attribute":
            self.last = w.copy()
        elif self.way == "a buffer":
            self.buffer[...] = w
        elif self.way == "a dictionary":
            self.cache["w"] = w.copy()
        elif self.way == "a list":
            self.row.append(w.copy())
        return self.smooth.value(w)

    def grad(self, w: Array) -> Array:
        places = {
            "an attribute": getattr(self, "last", w),
            "a buffer": w if (self.buffer == POINT + 1).all() else self.buffer,
            "a dictionary": self.cache.get("w", w),
            "a list": self.row[-1],
        }
        return self.smooth.slope(places[self.way])


def _remembering(smooth: Smooth, way: str) -> Problem:
    layer = Remembering(smooth, way)
    return asked(layer.fun, layer.grad)


# Buffers and arguments


def _in_one_buffer(smooth: Smooth) -> Problem:
    buffer = np.zeros_like(POINT)

    def grad(w: Array) -> Array:
        buffer[...] = smooth.slope(w)
        return buffer

    return asked(smooth.value, grad)


def _fun_in_a_buffer(smooth: Smooth) -> Problem:
    result = np.zeros(())

    def fun(w: Array) -> Any:
        result[...] = smooth.value(w)
        return result

    return asked(fun, smooth.slope)


def _fun_writes(smooth: Smooth) -> Problem:
    def fun(w: Array) -> Any:
        value = smooth.value(w)
        w *= 0.5
        return value

    return asked(fun, smooth.slope)


def _grad_writes(smooth: Smooth) -> Problem:
    def grad(w: Array) -> Array:
        w[...] = smooth.slope(w)
        return w

    return asked(smooth.value, grad)


def _grad_spoils_what_fun_reads(smooth: Smooth) -> Problem:
    weights = np.array([1.0, 2.0, 0.5, 1.5])

    def value(w: Array) -> Any:
        return np.sum(weights * w**2) + smooth.value(w)

    def grad(w: Array) -> Array:
        found = 2 * weights * w + smooth.slope(w)
        weights[...] = found
        return found.copy()

    return asked(value, grad)


# Chance


def _seeded_by_the_caller(smooth: Smooth) -> Problem:
    def mask() -> Array:
        return 2.0 * (np.random.random(4) < 0.6)  # noqa: NPY002 - the generator of all

    return asked(
        lambda w: smooth.value(w) + np.sum((mask() + 1) * w), lambda w: smooth.slope(w) + mask() + 1
    )


def _seeded_inside(smooth: Smooth) -> Problem:
    def noise() -> Array:
        return np.random.default_rng(5).normal(size=4)

    return asked(
        lambda w: smooth.value(w) + np.sum(np.sin(w + noise())),
        lambda w: smooth.slope(w) + np.cos(w + noise()),
    )


# Exceptions beside the point


def _raising(smooth: Smooth, error: type[Exception]) -> Problem:
    """It works at the point and up to a tenth of it around."""

    def fun(w: Array) -> Any:
        if np.abs(w - POINT).max() > 0.02:
            raise error("outside")
        return smooth.value(w)

    return asked(fun, smooth.slope)


def _logarithm(smooth: Smooth) -> Problem:
    def fun(w: Array) -> Any:
        return smooth.value(w) + math.log(float(w[0]) - 0.299)

    return asked(fun, lambda w: smooth.slope(w) + np.array([1 / (w[0] - 0.299), 0, 0, 0]))


def _cholesky(smooth: Smooth) -> Problem:
    def matrix(w: Array) -> Array:
        return np.array([[1.0, w[1] - 0.22], [w[1] - 0.22, 1.0]])  # 0.98: nearly singular

    def fun(w: Array) -> Any:
        return smooth.value(w) + 2 * np.sum(np.log(np.diag(np.linalg.cholesky(matrix(w)))))

    def grad(w: Array) -> Array:
        r = w[1] - 0.22
        return smooth.slope(w) + np.array([0, -2 * r / (1 - r**2), 0, 0])

    return asked(fun, grad)


def hidden() -> Iterator[Specimen]:
    """Each of them with three smooth functions, right, with the wrong sign and off by a third."""
    for smooth in SMOOTH:
        ways: list[tuple[str, Callable[[], Problem], str]] = [
            (f"kept in {way}", lambda s=smooth, w=way: _remembering(s, w),  # type: ignore[misc]
             "the gradient is that of the last call of the function")
            for way in ("an attribute", "a buffer", "a dictionary", "a list")
        ]  # fmt: skip
        ways += [
            (name, lambda s=smooth, m=make: m(s), why)  # type: ignore[misc]
            for name, make, why in (
                ("gradient in one buffer", _in_one_buffer, "it is filled again at every call"),
                ("value in one buffer", _fun_in_a_buffer, "it is filled again at every call"),
                ("point halved by fun", _fun_writes, "its argument is changed in place"),
                ("point overwritten by grad", _grad_writes, "its argument is changed in place"),
                ("weights overwritten by grad", _grad_spoils_what_fun_reads,
                 "the next value is that of another function"),
                ("a mask of the common generator", _seeded_by_the_caller, "both draw it anew"),
                ("noise of a seed inside", _seeded_inside, "both draw the same"),
                ("a logarithm near its edge", _logarithm, "math.log raises beside the point"),
                ("a factorisation near its edge", _cholesky, "cholesky raises beside the point"),
            )
        ]  # fmt: skip
        ways += [
            (f"{error.__name__} beside the point", lambda s=smooth, e=error: _raising(s, e),  # type: ignore[misc]
             "a small way off the point the function raises")
            for error in (ValueError, OverflowError, ZeroDivisionError, np.linalg.LinAlgError)
        ]  # fmt: skip
        for name, make, why in ways:
            yield from twins(FAMILY, f"{smooth.name}, {name}", make, sign(), factor(1.3), why=why)


ALL_HIDDEN: tuple[Specimen, ...] = tuple(hidden())
