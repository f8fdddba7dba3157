"""What the errors of a block are measured against: its gradient, or what that is one scale away."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..records.block import Block
from .bands import Bands
from .evidence import Evidence, common, typical
from .thresholds import BANDS, T


@dataclass(frozen=True, slots=True)
class Scale:
    """The norm of the ``gradient``, as far as it is known, and the ``natural`` scale.

    An error up to ``limit`` is none, and one up to ``rounding`` is round-off of the claim, however
    large a share of the gradient: at an optimum nothing else is left of it.
    """

    gradient: float
    natural: float
    limit: float
    rounding: float


def measured_against(
    block: Block, own: Evidence, norm: float, value: float, eps: float, bands: Bands
) -> Scale:
    """What the block's ``own`` comparisons, its claims and the function's value say of its scale.

    ``norm`` is that of the claim, known to ``eps``, ``value`` the magnitude of the function.
    """
    seen = tells(own)
    gradient = size(own, norm, seen=seen)
    bend = typical(own.bends, own) if own.bends else 0.0
    natural = max(gradient, bend if math.isfinite(bend) else 0.0)  # beyond all numbers: unknown
    flat = own.gaps and not any(own.slopes)
    # Where nothing is claimed, it is the scale that a block of zeros gets.
    ignored = (max(value, 1.0) if flat and norm == 0 else value) / block.scale
    low, high = BANDS["float64"]
    share = min(bands.correct_below, max(low, eps))
    if block.enlarged and not 0 < gradient <= T.underflow * natural:
        # What a gradient becomes farther away than its block is large says less of it.
        natural = max(gradient, min(natural, T.tells * gradient / max(high, eps)))
    if not seen and gradient <= max(_bar(own), T.roundoff * ignored):
        natural = max(natural, ignored)  # it may be a block that the function ignores
        share = min(bands.wrong_above, max(high, eps))
    limit = max(bands.wrong_above * gradient, share * natural)
    # A value of zero that stays zero says nothing of its round-off; that of one is what it may be.
    remnant = 1.0 / block.scale if flat and value == 0 else 0.0
    return Scale(gradient, natural, limit, T.roundoff * max(natural, remnant))


def _bar(own: Evidence) -> float:
    return typical(own.bars, own) if own.gaps else 0.0


def size(own: Evidence, norm: float, *, seen: bool) -> float:
    """The norm of the true gradient, as far as it is known.

    The claim's own norm serves where no slope is ``seen``, where claim and truth are alike, and
    where they differ by a constant factor.
    """
    if not seen:
        return norm
    if own.sweep:
        return typical(own.slopes, own)
    factor = common(own.claims, own.slopes, own.slope_bars)
    if factor:
        return norm / factor
    return typical(own.slopes, own) if typical(own.gaps, own) > norm / 2 else norm


def tells(own: Evidence) -> bool:
    """Whether some slope stands above its bar."""
    return any([slope > bar for slope, bar in zip(own.slopes, own.bars, strict=True)])
