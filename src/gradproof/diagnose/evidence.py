"""What a suspicion may look at: one wrong block, its slopes, and the means to get more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..judge.credible import bar_of
from ..judge.explain import allowed, explained, is_zero
from ..plan.locate import Located, Locator, Measure, ramped
from ..records.block import Block
from ..records.comparison import Comparison
from ..records.direction import Direction, Part
from ..records.finding import Kind
from ..space.directions import vector

Flat = NDArray[np.float64]

# Draws of an explanation begin here, away from those of the check.
FIRST_DRAW = 1 << 20

_KEPT = 1 << 20  # coordinates: vectors up to this size are kept between suspicions


@dataclass(frozen=True, slots=True)
class Explanation:
    """A suspicion that held: the kind, the sentence, and what it accounts for.

    ``wrong`` marks the coordinates at fault, or is None where all are.
    """

    kind: Kind | str
    message: str
    explained: float
    factor: float | None = None
    factor_bar: float | None = None
    wrong: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients of a corrected gradient, their bars, and the share of the gap it explains."""

    coefficients: Flat
    bars: Flat
    explained: float
    tolerance: float
    claimed: Flat
    scale: float

    def wrong(self, corrected: Flat) -> NDArray[np.bool_]:
        """Where a corrected gradient differs from the claim by more than the fit allows."""
        return np.asarray(np.abs(corrected - self.claimed) * self.scale > self.tolerance)


