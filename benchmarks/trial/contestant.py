"""A contestant: a checker at its documented defaults, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from .specimen import Problem


class Verdict(StrEnum):
    """What a checker says of a gradient."""

    PASSES = "passes"
    ACCUSES = "accuses"
    UNDECIDED = "undecided"
    CANNOT = "n/a"  # it cannot be given such a function, or says itself that it cannot


@dataclass(frozen=True)
class Answer:
    """A verdict, and what was named beside it; None where the checker never names such a thing.

    ``blocks`` are names of parameters accused, ``entries`` index tuples by block, ``cause`` a word
    of gradproof's ``Kind``. ``note`` is the number or the message that the verdict rests on.
    """

    verdict: Verdict
    blocks: tuple[str, ...] | None = None
    entries: dict[str, tuple[tuple[int, ...], ...]] | None = None
    cause: str | None = None
    note: str = ""


class Contestant(Protocol):
    """What the trial needs of a checker."""

    name: str
    names_blocks: bool
    names_entries: bool
    names_cause: bool
    rule: str  # how its output is read as a verdict, with the source of that reading

    def version(self) -> str | None:
        """The version of the package; None where it is not installed."""
        ...

    def judge(self, problem: Problem) -> Answer:
        """Check one problem; exceptions of the checker's own surface."""
        ...
