"""The gradient of a function as it is measured: slopes along a few directions of each block.

Where the claimed gradient is wrong, or there is none, this is what a Hessian is compared with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..records.direction import Direction, Part
from ..slopes.measure import slope
from ..space.point import Line, Point, Working
from ..subject.second import Array, flat

_EACH = 2  # directions of a group of blocks: no two errors cancel in both
_DRAW = 1 << 21  # apart from those of a check
_TARGET = 1e-11


@dataclass(slots=True)
class Counted:
    """A function that counts its calls."""

    function: Callable[..., Any]
    count: int = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the function returns."""
        self.count += 1
        return self.function(*args, **kwargs)


@dataclass(frozen=True)
class SlopesOf:
    """``fun(point, *args)`` as a function that returns its slopes: two for each group of rows.

    ``groups`` as of ``subject.second.Rows``, which it can stand in for.
    """

    where: Point
    fun: Callable[..., Any]
    groups: tuple[tuple[int, ...], ...]
    seed: int
    tangents: Array = field(init=False)

    def __post_init__(self) -> None:
        """The directions as rows of a matrix."""
        working = Working(self.where, promote=False)
        found = []
        for direction in self.directions:
            tangents = working.line(direction).tangents()
            hosts = [self.where.home(i).host(t) for i, t in enumerate(tangents)]
            found.append(flat(hosts))
        object.__setattr__(self, "tangents", np.array(found))

    @property
    def directions(self) -> list[Direction]:
        """Those of the first group come first."""
        blocks = self.where.blocks
        return [
            Direction(tuple(Part(b, blocks[b].scale) for b in group), self.seed, _DRAW + k)
            for group in self.groups
            for k in range(_EACH)
        ]

    def __call__(self, params: Any, *args: Any, **kwargs: Any) -> tuple[Array, ...]:
        """The slopes at one place."""
        working = Working(self.where.at(params), promote=False)
        found = []
        for direction in self.directions:
            line = working.line(direction)
            found.append(_slope(working, line, self.fun, args, kwargs))
        return tuple(np.array(found).reshape(len(self.groups), _EACH))

    def read(self, row: Array) -> tuple[Array, ...]:
        """What a gradient would have as its slopes."""
        return tuple((self.tangents @ row).reshape(len(self.groups), _EACH))

    def back(self, outputs: Any) -> Array:
        """What cotangents of the slopes are for the gradient."""
        return np.asarray(self.tangents.T @ flat(outputs))


def every_slope(where: Point, fun: Callable[..., Any]) -> Callable[..., Array]:
    """``fun`` as a function that returns its slopes by each coordinate: its gradient, measured."""

    def gradient(params: Any, *args: Any, **kwargs: Any) -> Array:
        working = Working(where.at(params), promote=False)
        found = []
        for block in where.blocks:
            for index in range(block.count):
                step = where.entry_scale(block.index, index)
                line = working.line(Direction((Part(block.index, step, entry=index),), 0, 0))
                found.append(_slope(working, line, fun, args, kwargs) / step)
        return np.array(found)

    return gradient


def _slope(working: Working, line: Line, fun: Callable[..., Any], args: Any, kwargs: Any) -> float:
    """The slope of a function along a line."""

    def along(t: float) -> float:
        line.move(t)
        return float(fun(working.tree(), *args, **kwargs))

    value = slope(along, target=_TARGET).value
    line.back()
    return value
