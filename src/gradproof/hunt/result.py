"""What a hunt has found: each fault with a case that shows it, and how much was looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..letters import fitted
from ..records.finding import Kind
from ..report.report import Report


@dataclass(frozen=True, repr=False)
class Found:
    """One fault, at the simplest arguments that show it.

    ``values`` are these arguments by name, ``report`` what ``gp.check`` says there, ``cause`` what
    is special about them, in words. ``script`` shows it by itself, ``test`` is the same as a pytest
    test. ``confirmed_by`` names what else says so: ``complex step``, ``mpmath``, ``forward mode``,
    ``like``. ``beside`` is the verdict at a point moved by a hundredth: ``correct`` where only the
    point itself is wrong. ``smoothness`` says what fun looks like there: ``smooth``, ``kink`` or
    ``edge``. ``hits`` are the tries that showed the same.
    """

    values: Mapping[str, Any]
    report: Report
    cause: str
    beside: str
    smoothness: str
    hits: int
    script: str = ""
    test: str = ""
    confirmed_by: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Found: {self.headline}>"

    @property
    def headline(self) -> str:
        """One line: the verdict, where, and who else says so."""
        said = f"; confirmed by {', '.join(self.confirmed_by)}" if self.confirmed_by else ""
        times = "1 try" if self.hits == 1 else f"{self.hits} tries"
        return f"{self.report.verdict} {self.cause} ({times}{said})"

    def __str__(self) -> str:
        about = [f.message for f in self.report.findings if f.block and f.kind is not Kind.KINK]
        finding = next(iter([*about, *self.report.doubts]), "")
        parts = [self.headline, finding, *self.doubts, "", self.script]
        lines = [part for k, part in enumerate(parts) if part or k == len(parts) - 2]
        return fitted("\n".join(lines))


@dataclass(frozen=True, repr=False)
class Hunt:
    """The outcome of a hunt; its truth value is ``ok``.

    ``found`` are the faults, the simplest first; ``tries`` counts all choices that were tried, and
    ``skipped`` those among them at which fun has no value, or that fun does not take; ``reasons``
    says why, with how often. ``undecided`` tries could not be judged. ``raised`` are exceptions of
    ``grad`` where fun has a value. ``interrupted``: by Ctrl-C, and what had been found is here.
    """

    name: str
    found: tuple[Found, ...]
    tries: int
    skipped: int
    undecided: int
    seconds: float = field(compare=False)
    seed: int
    reasons: Mapping[str, int] = field(default_factory=dict)
    raised: tuple[str, ...] = ()
    interrupted: bool = False
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing was found where something was looked at."""
        return not self.found and self.tries > self.skipped

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        return f"<Hunt: {self.headline}>"

    @property
    def headline(self) -> str:
        """One line that can be searched for."""
        more = ", interrupted" if self.interrupted else ""
        return (
            f"gradproof: {self.name}: found {len(self.found)}, tries {self.tries}, "
            f"skipped {self.skipped}, undecided {self.undecided}{more}"
        )

    def __str__(self) -> str:
        parts = [f"{k}. {one}" for k, one in enumerate(self.found, 1)]
        parts += [f"grad raised where fun has a value: {said}" for said in self.raised]
        parts += list(self.notes)
        return fitted("\n".join([*parts, self.headline]))
