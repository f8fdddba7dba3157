"""What the claims become beside the point: how much each block's gradient changes there."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..records.direction import Direction
from . import claim as claims
from .claim import Claim
from .providers import claim as claimed
from .session import Session

Norms = tuple[float, ...]


def growth(session: Session, direction: Direction, share: float) -> tuple[Norms, ...]:
    """By how much the claims change along a direction, from claims a share of it to both sides.

    One number a block for each projection; 0 where that cannot be told.
    """
    every = [projection.claim for projection in session.projections]
    nothing = [(0.0,) * len(session.point.blocks)] * len(every)
    reverse = [k for k, claim in enumerate(every) if isinstance(claim, Claim)]
    if not (session.movable and reverse):
        return tuple(nothing)
    try:
        sides = [_claims(session, direction, t) for t in (share, -share)]
    except Exception:  # noqa: BLE001 - whatever it is: it is outside the domain
        return tuple(nothing)
    for k, one, other in zip(reverse, *sides, strict=True):
        apart = claims.distance(one, other)
        nothing[k] = tuple([a / (2 * share) if math.isfinite(a) else 0.0 for a in apart])
    return tuple(nothing)


def _claims(session: Session, direction: Direction, t: float) -> Sequence[claims.Sketch]:
    """What is kept of the claims at one place; fun is called there first, as users do."""
    line = session.line(direction)
    line.move(t)
    try:
        made = claimed(session, session.result())
        return [claims.sketch(claim, session.point.blocks) for claim in made]
    finally:
        line.back()
