"""From blocks to the whole: the classic difference, and the worst resolution."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..records.judgement import Judgement


def difference(norms: Sequence[float], judgements: Sequence[Judgement]) -> float:
    """Estimate ``|claimed - numerical| / (|claimed| + |numerical|)`` over all blocks.

    Exact in a sweep. A block that was only ever moved together with others gets its even
    share of what they showed together.
    """
    if not all(map(math.isfinite, norms)):
        return math.nan
    together = math.sqrt(sum(j.draws == 0 for j in judgements)) or 1.0
    gap = math.hypot(*(j.error * j.size / (1 if j.draws else together) for j in judgements))
    numerical = math.hypot(*(0.0 if j.zero else j.size for j in judgements))
    total = math.hypot(*norms) + numerical
    return gap / total if total > 0 else gap


def resolution(judgements: Sequence[Judgement]) -> float:
    """The resolution of the whole is that of its bluntest block."""
    return max((j.resolution for j in judgements), default=math.inf)
