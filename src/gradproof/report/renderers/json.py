"""JSON that comes back as the same document."""

import json
from typing import Any

from ...errors import UsageError
from ...records.failure import Failure
from ..document import Document
from ..plain import decode, encode
from ..report import Report
from . import renderer

# The number of the form in which reports are written; a change that old readers would
# misunderstand raises it.
SCHEMA = 1

_KNOWN = ("schema", "counts", "reports", "errors", "unfinished")


@renderer(
    "json",
    "Also write the run to FILE as JSON. One object: schema, gradproof (the version), exit_code, "
    "interrupted, counts, reports (case, name, verdict, difference, resolution, evaluations, seed, "
    "blocks, findings, …) and errors (case, fault, message, traceback). A number that is not "
    'finite is "NaN", "Infinity" or "-Infinity". `gradproof show FILE` and gradproof.load read it.',
)
def to_json(document: Document) -> str:
    """A document as the text of a file."""
    return json.dumps(to_dict(document), indent=1, allow_nan=False) + "\n"


def to_dict(document: Document) -> dict[str, Any]:
    """A document as plain data."""
    return {
        **document.facts,
        "schema": SCHEMA,
        "counts": document.counts,
        "reports": [{"case": label, **report.to_dict()} for label, report in document.reports],
        "errors": encode(document.failures),
        "unfinished": encode(document.unfinished),
    }


def from_dict(saved: Any) -> Document:
    """The document whose plain data is given."""
    if not isinstance(saved, dict) or not isinstance(saved.get("reports"), list):
        raise UsageError("it holds no reports of gradproof.")
    if saved.get("schema") != SCHEMA:
        raise UsageError(
            f"it is written in schema {saved.get('schema')!r}, and this version of gradproof reads "
            f"schema {SCHEMA}: check again, or use the version that wrote it."
        )
    reports = tuple(
        (str(one["case"]) if "case" in one else report.name, report)
        for i, one in enumerate(saved["reports"])
        for report in [decode(Report, one, f"reports[{i}]")]
    )
    return Document(
        reports,
        decode(tuple[Failure, ...], saved.get("errors", []), "errors"),
        decode(tuple[str, ...], saved.get("unfinished", []), "unfinished"),
        {key: value for key, value in saved.items() if key not in _KNOWN},
    )
