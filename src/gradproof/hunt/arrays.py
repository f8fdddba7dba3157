"""Spaces of arrays and of numbers, with the domains that may be declared."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from . import fills
from .layout import LAYOUTS, laid, layout_of
from .numbers import simpler_numbers
from .space import Choice, Chosen, Hints, Shapes, Space

_MOST_ENTRIES = 24  # are made simpler one by one


@dataclass(frozen=True)
class Arrays(Space):
    """Arrays of a shape, or of the shapes of a space; see ``gp.arrays``.

    ``shape`` may hold names: axes of the same name are equally long in all arrays of a hunt.
    """

    shape: Any
    dtypes: tuple[str, ...]
    low: float = -math.inf
    high: float = math.inf

    @property
    def bounded(self) -> bool:
        """Whether a domain was declared."""
        return self.low > -math.inf or self.high < math.inf

    @property
    def free(self) -> Shapes | None:
        """The space of its shapes, where it has one."""
        return self.shape if isinstance(self.shape, Shapes) else None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of axes in its shape."""
        return () if self.free else tuple(side for side in self.shape if isinstance(side, str))

    def at(self, sides: Mapping[str, int]) -> Arrays:
        """The same with numbers in the places of the names."""
        if not self.names:
            return self
        return replace(self, shape=tuple(sides.get(side, side) for side in self.shape))

    def axes(self) -> Mapping[str, Sequence[Choice]]:
        """Shapes, what fills them, and how they lie in memory."""
        found: dict[str, Sequence[Choice]] = {}
        if self.free:
            found["shape"] = self.free.axes()[""]
        edges = [
            Choice(f"{where} at the edge {edge:g}", fill)
            for edge in (self.low, self.high)
            if math.isfinite(edge)
            for where, fill in _at_edge(edge)
        ]
        menu = list(fills.MENU)
        found["fill"] = [menu[0], *edges, *menu[1:]]
        forms = [Choice(kind, (kind, "")) for kind in self.dtypes]
        if any(kind.startswith("float") for kind in self.dtypes):
            forms += [Choice(f"{how} in memory", (self.dtypes[0], how)) for how in LAYOUTS]
        found["form"] = forms
        return found

    def harvested(self, hints: Hints) -> Mapping[str, Sequence[Choice]]:
        """Numbers and sizes from the code, and complex entries where it knows of them."""
        found: dict[str, Sequence[Choice]] = {}
        # The first fills of every number before the second of any: the likeliest come first.
        each = [fills.from_code(value) for value in hints.numbers]
        most = max(map(len, each), default=0)
        found["fill"] = [one[k] for k in range(most) for one in each if k < len(one)]
        if self.free:
            found["shape"] = self.free.harvested(hints)[""]
        if hints.complex and self.dtypes == DEFAULT:
            found["form"] = [Choice("complex128", ("complex128", ""))]
        return found

    def make(self, chosen: Chosen, rng: np.random.Generator) -> Any:
        """An array of the chosen shape, filled as chosen, moved into the domain."""
        shape = tuple(chosen["shape"].value) if self.free else tuple(self.shape)
        fill = chosen["fill"]
        if fill.name == "ordinary":
            array = self.plain(shape, rng)
        else:
            array = self.fitted(np.asarray(fill.value(shape, rng), float))
        dtype, how = chosen["form"].value
        if dtype.startswith("complex"):
            array = array + 1j * np.asarray(fill.value(shape, rng), float)
        with np.errstate(all="ignore"):
            return laid(array.astype(dtype), how)

    def plain(self, shape: tuple[int, ...], rng: np.random.Generator) -> fills.Array:
        """Random entries well inside the domain."""
        if math.isfinite(self.low) and math.isfinite(self.high):
            return self.low + (self.high - self.low) * rng.uniform(0.2, 0.8, size=shape)
        array = rng.normal(size=shape)
        if not self.bounded:
            return array
        inside = np.abs(array) + 0.2
        return self.low + inside if math.isfinite(self.low) else self.high - inside

    def fitted(self, array: fills.Array) -> fills.Array:
        """The array with what lies outside the domain folded back into it."""
        low, high = self.low, self.high
        if math.isfinite(low) and math.isfinite(high):
            if ((array >= low) & (array <= high)).all():
                return array
            width = high - low
            folded = np.abs((array - low + width) % (2 * width) - width) if width else 0 * array
            return np.where((array >= low) & (array <= high), array, low + folded)
        if math.isfinite(low):
            return np.where(array < low, 2 * low - array, array)
        if math.isfinite(high):
            return np.where(array > high, 2 * high - array, array)
        return array

    def drawn(self, rng: np.random.Generator) -> Mapping[str, Choice]:
        """A random shape, mixed entries, mostly the usual form."""
        axes = self.axes()
        found = {}
        if self.free:
            known = axes["shape"]
            usual = rng.random() < 0.7
            found["shape"] = (
                known[int(rng.integers(min(6, len(known))))] if usual else self.free.drawn(rng)[""]
            )
        pool = fills.DRAWN if rng.random() < 0.7 else axes["fill"]
        found["fill"] = pool[int(rng.integers(len(pool)))]
        forms = axes["form"]
        found["form"] = forms[0 if rng.random() < 0.85 else int(rng.integers(len(forms)))]
        return found

    def varied(
        self, value: fills.Array, numbers: Sequence[float], rng: np.random.Generator
    ) -> fills.Array:
        """The same array but for an entry or two."""
        if value.dtype.kind != "f" or not value.size:
            return value
        with np.errstate(all="ignore"):
            array = self.fitted(fills.changed(value.astype(float), numbers, rng))
            return laid(array.astype(value.dtype), layout_of(value))

    def simpler(self, value: fills.Array) -> Iterator[fills.Array]:
        """Smaller shapes, the plain form, then shorter numbers."""
        if self.free:
            for shape in self.free.simpler(value.shape):
                yield from cut(value, shape)
        if layout_of(value):
            yield np.array(value, order="C")
        if value.dtype != np.dtype(self.dtypes[0]) and value.dtype.kind != "c":
            yield laid(value.astype(self.dtypes[0]), layout_of(value))
        how = layout_of(value)
        for simple in simpler_numbers(np.array(value), _MOST_ENTRIES):
            if self._holds(simple):
                yield laid(simple, how)

    def _holds(self, array: fills.Array) -> bool:
        if array.dtype.kind == "c" or not self.bounded:
            return True
        return bool(((array >= self.low) & (array <= self.high)).all())

    def contains(self, value: Any) -> bool:
        """Whether it has the shape, a dtype, and lies in the domain."""
        if not isinstance(value, np.ndarray) or not self._holds(value):
            return False
        if self.free:
            return self.free.contains(value.shape)
        return len(value.shape) == len(self.shape) and all(
            isinstance(side, str) or side == length
            for side, length in zip(self.shape, value.shape, strict=True)
        )


