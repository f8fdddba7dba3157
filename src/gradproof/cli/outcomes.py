"""What became of a case: its report, or a failure with the person whom it concerns."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError
from ..naming import is_library
from ..records.failure import Failure, Fault, Place
from ..records.verdict import Verdict
from ..report.report import Report
from .limit import TimeUpError
from .targets import LoadError

# Exit codes.
CORRECT, WRONG, MISUSED, UNDECIDED, INTERNAL = range(5)
INTERRUPTED = 130

_PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The report or the failure of one check; ``label`` says which case it comes from.

    ``file`` and ``line`` are where the case stands, if it was found; ``more`` is shown below it.
    """

    label: str
    result: Report | Failure
    file: str | None = None
    line: int | None = None
    more: str = ""

    @property
    def code(self) -> int:
        """What a run of this case alone would leave with."""
        if isinstance(self.result, Failure):
            return INTERNAL if self.result.fault is Fault.INTERNAL else MISUSED
        if self.result.verdict is Verdict.UNDECIDED:
            return UNDECIDED
        return CORRECT if self.result.ok else WRONG


def worst(codes: Iterable[int]) -> int:
    """The exit code of several cases: what spoils a run comes before what it found."""
    return min(codes, key=(INTERNAL, MISUSED, WRONG, UNDECIDED, CORRECT).index, default=CORRECT)


def failed(label: str, error: BaseException, said: str = "") -> Outcome:
    """What an exception means: wrong use, something that is ``said`` of the user's code, or a bug.

    What a module raised while it was imported is the cause of a ``LoadError``.
    """
    loading = isinstance(error, LoadError)
    if isinstance(error, TimeUpError):
        failure = Failure(label, Fault.TIME, error.sentence, error.trace or None, error.place)
    elif isinstance(error, UsageError) and not loading and not _is_noted(error):
        failure = Failure(label, Fault.USE, str(error))
    elif said:
        cause = (error.__cause__ if loading else None) or error
        failure = Failure(label, Fault.CODE, said, users_traceback(cause), _place(cause))
    else:
        message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        trace = "".join(traceback.format_exception(error))
        failure = Failure(label, Fault.INTERNAL, message, trace)
    return Outcome(label, failure)


def _place(error: BaseException) -> Place | None:
    """Where the user's code raised an exception, or cannot be read by Python."""
    if isinstance(error, SyntaxError) and error.filename:
        return Place(error.filename, error.lineno or 1, "")
    frames = traceback.extract_tb(error.__traceback__)
    users = [frame for frame in frames if not is_library(frame.filename)]
    if not users:
        return None
    return Place(users[-1].filename, users[-1].lineno or 1, users[-1].name)


def is_users(error: BaseException) -> bool:
    """Whether it comes from the user's code: the guards say so, or a frame lies there."""
    frames = traceback.extract_tb(error.__traceback__)
    return _is_noted(error) or not all(is_library(frame.filename) for frame in frames)


def _is_noted(error: BaseException) -> bool:
    """Whether the guards noted that a function of the user's raised it."""
    return any(note.startswith("gradproof: raised by") for note in getattr(error, "__notes__", []))


def users_traceback(error: BaseException) -> str:
    """The traceback as Python prints it, without gradproof's frames and the import system's."""
    whole = traceback.TracebackException.from_exception(error)
    parts: list[traceback.TracebackException | None] = [whole]
    while parts:
        part = parts.pop()
        if part is not None:
            users = [frame for frame in part.stack if not _is_left_out(frame.filename)]
            part.stack = traceback.StackSummary.from_list(users)
            parts += [part.__cause__, part.__context__, *(part.exceptions or [])]
    return "".join(whole.format())


def _is_left_out(filename: str) -> bool:
    return filename.startswith("<frozen importlib") or Path(filename).is_relative_to(_PACKAGE)
