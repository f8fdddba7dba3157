"""The derivative of a whole gradient along a direction: one ladder for each of its entries.

They share the evaluations, so that a column of a Hessian costs what one slope does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..judge.thresholds import T
from ..records.direction import Direction, Part
from ..slopes.measure import measure
from ..slopes.sampler import Sampler
from ..space.point import Line
from ..subject.second import Array, Rows, flat
from ..subject.session import Session


@dataclass(slots=True)
class Ladder:
    """Measures products of the true Hessian with directions, entry by entry."""

    session: Session
    rows: Rows
    centre: Array = field(init=False)

    def __post_init__(self) -> None:
        """The weighted gradient at the point."""
        self.centre = flat(self.session.result())

    def product(self, direction: Direction, size: float) -> tuple[Array, Array, Array]:
        """The direction, the derivative of the gradient along it, and the bars.

        ``size`` is what its weighted entries are expected to be.
        """
        line = self.session.line(direction)
        tangent = flat([np.asarray(host) for host in self._hosts(line)])
        line.ready()
        with self.session.caller.many():
            found = np.array([self._slope(line, k, size) for k in range(len(self.centre))])
        line.back()
        return tangent, found[:, 0] / self.rows.weights, found[:, 1] / self.rows.weights

    def _hosts(self, line: Line) -> Sequence[NDArray[np.generic]]:
        point = self.session.point
        return [
            point.home(b.index).host(t) for b, t in zip(point.blocks, line.tangents(), strict=True)
        ]

    def _slope(self, line: Line, k: int, size: float) -> tuple[float, float]:
        part = line.direction.parts[0]
        sampler = Sampler(
            lambda t: self._at(line, t), pick=k, centre=float(self.centre[k]),
            taken=line.taken if part.entry is not None else None,
        )  # fmt: skip

        def enough(value: float, error: float) -> bool:
            return error <= max(T.known_well * abs(value), T.residual_rounding * size)

        slope = measure(sampler, enough)
        if not np.isfinite(slope.value):
            return 0.0, np.inf
        return slope.value, slope.error

    def _at(self, line: Line, t: float) -> tuple[float, ...]:
        """The weighted gradient at a step; a line remembers its values."""
        if t not in line.values:
            if self.session.copying:
                self.session.working.restore()
            line.move(t)
            line.values[t] = tuple(flat(self.session.result()).tolist())
        return line.values[t]


def entry(session: Session, coordinate: int) -> Direction:
    """One coordinate by itself, by its own magnitude."""
    for block in session.point.blocks:
        if coordinate < block.count:
            step = session.point.entry_scale(block.index, coordinate)
            return Direction((Part(block.index, step, entry=coordinate),), 0, 0)
        coordinate -= block.count
    raise IndexError(coordinate)


def draw(session: Session, block: int, number: int, seed: int) -> Direction:
    """A random direction through one block."""
    return Direction((Part(block, session.point.blocks[block].scale),), seed, number)
