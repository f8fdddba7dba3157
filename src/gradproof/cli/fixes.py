"""The cases of some targets, and repairs for those whose gradient is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style
from rich.text import Text

from ..errors import UsageError
from ..repair.fix import Fix, Miss, Suggestions
from ..repair.suggest import validate
from ..report.document import Document
from ..report.report import Report
from .outcomes import CORRECT, INTERRUPTED, Outcome, worst
from .runs import Run

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@dataclass(frozen=True, slots=True)
class Fixed:
    """A case, the repairs that were found, and what became of them.

    ``suggestions`` are None where there was nothing to repair, or nobody could look for repairs:
    then ``refusal`` says why. ``written`` is the file that was changed.
    """

    outcome: Outcome
    suggestions: Suggestions | None = None
    refusal: str = ""
    written: str = ""
    kept: str = ""

    @property
    def change(self) -> str:
        """What was written, in a sentence."""
        if not self.written:
            return ""
        kept = f"; the original is {self.kept}" if self.kept else ""
        return f"{self.written} was repaired{kept}."

    @property
    def repaired(self) -> bool:
        """Whether there is a repair, and it was written if it was to be."""
        return bool(self.suggestions) and not self.refusal

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        found = Suggestions() if self.suggestions is None else self.suggestions
        closest = found.closest
        return {
            "case": self.outcome.label,
            "reason": self.refusal or found.reason,
            "tried": found.tried,
            "complete": found.complete,
            "written": self.written,
            "kept": self.kept,
            "fixes": [fix.to_dict() for fix in found],
            "closest": None if closest is None else {
                "diff": closest.diff, "wrong": list(closest.wrong), "what": closest.what,
            },
        }  # fmt: skip


@dataclass(slots=True)
class Fixes:
    """Check all cases of the ``run``, and look for repairs of those that are wrong."""

    targets: Sequence[str]
    given: Mapping[str, Any]
    most: int
    seconds: float
    backup: str | None
    apply: bool = False
    fixed: list[Fixed] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)
    run: Run = field(init=False)

    def __post_init__(self) -> None:
        self.run = Run(self.targets, self.given)

    def fix_one(self, outcome: Outcome) -> Fixed:
        """Look for repairs of one case, and write the first where that was asked for."""
        found = self._fix_one(outcome)
        self.fixed.append(found)
        return found

    def _fix_one(self, outcome: Outcome) -> Fixed:
        report = outcome.result
        if not isinstance(report, Report) or not report.verdict.rejects:
            return Fixed(outcome)
        suggestions = None
        try:
            suggestions = self._suggestions(report)
            if self.apply and suggestions and not self.run.interrupted:
                return self._written(outcome, suggestions)
        except UsageError as error:
            return Fixed(outcome, suggestions, refusal=str(error))
        return Fixed(outcome, suggestions)

    def _suggestions(self, report: Report) -> Suggestions:
        """As `suggest_fixes`, but that Ctrl-C ends the run and keeps what was found."""
        from ..repair.session import Session

        validate(report, self.most, self.seconds)
        session = Session(report, self.seconds)
        try:
            return session.suggestions(self.most)
        except KeyboardInterrupt:
            self.run.interrupted = True
            return session.so_far()

    def _written(self, outcome: Outcome, suggestions: Suggestions) -> Fixed:
        """Write the first repair; the cases to come are checked with it."""
        from ..repair.patch import adopt

        fix = suggestions[0]
        # What was there before this run is what is kept, not what the case before has left.
        backup = self.backup if fix.file not in self.kept else None
        written = str(fix.apply(backup))
        self.kept.add(written)
        adopt(fix.file, fix.source, fix.repaired)
        kept = f"{written}{self.backup}" if self.backup else ""
        return Fixed(outcome, suggestions, written=written, kept=kept)

    @property
    def exit_code(self) -> int:
        """As of a check, but that a gradient that can be repaired is as good as right."""
        if self.run.interrupted:
            return INTERRUPTED
        return worst(CORRECT if m.repaired else m.outcome.code for m in self.fixed)

    @property
    def looked(self) -> list[Fixed]:
        """The cases that are wrong: a repair of each was looked for, or refused."""
        return [m for m in self.fixed if m.suggestions is not None or m.refusal]

    @property
    def headline(self) -> str:
        """One line that can be searched for."""
        found = sum(bool(m.suggestions) for m in self.looked)
        more = f"; repairs found for {found} of {len(self.looked)}"
        if self.apply:
            more += f", written for {sum(bool(m.written) for m in self.looked)}"
        return self.run.document.headline(more)

    @property
    def document(self) -> Document:
        """The reports of the run, and the fixes among the facts."""
        document = self.run.document
        more = {"exit_code": self.exit_code, "fixes": [m.to_dict() for m in self.looked]}
        return replace(document, facts={**document.facts, **more})


def show(console: Console, suggestions: Suggestions) -> None:
    """Print repairs, or why there are none."""
    for part in _pieces(suggestions):
        if isinstance(part, str):
            _diff(console, part)
        else:
            console.print(part)


def _pieces(suggestions: Suggestions) -> Iterator[Text | str]:
    """What is printed, piece by piece; what is only text is a diff."""
    for number, fix in enumerate(suggestions, 1):
        which = "A repair" if len(suggestions) == 1 else f"Repair {number} of {len(suggestions)}"
        yield Text.assemble((which, "bold"), ": ", fix.what)
        yield fix.diff
        yield Text(f"{proof(fix)}\n")
    if not suggestions:
        yield Text(suggestions.reason)
        if suggestions.closest is not None:
            yield from _nearest(suggestions.closest)


def proof(fix: Fix) -> str:
    """The verdict on the repaired code, in a sentence."""
    there = ", ".join(str(report.verdict) for report in fix.elsewhere)
    text = (
        f"With it the gradient is {fix.report.verdict} along fresh directions "
        f"(difference {fix.report.difference:.1e}, resolution {fix.report.resolution:.1e})"
    )
    text = f"{text}; at other random points: {there}" if there else text
    return f"{text}. Mind: {fix.caveat}." if fix.caveat else f"{text}."


def _nearest(miss: Miss) -> Iterator[Text | str]:
    wrong = ", ".join(miss.wrong)
    yield Text(f"The nearest miss ({miss.what}) leaves {wrong} wrong, off by {miss.error:.2g}:")
    yield miss.diff


def _diff(console: Console, text: str) -> None:
    """A unified diff in the usual colours, else as it is, so that `patch` can read it."""
    lines = [Segment(f"{line}\n", _style(line)) for line in text.split("\n")[:-1]]
    # Not as a text: that would make spaces of tabs.
    console.print(Segments(lines), end="", soft_wrap=True)


def _style(line: str) -> Style | None:
    style = "bold" if line.startswith(("---", "+++")) else _COLOURS.get(line[:1])
    return None if style is None else Style.parse(style)
