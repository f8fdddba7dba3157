"""A fix that was found: its edits as a diff, the proof, and the file that it is for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..letters import fitted
from ..naming import cell_of
from ..report.report import Report
from .apply import unified, write
from .edit import Edit, applied


@dataclass(frozen=True, slots=True, repr=False)
class Fix:
    """Edits of one file under which the gradient is right.

    ``report`` is the check of the repaired code along fresh directions, ``elsewhere`` the same at
    other random points. ``source`` is the text of the file that the edits belong to, as Python
    reads it, and ``content`` its bytes. ``caveat`` says what the edits do not do: hold at other
    points or for other shapes, leave no rest; it is empty where there is nothing to say.
    """

    file: str
    edits: tuple[Edit, ...]
    report: Report
    elsewhere: tuple[Report, ...] = ()
    source: str = ""
    content: bytes = b""
    caveat: str = ""

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
            the place for the original is taken by something else. Nothing is written then, nor
            into a cell of a notebook, whose new text the message shows.

        """
        if not self.content:
            raise UsageError(
                f"{cell_of(self.file) or self.file} is a cell of a notebook, and no file: nothing "
                f"was written. Put this in its place (fix.repaired):\n\n{self.repaired}"
            )
        return write(Path(self.file), self.content, self.edits, backup)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        shown = ("line", "kind", "what", "new")
        return {
            "file": self.file,
            "diff": self.diff,
            "edits": [{key: getattr(edit, key) for key in shown} for edit in self.edits],
            "report": self.report.to_dict(),
            "elsewhere": [report.to_dict() for report in self.elsewhere],
            "caveat": self.caveat,
        }

    def __str__(self) -> str:
        return fitted(self.diff)

    def __repr__(self) -> str:
        where = cell_of(self.file) or Path(self.file).name
        return f"Fix({where}, {self.what}: {self.report.verdict})"


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
        return fitted("\n".join(fix.diff for fix in self) or self.reason)

    def __repr__(self) -> str:
        return super().__repr__() if self else f"Suggestions([], reason={self.reason!r})"


def _what(edits: Iterable[Edit]) -> str:
    listed = sorted(edits, key=lambda edit: edit.begin)
    return "; ".join(f"line {edit.line}: {edit.what}" for edit in listed)
