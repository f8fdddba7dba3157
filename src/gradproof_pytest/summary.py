"""The summary of a run: all checks of its tests, gathered from their reports."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .log import Record
from .options import Options, near

if TYPE_CHECKING:
    from gradproof.report.renderers import Renderer


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
        """Write what lists the files, where their form has such a list."""
        for name, path in self._lists().items():
            if (index := _renderer(name).index) is not None and self.records:
                path.write_text(index([_row(record, name) for record in self.ordered]), "utf-8")
        self._summarise()

    def _summarise(self) -> None:
        """Add a table of the checks to the summary of a job, what is not right first."""
        rows = [(r["verdict"], tuple(r["row"])) for r in self.ordered if r["row"] is not None]
        if not rows:
            return
        from gradproof.records.verdict import Verdict, severity
        from gradproof.report.renderers import markdown

        rows.sort(key=lambda row: severity(Verdict(row[0])))
        text = markdown.table(self._headline, [row for _, row in rows])
        if refusal := markdown.add_to_summary(text):
            self.config.issue_config_time_warning(pytest.PytestWarning(refusal), stacklevel=2)

    @property
    def _headline(self) -> str:
        from gradproof.records.verdict import Verdict

        counts = Counter(record["verdict"] for record in self.records)
        listed = ", ".join(f"{verdict} {counts[verdict]}" for verdict in map(str, Verdict))
        evaluations = sum(record["evaluations"] for record in self.records)
        return f"checks {len(self.records)}, evaluations {evaluations}, {listed}"

    def _lists(self) -> dict[str, Path]:
        """For each form the list of its files, or the folder where it has none."""
        return {
            name: folder / f"index{form.suffix}" if form.index is not None else folder
            for name, folder in self.options.folders.items()
            for form in [_renderer(name)]
        }

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Report what was checked, and how sharply."""
        if not self.records:
            return
        terminalreporter.section("gradproof")
        for line in self._lines():
            terminalreporter.write_line(line)

    def _lines(self) -> Iterator[str]:
        from gradproof.report.wording import figure

        yield f"gradproof: {self._headline}"
        bluntest = max(self.ordered, key=_bluntness)
        yield f"worst resolution {figure(bluntest['resolution'])}: {bluntest['label']}"
        if self.options.seed is not None:
            yield f"seed {self.options.seed} (--gradproof-seed)"
        for name, path in self._lists().items():
            yield f"{name.upper()}: {near(self.config, path)}"
        # Once each: tests may share what is wrong, and GitHub shows only so many.
        yield from dict.fromkeys(line for record in self.ordered for line in record["annotations"])


def _renderer(name: str) -> Renderer:
    from gradproof.report.renderers import renderers

    return renderers()[name]


def _row(record: Record, name: str) -> dict[str, Any]:
    kept = ("label", "verdict", "evaluations", "resolution")
    return {**{key: record[key] for key in kept}, "href": record["files"].get(name, "")}


def _bluntness(record: Record) -> float:
    resolution = float(record["resolution"])
    return math.inf if math.isnan(resolution) else resolution
