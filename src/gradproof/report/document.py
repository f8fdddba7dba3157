"""What a renderer is given: the reports of a run, and the cases that gave none."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..records.failure import Failure
from ..records.verdict import Verdict
from .report import Report


@dataclass(frozen=True, slots=True)
class Document:
    """Reports, each with the label of its case, and cases that gave none.

    ``unfinished`` are the cases that an interrupted run did not reach, ``facts`` what the command
    that ran them says of itself: plain data, for machines.
    """

    reports: tuple[tuple[str, Report], ...]
    failures: tuple[Failure, ...] = ()
    unfinished: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """How many reports of each verdict, and how many errors."""
        seen = Counter(str(report.verdict) for _, report in self.reports)
        return {**{kind: seen[kind] for kind in map(str, Verdict)}, "errors": len(self.failures)}

    @property
    def title(self) -> str:
        """The name of the only report, or how many there are."""
        if len(self.reports) == 1 and not (self.failures or self.unfinished):
            return self.reports[0][0]
        return f"{len(self.reports)} checks"

    def headline(self, more: str = "") -> str:
        """One line that can be searched for; ``more`` stands behind the counts."""
        line = "gradproof: " + ", ".join(f"{kind} {n}" for kind, n in self.counts.items()) + more
        left = len(self.unfinished)
        return f"{line}, interrupted with {left} of the cases unfinished" if left else line
