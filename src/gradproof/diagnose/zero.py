"""A gradient of zero, or zeros in it, where the function does change."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..judge.explain import is_discrepant, is_zero
from ..judge.thresholds import T
from ..records.finding import Kind
from .evidence import Evidence, Explanation
from .places import describe
from .rules import rule

_MOST = 40  # zeros that are measured one by one
_PROBES = 2  # slopes that have to find the rest right

_MEANT = (
    " over small steps. If it moves in steps and the gradient is meant for what it rounds (a "
    "straight-through estimator), pass that as surrogate=, with gp.stop_gradient for the rest."
)


@rule("zero", place=10)
def suspect(evidence: Evidence) -> Iterator[Explanation]:
    """``claimed = 0`` or, the other way round, ``true = 0``."""
    name = evidence.block.name
    if not evidence.claimed.any():
        message = f"{name}: the claimed gradient is zero, but fun changes with it."
        yield Explanation(Kind.ZERO, message, 1.0, 0.0, 0.0)
        return
    evidence.need(2)
    if evidence.draws and _is_roundoff(evidence):
        message = (
            f"{name}: the claimed gradient is zero but for round-off, and fun changes with it."
        )
        yield Explanation(Kind.ZERO, message, 1.0, 0.0, 0.0)
        return
    wrong = evidence.draws and all(map(is_discrepant, evidence.draws))
    if wrong and is_zero(evidence.slopes, evidence.bars):
        message = f"{name}: a gradient is claimed, but fun does not change with it{_MEANT}"
        yield Explanation(Kind.UNEXPLAINED, message, 1.0)


def _is_roundoff(evidence: Evidence) -> bool:
    """Whether all that is claimed is next to nothing beside what is measured."""
    largest = float(np.abs(evidence.claimed).max()) * evidence.block.scale
    return largest <= T.roundoff * float(np.abs(evidence.slopes).max())


@rule("zero-some", place=110, measures=True)
def suspect_some(evidence: Evidence) -> Iterator[Explanation]:
    """``claimed = 0`` on some entries, and right wherever it is not."""
    zeros = np.flatnonzero(evidence.claimed == 0)
    others = np.flatnonzero(evidence.claimed)
    if not 0 < zeros.size <= _MOST or not others.size:
        return
    for _ in range(_PROBES):
        probe = evidence.probe(only=tuple(others.tolist()))
        if is_discrepant(probe) or not np.isfinite(probe.slope_bar):
            return
    wrong = np.zeros(evidence.block.count, dtype=bool)
    for entry in zeros.tolist():
        wrong[entry] = is_discrepant(evidence.probe(entry=entry))
    if wrong.any():
        message = (
            f"{describe(wrong, evidence.block, evidence.point)}: the claim is zero there, but fun "
            "changes with it. Everything else agrees with fun within the error bars."
        )
        yield Explanation(Kind.ZERO, message, 1.0, 0.0, 0.0, wrong)
