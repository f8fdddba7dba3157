"""Domains that no interval describes: positive definite, on the simplex, sorted, tied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from . import fills
from .arrays import Arrays
from .numbers import simpler_numbers
from .space import Choice, Hints


@dataclass(frozen=True)
class PositiveDefinite(Arrays):
    """Symmetric matrices with positive eigenvalues."""

    def axes(self) -> Mapping[str, Sequence[Choice]]:
        """Ordinary ones, the identity, diagonal ones, nearly singular ones, of many sizes."""
        menu = [
            Choice("ordinary", fills.normal),
            Choice("identity", partial(_diagonal, lambda n, rng: np.ones(n))),  # noqa: ARG005
            Choice("diagonal", partial(_diagonal, lambda n, rng: rng.uniform(0.5, 2, n)), True),
            Choice("twice the identity", partial(_diagonal, lambda n, rng: np.full(n, 2.0))),  # noqa: ARG005
            Choice("two eigenvalues equal", _equal_eigenvalues, True),
            Choice("nearly singular", partial(_definite, 1e-4, 1.0), True),
            Choice("times 1000", partial(_definite, 0.3, 1e3), True),
            Choice("times 1e-3", partial(_definite, 0.3, 1e-3), True),
        ]
        return {"fill": menu, "form": [Choice(kind, (kind, "")) for kind in self.dtypes]}

    def harvested(self, hints: Hints) -> Mapping[str, Sequence[Choice]]:  # noqa: ARG002
        """Nothing."""
        return {}

    def plain(self, shape: tuple[int, ...], rng: np.random.Generator) -> fills.Array:
        """A random one, well conditioned."""
        return _definite(0.3, 1.0, shape, rng)

    def drawn(self, rng: np.random.Generator) -> Mapping[str, Choice]:
        """A random one."""
        least, size = 10.0 ** rng.uniform(-3, 0), 10.0 ** rng.uniform(-2, 2)
        fill = Choice("random", partial(_definite, float(least), float(size)), True)
        return {"fill": fill, "form": self.axes()["form"][0]}

    def varied(
        self,
        value: fills.Array,  # noqa: ARG002
        numbers: Sequence[float],  # noqa: ARG002
        rng: np.random.Generator,
    ) -> fills.Array:
        """Another one: what one entry may be depends on all others."""
        made: fills.Array = self.make(self.drawn(rng), rng)
        return made

    def simpler(self, value: fills.Array) -> Iterator[fills.Array]:
        """The identity, diagonal ones, shorter numbers."""
        yield np.eye(len(value)).astype(value.dtype)
        yield np.diag(np.diag(value))
        for candidate in simpler_numbers(value, 16):
            both = np.tril(candidate) + np.tril(candidate, -1).T
            if self.contains(both):
                yield both

    def contains(self, value: Any) -> bool:
        """It is symmetric, and all its eigenvalues are positive."""
        if not super().contains(value) or not np.allclose(value, value.T, rtol=1e-12):
            return False
        return bool(np.linalg.eigvalsh(value.astype(float)).min() > 0)


@dataclass(frozen=True)
class Mapped(Arrays):
    """Arrays that are moved into their domain by a rule."""

    kind: str = "simplex"

    def plain(self, shape: tuple[int, ...], rng: np.random.Generator) -> fills.Array:
        """A random one."""
        return self.fitted(super().plain(shape, rng))

    def fitted(self, array: fills.Array) -> fills.Array:
        """What the rule makes of an array."""
        if self.kind == "sorted":
            return np.sort(super().fitted(array), axis=-1)
        if self.kind == "ties":
            flat = super().fitted(array).reshape(-1).copy()
            flat[1::2] = flat[: len(flat[1::2])]
            return flat.reshape(array.shape)
        shares = np.minimum(np.abs(array), 1e6)
        total = shares.sum(axis=-1, keepdims=True)
        return np.where(total > 0, shares / np.where(total > 0, total, 1), 1 / array.shape[-1])

    def simpler(self, value: fills.Array) -> Iterator[fills.Array]:
        """Shorter numbers, as far as they stay inside."""
        for candidate in super().simpler(value):
            if self.contains(candidate):
                yield candidate

    def contains(self, value: Any) -> bool:
        """Whether the rule leaves it as it is."""
        if not super().contains(value):
            return False
        if self.kind == "sorted":
            return bool((np.diff(value, axis=-1) >= 0).all())
        if self.kind == "ties":
            return bool(value.size < 2 or len(np.unique(value)) < value.size)
        return bool((value >= 0).all()) and bool(np.allclose(value.sum(axis=-1), 1, rtol=1e-6))


def _definite(
    least: float, size: float, shape: tuple[int, ...], rng: np.random.Generator
) -> fills.Array:
    n = shape[-1]
    q, _ = np.linalg.qr(rng.normal(size=(n, n)))
    values = np.linspace(least, 1.0, n) * rng.uniform(0.8, 1.2, n) if n > 1 else np.ones(n)
    made: fills.Array = size * (q * values) @ q.T
    return (made + made.T) / 2


def _diagonal(entries: Any, shape: tuple[int, ...], rng: np.random.Generator) -> fills.Array:
    return np.diag(entries(shape[-1], rng))


def _equal_eigenvalues(shape: tuple[int, ...], rng: np.random.Generator) -> fills.Array:
    n = shape[-1]
    q, _ = np.linalg.qr(rng.normal(size=(n, n)))
    values = np.ones(n)
    values[2:] = 2.0
    made: fills.Array = (q * values) @ q.T
    return (made + made.T) / 2
