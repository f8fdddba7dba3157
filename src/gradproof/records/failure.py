"""A case that gave no report, and whom that concerns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """Whose a failure is."""

    USE = "use"  # wrong use of gradproof: the sentence says what to change
    CODE = "code"  # an exception in the user's own code: its traceback
    TIME = "time"  # the user's code took longer than the limit: what was running then
    INTERNAL = "internal"  # a bug in gradproof


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the user's code, and the function that it stands in."""

    file: str
    line: int
    function: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A case, or a target, that gave no report, and the traceback that helps.

    ``place`` is where the user's code raised the exception, or was when its time was up.
    """

    case: str
    fault: Fault
    message: str
    traceback: str | None = None
    place: Place | None = None
