"""A table of a run in Markdown, as the summary of a job or a comment on a change shows it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ...naming import place
from ...records.verdict import Verdict, severity
from ..document import Document
from ..report import Report
from ..wording import figure, printable
from . import renderer

_MOST = 200  # rows; GitHub shows a megabyte, and nobody reads as much
_SUMMARY = "GITHUB_STEP_SUMMARY"  # names the file that GitHub shows on the page of a job

# The check, the verdict in bold where it is not right, the cause and the place, the resolution.
Row = tuple[str, str, str, str]


@renderer("markdown", "Also write a table of the run in Markdown to FILE.", suffix=".md")
def markdown(document: Document) -> str:
    """The counts, and a row for each check: what is not right comes first."""
    ranked = sorted(document.reports, key=lambda one: severity(one[1].verdict))
    rows = [(failure.case, "**error**", failure.message, "") for failure in document.failures]
    rows += [row(label, report) for label, report in ranked]
    rows += [(label, "not reached", "", "") for label in document.unfinished]
    return table(document.headline().removeprefix("gradproof: "), rows)


def row(label: str, report: Report) -> Row:
    """The row of one report, with the first finding and where that stands."""
    cause = "" if report.ok else next(iter(causes(report)), report.sentence)
    verdict = str(report.verdict) if report.ok else f"**{report.verdict}**"
    return label, verdict, cause, figure(report.resolution)


def causes(report: Report) -> list[str]:
    """What is wrong, each with its place, else why the verdict is not plainer."""
    found = []
    for finding in report.findings:
        line = finding.line
        where = "" if line is None else f" At {place(line.file, line.number)}."
        found.append(f"{finding.message}{where}")
    return found if found and report.verdict is not Verdict.UNDECIDED else report.doubts or found


def table(headline: str, rows: Iterable[Row]) -> str:
    """A heading and a table; of very many rows the last are only counted."""
    listed = list(rows)
    lines = [f"### gradproof: {_cell(headline)}", ""]
    if listed:
        lines += ["| check | verdict | cause | resolution |", "| --- | --- | --- | --- |"]
    for label, verdict, cause, resolution in listed[:_MOST]:
        lines.append(f"| {_cell(label)} | {verdict} | {_cell(cause)} | {_cell(resolution)} |")
    if len(listed) > _MOST:
        lines += ["", f"and {len(listed) - _MOST} more checks"]
    return "\n".join(lines) + "\n"


def add_to_summary(text: str) -> str:
    """Add a text to the summary of a job, where there is one; why it cannot be, in a sentence."""
    path = os.environ.get(_SUMMARY)
    if not path:
        return ""
    try:
        with Path(path).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as error:
        return f"{path} (${_SUMMARY}) could not be written: {error.strerror}."
    return ""


def wanted() -> bool:
    """Whether a summary is asked for."""
    return bool(os.environ.get(_SUMMARY))


def _cell(text: str) -> str:
    """A text that Markdown shows as it is, on one line."""
    escaped = "".join(f"\\{c}" if c in "\\`*_[]<>|~#$" else c for c in printable(text))
    return escaped.replace("&", "&amp;")
