"""What is too small to show beside the rest: it gets a direction of its own.

A norm forgets what is so much smaller than the rest that no band reaches down to it: a block of
which nothing is claimed beside steep ones, and the smallest entries of a block.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..backend import arrays
from ..judge.bands import Bands
from ..judge.compare import may_be_small
from ..records.direction import Part
from ..space.point import Point
from ..subject.claim import Claimed

# So many of the smallest entries of a block are looked at.
_MOST = 4096


def small_parts(point: Point, claim: Claimed, bands: Sequence[Bands]) -> list[Part]:
    """The parts of one direction through all that is faint; none where nothing is.

    Entries that are claimed to be zero are left out: most are, rightly, behind a ReLU.
    """
    told = any(norm > 0 for norm in claim.norms)
    parts = []
    for block, limits in zip(point.blocks, bands, strict=True):
        norm = claim.norms[block.index]
        if norm == 0 and told:
            parts.append(Part(block.index, block.scale))
        elif (
            norm > 0 and claim.finite(block.index) and may_be_small(point.eps(block.index), limits)
        ):
            gradient = claim.gradient(block.index)
            if gradient is not None:
                small = arrays.smallest(gradient, limits.correct_below * norm, _MOST)
                parts += [Part(block.index, block.scale, only=small)] if small else []
    return parts
