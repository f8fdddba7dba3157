"""The derivative of a whole gradient along a direction: one ladder for each of its entries.

They share the evaluations, so that a column of a Hessian costs what one slope does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..diagnose.columns import Indices
from ..judge.thresholds import T
from ..records.direction import Direction, Part
from ..slopes.measure import measure
from ..slopes.sampler import Sampler
from ..space.point import Line
from ..subject.second import Array, Rows, flat
from ..subject.session import Session

_GLANCE = 1e-4  # a step of so many block scales says which rows deserve a ladder


@dataclass(slots=True)
class Ladder:
    """Measures products of the true Hessian with directions, entry by entry."""

    session: Session
    rows: Rows
    centre: Array = field(init=False)

    def __post_init__(self) -> None:
        """The weighted gradient at the point."""
        self.centre = flat(self.session.result())

    def product(self, direction: Direction, rows: Indices) -> tuple[Array, Array, Array]:
        """The direction, the derivative of some rows of the gradient along it, and their bars."""
        line = self.session.line(direction)
        tangent = flat([np.asarray(host) for host in self._hosts(line)])
        line.ready()
        with self.session.caller.many():
            found = np.array([self._slope(line, int(k)) for k in rows])
        line.back()
        scales = self.rows.weights[rows]
        return tangent, found[:, 0] / scales, found[:, 1] / scales

    def glance(self, direction: Direction) -> tuple[Array, Array]:
        """The direction, and the difference of all rows along it at one small step."""
        line = self.session.line(direction)
        tangent = flat([np.asarray(host) for host in self._hosts(line)])
        line.ready()
        ahead, behind = (np.array(self._at(line, t)) for t in (_GLANCE, -_GLANCE))
        line.back()
        return tangent, (ahead - behind) / (2 * _GLANCE) / self.rows.weights

    def _hosts(self, line: Line) -> Sequence[NDArray[np.generic]]:
        point = self.session.point
        return [
            point.home(b.index).host(t) for b, t in zip(point.blocks, line.tangents(), strict=True)
        ]

    def _slope(self, line: Line, k: int) -> tuple[float, float]:
        part = line.direction.parts[0]
        sampler = Sampler(
            lambda t: self._at(line, t), pick=k, centre=float(self.centre[k]),
            taken=line.taken if part.entry is not None else None,
        )  # fmt: skip

        def enough(value: float, error: float) -> bool:
            # Weighted rows are of size 1.
            return error <= max(T.known_well * abs(value), T.residual_rounding)

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


def draw(session: Session, block: int, number: int, only: Sequence[int] | None = None) -> Direction:
    """A random direction through one block, or some of its coordinates."""
    step = session.point.blocks[block].scale
    part = Part(block, step, only=None if only is None else tuple(only))
    return Direction((part,), 0, number)
