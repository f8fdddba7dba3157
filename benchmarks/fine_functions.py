"""Functions with detail of a chosen size next to the point, and their derivatives at 0.

The variable has size 1. ``detail`` is the width of the finest thing that a function does beside
the point: a wavelength over 2π, the width of a bump, the distance to a kink, a pole or an edge,
the spacing of a table.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Phi = Callable[[float], float]
Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Fine:
    """A function of one variable and its slope at 0: one number, or the two sides of a kink."""

    phi: Phi
    left: float
    right: float
    detail: float

    def distance(self, value: float) -> float:
        """How far a number is from the derivative (from the interval, at a kink)."""
        low, high = sorted((self.left, self.right))
        return max(low - value, value - high, 0.0) if math.isfinite(value) else math.inf


def _smooth(rng: Rng) -> tuple[Phi, float]:
    """What a function does besides: waves of the size of the variable."""
    a, k, p = rng.normal(), rng.uniform(0.1, 5), rng.uniform(0, 2 * math.pi)
    b, c = rng.normal(size=2)
    return lambda t: a * math.sin(k * t + p) + b * t + c, float(a * k * math.cos(p) + b)


def _beside(rng: Rng, phi: Phi, slope: float, detail: float) -> Fine:
    """A feature on top of a smooth function, in a random proportion."""
    base, its_slope = _smooth(rng)
    size = float(10 ** rng.uniform(-3, 1))
    truth = its_slope + size * slope
    return Fine(lambda t: base(t) + size * phi(t), truth, truth, detail)


def _sign(rng: Rng) -> float:
    return float(rng.choice([-1, 1]))


# Smooth --------------------------------------------------------------------------------------


def waves(rng: Rng, detail: float) -> Fine:
    """Random Fourier sums."""
    count = int(rng.integers(2, 8))
    k = detail ** -np.append(rng.uniform(0, 1, count - 1), 1.0)
    a = rng.normal(size=count) * k ** -rng.choice([0.0, 0.5, 1.0])
    p = rng.uniform(0, 2 * math.pi, count)
    slope = float(np.sum(a * k * np.cos(p)))
    return Fine(lambda t: float(np.sum(a * np.sin(k * t + p))), slope, slope, detail)


def _no_overflow(power: float) -> float:
    return math.exp(min(max(power, -745.0), 700.0))


_BUMPS: tuple[tuple[Phi, Phi], ...] = (
    (lambda u: _no_overflow(-u * u), lambda u: -2 * u * _no_overflow(-u * u)),
    (lambda u: u * _no_overflow(-u * u), lambda u: (1 - 2 * u * u) * _no_overflow(-u * u)),
    (lambda u: 1 / (1 + u * u), lambda u: -2 * u / (1 + u * u) ** 2),
    (math.tanh, lambda u: 1 - math.tanh(u) ** 2),
)


def bumps(rng: Rng, detail: float) -> Fine:
    """A bump, a wiggle, a resonance or a soft step on or beside the point."""
    bump, slope = _BUMPS[rng.integers(len(_BUMPS))]
    c = float(rng.normal())
    return _beside(rng, lambda t: bump(t / detail - c), slope(-c) / detail, detail)


def chirps(rng: Rng, detail: float) -> Fine:
    """Waves whose length changes along the variable; ``detail`` is the one at the point."""
    d, p = float(10 ** rng.uniform(-3, 0)), float(rng.uniform(0, 2 * math.pi))
    kind = rng.integers(3)
    if kind == 0:  # sin(k x²) at d
        k = 1 / (2 * d * detail)
        return _beside(
            rng,
            lambda t: math.sin(k * (2 * d + t) * t + p),
            math.cos(p) / detail,
            detail,
        )
    if kind == 1:  # sin(k / x) at d
        k = d * d / detail
        return _beside(
            rng,
            lambda t: math.sin(-k * t / (d * (d + t)) + p if d + t else p),
            -math.cos(p) / detail,
            detail,
        )
    k = d / detail  # sin(k log x) at d
    return _beside(
        rng,
        lambda t: math.sin(k * math.log(abs(1 + t / d)) + p if d + t else p),
        math.cos(p) / detail,
        detail,
    )


def splines(rng: Rng, detail: float) -> Fine:
    """Cubic Hermite splines through random values."""
    seed, off = int(rng.integers(2**32)), float(rng.uniform(0.1, 0.9))
    at = _lattice(seed)

    def value(i: int, u: float) -> tuple[float, float]:
        y0, y1 = at(i), at(i + 1)
        m0, m1 = (y1 - at(i - 1)) / 2, (at(i + 2) - y0) / 2
        c2, c3 = 3 * (y1 - y0) - 2 * m0 - m1, 2 * (y0 - y1) + m0 + m1
        return y0 + u * (m0 + u * (c2 + u * c3)), m0 + u * (2 * c2 + 3 * u * c3)

    def phi(t: float) -> float:
        i = math.floor(t / detail + off)
        return value(i, t / detail + off - i)[0]

    return _beside(rng, phi, value(0, off)[1] / detail, detail)


def _lattice(seed: int) -> Callable[[int], float]:
    """A random number for each integer."""

    def at(i: int) -> float:
        x = (i * 0x9E3779B97F4A7C15 + seed * 0xD1B54A32D192ED03) & (2**64 - 1)
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & (2**64 - 1)
        return ((x ^ (x >> 31)) >> 11) * 2.0**-52 - 1

    return at


# Pieces --------------------------------------------------------------------------------------


def tables(rng: Rng, detail: float) -> Fine:
    """Linear interpolation in a table: of random numbers, or of a wave of some cells."""
    off = float(rng.uniform(0.05, 0.95))
    if rng.random() < 0.5:
        at = _lattice(int(rng.integers(2**32)))
    else:
        length, p = float(rng.uniform(1, 20)), float(rng.uniform(0, 6))

        def at(i: int) -> float:
            return math.sin(i / length + p)

    def phi(t: float) -> float:
        i = math.floor(t / detail + off)
        return at(i) + (t / detail + off - i) * (at(i + 1) - at(i))

    return _beside(rng, phi, (at(1) - at(0)) / detail, detail)


def kinks(rng: Rng, detail: float) -> Fine:
    """Kinks beside the point, none nearer than ``detail``."""
    count = int(rng.integers(1, 6))
    d = detail * 10 ** np.append(0.0, rng.uniform(0, 4, count - 1)) * rng.choice([-1, 1], count)
    a = rng.normal(size=count)
    phi = lambda t: float(np.sum(a * np.abs(t - d)))
    return _beside(rng, phi, float(np.sum(-a * np.sign(d))), detail)


def hinges(rng: Rng, detail: float) -> Fine:
    """Hinges beside the point, none nearer than ``detail``, and steep."""
    d, steep = detail * _sign(rng), float(10 ** rng.uniform(0, 3))
    phi = lambda t: steep * max(t - d, 0.0)
    return _beside(rng, phi, steep if d < 0 else 0.0, detail)


def steps(rng: Rng, detail: float) -> Fine:
    """Jumps beside the point, none nearer than ``detail``."""
    count = int(rng.integers(1, 6))
    d = detail * 10 ** np.append(0.0, rng.uniform(0, 4, count - 1)) * rng.choice([-1, 1], count)
    a = rng.normal(size=count)
    return _beside(rng, lambda t: float(np.sum(a * (t > d))), 0.0, detail)


def at_kinks(rng: Rng, detail: float) -> Fine:
    """A kink at the point, and another one ``detail`` beside it."""
    base, slope = _smooth(rng)
    a, b = rng.normal(size=2)
    d = detail * _sign(rng)
    slope -= b * math.copysign(1, d)
    phi = lambda t: base(t) + a * abs(t) + b * abs(t - d)
    return Fine(phi, float(slope - a), float(slope + a), detail)


# Edges ---------------------------------------------------------------------------------------


def edges(rng: Rng, detail: float) -> Fine:
    """The edge of the domain ``detail`` away: a power or a logarithm; NaN or an error beyond."""
    s, p = _sign(rng), float(rng.uniform(-2, 2.5))
    if rng.random() < 0.3:
        phi = lambda t: math.log1p(s * t / detail) if s * t > -detail else math.nan
        return _beside(rng, phi, s / detail, detail)
    phi = lambda t: (1 + s * t / detail) ** p if s * t > -detail else math.nan
    return _beside(rng, phi, s * p / detail, detail)


def poles(rng: Rng, detail: float) -> Fine:
    """A pole ``detail`` beside the point."""
    s, order = _sign(rng), int(rng.integers(1, 4))
    if rng.random() < 0.3:
        phi = lambda t: math.tan(math.pi / 2 * (1 - 2 / math.pi + s * t / detail / 10))
        return _beside(rng, phi, s * math.pi / 20 / detail / math.cos(math.pi / 2 - 1) ** 2, detail)
    phi = lambda t: (1 + s * t / detail) ** -order if s * t != -detail else math.inf
    return _beside(rng, phi, -s * order / detail, detail)


def overflow(rng: Rng, detail: float) -> Fine:
    """Exponentials that overflow within a window."""
    k, p = _sign(rng) / detail, float(rng.uniform(0, 700))

    def phi(t: float) -> float:
        power = k * t + p
        return math.exp(power) if power < 709 else math.inf

    return Fine(phi, k * math.exp(p), k * math.exp(p), detail)


def cancellation(rng: Rng, detail: float) -> Fine:
    """Waves below a large number that is added and taken away again, which leaves some digits."""
    large, p = float(10 ** rng.uniform(2, 10)), float(rng.uniform(0, 2 * math.pi))
    a = large * 2.0**-52 * float(10 ** rng.uniform(2, 6))
    base, slope = _smooth(rng)
    slope += a * math.cos(p) / detail
    phi = lambda t: (base(t) + a * math.sin(t / detail + p) + large) - large
    return Fine(phi, slope, slope, detail)


DETAIL: dict[str, Callable[[Rng, float], Fine]] = {
    f.__name__.replace("_", " "): f
    for f in (
        waves, bumps, chirps, splines, tables, kinks, hinges, steps, at_kinks, edges, poles,
        overflow, cancellation,
    )
}  # fmt: skip


# Noise ---------------------------------------------------------------------------------------


def _noise(rng: Rng, kind: str, size: float) -> Callable[[float, float], float]:
    """What noise makes of a value at t."""
    seed = int(rng.integers(2**32))
    own = np.random.default_rng(seed)
    count, walk = itertools.count(), [0.0]

    def wander() -> float:
        walk[0] += size * own.normal()
        return walk[0]

    added: dict[str, Callable[[float, float], float]] = {
        "gaussian": lambda t, v: v + size * own.normal(),
        "relative": lambda t, v: v * (1 + size * own.normal()),
        "uniform": lambda t, v: v + size * own.uniform(-1, 1),
        "heavy tails": lambda t, v: v + size * own.standard_t(3),
        "wandering": lambda t, v: v + wander(),
        "drift": lambda t, v: v + size * next(count),
        "growing with t": lambda t, v: v + size * own.normal() * (1 + 3 * abs(t)),
        "frozen": lambda t, v: v + size * _frozen(t, seed),
    }  # fmt: skip
    return added[kind]


def _frozen(t: float, seed: int) -> float:
    """The same random number for the same t."""
    return float(np.random.default_rng((hash(t) & 0xFFFFFFFF, seed)).normal())


NOISE = ("gaussian", "relative", "uniform", "heavy tails", "wandering", "drift",
         "growing with t", "frozen")  # fmt: skip


def noisy(rng: Rng, kind: str) -> Fine:
    """A wave under noise of one kind."""
    detail, size = float(10 ** rng.uniform(-2, 1)), float(10 ** rng.uniform(-12, -3))
    found, change = waves(rng, min(detail, 1.0)), _noise(rng, kind, size)
    return Fine(lambda t: float(change(t, found.phi(t))), found.left, found.left, detail)


def draw(family: str, rng: Rng, finest: float, coarsest: float) -> Any:
    """One function of a family, with detail between two sizes."""
    if family in NOISE:
        return noisy(rng, family)
    detail = float(10 ** rng.uniform(math.log10(finest), math.log10(coarsest)))
    return DETAIL[family](rng, detail)
