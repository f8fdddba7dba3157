"""Reports as files: in the form that a name asks for, and read again from JSON."""

from __future__ import annotations

import errno
import json
import os
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..naming import what
from .document import Document
from .renderers import Renderer, renderers
from .renderers.json import from_dict
from .report import Report


def save(path: str | PathLike[str], report: Report) -> None:
    """Write one report in the form that the file's name asks for."""
    name = _path(path)
    write(name, _form(name.suffix).text(Document(((report.name, report),))))


def write(path: Path, text: str) -> None:
    """Write a file as a whole or not at all: a failure leaves what stood there before."""
    content = text.encode("utf-8", "backslashreplace")
    if path.exists() and not path.is_file():  # a pipe or a device
        path.write_bytes(content)
        return
    replace(path.resolve(), content)


def replace(path: Path, content: bytes, mode: int | None = None) -> None:
    """Put a file with rights ``mode`` in the place of an old one: as a whole or not at all."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    if not path.parent.is_dir():  # or it would be said of the file beside
        raise FileNotFoundError(errno.ENOENT, "There is no such folder", str(path.parent))
    try:
        new.write_bytes(content)
        if mode is not None:
            new.chmod(mode)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _path(path: Any) -> Path:
    if not isinstance(path, str | PathLike):
        raise UsageError(f"path must be the name of a file, but is {what(path)}.")
    return Path(path)


def _form(suffix: str) -> Renderer:
    """The renderer of the files with a suffix."""
    forms = {renderer.suffix: renderer for renderer in renderers().values()}
    if suffix.lower() not in forms:
        *others, last = sorted(forms)
        raise UsageError(
            f"A report is saved as {', '.join(others)} or {last}, but the name ends in {suffix!r}; "
            "for a picture, use report.plot().savefig(name)."
        )
    return forms[suffix.lower()]


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
    document = load_document(_path(path))
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
