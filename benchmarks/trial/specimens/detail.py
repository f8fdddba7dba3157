"""Detail: functions that turn, kink or end within the smallest share of the point.

Radio frequencies, lengths in nanometres beside zero, resonances, interpolation tables, the edge of
a domain, and blocks whose entries are of many sizes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Problem, Specimen
from .twins import Wrong, blocks, entry, factor, one, sign, zero
from .twins import twins as _twins

FAMILY = "detail"
Array = NDArray[Any]


def twins(name: str, make: Callable[[], Problem], *wrong: Wrong, why: str) -> Iterator[Specimen]:
    return _twins(FAMILY, name, make, *wrong, why=why)


def records() -> Iterator[Specimen]:
    """A frequency in Hz, fitted to a record of so many cycles."""
    for hertz, seconds, told in (
        (1e9, 0.03, "3e7 cycles"), (1e10, 1e-3, "1e7 cycles"), (2.4e9, 1e-3, "2.4e6 cycles"),
        (1e8, 3e-3, "3e5 cycles"), (50.0, 6e3, "3e5 cycles of the mains"),
    ):  # fmt: skip
        t = np.linspace(0, seconds, 40)
        y = np.sin(2 * np.pi * hertz * t)
        yield from twins(
            f"a frequency over {told}",
            one(
                partial(_misfit, t=t, y=y), [hertz + 0.02 / seconds],
                partial(_slope_of_misfit, t=t, y=y),
            ),
            sign(), zero(), factor(1.01), why="the phase turns within 1e-7 of the frequency",
        )  # fmt: skip


def _misfit(f: Array, t: Array, y: Array) -> Any:
    return np.mean((np.sin(2 * np.pi * f[0] * t) - y) ** 2)


def _slope_of_misfit(f: Array, t: Array, y: Array) -> Array:
    phase = 2 * np.pi * f[0] * t
    return np.array([np.mean(2 * (np.sin(phase) - y) * np.cos(phase) * 2 * np.pi * t)])


def times() -> Iterator[Specimen]:
    """A wave, by the seconds since 1970, or a pulsar by the Julian date in days."""
    for told, at, k in (
        ("1.7e9 s, 1 kHz", 1.7e9 + 0.25, 2e3 * np.pi),
        ("1.7e9 s, 440 Hz", 1.7e9 + 0.4, 880 * np.pi),
        ("2461010.5 days, 30 Hz", 2461010.8, 60 * 86400 * np.pi),
    ):  # fmt: skip
        for specimen in twins(
            f"a time of {told}",
            one(
                partial(_wave, k=k, origin=np.floor(at)), [at],
                partial(_slope_of_wave, k=k, origin=np.floor(at)),
            ),
            sign(), factor(1.01), why="a wave takes 1e-12 of the time, or less",
        ):  # fmt: skip
            yield dataclasses.replace(specimen, open=True)


def phases() -> Iterator[Specimen]:
    """The phase of a wave at a distance in metres: of a satellite, of the moon, of a planet."""
    for told, metres, wave in (
        ("2.02e7 m, waves of 0.05 m", 2.02e7, 0.05), ("6.4e6 m, waves of 0.01 m", 6.4e6, 0.01),
        ("3.84e8 m, waves of 1 m", 3.84e8, 1.0), ("3.84e8 m, waves of 0.532 m", 3.84e8, 0.532),
        ("1.5e11 m, waves of 300 m", 1.5e11, 300.0),
    ):  # fmt: skip
        at = metres + 0.37 * wave
        yield from twins(
            f"a phase at {told}",
            one(
                partial(_wave, k=2 * np.pi / wave, origin=np.floor(at)), [at],
                partial(_slope_of_wave, k=2 * np.pi / wave, origin=np.floor(at)),
            ),
            sign(), factor(1.01), why="a step is rounded by a part of itself",
        )  # fmt: skip


def _wave(x: Array, k: float, origin: float) -> Any:
    return np.sin(k * (x[0] - origin) + 0.3) + 1.5


def _slope_of_wave(x: Array, k: float, origin: float) -> Array:
    return np.array([k * np.cos(k * (x[0] - origin) + 0.3)])


def lengths() -> Iterator[Specimen]:
    """Positions of zero metres in a field of so short waves, beside blocks of size 1."""
    for told, d in (("1e-8", 1e-8), ("1e-9", 1e-9), ("1e-10", 1e-10), ("1e-11", 1e-11)):
        yield from twins(
            f"three positions of zero, waves of {told}",
            blocks(
                lambda p, d=d: np.sum(np.sin(p["x"] / d + 1)) + np.sum(p["w"] ** 2),
                {"x": np.zeros(3), "w": np.array([1.0, 2.0])},
                lambda p, d=d: {"x": np.cos(p["x"] / d + 1) / d, "w": 2 * p["w"]},
            ),
            sign("x"), zero("x"), sign("w"), why="zero has no size, and 1 is taken for it",
        )  # fmt: skip
    for least in (1e-8, 1e-10, 1e-12):
        scales = np.geomspace(least, 1, 5)
        yield from twins(
            f"one block of sizes from {least:g} to 1",
            one(
                lambda x, s=scales: np.sum(np.sin(x / s)), 0.8 * scales,
                lambda x, s=scales: np.cos(x / s) / s,
            ),
            sign(), entry(0, np.negative, "x", "sign of the smallest", "entries"), factor(1.01),
            why="a step of the block is many times its smallest entry",
        )  # fmt: skip


def lines() -> Iterator[Specimen]:
    """A resonance, a soft step and a pulse, so narrow, at a point of size 1."""
    for told, w in (("1e-8", 1e-8), ("1e-9", 1e-9), ("1e-10", 1e-10)):
        at = 1.0 + 0.7 * w
        for name, fun, slope in (
            ("a resonance", lambda u: 1 / (1 + u * u), lambda u: -2 * u / (1 + u * u) ** 2),
            ("a soft step", np.tanh, lambda u: 1 / np.cosh(np.minimum(np.abs(u), 300)) ** 2),
        ):
            yield from twins(
                f"{name} of width {told}",
                one(
                    lambda x, w=w, f=fun: np.sum(f((x - 1) / w) + np.sin(x)), [at, 1.3, 0.4],
                    lambda x, w=w, g=slope: g((x - 1) / w) / w + np.cos(x),
                ),
                sign(), zero(), factor(1.01), why="wider windows see nothing but its height",
            )  # fmt: skip


def tables() -> Iterator[Specimen]:
    """Linear interpolation in a table of a wave, so finely spaced, in the middle of a cell."""
    for told, h in (("1e-6", 1e-6), ("1e-8", 1e-8), ("1e-9", 1e-9)):
        x = (0.4 + np.array([3, 11, 24])) * h
        yield from twins(
            f"a table with a spacing of {told}",
            one(
                lambda x, h=h: np.sum(_table(x, h)[0]), x,
                lambda x, h=h: _table(x, h)[1],
            ),
            sign(), zero(), factor(1.01), why="each cell has a slope of its own",
        )  # fmt: skip
        yield from twins(
            f"a table with a spacing of {told}, an argument of zero",
            one(
                lambda x, h=h: np.sum(_table(x + 7.4 * h, h)[0]) + x[1], [0.0, 0.0],
                lambda x, h=h: _table(x + 7.4 * h, h)[1] + [0, 1],
            ),
            sign(), zero(), why="each cell has a slope of its own, and zero no size",
        )  # fmt: skip


def _table(x: Array, h: float) -> tuple[Array, Array]:
    """Values and slopes at ``x``; the nodes are ``h`` apart, about nine to a wave."""
    i = np.floor(x / h)
    left, right = np.sin(0.7 * i), np.sin(0.7 * (i + 1))
    return left + (x / h - i) * (right - left), (right - left) / h


def ends() -> Iterator[Specimen]:
    """The domain ends within 3e-9 of the point, or a kink or a pole is there."""
    for told, gap in (("3e-9", 3e-9), ("3e-10", 3e-10)):
        why = "wider windows leave the domain, or the piece"
        for name, fun, grad, x in (
            ("log", np.log, lambda x: 1 / x, gap),
            ("square root", np.sqrt, lambda x: 0.5 / np.sqrt(x), gap),
            ("log1p", np.log1p, lambda x: 1 / (1 + x), -1 + gap),
            ("arctanh", np.arctanh, lambda x: 1 / ((1 - x) * (1 + x)), 1 - gap),
            ("a pole", lambda x: 1 / (x - 1), lambda x: -1 / (x - 1) ** 2, 1 + gap),
            ("relu", lambda x: np.maximum(x - 0.5, 0), lambda x: 1.0 * (x > 0.5), 0.5 + gap),
        ):
            yield from twins(
                f"{name}, {told} from its end",
                one(lambda x, f=fun: np.sum(f(x)), [x, 0.7], grad), sign(), zero(), factor(1.01),
                why=why,
            )  # fmt: skip


ALL_DETAIL: tuple[Specimen, ...] = (
    *records(), *times(), *phases(), *lengths(), *lines(), *tables(), *ends(),
)  # fmt: skip