@dataclass(slots=True)
class Evidence:
    """One wrong block. Arrays are flat, in double precision, complex entries as two numbers.

    ``others`` are the claimed gradients of all blocks by name, ``right`` the names of those that
    were judged correct; ``arguments`` the arrays among the extra arguments, by name. ``measure``
    compares claim and slope along one more direction, ``slopes_left`` says how many may go into the
    search for entries, ``vain`` how many of them, all wrong, end it. ``mute`` says that random
    directions say nothing: at a kink, or where no step fits all entries. No entry is moved by less
    than the ``least``.
    """

    block: Block
    claimed: Flat
    point: Flat
    others: dict[str, Flat]
    right: frozenset[str]
    shapes: dict[str, tuple[int, ...]]
    arguments: dict[str, NDArray[Any]]
    draws: list[Comparison]
    measure: Measure
    slopes_left: int
    seed: int
    next_draw: int = FIRST_DRAW
    vectors: list[Flat] = field(default_factory=list)
    located: Located | None = None
    mute: bool = False
    vain: int = 0
    least: float = 0.0
    looked: dict[Direction, Comparison] = field(default_factory=dict)

    def need(self, count: int) -> None:
        """Look for so many slopes along random directions through the whole block."""
        for _ in range(2 * count):
            if len(self.draws) >= count or self.mute:
                return
            comparison = self.look(self._next())
            self.mute = comparison.kinked  # so will be all others
            if np.isfinite(comparison.slope_bar) and not comparison.kinked:
                self.draws.append(comparison)

    def probe(self, **moving: Any) -> Comparison:
        """Claim and slope along a direction that nobody has drawn yet; ``moving`` as of a part."""
        part = Part(self.block.index, self.block.scale, **moving)
        self.next_draw += 1
        return self.look(Direction((part,), self.seed, self.next_draw - 1))

    def look(self, direction: Direction) -> Comparison:
        """Claim and slope along a direction, measured once."""
        if direction not in self.looked:
            self.looked[direction] = self.measure(direction)
        return self.looked[direction]

    def _next(self) -> Direction:
        """A direction through the whole block: after two, one that locating asks for as well."""
        long = [axis for axis, length in enumerate(self.block.axes) if length > 1]
        if len(self.draws) == 2 and long:
            growing = ramped(self.block, self.draws[0].direction, long[0])
            if growing not in self.looked:
                return growing
        self.next_draw += 1
        part = Part(self.block.index, self.block.scale)
        return Direction((part,), self.seed, self.next_draw - 1)

    @property
    def slopes(self) -> Flat:
        """The measured slopes."""
        return np.array([c.slope.value for c in self.draws])

    @property
    def bars(self) -> Flat:
        """Their error bars."""
        return np.array([bar_of(c) for c in self.draws])

    @property
    def gaps(self) -> Flat:
        """Claimed less measured."""
        return np.array([c.gap for c in self.draws])

    def project(self, gradient: Flat) -> Flat:
        """What the slopes would be if a gradient were the true one."""
        return np.array([self._direction(k) @ gradient for k in range(len(self.draws))])

    def project_squares(self, spread: Flat) -> Flat:
        """Variances of the slopes, if every coordinate of the gradient had such a spread."""
        return np.array([self._direction(k) ** 2 @ spread**2 for k in range(len(self.draws))])

    def _direction(self, k: int) -> Flat:
        """The direction of a draw as a vector; kept, where that is no burden."""
        if k < len(self.vectors):
            return self.vectors[k]
        direction = self.draws[k].direction
        part = direction.parts[0]
        drawn = vector(part, self.block.axes, direction.seed, direction.draw)
        out = np.empty(self.block.count)
        drawn.displace(out, part.step)
        if k == len(self.vectors) and self.block.count <= _KEPT:
            self.vectors.append(out)
        return out

    def corrected(self, kind: Kind, gradient: Flat, message: str) -> Iterator[Explanation]:
        """The explanation that a gradient other than the claim is the true one, if that holds."""
        if np.array_equal(gradient, self.claimed) or not np.isfinite(gradient).all():
            return
        fit = self.fit([], known=gradient)
        if fit is not None:
            words = f"{self.block.name}: {message}"
            yield Explanation(kind, words, fit.explained, wrong=fit.wrong(gradient))

    def multiple(self, part: Flat, known: Flat | None = None) -> tuple[Fit, float, float] | None:
        """The factor, with its bar, by which ``part`` is what it should be, if that holds."""
        fit = self.fit([part], known)
        if fit is None or is_zero(fit.coefficients, fit.bars):
            return None
        factor = 1 / float(fit.coefficients[0])
        return fit, factor, float(fit.bars[0]) * factor**2

    def fit(self, basis: Sequence[Flat], known: Flat | None = None) -> Fit | None:
        """Fit ``known + Σ c_j basis_j`` to the slopes; None where it does not explain the gap.

        Two slopes more than coefficients are needed: a fit to as many proves nothing.
        """
        self.need(len(basis) + 2)
        free = int(np.count_nonzero(np.any([b != 0 for b in basis], axis=0))) if basis else 1
        if len(self.draws) < len(basis) + 2 or len(basis) > max(1, free - 1):
            return None
        slopes, bars = self.slopes, self.bars
        limits = allowed(bars, slopes)
        if not basis and known is not None:  # most fail at the first slope
            first = self.draws[0]
            if abs(first.slope.value - self._direction(0) @ known) > limits[0]:
                return None
        target = slopes - (self.project(known) if known is not None else 0.0)
        projected = [np.empty((len(slopes), 0)), *(self.project(b)[:, None] for b in basis)]
        columns = np.concatenate(projected, axis=1)
        finite = np.isfinite(columns).all()
        if basis and (not finite or np.linalg.matrix_rank(columns) < len(basis)):
            return None
        weights = 1 / (bars + np.finfo(float).tiny + 1e-12 * np.abs(slopes).max())
        inverse = np.linalg.pinv(columns * weights[:, None])
        found = inverse @ (target * weights)
        share = explained(target - columns @ found, bars, self.gaps, slopes)
        if not share:
            return None
        known_to = np.sqrt((inverse**2).sum(axis=1))
        return Fit(found, known_to, share, float(limits.max()), self.claimed, self.block.scale)

    def where(self) -> Located:
        """Which entries are wrong; searched for once."""
        if self.located is None:
            self.need(2)
            search = Locator(
                self.block, self.point, self.seed, 2 * FIRST_DRAW, self.slopes_left,
                vain=0 if self.mute else self.vain, least=self.least,
            )  # fmt: skip
            self.located = search.run(self.draws, self.look)
            # What is said next has to hold for them, too.
            self.draws += [c for c in self.located.sample if _is_plain(c)]
        return self.located


def _is_plain(comparison: Comparison) -> bool:
    return bool(np.isfinite(comparison.slope_bar)) and not comparison.kinked
