"""Claims of a Hessian beside each other: its symmetry, and its products with vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..records.verdict import Verdict
from .bands import Bands
from .thresholds import T

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two claims are apart, as a share of their size, and where: a pair of blocks."""

    share: float
    verdict: Verdict
    where: tuple[int, int] = (0, 0)

    @property
    def tells(self) -> bool:
        """Whether both are numbers, and not the same."""
        return self.verdict.rejects and math.isfinite(self.share)


def asymmetry(
    dense: Array, spans: Sequence[slice], scales: Array, eps: float, bands: Bands
) -> Agreement:
    """How far a matrix is from its transpose, for the pair of blocks that is worst.

    ``scales`` are those of the coordinates: all entries are then in units of the function.
    """
    scaled = dense * np.outer(scales, scales)
    if not np.isfinite(scaled).all():
        return Agreement(np.nan, Verdict.UNDECIDED)
    norms = np.linalg.norm(scaled, axis=1)
    roundoff = T.symmetric_roundoff * eps * np.sqrt(np.outer(norms, norms))
    apart = np.maximum(np.abs(scaled - scaled.T) - roundoff, 0)
    found = [
        (_share(np.linalg.norm(apart[a, b]), scaled[a, b], scaled[b, a]), (i, j))
        for i, a in enumerate(spans)
        for j, b in enumerate(spans[: i + 1])
    ]
    share, where = max(found, key=lambda pair: pair[0])
    return Agreement(share, _verdict(share, bands), where)


def crossed(
    drawn: Sequence[Array], multiplied: Sequence[Array], eps: float, bands: Bands
) -> Agreement:
    """The same of an operator: ``v · H w`` less ``w · H v``, as a share of their usual size."""
    share = 0.0
    for k in range(len(drawn)):
        v, w, hv, hw = drawn[k - 1], drawn[k], multiplied[k - 1], multiplied[k]
        size = float(np.linalg.norm(v * hw) + np.linalg.norm(w * hv))
        roundoff = T.symmetric_roundoff * eps * size
        apart = max(abs(float(v @ hw - w @ hv)) - roundoff, 0.0)
        share = max(share, apart / size if size else 0.0)
    return Agreement(share, _verdict(share, bands))


def products_apart(
    pairs: Sequence[tuple[Array, Array]], spans: Sequence[slice], eps: float, bands: Bands
) -> Agreement:
    """How far products of two claims with the same vectors are apart, for the worst block."""
    worst = Agreement(0.0, Verdict.CORRECT)
    for one, other in pairs:
        size = float(np.linalg.norm(one) + np.linalg.norm(other))
        roundoff = T.symmetric_roundoff * eps * size
        for i, s in enumerate(spans):
            apart = float(np.linalg.norm(one[s] - other[s]))
            share = _share(max(apart - roundoff, 0.0), one[s], other[s])
            if not share <= worst.share:
                worst = Agreement(share, _verdict(share, bands), (i, i))
    return worst


def _share(apart: float | np.floating, one: Array, other: Array) -> float:
    size = (np.linalg.norm(one) + np.linalg.norm(other)) / 2
    if not np.isfinite(size):
        return float("inf")
    return float(apart / size) if size else 0.0


def _verdict(share: float, bands: Bands) -> Verdict:
    if share > bands.wrong_above:
        return Verdict.WRONG
    return Verdict.SUSPECT if share > bands.correct_below else Verdict.CORRECT


def difference(one: Array | None, other: Array | None) -> float:
    """How far two answers are apart, as a share of the row that is worst; 0 for one alone."""
    if one is None or other is None or np.array_equal(one, other, equal_nan=True):
        return 0.0
    rows = zip(one, other, strict=True)
    return max(_share(float(np.linalg.norm(a - b)), a, b) for a, b in rows)


def known_to(found: Agreement, apart: float) -> Agreement:
    """An agreement of a claim that differs by a share of itself from call to call."""
    if found.verdict.rejects and found.share <= T.claim_noise * apart:
        return replace(found, verdict=Verdict.UNDECIDED)
    return found
