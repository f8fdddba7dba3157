"""From projections to blocks, and from blocks to the whole."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from ..records.judgement import Judgement
from ..records.verdict import severity


def combined(each: Sequence[Judgement]) -> tuple[int, Judgement]:
    """The worst of several judgements of one block, and which it is.

    Further draws are wanted where any of them wants some; what was not noticed in one of them
    would not have been noticed.
    """
    if len(each) == 1:
        return 0, each[0]
    worst = min(range(len(each)), key=lambda k: (severity(each[k].verdict), -each[k].error, k))
    return worst, dataclasses.replace(
        each[worst],
        resolution=max(j.resolution for j in each),
        sharp=all(j.sharp for j in each),
        open=any(j.open for j in each),
    )


def distance(judgements: Sequence[Judgement]) -> float:
    """Estimate ``|claimed - numerical|`` over all blocks; exact in a sweep.

    A block that was only ever moved together with others gets its even share of what they
    showed together.
    """
    together = math.sqrt(sum([j.draws == 0 for j in judgements])) or 1.0
    return math.hypot(*[j.error * j.size / (1 if j.draws else together) for j in judgements])


def difference(norms: Sequence[float], judgements: Sequence[Judgement]) -> float:
    """Estimate ``|claimed - numerical| / (|claimed| + |numerical|)`` over all blocks."""
    if not all(map(math.isfinite, norms)):
        return math.nan
    gap = distance(judgements)
    numerical = math.hypot(*[0.0 if j.zero else j.size for j in judgements])
    total = math.hypot(*norms) + numerical
    return gap / total if total > 0 else gap


def resolution(judgements: Sequence[Judgement]) -> float:
    """The resolution of the whole is that of its bluntest block."""
    return max([j.resolution for j in judgements], default=math.inf)
