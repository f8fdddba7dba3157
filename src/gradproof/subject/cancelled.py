"""Claims that are nothing but round-off: their terms cancel, and what rounding left is no claim.

Where a softmax is saturated second derivatives are zero, and a backward pass comes out with what is
left of numbers of size 1. It is not linear in the gradient from above, as rounding is not; the
blocks beside it show how much of that there is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from ..judge.thresholds import T
from .claim import Claim
from .session import Session


def cancelled(
    made: Sequence[Claim], changes: Sequence[tuple[float, ...]], off: Collection[int]
) -> set[int]:
    """Which of the blocks that are ``off`` are, with their claims, no more than round-off.

    ``changes`` are how far each claim is from a multiple of itself. The blocks that are not off are
    right, so what they are off by is the round-off of a pass.
    """
    beside = [[a for k, a in enumerate(apart) if k not in off] for apart in changes]
    rounding = T.claim_noise * max([a for each in beside for a in each], default=0.0)
    return {
        k
        for k in off
        if all(
            max(apart[k], claim.norms[k]) <= rounding
            for claim, apart in zip(made, changes, strict=True)
        )
    }


def as_zeros(session: Session, made: Sequence[Claim], blocks: Collection[int]) -> list[Claim]:
    """The claims with zeros in these blocks, and a note that says so."""
    for k in sorted(blocks):
        size = max(claim.norms[k] for claim in made)
        session.notes.append(
            f"{session.point.blocks[k].name}: its gradient is nothing but round-off (norm "
            f"{size:.2g}, as uncertain as the others are): it was checked as zero."
        )
    return [_without(claim, blocks) for claim in made] if blocks else list(made)


def _without(claim: Claim, blocks: Collection[int]) -> Claim:
    gradients = [np.array(g) for g in claim.gradients]
    for k in blocks:
        gradients[k][...] = 0
    norms = tuple(0.0 if k in blocks else norm for k, norm in enumerate(claim.norms))
    return replace(claim, gradients=tuple(gradients), norms=norms, whole=None)
