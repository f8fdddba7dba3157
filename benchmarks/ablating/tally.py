"""Verdicts of all specimens, and what becomes of them without a rule."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from trial.asked import Asked
from trial.contestant import Verdict
from trial.result import Result


@dataclass(frozen=True)
class Tally:
    """Without one rule: counts, and the specimens that need it, or are better off without."""

    rule: str
    wrong_passed: int
    right_accused: int
    undecided: int
    mean: float
    median: float
    worse: tuple[str, ...] = ()
    better: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def tallied(
    rule: str, specimens: Sequence[Asked], found: Sequence[Result], whole: Sequence[Result]
) -> Tally:
    """What was found without a rule, beside the whole."""
    right = [s.right for s in specimens]
    now, before = _badness(right, found), _badness(right, whole)
    spent = [r.evaluations for r in found]
    names = [s.name for s in specimens]
    return Tally(
        rule,
        sum(b == _WORST and not r for b, r in zip(now, right, strict=True)),
        sum(b == _WORST and r for b, r in zip(now, right, strict=True)),
        sum(r.verdict == Verdict.UNDECIDED for r in found),
        statistics.mean(spent),
        statistics.median(spent),
        tuple(n for n, a, b in zip(names, now, before, strict=True) if a > b),
        tuple(n for n, a, b in zip(names, now, before, strict=True) if a < b),
    )


_WORST = 2


def _badness(right: Sequence[bool], found: Sequence[Result]) -> list[int]:
    """0: as it is; 1: no verdict; 2: the contrary."""
    return [_bad(is_right, result.verdict) for is_right, result in zip(right, found, strict=True)]


def _bad(right: bool, verdict: str) -> int:
    if verdict not in (Verdict.PASSES, Verdict.ACCUSES):
        return 1
    return 0 if (verdict == Verdict.PASSES) == right else _WORST
