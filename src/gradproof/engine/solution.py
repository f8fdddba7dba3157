"""A solution and what is asked of it: moved in any direction, its residual at each step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import arrays
from ..backend.registry import home, outside
from ..judge.thresholds import T
from ..records.verdict import Verdict
from ..report.report import Report
from ..slopes.measure import measure
from ..slopes.sampler import Sampler
from ..space import tree
from ..space.point import Point, Working
from ..subject.asked import Options
from ..subject.second import Array, flat
from .slopes_of import Counted


@dataclass(frozen=True, slots=True)
class Implicit:
    """What is asked: ``residual(x, θ)``, ``solve(θ)``, and for each claim ``dx/dθ · t``.

    ``claims`` have by name a function ``tangent(solution, θ, t, *args)`` that returns the claimed
    change of the solution, all its numbers in a row.
    """

    solve: Callable[..., Any]
    claims: Mapping[str, Callable[..., Array]]
    where: Point
    options: Options
    counted: Counted

    @property
    def residual(self) -> Callable[..., Any]:
        """The residual; its calls are counted."""
        return self.counted

    def spent(self) -> int:
        """Evaluations of the residual so far."""
        return self.counted.count

    def call(self, function: Callable[..., Any], *before: Any) -> Any:
        """A function at θ itself, on copies."""
        params = Working(self.where, promote=False).tree()
        try:
            return function(*before, params, *self.options.args, **(self.options.kwargs or {}))
        except BaseException as error:
            role = "solve" if function is self.solve else "residual"
            error.add_note(f"gradproof: raised by {role}, called at theta.")
            raise


@dataclass(frozen=True, slots=True)
class Solution:
    """What the solver returned, as a point that can be moved in any direction."""

    point: Point

    @property
    def size(self) -> float:
        """The norm of all its numbers; 1 where they are zero."""
        return float(np.linalg.norm(self.numbers)) or 1.0

    @property
    def numbers(self) -> Array:
        """All its numbers in a row."""
        return flat([self.point.host(block.index) for block in self.point.blocks])

    def moved(self, row: Array, step: float) -> Any:
        """The solution plus a multiple of a direction, in its own types."""
        found, start = [], 0
        for block in self.point.blocks:
            like = self.point.leaf(block.index)
            numbers = arrays.flat(self.point.host(block.index)).astype(np.float64)
            part = numbers + step * row[start : start + block.count]
            found.append(home(like).array(part, like))
            start += block.count
        return self.point.assemble(found)


@dataclass(frozen=True, slots=True)
class Solved:
    """How far the residual is from zero, as a share of what it becomes when x moves by its size."""

    share: float
    bar: float

    @property
    def verdict(self) -> Verdict:
        """Whether it is a solution, if perhaps one to a tolerance."""
        return Verdict.CORRECT if self.share <= T.solution else Verdict.WRONG


@dataclass(frozen=True, slots=True)
class Looked:
    """A claimed derivative beside the residual and, where they disagree, beside the solver."""

    name: str
    report: Report
    beside: Report | None
    why: str = ""


class Calls:
    """The residuals at steps along one direction, each evaluated once.

    Where they raise beside the point, they have left their domain.
    """

    def __init__(self, function: Callable[[float], Array], scale: float = 1.0) -> None:
        self._function = function
        self._known: dict[float, Array] = {}
        self._scale = scale

    def __call__(self, step: float) -> Array:
        """The residuals at one step."""
        if step not in self._known:
            self._known[step] = self._at(step)
        return self._known[step]

    def _at(self, step: float) -> Array:
        try:
            return self._function(step)
        except Exception as error:
            if step == 0 or not outside(error):
                raise
            return np.full_like(self(0.0), np.nan)

    def slope(self, k: int) -> tuple[float, float, float]:
        """The slope of one residual, its bar, and the noise of an evaluation."""
        sampler = Sampler(lambda step: float(self(step)[k]), self._scale)
        size = float(np.linalg.norm(self(0.0)))

        def enough(value: float, error: float) -> bool:
            return error <= T.residual_rounding * abs(value) or abs(value) <= error <= (
                T.roundoff * size
            )

        found = measure(sampler, enough, scale=self._scale)
        return found.value, found.error, found.noise


def rows_of(found: Any) -> Array:
    """All numbers that a function returned, in a row."""
    return flat([home(leaf).host(leaf) for leaf in tree.leaves(found)])
