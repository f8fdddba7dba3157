"""From results to scores: counts, for each question one table."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .contestant import Verdict
from .result import TOO_SLOW, Result
from .specimen import Specimen


@dataclass(frozen=True)
class Table:
    """A title, a sentence that says how to read it, the heads and the rows."""

    title: str
    told: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """As the documentation has it."""
        lines = [self.heads, tuple("---" for _ in self.heads), *self.rows]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)


@dataclass(frozen=True)
class Scores:
    """All results with their specimens."""

    results: Sequence[Result]
    specimens: dict[str, Specimen]
    contestants: Sequence[str]

    def of(self, contestant: str, chosen: Callable[[Specimen], bool]) -> list[Result]:
        """The results of one contestant on some specimens."""
        return [
            r
            for r in self.results
            if r.contestant == contestant and chosen(self.specimens[r.specimen])
        ]

    def families(self) -> list[str]:
        """In the order in which they come."""
        return list(dict.fromkeys(s.family for s in self.specimens.values()))


def count(results: Iterable[Result], verdict: str) -> int:
    """How many have a verdict."""
    return sum(r.verdict == verdict for r in results)


def answered(results: Sequence[Result]) -> int:
    """How many got a verdict of any kind."""
    return sum(r.verdict not in (Verdict.CANNOT, TOO_SLOW) for r in results)


def tables(scores: Scores) -> list[Table]:
    """Every question's table."""
    return [
        _short(scores),
        _by_family(scores, "Wrong gradients that pass", right=False, verdict=Verdict.PASSES),
        _by_family(scores, "Right gradients rejected", right=True, verdict=Verdict.ACCUSES),
        _by_error(scores),
        _by_answer(scores),
        _named(scores),
        _cost(scores),
    ]


def _short(scores: Scores) -> Table:
    rows = []
    for name in scores.contestants:
        wrong = scores.of(name, lambda s: not s.right)
        right = scores.of(name, lambda s: s.right)
        rows.append((
            name,
            f"{count(wrong, Verdict.PASSES)} of {answered(wrong)}",
            f"{count(right, Verdict.ACCUSES)} of {answered(right)}",
            str(count(wrong + right, Verdict.UNDECIDED)),
            str(len(wrong + right) - answered(wrong) - answered(right)),
            _middle([r.evaluations for r in wrong + right if r.verdict != TOO_SLOW]),
        ))  # fmt: skip
    return Table(
        "All together",
        "Of the specimens that a checker gave a verdict on. *No verdict*: it cannot be given such "
        "a function, raised, or did not finish in time.",
        (
            "checker",
            "wrong passed",
            "right rejected",
            "undecided",
            "no verdict",
            "evaluations (median)",
        ),
        tuple(rows),
    )


def _by_family(scores: Scores, title: str, *, right: bool, verdict: Verdict) -> Table:
    families = scores.families()
    rows = []
    for name in scores.contestants:
        cells = []
        for family in families:
            some = scores.of(name, lambda s, f=family: s.right is right and s.family == f)
            cells.append(f"{count(some, verdict)} of {answered(some)}" if answered(some) else "–")
        rows.append((name, *cells))
    return Table(title, "By family of specimens.", ("checker", *families), tuple(rows))


def _by_error(scores: Scores) -> Table:
    """How small an error is noticed, on the family made for that question."""
    sizes = sorted({s.error for s in scores.specimens.values() if _sized(s)}, reverse=True)
    rows = []
    for name in scores.contestants:
        cells = []
        for size in sizes:
            some = scores.of(name, lambda s, e=size: _sized(s) and s.error == e)
            cells.append(f"{count(some, Verdict.ACCUSES)} of {answered(some)}")
        rows.append((name, *cells))
    return Table(
        "Wrong gradients rejected, by the size of the error",
        "The relative error of the worst block.",
        ("checker", *(f"{size:.0e}" for size in sizes)),
        tuple(rows),
    )


def _sized(specimen: Specimen) -> bool:
    return specimen.family == "error sizes" and not specimen.right


def _by_answer(scores: Scores) -> Table:
    rows = []
    for name in scores.contestants:
        every = scores.of(name, lambda _: True)
        kinds = (*map(str, Verdict), TOO_SLOW)
        rows.append((name, *(str(count(every, kind)) for kind in kinds)))
    return Table(
        "All answers", "Right and wrong together.", ("checker", *map(str, Verdict), TOO_SLOW),
        tuple(rows),
    )  # fmt: skip


def _named(scores: Scores) -> Table:
    """Where and why, of the wrong ones that were rejected."""
    rows = []
    for name in scores.contestants:
        rejected = [
            r for r in scores.of(name, lambda s: not s.right) if r.verdict == Verdict.ACCUSES
        ]
        rows.append((name, *(_share([getattr(r, what) for r in rejected]) for what in _NAMED)))
    return Table(
        "What is named",
        "Of the wrong gradients that were rejected: exactly the wrong blocks; exactly the wrong "
        "entries, where single ones are wrong; the cause. –: never named.",
        ("checker", "block", "entries", "cause"),
        tuple(rows),
    )


_NAMED = ("block", "entries", "cause")


def _share(told: Sequence[bool | None]) -> str:
    known = [one for one in told if one is not None]
    return f"{sum(known)} of {len(known)}" if known else "–"


def _cost(scores: Scores) -> Table:
    rows = []
    for name in scores.contestants:
        every = [r for r in scores.of(name, lambda _: True) if r.verdict != TOO_SLOW]
        rows.append((
            name,
            _middle([r.evaluations for r in every]),
            str(max((r.evaluations for r in every), default=0)),
            _middle([1e3 * r.seconds for r in every]),
            f"{sum(r.seconds for r in every):.1f}",
        ))  # fmt: skip
    return Table(
        "What it costs",
        "Calls of the function, and time in all; the functions themselves are tiny, but for the "
        "sizes.",
        ("checker", "evaluations (median)", "most", "milliseconds (median)", "seconds in all"),
        tuple(rows),
    )


def _middle(numbers: Sequence[float]) -> str:
    return f"{statistics.median(numbers):,.3g}" if numbers else "–"


@dataclass(frozen=True)
class Failing:
    """What gradproof must not do, and did."""

    wrong_passed: list[str]
    right_accused: list[str]
    undecided: list[str]
    judged: int


def failing(scores: Scores, name: str = "gradproof") -> Failing:
    """The specimens on which a contestant failed."""
    every = scores.of(name, lambda _: True)
    right = {s.name for s in scores.specimens.values() if s.right}
    return Failing(
        [r.specimen for r in every if r.specimen not in right and r.verdict == Verdict.PASSES],
        [r.specimen for r in every if r.specimen in right and r.verdict == Verdict.ACCUSES],
        [r.specimen for r in every if r.verdict == Verdict.UNDECIDED],
        len(every),
    )
