"""A record: what was said of each case of a suite, and how many evaluations that took."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Said(NamedTuple):
    """What was said of one case, in one line, and the evaluations that it took."""

    said: str
    evaluations: int


Record = Mapping[str, Said]


@dataclass(frozen=True)
class Difference:
    """A case of which something else is said now; None where there is no such case."""

    case: str
    before: str | None
    now: str | None

    def __str__(self) -> str:
        return f"{self.case}\n    before: {self.before}\n    now:    {self.now}"


@dataclass(frozen=True)
class Comparison:
    """A suite as it was recorded beside the same suite now."""

    name: str
    cases: int
    differences: tuple[Difference, ...]
    dearer: tuple[tuple[str, int, int], ...]
    before: int
    now: int

    def holds(self, slack: float) -> bool:
        """Whether all is said as before, for at most so much (a share) more evaluations."""
        return not self.differences and self.now <= (1 + slack) * self.before


def compared(name: str, before: Record, now: Record, *, part: bool = False) -> Comparison:
    """Both side by side; of a ``part`` only the cases that were run."""
    cases = [case for case in before if case in now or not part]
    cases += [case for case in now if case not in before]
    both = [case for case in cases if case in before and case in now]
    return Comparison(
        name,
        len(cases),
        tuple(_differences(cases, before, now)),
        tuple(_dearer(both, before, now)),
        sum(before[case].evaluations for case in both),
        sum(now[case].evaluations for case in both),
    )


def _differences(cases: list[str], before: Record, now: Record) -> Iterator[Difference]:
    for case in cases:
        old, new = (said(record, case) for record in (before, now))
        if old != new:
            yield Difference(case, old, new)


def said(record: Record, case: str) -> str | None:
    """What a record says of a case, if anything."""
    return record[case].said if case in record else None


def _dearer(both: list[str], before: Record, now: Record) -> Iterator[tuple[str, int, int]]:
    for case in both:
        old, new = before[case].evaluations, now[case].evaluations
        if new > old:
            yield case, old, new


def read(path: Path) -> Record:
    """A record from its file."""
    return {case: Said(*told) for case, told in json.loads(path.read_text("utf-8")).items()}


def write(path: Path, record: Record) -> None:
    """One case a line, so that a change is read in the difference of two versions."""
    lines = (f"{json.dumps(c, ensure_ascii=False)}: {_told(told)}" for c, told in record.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def _told(told: Said) -> str:
    return json.dumps(list(told), ensure_ascii=False)
