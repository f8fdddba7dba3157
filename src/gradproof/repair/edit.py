"""One change of a source text: where, what stands there instead, and how likely it is meant."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a source text.

    ``source[begin:end]`` is replaced by ``new``; offsets count characters. ``line`` is the
    first line (from 1) of the statement it is in. ``kind`` is the sort of slip it undoes: "factor",
    "sign"; ``what`` is for a person: "drop the factor 2". ``cost`` says how unlikely the edit is,
    on the scale of ``candidates/costs.py``.
    """

    begin: int
    end: int
    new: str
    kind: str
    line: int
    what: str
    cost: float


def overlapping(one: Edit, other: Edit) -> bool:
    """Whether two edits touch the same characters, or begin at the same place."""
    crossing = one.begin < other.end and other.begin < one.end
    return crossing or one.begin == other.begin


def applied(source: str, edits: Sequence[Edit]) -> str:
    """The source text after some edits.

    Raises
    ------
    ValueError
        Where two of them overlap.
    """
    ordered = sorted(edits, key=lambda edit: (edit.begin, edit.end))
    for one, other in combinations(ordered, 2):
        if overlapping(one, other):
            raise ValueError(f"Two edits overlap: {one.what}, and {other.what}.")
    for edit in reversed(ordered):
        source = source[: edit.begin] + edit.new + source[edit.end :]
    return source
