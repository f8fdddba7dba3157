"""Claims in half precision: how many roundings they are off, and how many their code explains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..judge.thresholds import T
from ..records.direction import Direction, Part
from . import claim as claims
from .claim import Claim
from .providers import claim as claimed
from .session import Session

# Below this a type has no normal numbers any more: all of its gradients are coarse.
_SMALLEST: dict[str, float] = {"float16": float(np.finfo(np.float16).smallest_subnormal)}


@dataclass(frozen=True, slots=True)
class Roundings:
    """A claim is ``share`` of its twin in float64 away from it, and why that is too much.

    That is ``seen`` roundings of the result. What its ``operations`` explain, each of which rounds
    once, is ``explained`` of them.
    """

    share: float
    seen: float
    explained: float
    operations: int

    def reported(self, name: str, dtype: str) -> str:
        """The sentence of a finding."""
        return (
            f"{name}: right in float64, but in {dtype} {100 * self.share:.2g} % off: "
            f"{self.seen:.0f} times what one rounding explains, where {self.explained:.0f} would "
            f"be much for {self.operations} operations. Does something add up in {dtype}? Add up "
            "in float32, and round once."
        )


def is_half(session: Session) -> bool:
    """Whether some block is so coarse that a sum of many terms is lost in it."""
    return any([session.point.eps(b.index) > T.half for b in session.point.blocks])


def lost(
    session: Session, noise: Sequence[Sequence[float]], finer: Sequence[Claim]
) -> dict[int, Roundings]:
    """The blocks whose claims lose more than the roundings of their operations.

    ``noise`` are the distances of the claims from ``finer`` ones, their twins in float64. An
    operation rounds its result once, by half the spacing ``u`` of its numbers at most, and what
    follows may magnify that: by what a rounding of the point does to the twin. Who adds up in half
    precision loses no more than all; where more is off, terms of either sign cancel.
    """
    allowed = T.roundings_free + session.operations
    if not session.operations or not finer:
        return {}
    suspects = {
        block.index
        for distances, twin in zip(noise, finer, strict=True)
        for block in session.point.blocks
        if distances[block.index] > allowed * _rounding(session, twin, block.index)
    }
    if not suspects:
        return {}
    moved = _moved(session, finer)
    found: dict[int, Roundings] = {}
    for distances, twin, shift in zip(noise, finer, moved, strict=True):
        for index in suspects:
            one = _rounding(session, twin, index)
            limit = allowed * max(one, shift[index]) / one
            seen = distances[index] / one
            share = distances[index] / twin.norms[index] if twin.norms[index] else math.inf
            if (
                seen > limit
                and share < T.lost
                and (index not in found or found[index].share < share)
            ):
                found[index] = Roundings(share, seen, limit, session.operations)
    return found


def _rounding(session: Session, twin: Claim, index: int) -> float:
    """The norm of one rounding of a block's gradient."""
    block = session.point.blocks[index]
    smallest = _SMALLEST.get(block.dtype, 0.0) * math.sqrt(block.count)
    one: float = session.point.eps(index) / 2 * twin.norms[index]
    return max(one, smallest, math.ulp(0.0))


def _moved(session: Session, finer: Sequence[Claim]) -> list[tuple[float, ...]]:
    """How far the twins move where the point is rounded once."""
    blocks = session.point.blocks
    sketches = [claims.sketch(twin, blocks) for twin in finer]
    parts = tuple(Part(b.index, b.scale * session.point.eps(b.index) / 2) for b in blocks)
    line = session.line(Direction(parts, 0, 0))
    line.move(1.0)
    try:
        there = claimed(session, session.result())
    finally:
        line.back()
    return [
        claims.distance(sketch, claims.sketch(twin, blocks))
        for sketch, twin in zip(sketches, there, strict=True)
    ]
