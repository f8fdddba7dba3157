"""A gradient of zero, where the function does change."""

from __future__ import annotations

from collections.abc import Iterator

from ..records.finding import Kind
from .evidence import Evidence, Explanation


def suspect(evidence: Evidence) -> Iterator[Explanation]:
    """``claimed = 0``."""
    if evidence.claimed.any():
        return
    name = evidence.block.name
    yield Explanation(
        Kind.ZERO, f"{name}: the claimed gradient is zero, but fun changes with it.", 1.0, 0.0, 0.0
    )
