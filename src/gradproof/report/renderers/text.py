"""What a terminal shows, as text: every report in full, without colours."""

from __future__ import annotations

from collections.abc import Iterator

from ..document import Document
from ..terminal import plain
from . import renderer


@renderer("text", "Also write all reports as plain text, in full, to FILE.", suffix=".txt")
def text(document: Document) -> str:
    """Report after report, then the cases that gave none, then the counts."""
    return "\n\n".join([*_parts(document), document.headline()]) + "\n"


def _parts(document: Document) -> Iterator[str]:
    for label, report in document.reports:
        shown = plain(report, 80)
        yield shown if label == report.name else f"{label}:\n{shown}"
    for failure in document.failures:
        yield f"{failure.case}: ERROR: {failure.message}\n{failure.traceback or ''}".rstrip()
