"""One window: a least-squares slope at 0 from a few points, with the error that they show.

The function is sampled at Chebyshev nodes and a polynomial without constant term is fitted
to its increments. For symmetric nodes that is one fit of the odd part by t, t^3 and one of
the even part by t^2, t^4. What the fit leaves over is noise and lack of fit, so it gives the
standard error of the slope without any assumption about the function (ordinary least
squares; e.g. Draper and Smith, Applied Regression Analysis, 1998, ch. 1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Bars are ten standard errors. On this grid that covers the bias of every single missing
# power (at most 3.2 standard errors) and of a kink anywhere in the window (at most 8.5),
# and leaves a tail of 6e-4 to Student's t with four degrees of freedom. With two windows in
# one fit the figures are 2.7 and 7.2, and there are ten degrees of freedom.
BAR = 10.0

# Arguments on both sides of a number are rounded inside a function as mirror images, which leaves
# the odd part alone to show it: with two degrees of freedom the same tail takes this many times
# as much.
_ODD = 10.0
_ROUNDED = 1e-6  # what is a larger share of the increments was not made by rounding arguments
MIRRORED = 3.0

RATIO = 8.0  # between the half-widths of neighbouring windows


@dataclass(frozen=True, slots=True)
class Stencil:
    """Where to sample a window of half-width 1, and the linear maps from samples to results."""

    nodes: NDArray[np.float64]
    slope: NDArray[np.float64]
    bend: NDArray[np.float64]  # how the slope changes from t = 0 to 1: the even part, the odd part
    residual: NDArray[np.float64]
    freedom: int
    amplification: float  # standard error of the slope for unit noise per evaluation, φ(0) included

    @property
    def sides(self) -> tuple[float, ...]:
        """The signs of the nodes."""
        return tuple(side for side in (1.0, -1.0) if (side * self.nodes > 0).any())


def _stencil(nodes: NDArray[np.float64], powers: Sequence[int]) -> Stencil:
    design = np.stack([nodes**power for power in powers], axis=1)
    inverse = np.linalg.pinv(design)
    slope = inverse[0]
    return Stencil(
        nodes=nodes,
        slope=slope,
        bend=_bend(inverse, powers),
        residual=np.eye(len(nodes)) - design @ inverse,
        freedom=len(nodes) - len(powers),
        amplification=float(np.sqrt(slope @ slope + slope.sum() ** 2)),
    )


def _bend(inverse: NDArray[Any], powers: Sequence[int]) -> NDArray[np.float64]:
    change = np.array(powers) * inverse.T * (np.array(powers) > 1)
    even = np.array(powers) % 2 == 0
    return np.stack([change[:, even].sum(1), change[:, ~even].sum(1)])


def _chebyshev(count: int) -> NDArray[np.float64]:
    return np.cos((2 * np.arange(1, count + 1) - 1) * np.pi / (2 * count))


SYMMETRIC = _stencil(_chebyshev(8), (1, 2, 3, 4))
RIGHT = _stencil((1 + _chebyshev(8)) / 2, (1, 2, 3))
LEFT = _stencil(-(1 + _chebyshev(8)) / 2, (1, 2, 3))
_BOTH = _stencil(np.sort(np.append(_chebyshev(8), _chebyshev(8) / RATIO))[::-1], range(1, 7))
_HALF = _stencil(_chebyshev(8)[:4], (1, 2))
_SPREAD = np.linalg.norm(np.column_stack([SYMMETRIC.bend, SYMMETRIC.bend.sum(1)]), axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """The fit in ``[-half_width, half_width]``, or in one half of it.

    ``scatter`` is the root mean square of what the fit leaves over, per evaluation;
    ``roundoff`` the scatter below which it cannot be, given the type of the values.
    """

    half_width: float
    slope: float
    scatter: float
    roundoff: float
    amplification: float
    increments: NDArray[np.float64]  # φ(t) - φ(0) at the nodes, from the rightmost to the left
    corrected: NDArray[np.float64]  # the same for the steps that were asked for

    @property
    def finite(self) -> bool:
        """Whether every sample was finite, and the slope is."""
        return math.isfinite(self.scatter) and math.isfinite(self.slope)

    @property
    def levels(self) -> int:
        """How many different values the livelier half of the samples shows, φ(0) included."""
        half, numbers = len(self.increments) // 2, self.increments.tolist()
        return max(len({0.0, *numbers[:half]}), len({0.0, *numbers[half:]}))

    @property
    def step(self) -> float:
        """The smallest difference between two samples, φ(0) included."""
        levels = np.unique(np.append(self.increments, 0.0))
        return float(np.diff(levels).min()) if levels.size > 1 else 0.0

    def bar(self, noise: float = 0.0) -> float:
        """The error bar of ``slope``, given a scatter known from elsewhere."""
        scatter = max(self.scatter, self.roundoff, noise)
        return BAR * self.amplification * scatter / self.half_width

    def bend(self, noise: float = 0.0) -> float:
        """How much the slope changes from the middle to the ends: a lower bound.

        Of the even or the odd part alone: either says how large the slope becomes.
        """
        scatter = max(self.scatter, self.roundoff, noise)
        known = np.abs(SYMMETRIC.bend @ self.corrected) - BAR / 2 * scatter * _SPREAD
        return max(float(known.max()), 0.0) / self.half_width


def fit(
    stencil: Stencil,
    half_width: float,
    increments: NDArray[np.float64],
    roundoff: float,
    taken: NDArray[np.float64] | None = None,
) -> Window:
    """Fit one window. ``taken`` are the displacements that really happened, if not the nodes.

    Where a float could not move by exactly the step that was asked for, each increment is
    corrected by the slope times what is missing, which leaves an error of second order.
    """
    if not np.isfinite(increments).all():
        return Window(
            half_width, math.nan, math.inf, roundoff, stencil.amplification, increments, increments
        )
    corrected = increments
    if taken is not None:
        first = stencil.slope @ increments / half_width
        corrected = increments + first * (stencil.nodes * half_width - taken)
    left_over = stencil.residual @ corrected
    scatter = _norm(left_over) / stencil.freedom**0.5
    small = roundoff < scatter <= _ROUNDED * float(np.abs(increments).max())
    mirrored = small and _only_odd(stencil, left_over)
    return Window(
        half_width=half_width,
        slope=float(stencil.slope @ corrected) / half_width,
        scatter=scatter,
        roundoff=roundoff,
        amplification=stencil.amplification * (MIRRORED if mirrored else 1.0),
        increments=increments,
        corrected=corrected,
    )


def _only_odd(stencil: Stencil, left_over: NDArray[np.float64]) -> bool:
    """Whether the even part of a symmetric window, half of its evidence, is next to nothing."""
    if len(stencil.sides) == 1:
        return False
    mirror = left_over[::-1]
    return _ODD * _norm(left_over + mirror) < _norm(left_over - mirror)


def merge(narrow: Window, wide: Window) -> Window:
    """One fit to two symmetric windows, the wider ``RATIO`` times as wide as the other.

    The narrow window pays for two more powers, so that much of the wide one becomes usable
    without a further evaluation.
    """
    half = len(wide.increments) // 2
    increments = np.concatenate([wide.corrected[:half], narrow.corrected, wide.corrected[half:]])
    return fit(_BOTH, wide.half_width, increments, max(narrow.roundoff, wide.roundoff))


def _norm(vector: NDArray[np.float64]) -> float:
    """Euclidean norm that survives values whose squares underflow or overflow."""
    return math.hypot(*vector.tolist())


def halves(window: Window) -> tuple[Window, Window]:
    """The right and the left half of a symmetric window, each fitted by t, t^2 on its own."""
    right = fit(_HALF, window.half_width, window.corrected[:4], window.roundoff)
    mirrored = fit(_HALF, window.half_width, window.corrected[:3:-1], window.roundoff)
    left = Window(
        window.half_width,
        -mirrored.slope,
        mirrored.scatter,
        window.roundoff,
        mirrored.amplification,
        mirrored.increments,
        mirrored.corrected,
    )
    return right, left
