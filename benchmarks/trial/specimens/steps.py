"""Steps: functions that round their arguments or their value, right and wrong.

Between two steps such a function is flat, which is no more its derivative than a tread is a
staircase's. What is right is the gradient of the function before it was rounded, where rounding is
an accident of precision, and zero, where the step is the function (``floor``).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Problem, Specimen
from .twins import Wrong, at, one, sign, zero
from .twins import twins as _twins

FAMILY = "steps"
Array = NDArray[Any]

COUNTS = (3, 20, 64)
LOW = np.uint32(0xFFFF0000)  # the half of a float32 that bfloat16 keeps


def twins(name: str, make: Callable[[], Problem], *wrong: Wrong, why: str) -> Iterator[Specimen]:
    """Between the steps nobody can tell: no verdict is an honest answer."""
    for specimen in _twins(FAMILY, name, make, *wrong, why=why):
        yield replace(specimen, open=True)


def half(x: Array) -> Array:
    """Rounded to float16."""
    return np.asarray(x).astype(np.float16).astype(float)


def brain(x: Array) -> Array:
    """Rounded to bfloat16: to nearest, ties to even."""
    bits = np.asarray(x, np.float32).view(np.uint32)
    even = np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return ((bits + even) & LOW).view(np.float32).astype(float)


# How it rounds, and in which type the point is given.
ROUNDINGS = {"float16": (half, np.float16), "bfloat16": (brain, np.float32)}
# Further draws, for the number of arguments: hard ones.
FURTHER = {
    "float16": {20: (6,), 64: (12,)},
    "bfloat16": {2: (9, 10, 12), 3: (7, 14), 5: (7, 9)},
}
_ARGUMENTS = "the arguments are rounded inside, small ones to finer steps than large ones"


def rounded_arguments() -> Iterator[Specimen]:
    for name, (rounded, dtype) in ROUNDINGS.items():
        for count in COUNTS:
            for seed in range(6):
                yield from _linear(name, rounded, dtype, count, seed)
        for count, seeds in FURTHER[name].items():
            for seed in seeds:
                yield from _linear(name, rounded, dtype, count, seed)
        for seed in range(4):
            yield from _bent(name, rounded, dtype, seed)
            yield from _product(name, rounded, dtype, seed)


def _linear(name: str, rounded: Any, dtype: Any, count: int, seed: int) -> Iterator[Specimen]:
    rng = np.random.default_rng([1, seed])
    x = rounded(rng.normal(size=count)).astype(dtype)
    w = rng.normal(size=count).astype(dtype)
    yield from twins(
        f"{count} arguments rounded to {name}, draw {seed}",
        one(lambda x: float(rounded(x) @ w.astype(float)), x, lambda _: w, dtype=dtype),
        sign(), why=_ARGUMENTS,
    )  # fmt: skip


def _bent(name: str, rounded: Any, dtype: Any, seed: int) -> Iterator[Specimen]:
    rng = np.random.default_rng([2, seed])
    x, w = rounded(rng.normal(size=8)).astype(dtype), rng.normal(size=8)
    yield from twins(
        f"tanh of arguments rounded to {name}, draw {seed}",
        one(
            lambda x: float(w @ np.tanh(rounded(x))), x,
            lambda x: (w * (1 - np.tanh(x.astype(float)) ** 2)).astype(dtype), dtype=dtype,
        ),
        sign(), why=_ARGUMENTS,
    )  # fmt: skip


def _product(name: str, rounded: Any, dtype: Any, seed: int) -> Iterator[Specimen]:
    rng = np.random.default_rng([3, seed])
    A, u = rounded(rng.normal(size=(6, 8))), rng.normal(size=6)
    x = rounded(rng.normal(size=8)).astype(dtype)
    yield from twins(
        f"a product rounded to {name} before and after, draw {seed}",
        one(
            lambda x: float(u @ rounded(A @ rounded(x))), x,
            lambda _: (A.T @ u).astype(dtype), dtype=dtype,
        ),
        sign(), why="a kernel in low precision: arguments and results are rounded",
    )  # fmt: skip


STEPS = {"floor": np.floor, "round": np.round, "trunc": np.trunc, "sign": np.sign}


def staircases() -> Iterator[Specimen]:
    for name, step in STEPS.items():
        for count in (1, 20, 200):
            for seed in range(2):
                rng = np.random.default_rng([4, count, seed])
                x, w = rng.uniform(-9, 9, count), rng.normal(size=count)
                told = f"{name} of {count}, draw {seed}"
                yield from twins(
                    told, one(lambda x, w=w, s=step: float(w @ s(x)), x, np.zeros_like),
                    why="flat between its steps: zero is right",
                )  # fmt: skip
                yield from twins(
                    f"{told}, and a slope",
                    one(lambda x, w=w, s=step: float(w @ (s(x) + x)), x, lambda _, w=w: w),
                    zero(), sign(), why="it jumps and slopes: zero is wrong",
                )  # fmt: skip


def saturated() -> Iterator[Specimen]:
    """``log(1 - A)`` where ``A`` is next to 1: steps of one rounding of 1."""
    why = "1 - A takes a few values only: over small steps its slope is not what it is over large"
    for margin in (26.0, 29.0, 31.0, 33.0):
        for count in (1, 6):
            rng = np.random.default_rng([5, count])
            z = margin + rng.uniform(0, 1, count)
            c = rng.uniform(0.5, 1.5, count)
            yield from twins(
                f"log(1 - sigmoid) of {count} at {margin:g}",
                one(
                    lambda z, c=c: float(c @ np.log(1 - 1 / (1 + np.exp(-z)))), z,
                    lambda z, c=c: -c / (1 + np.exp(-z)),
                ),
                sign(), at(1.0), why=why,
            )  # fmt: skip


def saturated_among() -> Iterator[Specimen]:
    """Naive cross-entropies of both classes: some terms stand still between the roundings of 1."""
    why = "between the roundings of 1 - A one term stands still while the others slope"
    for margin in (27.5, 29.0, 31.0, 33.0):
        for draw, count in enumerate((2, 3, 6)):
            rng = np.random.default_rng([7, draw])
            z = rng.choice([-1, 1], count) * (margin + 0.3 * rng.normal(size=count))
            z[0], z[1] = margin, 3 * rng.normal()
            t = np.where(z < 0, 1.0, 0.0)
            yield from twins(
                f"naive cross-entropy of {count}, both classes at {margin:g}",
                one(lambda z, t=t: _naive(z, t), z, lambda z, t=t: 1 / (1 + np.exp(-z)) - t),
                sign(), why=why,
            )  # fmt: skip


def stood_still() -> Iterator[Specimen]:
    """Cross-entropies as ``log(1 + exp(z)) - t z``: of a large z next to nothing is left.

    Those of the other class are exact: no window at the point shows what is missing.
    """
    why = "34 - 34 stands still between the roundings of 34 while other terms slope"
    for margin in (30.0, 32.0, 34.0, 36.0):
        for draw, count in enumerate((4, 4, 12)):
            rng = np.random.default_rng([8, int(margin), draw])
            z = rng.choice([-1, 1], count) * (margin + rng.uniform(-1, 1, count))
            t = np.where(z > 0, 1.0, 0.0)
            for specimen in twins(
                f"cross-entropy of {count}, both classes at {margin:g}, draw {draw}",
                one(
                    lambda z, t=t: float(np.mean(np.logaddexp(0, z) - t * z)), z,
                    lambda z, t=t: np.where(t > 0, -1 / (1 + np.exp(z)), 1 / (1 + np.exp(-z)))
                    / z.size,
                ),
                sign(), why=why,
            ):  # fmt: skip
                yield dataclasses.replace(specimen, open=True)


def _naive(z: np.ndarray, t: np.ndarray) -> float:
    a = 1 / (1 + np.exp(-z))
    return -float(np.sum(t * np.log(a) + (1 - t) * np.log(1 - a)))


def rounded_values() -> Iterator[Specimen]:
    c, x = np.random.default_rng([6, 0]).normal(size=(2, 5))
    for digits in (3, 6, 9):
        yield from twins(
            f"a value rounded to {digits} digits",
            one(lambda x, d=digits: float(np.round(c @ np.sin(x), d)), x, lambda x: c * np.cos(x)),
            sign(), why="the value is printed and read again",
        )  # fmt: skip
    for name, (rounded, _) in ROUNDINGS.items():
        yield from twins(
            f"a value rounded to {name}",
            one(lambda x, r=rounded: float(r(c @ np.sin(x))), x, lambda x: c * np.cos(x)),
            sign(), why="the loss is returned in low precision",
        )  # fmt: skip


ALL_STEPS: tuple[Specimen, ...] = (
    *rounded_arguments(), *staircases(), *saturated(), *saturated_among(), *stood_still(),
    *rounded_values(),
)  # fmt: skip
