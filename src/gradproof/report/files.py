"""Reports as files: JSON that comes back as the same report, and what else a name asks for."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..records.failure import Failure
from ..records.verdict import Verdict
from .plain import decode, encode
from .report import Report

# The number of the form in which reports are written; a change that old readers would
# misunderstand raises it.
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Document:
    """What one file holds: reports, each with the label of its case, and cases that gave none.

    ``unfinished`` are the cases that an interrupted run did not reach.
    """

    reports: tuple[tuple[str, Report], ...]
    failures: tuple[Failure, ...] = ()
    unfinished: tuple[str, ...] = ()

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


def to_dict(document: Document) -> dict[str, Any]:
    """A document as plain data."""
    return {
        "schema": SCHEMA,
        "reports": [{"case": label, **report.to_dict()} for label, report in document.reports],
        "errors": encode(document.failures),
        "unfinished": encode(document.unfinished),
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
    return Document(
        reports,
        decode(tuple[Failure, ...], told.get("errors", []), "errors"),
        decode(tuple[str, ...], told.get("unfinished", []), "unfinished"),
    )


def save(path: str | PathLike[str], report: Report) -> None:
    """Write one report in the form that the file's name asks for."""
    name = Path(fspath(path))
    write(name, rendered(name.suffix, Document(((report.name, report),))))


def write(path: Path, text: str) -> None:
    """Write a file as a whole or not at all: a failure leaves what stood there before."""
    told = text.encode("utf-8", "backslashreplace")
    if path.exists() and not path.is_file():  # a pipe or a device
        path.write_bytes(told)
        return
    replace(path.resolve(), told)


def replace(path: Path, content: bytes, mode: int | None = None) -> None:
    """Put a file with rights ``mode`` in the place of an old one: as a whole or not at all."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        new.write_bytes(content)
        if mode is not None:
            new.chmod(mode)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def rendered(suffix: str, document: Document) -> str:
    """A document in the form of files with a suffix."""
    form = _FORMS.get(suffix.lower())
    if form is None:
        raise UsageError(
            f"A report is saved as .html, .json or .xml (JUnit), but the name ends in {suffix!r}; "
            "for a picture, use report.plot().savefig(name)."
        )
    return form(document)


def as_json(told: dict[str, Any]) -> str:
    """Plain data as the text of a file."""
    return json.dumps(told, indent=1, allow_nan=False) + "\n"


def _json(document: Document) -> str:
    return as_json(to_dict(document))


def _html(document: Document) -> str:
    from .page import page

    return page(document)


def _junit(document: Document) -> str:
    from .junit import junit

    return junit(document)


_FORMS: dict[str, Callable[[Document], str]] = {
    ".json": _json, ".html": _html, ".xml": _junit,
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
        Equal to the one that was saved, as far as its numbers are: NaN equals nothing.

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
        return from_dict(json.loads(Path(path).read_text("utf-8-sig")))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise UsageError(f"{fspath(path)} is not JSON: {error}.") from None
    except UsageError as error:
        raise UsageError(f"{fspath(path)} cannot be read: {error}") from None
