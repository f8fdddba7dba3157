"""One change of a source text: where, what stands there instead, and how likely it is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


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
    pieces, here = list[str](), 0
    ordered = sorted(edits, key=lambda edit: (edit.begin, edit.end))
    for k, edit in enumerate(ordered):
        for other in ordered[k + 1 :]:
            if overlapping(edit, other):
                raise ValueError(f"Two edits overlap: {edit.what}, and {other.what}.")
        pieces += [source[here : edit.begin], edit.new]
        here = edit.end
    return "".join([*pieces, source[here:]])
