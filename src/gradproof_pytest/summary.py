"""The summary of a run: all checks of its tests, gathered from their reports."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from .log import Record
from .options import Options, near


@dataclass(eq=False, slots=True)
class Summary:
    """All checks of a run, gathered from the reports of its tests: a plugin of its own.

    Under pytest-xdist it lives in the process that hands out the tests.
    """

    config: pytest.Config
    options: Options
    records: list[Record] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather what the checks of a test have found."""
        self.records += getattr(report, "gradproof", [])

    @property
    def ordered(self) -> list[Record]:
        """The records in the order of the tests, whoever ran them when."""
        return sorted(self.records, key=lambda record: record["place"])

    def pytest_sessionfinish(self) -> None:
        """Write the index of the HTML files."""
        if self.options.html is None or not self.records:
            return
        from gradproof.report.page import index

        shown = ("label", "verdict", "href", "evaluations", "resolution")
        rows = [{key: record[key] for key in shown} for record in self.ordered]
        (self.options.html / "index.html").write_text(index(rows), "utf-8")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell what was checked, and how sharply."""
        if not self.records:
            return
        terminalreporter.section("gradproof")
        for line in self._lines():
            terminalreporter.write_line(line)

    def _lines(self) -> Iterator[str]:
        from gradproof.records.verdict import Verdict
        from gradproof.report.wording import figure

        counts = Counter(record["verdict"] for record in self.records)
        told = ", ".join(f"{verdict} {counts[verdict]}" for verdict in map(str, Verdict))
        evaluations = sum(record["evaluations"] for record in self.records)
        yield f"gradproof: checks {len(self.records)}, evaluations {evaluations}, {told}"
        bluntest = max(self.ordered, key=_bluntness)
        yield f"worst resolution {figure(bluntest['resolution'])}: {bluntest['label']}"
        if self.options.seed is not None:
            yield f"seed {self.options.seed} (--gradproof-seed)"
        if self.options.html is not None:
            yield f"HTML: {near(self.config, self.options.html / 'index.html')}"
        # Once each: tests may share what is wrong, and GitHub shows only so many.
        yield from dict.fromkeys(told for record in self.ordered for told in record["annotations"])


def _bluntness(record: Record) -> float:
    resolution = float(record["resolution"])
    return math.inf if math.isnan(resolution) else resolution
