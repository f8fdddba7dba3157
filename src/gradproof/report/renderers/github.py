"""Annotations: commands on standard output by which GitHub Actions marks lines of a change."""

import os
from pathlib import Path

from ...records.failure import Failure
from ...records.verdict import Verdict
from ..document import Document
from ..report import Report
from . import renderer

_LEVELS = {Verdict.WRONG: "error", Verdict.SUSPECT: "error", Verdict.UNDECIDED: "warning"}


@renderer(
    "github",
    "Also write the annotations of GitHub Actions to FILE; there they are printed anyway.",
)
def github(document: Document) -> str:
    """The annotations of all reports and errors, one a line."""
    lines = [line for _, report in document.reports for line in annotations(report)]
    return "".join(f"{line}\n" for line in [*lines, *map(error, document.failures)])


def on_github() -> bool:
    """Whether this process runs in GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def annotations(report: Report, file: str | None = None, line: int | None = None) -> list[str]:
    """One command for each block that is not right.

    Each is at the statement that computed the block's gradient, or at ``file`` and ``line`` where
    none is known.
    """
    found = []
    for block in report.ranked:
        finding = next(iter(report.about(block)), None)
        where = _place(file, line)
        if finding is not None and finding.line is not None:
            where = _place(finding.line.file, finding.line.number, finding.line.end_number)
        message = finding.message if finding is not None else block.doubt
        found.append((block.verdict, message, where))
    if all(verdict not in _LEVELS for verdict, *_ in found):
        messages = " ".join(f.message for f in report.findings) or report.sentence
        found = [(report.verdict, messages, _place(file, line))]
    return [
        _command(_LEVELS[verdict], f"{report.name}: {verdict}", message, where)
        for verdict, message, where in found
        if verdict in _LEVELS
    ]


def error(failure: Failure, file: str | None = None, line: int | None = None) -> str:
    """The command for a case that gave no report, with the exception if there was one."""
    lines = (failure.traceback or "").splitlines()
    # The exception is the last line at the margin, but for the notes below it.
    raised = [x for x in lines if x[:1].strip() and not x.startswith(("gradproof:", "Traceback"))]
    message = "\n".join([failure.message, *raised[-1:]])
    return _command("error", failure.case, message, _place(file, line))


def _place(file: str | None, line: int | None, end: int | None = None) -> dict[str, object]:
    where = {"file": None if file is None else _from_root(file), "line": line, "endLine": end}
    return {key: value for key, value in where.items() if value is not None}


def _from_root(file: str) -> str:
    """A path as GitHub knows it: from the root of the checkout."""
    path = Path(file).resolve()
    root = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _command(level: str, title: str, message: str, where: dict[str, object]) -> str:
    properties = {**where, "title": f"gradproof: {title}"}
    listed = ",".join(f"{key}={_escaped(str(value), ':,')}" for key, value in properties.items())
    return f"::{level} {listed}::{_escaped(message)}"


def _escaped(text: str, also: str = "") -> str:
    """As the runner decodes it: percent signs, line ends and separators by their numbers."""
    return text.translate(
        {ord(character): f"%{ord(character):02X}" for character in "%\r\n" + also}
    )
