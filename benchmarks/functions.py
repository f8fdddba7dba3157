"""The functions whose derivatives `error_bars.py` measures: a random set, and special ones.

Every function takes arrays as well as numbers, and each comes with its exact derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Function = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Specimen:
    """A function, a point, and its derivative there: one number, or the two sides of a kink."""

    name: str
    fun: Function
    point: float
    left: float
    right: float

    @property
    def scale(self) -> float:
        """Size of the variable: what every contestant is told about the function."""
        return abs(self.point) or 1.0

    def distance(self, value: float) -> float:
        """How far a number lies from the derivative (from the interval, at a kink)."""
        low, high = sorted((self.left, self.right))
        return max(low - value, value - high, 0.0) if np.isfinite(value) else np.inf


def random_set(count: int, seed: int) -> Iterator[Specimen]:
    """Functions of six families, with points and frequencies over six decades."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        family = _FAMILIES[rng.integers(len(_FAMILIES))]
        x = float(10 ** rng.uniform(-3, 3) * rng.choice([-1, 1]))
        k = float(10 ** rng.uniform(-3, 3))
        fun, point, derivative = family(x, k, rng)
        slope = float(derivative)
        yield Specimen(family.__name__[1:], fun, point, slope, slope)


# Derivatives are taken in extended precision where the platform has it: at k·x = 1e6 the
# round-off of the argument alone is larger than some of the error bars.
def _exact(number: float) -> Any:
    return np.longdouble(number)


def _sin(x: float, k: float, rng: np.random.Generator) -> tuple[Function, float, Any]:
    phase = float(rng.uniform(0, 2 * np.pi))
    slope = k * np.cos(_exact(k) * x + phase)
    return lambda z: np.sin(k * z + phase), x, slope


def _exp(x: float, k: float, rng: np.random.Generator) -> tuple[Function, float, Any]:
    if abs(k * x) >= 30:  # neither overflow nor nothing but zeros
        k = float(30 * rng.uniform(0.1, 1) / abs(x))
    return lambda z: np.exp(k * z), x, k * np.exp(_exact(k) * x)


def _tanh(x: float, k: float, _: np.random.Generator) -> tuple[Function, float, Any]:
    decay = np.exp(-2 * abs(_exact(k) * x))
    return lambda z: np.tanh(k * z), x, 4 * k * decay / (1 + decay) ** 2


def _lorentz(x: float, k: float, _: np.random.Generator) -> tuple[Function, float, Any]:
    slope = -2 * _exact(k) ** 2 * x / (1 + (_exact(k) * x) ** 2) ** 2
    return lambda z: 1 / (1 + (k * z) ** 2), x, slope


def _power(x: float, _: float, rng: np.random.Generator) -> tuple[Function, float, Any]:
    p = float(rng.uniform(-3, 3))
    return lambda z: np.power(z, p), abs(x), p * _exact(abs(x)) ** (p - 1)


def _softplus(x: float, k: float, _: np.random.Generator) -> tuple[Function, float, Any]:
    return lambda z: np.logaddexp(0, k * z), x, k * np.exp(-np.logaddexp(0, -_exact(k) * x))


_FAMILIES = (_sin, _exp, _tanh, _lorentz, _power, _softplus)


def _in_single(fun: Function) -> Function:
    return lambda x: fun(np.asarray(x, np.float32)).astype(np.float64)


def _smooth(name: str, fun: Function, point: float, slope: float) -> Specimen:
    return Specimen(name, fun, point, float(slope), float(slope))


SPECIAL = (
    # Steps that are powers of two meet the same phase of the wave at every step.
    _smooth("sin(128πx) at 0", lambda x: np.sin(128 * np.pi * x), 0.0, 128 * np.pi),
    _smooth("sin(50x) at 1", lambda x: np.sin(50 * x), 1.0, 50 * np.cos(50)),
    _smooth("sin(1e4·x) at 1", lambda x: np.sin(1e4 * x), 1.0, 1e4 * np.cos(1e4)),
    _smooth("sin(1e5·x) at 0.3", lambda x: np.sin(1e5 * x), 0.3, 1e5 * np.cos(3e4)),
    _smooth("sin(2000x) at 0", lambda x: np.sin(2000 * x), 0.0, 2000.0),
    # Round-off: large offsets, far points, low precision inside.
    _smooth("1e8 + sin x at 1", lambda x: 1e8 + np.sin(x), 1.0, np.cos(1)),
    _smooth("1e6 + sin x at 1", lambda x: 1e6 + np.sin(x), 1.0, np.cos(1)),
    _smooth("x at 1e10", lambda x: 1.0 * x, 1e10, 1.0),
    _smooth("x² at 2e11", lambda x: x * x, 2e11, 4e11),
    _smooth("exp x in float32 at 1", _in_single(np.exp), 1.0, np.e),
    _smooth("sin x in float32 at 1", _in_single(np.sin), 1.0, np.cos(1)),
    _smooth("x² in float32 at 100", _in_single(np.square), 100.0, 200.0),
    _smooth("1e-12·sin x at 1", lambda x: 1e-12 * np.sin(x), 1.0, 1e-12 * np.cos(1)),
    # The edge of the domain is near.
    _smooth("log x at 1e-5", np.log, 1e-5, 1e5),
    _smooth("log x at 1e-7", np.log, 1e-7, 1e7),
    _smooth("√x at 1e-5", np.sqrt, 1e-5, 0.5 * 1e5**0.5),
    # The slope is 0: there is no relative error to speak of.
    _smooth("x³ at 0", lambda x: x**3, 0.0, 0.0),
    _smooth("x·|x| at 0", lambda x: x * abs(x), 0.0, 0.0),
    # Kinks at the point, and beside it.
    Specimen("|x| at 0", abs, 0.0, -1.0, 1.0),
    Specimen("max(x, 0) at 0", lambda x: np.maximum(x, 0.0), 0.0, 0.0, 1.0),
    Specimen("1e3·x + |x| at 0", lambda x: 1e3 * x + abs(x), 0.0, 999.0, 1001.0),
    _smooth("|x| at 5e-7", abs, 5e-7, 1.0),
    _smooth("|x − 1| at 1 + 5e-7", lambda x: abs(x - 1), 1 + 5e-7, 1.0),
    _smooth("1e3·x + |x − 1e-4| at 0", lambda x: 1e3 * x + abs(x - 1e-4), 0.0, 999.0),
)
