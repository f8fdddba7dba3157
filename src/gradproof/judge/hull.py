"""Whether a claim at a kink lies among the claims just beside it: Clarke's (1983) hull.

Of a piecewise smooth function every valid choice at a kink is a mean of gradients beside it, as
long as one kink is met at a time. A backward pass that picks a side at each of several may leave
that hull: there only what is far outside is rejected, and the rest is a doubt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .thresholds import T

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SMALLEST = 1e-300


@dataclass(frozen=True, slots=True)
class Claims:
    """Numbers read from a ``claim`` and from those ``beside`` it, a row each.

    ``bends`` are the differences of claims beside it at two distances, ``sizes`` the root of the
    sums of squares from which each number was added up, ``whole`` the norm of all.
    """

    claim: Array
    beside: Array
    bends: Array
    sizes: Array
    whole: float


@dataclass(frozen=True, slots=True)
class Spread:
    """Of each number: ``low`` and ``high`` beside it, and by how much the claim leaves them.

    ``bar`` is what curvature and round-off explain, ``values`` how many different ones there are,
    ``ends`` the share of the rarer end.
    """

    low: Array
    high: Array
    excess: Array
    bar: Array
    values: NDArray[np.intp]
    ends: Array

    @property
    def half(self) -> Array:
        """Half of the distance from low to high."""
        return (self.high - self.low) / 2

    @property
    def still(self) -> Mask:
        """Where there is no spread, and so no exemption."""
        return np.asarray(self.half <= T.plain * self.bar)


def spread(claims: Claims) -> Spread:
    """How the claims beside it are spread, and where the claim is."""
    beside, claim = claims.beside, claims.claim
    bar = T.bends * np.abs(claims.bends).max(0) + T.nothing * claims.sizes
    bar = bar + 1e-12 * claims.whole + _SMALLEST
    low, high = beside.min(0), beside.max(0)
    near = bar + 1e-3 * (high - low)
    return Spread(
        low=low,
        high=high,
        excess=np.maximum(np.maximum(claim - high, low - claim), 0.0),
        bar=bar,
        values=1 + (np.diff(np.sort(beside, 0), axis=0) > near).sum(0),
        ends=np.minimum((beside < low + near).mean(0), (beside > high - near).mean(0)),
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """Of each number how far it speaks ``against`` the claim: more than 1 rejects it.

    ``doubt`` is its excess in halves of the spread.
    """

    against: Array
    doubt: Array


def decide(found: Spread, amid: Mask, exempt: Mask) -> Decision:
    """Entries ``amid`` a tie are not rejected for want of a spread; ``exempt`` ones not at all."""
    limit = np.full(found.half.shape, T.beyond_many)
    known = found.ends >= T.at_an_end
    limit[known & (found.values <= T.few_values)] = T.beyond_few
    limit[known & (found.values == 2)] = T.beyond_two
    out = np.where(exempt, 0.0, np.maximum(found.excess - found.bar, 0.0))
    half, still = np.maximum(found.half, _SMALLEST), found.still
    plainly = out / (T.plain * found.bar)
    against = np.where(still, np.where(amid, 0.0, plainly), out / (limit * half))
    return Decision(against, np.where(still, plainly, out / half))


def ties(equal: NDArray[np.intp], claims: Claims, found: Spread) -> tuple[Mask, Mask]:
    """The entries of groups of equal ones that have a spread, and of these the exempt ones.

    That one of a group was never given anything may be chance. Exempt is a whole group that adds
    up to what it always adds up to, each within what the group was seen to be given. ``equal``
    numbers the groups.
    """
    amid, exempt = np.zeros(equal.size, bool), np.zeros(equal.size, bool)
    order = np.argsort(equal, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(equal[order])) + 1)
    for group in groups:
        if len(group) < 2 or found.still[group].all():
            continue
        amid[group] = True
        rows, claim = claims.beside[:, group], claims.claim[group]
        sums, near = rows.sum(1), T.bends * float(found.bar[group].max())
        adds_up = np.ptp(sums) <= 2 * near * len(group) ** 0.5
        adds_up &= abs(claim.sum() - sums.mean()) <= T.plain * near
        within = (claim >= rows.min() - near) & (claim <= rows.max() + near)
        exempt[group] = adds_up and within.all()
    return amid, exempt


def missing(equal: NDArray[np.intp], exempt: Mask, off: NDArray[np.float64]) -> NDArray[np.float64]:
    """What brings the entries of each exempt group to the sum that is claimed of them together."""
    sums = np.bincount(equal, np.where(exempt, off[: equal.size], 0.0))
    return np.asarray((sums / np.maximum(np.bincount(equal, exempt), 1.0))[equal])


def share_of(error: float, size: float) -> float:
    """An error as a share of a size; infinite where nothing is left to compare it with."""
    return error / size if size > 0 else math.inf
