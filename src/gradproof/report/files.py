"""Reports as files: JSON that comes back as the same report, and what else a name asks for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..records.failure import Failure
from .plain import decode, encode
from .report import Report

# The number of the form in which reports are written; a change that old readers would
# misunderstand raises it.
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Document:
    """What one file holds: reports, each with the label of its case, and cases that gave none."""

    reports: tuple[tuple[str, Report], ...]
    failures: tuple[Failure, ...] = ()

    @property
    def title(self) -> str:
        """The name of the only report, or how many there are."""
        if len(self.reports) == 1 and not self.failures:
            return self.reports[0][0]
        return f"{len(self.reports)} checks"


def to_dict(document: Document) -> dict[str, Any]:
    """A document as plain data."""
    return {
        "schema": SCHEMA,
        "reports": [{"case": label, **report.to_dict()} for label, report in document.reports],
        "errors": [encode(failure) for failure in document.failures],
    }


def from_dict(told: Any) -> Document:
    """The document whose plain data is given."""
    if not isinstance(told, dict) or not isinstance(told.get("reports"), list):
        raise UsageError("it holds no reports of gradproof.")
    if told.get("schema") != SCHEMA:
        raise UsageError(
            f"it is written in schema {told.get('schema')!r}, and this version of gradproof reads "
            f"schema {SCHEMA}: check again, or use the version that wrote it."
        )
    reports = tuple(
        (str(one["case"]) if "case" in one else report.name, report)
        for i, one in enumerate(told["reports"])
        for report in [decode(Report, one, f"reports[{i}]")]
    )
    return Document(reports, decode(tuple[Failure, ...], told.get("errors", []), "errors"))


def save(path: str | PathLike[str], report: Report) -> None:
    """Write one report in the form that the file's name asks for."""
    name = Path(fspath(path))
    name.write_text(rendered(name.suffix, Document(((report.name, report),))), "utf-8")


def rendered(suffix: str, document: Document) -> str:
    """A document in the form of files with a suffix."""
    try:
        return _FORMS[suffix.lower()](document)
    except KeyError:
        raise UsageError(
            f"A report is saved as .html, .json or .xml (JUnit), but the name ends in {suffix!r}; "
            "for a picture, use report.plot().savefig(name)."
        ) from None


def _json(document: Document) -> str:
    return json.dumps(to_dict(document), indent=1, allow_nan=False) + "\n"


def _html(document: Document) -> str:
    from .page import page

    return page(document)


def _junit(document: Document) -> str:
    from .junit import junit

    return junit(document)


_FORMS: dict[str, Callable[[Document], str]] = {
    ".json": _json, ".html": _html, ".htm": _html, ".xml": _junit,
}  # fmt: skip


def load(path: str | PathLike[str], case: str | None = None) -> Report:
    """Read a report that ``Report.save`` or ``gradproof check --json`` wrote.

    Parameters
    ----------
    path : path-like
        A JSON file. Nothing in it is ever executed.
    case : str, optional
        Which report, by the label of its case, where the file holds several.

    Returns
    -------
    Report
        Equal to the one that was saved.

    Raises
    ------
    UsageError
        Where the file holds no report, several and ``case`` does not say which, or a form that
        this version does not read.

    """
    document = load_document(path)
    labels = [label for label, _ in document.reports]
    found = [report for label, report in document.reports if case in (None, label)]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(map(repr, labels[:8])) or "none"
    wanted = "pass case= to say which" if case is None else f"and {len(found)} of them are {case!r}"
    raise UsageError(f"{fspath(path)} holds {len(labels)} reports ({listed}): {wanted}.")


def load_document(path: str | PathLike[str]) -> Document:
    """Read all that a file holds."""
    try:
        return from_dict(json.loads(Path(path).read_text("utf-8")))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UsageError(f"{fspath(path)} is not JSON: {error}.") from None
    except UsageError as error:
        raise UsageError(f"{fspath(path)} cannot be read: {error}") from None
