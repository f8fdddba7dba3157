"""A case that gave no report, and whom that concerns."""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """Whose a failure is."""

    USE = "use"  # wrong use of gradproof: the sentence says what to change
    CODE = "code"  # an exception in the user's own code: its traceback
    INTERNAL = "internal"  # a bug in gradproof


@dataclass(frozen=True, slots=True)
class Failure:
    """A case, or a target, that gave no report, and the traceback that helps."""

    case: str
    fault: Fault
    message: str
    traceback: str | None = None
