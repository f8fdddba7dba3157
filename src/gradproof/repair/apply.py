"""Edits made in a file: as a diff, or written; all else of it stays, to the byte."""

from __future__ import annotations

import dataclasses
import os
import re
import stat
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ..errors import UsageError
from ..naming import cell_of
from ..report.files import replace
from .edit import Edit, applied

_NO_NEWLINE = "\\ No newline at end of file\n"


def unified(file: str, source: str, edits: Sequence[Edit], content: bytes = b"") -> str:
    """A unified diff of one file, as `patch -p1` and `git apply` read it.

    The file is named from the working directory where it is below it, else from the root. With
    its ``content`` lines end as they do there.
    """
    import difflib

    before = _decoded(content)[0] if content else source
    after = _edited(before, edits)
    path, here = Path(file), Path.cwd()
    inside = path.relative_to(here) if path.is_relative_to(here) else path
    name = cell_of(file) or inside.as_posix().lstrip("/")
    lines = difflib.unified_diff(_lines(before), _lines(after), f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in lines)


def write(path: Path, content: bytes, edits: Sequence[Edit], backup: str | None) -> Path:
    """Make edits in a file that has some content, and keep that beside it; returns its path."""
    if _read(path) != content:
        raise UsageError(
            f"{path} has changed since it was repaired: nothing was written; run again."
        )
    text, encoding = _decoded(content)
    new = _edited(text, edits).encode(encoding)
    # A new file could be put in the place of one that is marked as read-only.
    if not (os.access(path, os.W_OK) and path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP)):
        raise UsageError(f"{path} is read-only: nothing was written; make it writable, or patch.")
    if backup:
        _keep(path, backup, content)
    _write(path.resolve(), new)
    return path


def content_of(file: str, source: str) -> bytes:
    """The bytes of a file; none where there is no such file, as of a notebook's cell.

    ``UsageError`` where it does not hold that text any more.
    """
    path = Path(file)
    if not path.is_file():
        return b""
    content = _read(path)
    with suppress(SyntaxError, UnicodeDecodeError):
        text = _decoded(content)[0]
        # The interpreter knows it with every line ended by a newline only.
        if re.sub(r"\r\n?", "\n", text).removesuffix("\n") + "\n" == source:
            return content
    raise UsageError(f"{file} changed while repairs of it were looked for: run again.")


def _lines(text: str) -> list[str]:
    # Not splitlines: that also splits at characters which end no line for patch and git.
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _decoded(content: bytes) -> tuple[str, str]:
    """A file's text, its lines ended as they are, and its encoding."""
    import io
    import tokenize  # here: importing gradproof must not take longer for it

    encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    return content.decode(encoding), encoding


def _edited(text: str, edits: Sequence[Edit]) -> str:
    """Edits of the plain text made in a text whose lines end otherwise, or whose last does not."""
    newline = "\r\n" if "\r\n" in text else "\r" if "\r" in text and "\n" not in text else "\n"
    if not text.endswith(("\n", "\r")):
        return _edited(text + newline, edits).removesuffix(newline)
    ends = [match.start() - k for k, match in enumerate(re.finditer("\r\n", text))]
    moved = [
        dataclasses.replace(
            edit,
            begin=edit.begin + bisect_left(ends, edit.begin),
            end=edit.end + bisect_left(ends, edit.end),
            new=edit.new.replace("\n", newline),
        )
        for edit in edits
    ]
    return applied(text, moved)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None


def _keep(path: Path, backup: str, content: bytes) -> None:
    if Path(backup).name != backup:
        raise UsageError(f"backup must be a suffix, as '.orig', but is {backup!r}.")
    place = path.with_name(path.name + backup)
    if place.exists() and _read(place) != content:
        raise UsageError(
            f"{place} is there already and holds something else: nothing was written; move it "
            "away, or choose another suffix for the original."
        )
    _write(place, content)


def _write(path: Path, content: bytes) -> None:
    """As a whole or not at all, with the rights that it had."""
    try:
        replace(path, content, path.stat().st_mode if path.exists() else None)
    except OSError as error:
        raise UsageError(f"{path} could not be written: {error.strerror}.") from None
