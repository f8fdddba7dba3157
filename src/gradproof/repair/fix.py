"""A repair that was found: its edits as a diff, the proof, and the file that it is for."""

from __future__ import annotations

import dataclasses
import os
import re
import stat
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..report.files import replace
from ..report.report import Report
from .edit import Edit, applied

_NO_NEWLINE = "\\ No newline at end of file\n"


@dataclass(frozen=True, slots=True, repr=False)
class Fix:
    """Edits of one file under which the gradient is right.

    ``report`` is the check of the repaired code along fresh directions, ``elsewhere`` the same at
    other random points. ``source`` is the text of the file that the edits belong to, as Python
    reads it, and ``content`` its bytes.
    """

    file: str
    edits: tuple[Edit, ...]
    report: Report
    elsewhere: tuple[Report, ...] = ()
    source: str = ""
    content: bytes = b""

    @property
    def repaired(self) -> str:
        """The text of the file with the edits made."""
        return applied(self.source, self.edits)

    @property
    def diff(self) -> str:
        """The edits as a unified diff, from the working directory where the file is below it."""
        return unified(self.file, self.source, self.edits, self.content)

    @property
    def what(self) -> str:
        """The edits in words, with their lines."""
        return _what(self.edits)

    def apply(self, backup: str | None = ".orig") -> Path:
        """Write the repaired text into the file, and the original beside it.

        Encoding, ends of lines and rights stay as they are; a symbolic link stays one.

        Parameters
        ----------
        backup : str or None
            What is added to the file's name for the original; None keeps none.

        Returns
        -------
        Path
            The file that was written.

        Raises
        ------
        UsageError
            Where the file is not what was repaired any more, cannot be read or written, or where
            the place for the original is taken by something else. Nothing is written then.

        """
        path = Path(self.file)
        content = _read(path)
        if content != self.content:
            raise UsageError(
                f"{self.file} has changed since it was repaired: nothing was written; run again."
            )
        text, encoding = _decoded(content)
        new = _edited(text, self.edits).encode(encoding)
        _may_write(path)
        if backup:
            _keep(path, backup, content)
        _write(path.resolve(), new)
        return path

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {
            "file": self.file,
            "diff": self.diff,
            "edits": [
                {"line": edit.line, "kind": edit.kind, "what": edit.what, "new": edit.new}
                for edit in self.edits
            ],
            "report": self.report.to_dict(),
            "elsewhere": [report.to_dict() for report in self.elsewhere],
        }

    def __str__(self) -> str:
        return self.diff

    def __repr__(self) -> str:
        return f"Fix({Path(self.file).name}, {self.what}: {self.report.verdict})"


@dataclass(frozen=True, slots=True)
class Miss:
    """The edits that came nearest to a repair: the blocks that stay wrong, and by how much."""

    edits: tuple[Edit, ...]
    diff: str
    wrong: tuple[str, ...]
    error: float

    @property
    def what(self) -> str:
        """The edits in words, with their lines."""
        return _what(self.edits)


class Suggestions(list[Fix]):
    """The repairs that were found, the likeliest first; empty where there is none.

    ``tried`` counts the sets of edits that were tried; ``complete`` says that no time limit ended
    the search; ``closest`` is the nearest miss where nothing was found, and ``reason`` says in a
    sentence why there is nothing.
    """

    def __init__(
        self,
        fixes: Iterable[Fix] = (),
        *,
        tried: int = 0,
        complete: bool = True,
        closest: Miss | None = None,
        reason: str = "",
    ) -> None:
        super().__init__(fixes)
        self.tried = tried
        self.complete = complete
        self.closest = closest
        self.reason = reason

    def __str__(self) -> str:
        """The diffs, or the reason why there are none."""
        return "\n".join(fix.diff for fix in self) or self.reason

    def __repr__(self) -> str:
        return super().__repr__() if self else f"Suggestions([], reason={self.reason!r})"


def _what(edits: Iterable[Edit]) -> str:
    listed = sorted(edits, key=lambda edit: edit.begin)
    return "; ".join(f"line {edit.line}: {edit.what}" for edit in listed)


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
    name = inside.as_posix().lstrip("/")
    lines = difflib.unified_diff(_lines(before), _lines(after), f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in lines)


def content_of(file: str, source: str) -> bytes:
    """The bytes of a file; none where there is no such file, as of a notebook's cell.

    ``UsageError`` where it does not hold that text any more.
    """
    path = Path(file)
    if not path.is_file():
        return b""
    content = _read(path)
    try:
        same = _plain(_decoded(content)[0]) == source
    except (SyntaxError, UnicodeDecodeError):
        same = False
    if not same:
        raise UsageError(f"{file} changed while repairs of it were looked for: run again.")
    return content


def _lines(text: str) -> list[str]:
    # Not splitlines: that also splits at characters which end no line for patch and git.
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _decoded(content: bytes) -> tuple[str, str]:
    """A file's text, its lines ended as they are, and its encoding."""
    import io
    import tokenize  # here: importing gradproof must not take longer for it

    encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    return content.decode(encoding), encoding


def _plain(text: str) -> str:
    """A text as the interpreter knows it: every line ended by a newline only."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") else text + "\n"


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


def _may_write(path: Path) -> None:
    """``UsageError`` for what is marked as read-only: a new file in its place could be written."""
    if not (os.access(path, os.W_OK) and path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP)):
        raise UsageError(f"{path} is read-only: nothing was written; make it writable, or patch.")


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