DEFAULT = ("float64", "float32")


def _at_edge(edge: float) -> list[tuple[str, fills.Fill]]:
    return [
        ("one entry", lambda shape, rng: fills.one_of(edge, 0, shape, rng)),
        ("all", lambda shape, rng: fills.all_of(edge, shape, rng)),
    ]


def cut(value: fills.Array, shape: tuple[int, ...]) -> Iterator[fills.Array]:
    """An array cut down to a smaller shape: its first entries, and its last."""
    how = layout_of(value)
    for end in (0, -1):
        piece = np.array(value)
        while piece.ndim > len(shape):
            # The axis that goes is the first one whose loss leaves the shape that is wanted.
            axis = next(
                k
                for k in range(piece.ndim)
                if piece.ndim - 1 != len(shape)
                or (*piece.shape[:k], *piece.shape[k + 1 :]) == shape
                or k == piece.ndim - 1
            )
            if not piece.shape[axis]:
                return
            piece = piece.take(end, axis=axis)
        if any(want > have for want, have in zip(shape, piece.shape, strict=True)):
            return
        where = tuple(
            slice(0, n) if end == 0 else slice(have - n, have)
            for n, have in zip(shape, piece.shape, strict=True)
        )
        yield laid(np.array(piece[where]), how)


@dataclass(frozen=True)
class Floats(Space):
    """Python floats from ``low`` to ``high``."""

    low: float = -math.inf
    high: float = math.inf

    @property
    def _inside(self) -> Arrays:
        return Arrays((), ("float64",), self.low, self.high)

    def axes(self) -> Mapping[str, Sequence[Choice]]:
        """An ordinary number, the ends, and the menu of arrays in one entry."""
        rng, seen, found = np.random.default_rng(0), set[str](), list[Choice]()
        for choice in self._inside.axes()["fill"]:
            chosen = {"fill": choice, "form": Choice("", ("float64", ""))}
            value = float(self._inside.make(chosen, rng))
            if repr(value) not in seen and (choice.name == "ordinary" or not choice.free):
                seen.add(repr(value))
                found.append(Choice(f"{value:.4g}", round(value, 3) if not found else value))
        edges = [edge for edge in (self.low, self.high) if math.isfinite(edge)]
        found[1:1] = [Choice(f"{e:g}", float(e)) for e in edges if repr(float(e)) not in seen]
        return {"": found}

    def harvested(self, hints: Hints) -> Mapping[str, Sequence[Choice]]:
        """Numbers from the code and their neighbours."""
        near = [v for n in hints.numbers for v in (n, n * 1.1, n * 0.9, np.nextafter(n, np.inf))]
        return {"": [Choice(f"{v:.6g}", float(v)) for v in near if self.contains(float(v))]}

    def make(self, chosen: Chosen, rng: np.random.Generator) -> Any:  # noqa: ARG002
        """The number itself."""
        return float(chosen[""].value)

    def drawn(self, rng: np.random.Generator) -> Mapping[str, Choice]:
        """A number of any size."""
        array = np.asarray(rng.normal() * 10.0 ** rng.uniform(-3, 3))
        value = float(self._inside.fitted(array))
        return {"": Choice(f"{value:.4g}", value)}

    def simpler(self, value: float) -> Iterator[float]:
        """Shorter numbers."""
        for array in simpler_numbers(np.asarray(float(value)), 1):
            if self.contains(float(array)):
                yield float(array)

    def contains(self, value: Any) -> bool:
        """It is a number between the ends."""
        return isinstance(value, float | int | np.floating) and bool(self.low <= value <= self.high)
