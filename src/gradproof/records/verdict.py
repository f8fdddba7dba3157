"""The four verdicts and their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a check concludes about a claimed gradient."""

    CORRECT = "correct"
    SUSPECT = "suspect"
    WRONG = "wrong"
    UNDECIDED = "undecided"

    @property
    def sentence(self) -> str:
        """What the verdict means, for a reader."""
        return _SENTENCES[self]

    @property
    def rejects(self) -> bool:
        """Whether the verdict is ``wrong`` or ``suspect``."""
        return self is Verdict.WRONG or self is Verdict.SUSPECT


_SENTENCES = {
    Verdict.CORRECT: "the claimed gradient is the gradient of the function",
    Verdict.SUSPECT: "there is a small discrepancy, beyond what round-off explains",
    Verdict.WRONG: "the claimed gradient and the function disagree",
    Verdict.UNDECIDED: "the numerical side cannot tell",
}

_WORST_FIRST = (Verdict.WRONG, Verdict.SUSPECT, Verdict.UNDECIDED, Verdict.CORRECT)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of several verdicts; ``correct`` where there is none."""
    return min(verdicts, key=severity, default=Verdict.CORRECT)


def severity(verdict: Verdict) -> int:
    """0 for the worst verdict, growing towards ``correct``: a sort key."""
    return _WORST_FIRST.index(verdict)


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict on a block whatever its slopes say, the reason, and a bar at least so wide.

    Where the ``error`` itself is known otherwise, it and its bar stand for what slopes say.
    """

    verdict: Verdict
    reason: str
    bar: float = 0.0
    error: float = 0.0
