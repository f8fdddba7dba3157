"""Annotations: commands on standard output by which GitHub Actions marks lines of a change."""

import os
from pathlib import Path

from ...records.failure import Failure, Fault
from ...records.finding import Finding
from ...records.verdict import Verdict
from ..document import Document
from ..report import BlockResult, Report
from ..wording import relative_error
from . import renderer

_LEVELS = {Verdict.WRONG: "error", Verdict.SUSPECT: "error", Verdict.UNDECIDED: "warning"}

_FAULTS = {
    Fault.USE: "cannot be checked",
    Fault.CODE: "raised an exception",
    Fault.TIME: "took too long",
    Fault.INTERNAL: "a bug in gradproof",
}
_NOT_RAISED = ("gradproof:", "Traceback", "Calls under way")


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
    """One command for each block that is not right, with its cause.

    Each is at the statement that computed the block's gradient, or at ``file`` and ``line`` where
    none is known. The cause is in its title too: the kind of the first finding.
    """
    found = [
        (block.verdict, report.about(block), block.doubt or _figures(block))
        for block in report.ranked
        if block.verdict in _LEVELS
    ]
    if not found and report.verdict in _LEVELS:
        found = [(report.verdict, list(report.findings), report.sentence)]
    return [
        _command(
            _LEVELS[verdict],
            ", ".join([f"{report.name}: {verdict}", *(str(f.kind) for f in findings[:1])]),
            "\n".join([*(f.message for f in findings), *([] if findings else [otherwise])]),
            next((_at(f) for f in findings if f.line is not None), _place(file, line)),
        )
        for verdict, findings, otherwise in found
    ]


def _at(finding: Finding) -> dict[str, object]:
    line = finding.line
    return {} if line is None else _place(line.file, line.number, line.end_number)


def _figures(block: BlockResult) -> str:
    """What there is to say of a block that nothing explains."""
    return f"{block.name}: relative error {relative_error(block)}, and no cause was found."


def error(failure: Failure, file: str | None = None, line: int | None = None) -> str:
    """The command for a case that gave no report, with the exception if there was one.

    It is where the user's code raised that, or was when its time was up; else at ``file``.
    """
    lines = (failure.traceback or "").splitlines()
    # The exception is the last line at the margin, but for the notes below it.
    raised = [x for x in lines if x[:1].strip() and not x.startswith(_NOT_RAISED)]
    message = "\n".join([failure.message, *raised[-1:]])
    place = failure.place
    where = _place(file, line) if place is None else _place(place.file, place.line)
    return _command("error", f"{failure.case}: {_FAULTS[failure.fault]}", message, where)


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
