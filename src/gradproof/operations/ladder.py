"""Many slopes from the same few passes: each says whether one operation is in balance.

For an operation k with the cotangents c of one backward pass,

    D_k(t) = ⟨c_out, out_k(x + t v)⟩ - Σ_j ⟨c_in,j, in_k,j(x + t v)⟩ - t ⟨c_params, v⟩

has slope 0 at t = 0 exactly where its backward is right along the direction in which its inputs
and parameters move. The slopes are measured as all others are; only the passes are shared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..judge.thresholds import T
from ..records.slope import Slope, Smoothness
from ..slopes.ladder import START
from ..slopes.sampler import Sampler
from ..slopes.search import Search
from ..slopes.smoothness import conclude
from ..slopes.window import SYMMETRIC

Numbers = NDArray[np.float64]

_NONE = Slope(math.nan, math.inf, 0, 0.0, Smoothness.SMOOTH)


@dataclass(frozen=True, slots=True)
class Pass:
    """What one forward pass says of every operation.

    ``given`` is ``⟨c_out, out⟩``, ``taken`` what the inputs and parameters are in products with
    their own cotangents.
    """

    given: Numbers
    taken: Numbers

    @property
    def balance(self) -> Numbers:
        """``D_k`` of every operation."""
        return self.given - self.taken


class SpentError(Exception):
    """No more passes are to be made."""


@dataclass(slots=True)
class Passes:
    """The passes made so far, by step: no step is taken twice, and not many are taken.

    Beyond ``most`` of them ``SpentError`` is raised: what is known then has to do.
    """

    run: Callable[[float], Pass]
    most: int
    made: dict[float, Pass] = field(default_factory=dict)

    def at(self, t: float) -> Pass:
        """The pass at one step."""
        if t not in self.made:
            if len(self.made) >= self.most:
                raise SpentError
            self.made[t] = self.run(t)
        return self.made[t]

    def of(self, members: Sequence[int]) -> Passes:
        """The same passes for some operations taken as one; nothing new is run for it."""
        chosen = list(members)

        def run(t: float) -> Pass:
            found = self.at(t)
            return Pass(*(np.array([n[chosen].sum()]) for n in (found.given, found.taken)))

        return Passes(run, self.most)


@dataclass(frozen=True, slots=True)
class Balance:
    """The imbalance of one operation along a direction, and what it is to be compared with.

    ``size`` is how much the operation moves what comes out of it, ``noise`` bounds what the
    rounding of the cotangents adds to the slope.
    """

    slope: Slope
    size: float
    noise: float


def balances(passes: Passes, sums: Numbers, eps: Numbers, sharp: float) -> list[Balance]:
    """The slope of every ``D_k``, each measured until it is ``sharp`` beside its size.

    ``sums`` are the sums of the magnitudes of the products behind each ``D_k``, ``eps`` the
    spacings of 1.0 in the precision of their cotangents.
    """
    double = float(np.finfo(np.float64).eps)
    times = np.where(eps > double, T.claim_noise, T.cotangents)
    sizes = _sizes(passes)
    return [
        Balance(
            _slope(passes, k, sums[k], sizes[k], sharp),
            float(sizes[k]),
            float(times[k] * eps[k] * sums[k]),
        )
        for k in range(len(sums))
    ]


def _sizes(passes: Passes) -> Numbers:
    """How fast what goes in and what comes out moves, by the ends of the first window."""
    passes.at(0.0)
    step = float(SYMMETRIC.nodes[0]) * START
    right, left = passes.at(step), passes.at(-step)
    pairs = ((right.given, left.given), (right.taken, left.taken))
    rates = [np.abs(one - other) / (2 * step) for one, other in pairs]
    return np.nan_to_num(np.maximum(*rates))


def _slope(passes: Passes, k: int, magnitude: float, size: float, sharp: float) -> Slope:
    """The slope of one ``D_k``.

    It is measured on top of a straight line: alone, a balance that is zero has no scale, and shows
    nothing but the last digits of what cancels.
    """

    def balance(t: float) -> float:
        return float(passes.at(t).balance[k]) + size * t

    def enough(value: float, error: float) -> bool:
        return error <= max(sharp * size, T.known * abs(value - size))

    search = Search(Sampler(balance, largest=magnitude), SYMMETRIC, enough)
    with suppress(SpentError):
        search.run(START)
    try:
        found = conclude(search, START)
    except SpentError:  # a kink perhaps, whose sides there is nothing left for
        best = search.best()
        found = _NONE if best is None else replace(_NONE, value=best.slope, error=search.bar(best))
    sides = [None if side is None else side - size for side in (found.left, found.right)]
    return replace(found, value=found.value - size, left=sides[0], right=sides[1])
