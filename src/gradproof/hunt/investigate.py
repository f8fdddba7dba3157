"""From hits to faults: confirmed, made small, looked at from beside, grouped by their cause."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..judge.thresholds import T
from ..records.finding import Kind
from ..records.verdict import Verdict
from ..report.report import Report
from ..subject.prepare import prepare
from .causes import cause_of, pattern
from .cover import Try
from .oracles import Opinions, second_opinions
from .result import Found
from .script import scripts, shows_it
from .shrink import nudged, shrunk
from .space import same
from .steep import diverges, jumps, near_a_pole
from .target import Target
from .trying import Outcome, full, tried

_ATTEMPTS = 4  # hits of a group that are looked at until one can be confirmed
_GROUPS = 24

Hit = tuple[Try, Outcome]


@dataclass(slots=True)
class Inquiry:
    """Looking into the hits of one hunt, as long as there is time."""

    target: Target
    seed: int
    in_time: Callable[[], bool]
    ordinary_values: Sequence[Mapping[str, Any]] = ()
    size: float | None = None
    found: list[Found] = field(default_factory=list)
    causes: dict[Any, int] = field(default_factory=dict)
    contradicted: list[str] = field(default_factory=list)

    def look_into(self, hits: Sequence[Hit]) -> None:
        """Make a ``Found`` of each group of hits that have one cause."""
        groups: dict[Any, list[Hit]] = defaultdict(list)
        for hit in hits:
            groups[self._alike(hit)].append(hit)
        ranked = sorted(groups.values(), key=lambda group: min(self._cost(h) for h in group))
        for group in ranked[:_GROUPS]:
            if not self.in_time() and self.found:
                self._add_rest(group)
                continue
            group.sort(key=self._cost)
            for hit in group[:_ATTEMPTS]:
                if self._confirmed(hit, len(group)):
                    break

    def _cost(self, hit: Hit) -> tuple[float, ...]:
        return self.target.family.cost(hit[0].values)

    def _alike(self, hit: Hit) -> Any:
        """What hits of one cause have in common, as far as their outcomes and settings say."""
        one, outcome = hit
        settings = [
            f"{name}={value!r}"
            for name, (value, usual) in self.target.family.usual(one.values).items()
            if not usual
        ]
        blocks = len(outcome.blocks)
        return (outcome.kinds, blocks, tuple(settings), outcome.verdict)

    def _confirmed(self, hit: Hit, hits: int) -> bool:
        """Whether a hit stands, and then it is among what was found."""
        values = hit[0].values
        report = full(self.target, values, self.seed)
        again = full(self.target, values, self.seed + 1)
        if not _rejected(report) or not _rejected(again):
            return False
        assert report is not None
        beside = self._beside(values)
        if report.verdict is Verdict.SUSPECT and beside == Verdict.WRONG:
            values, report = self._plainer(values, report)
        if not report.claims and self._negligible(report):
            return False
        small = shrunk(self.target.family, values, self._fails_like(report, beside))
        smaller = full(self.target, small, self.seed)
        if _rejected(smaller):
            values, report = small, smaller
            assert report is not None
        key = (self._settings(values), beside == Verdict.CORRECT, pattern(self.target, values))
        if key in self.causes:
            self._more(self.causes[key], hits)
            return True
        opinions = self._opinions(values, report, beside)
        if opinions.contradicted:
            self.contradicted.append(
                f"{cause_of(self.target, values, beside)}: {opinions.contradicted}"
            )
            return False
        self.causes[key] = len(self.found)
        script, test = scripts(self.target, values, report)
        doubts = opinions.doubts
        if not script:
            doubts = (*doubts, "There is no script: some of the code has no source to write down.")
        elif not shows_it(script):
            doubts = (*doubts, "The script by itself does not show it: is there a state left over?")
        self.found.append(
            Found(
                values, report, cause_of(self.target, values, beside), beside,
                smoothness_of(report), hits, script, test, opinions.confirmed, doubts,
            )
        )  # fmt: skip
        return True

    def _negligible(self, report: Report) -> bool:
        """Whether a claim is off by less than one rounding of an ordinary gradient.

        Where a gradient dies out, a claim may have lost all its digits and be as good as ever.
        """
        if not math.isfinite(report.distance) or self.ordinary == 0:
            return False
        return report.distance <= T.negligible * self.ordinary

    @property
    def ordinary(self) -> float:
        """The norm of an ordinary gradient; 0 where it is not known."""
        if self.size is None:
            self.size = ordinary_size(self.target, self.ordinary_values)
        return self.size

    def _opinions(self, values: Mapping[str, Any], report: Report, beside: str) -> Opinions:
        """What speaks for a fault that was found, and what against it."""
        if self.target.whole(values, "quick", self.seed) is not None:
            return Opinions()  # of a Hessian, say, nobody else knows anything
        if not_finite(report) and diverges(self.target, values):
            return Opinions(contradicted="the claim is not finite, and no slope is.")
        if beside == Verdict.CORRECT and near_a_pole(self.target, values, self.seed):
            return Opinions(contradicted="fun has a pole there.")
        if beside == Verdict.CORRECT and not not_finite(report) and jumps(self.target, values):
            return Opinions(contradicted="fun jumps there.")
        return second_opinions(self.target, values, report)

    def _plainer(self, values: Mapping[str, Any], report: Report) -> tuple[Any, Report]:
        """Arguments near by that are plainly wrong, where a special point hides a fault."""
        for moved in self._moved(values):
            there = full(self.target, moved, self.seed)
            if there is not None and there.verdict is Verdict.WRONG:
                return moved, there
        return values, report

    def _moved(self, values: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """A few places near by, if anything can be moved at all."""
        for k in range(3):
            moved = nudged(self.target.family, values, np.random.default_rng([self.seed, k, 7]))
            if not all(same(a, b) for a, b in _leaves(self.target, moved, values)):
                yield moved

    def _more(self, place: int, hits: int) -> None:
        self.found[place] = replace(self.found[place], hits=self.found[place].hits + hits)

    def _add_rest(self, group: Sequence[Hit]) -> None:
        self._more(0, len(group))

    def _settings(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(
            f"{name}={value!r}"
            for name, (value, usual) in self.target.family.usual(values).items()
            if not usual
        )

    def _beside(self, values: Mapping[str, Any]) -> str:
        """The verdict near by: ``correct`` only if it is so at two places."""
        verdicts = [tried(self.target, m, self.seed).verdict for m in self._moved(values)]
        rejected = [v for v in verdicts if v in (Verdict.WRONG, Verdict.SUSPECT)]
        right = [v for v in verdicts if v == Verdict.CORRECT]
        if rejected and len(rejected) >= len(right):
            return str(rejected[0])
        return str(right[0]) if right else (verdicts or ["wrong"])[0]

    def _fails_like(self, report: Report, beside: str) -> Callable[[Mapping[str, Any]], bool]:
        """Whether other arguments fail as these do: in numbers or not, only there or around."""
        endless, plain = not_finite(report), report.verdict is Verdict.WRONG
        special = beside == Verdict.CORRECT

        def fails(values: Mapping[str, Any]) -> bool:
            if not self.in_time():
                return False
            outcome = tried(self.target, values, self.seed)
            if not outcome.rejects or (str(Kind.NOT_FINITE) in outcome.kinds) != endless:
                return False
            if plain and outcome.verdict != Verdict.WRONG:
                return False  # one that is only hidden there, say
            return not special or self._beside(values) == Verdict.CORRECT

        return fails


def _leaves(target: Target, one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterable[Any]:
    return zip(target.family.leaves(one), target.family.leaves(other), strict=True)


def _rejected(report: Report | None) -> bool:
    return report is not None and report.verdict.rejects


def not_finite(report: Report) -> bool:
    """Whether a claim is not finite."""
    return any(finding.kind is Kind.NOT_FINITE for finding in report.findings)


def ordinary_size(target: Target, values: Sequence[Mapping[str, Any]]) -> float:
    """The norm of the claims at the first of some arguments where it can be had."""
    for one in values:
        try:
            asked = target.asked(one)
            with asked.where.session(), np.errstate(all="ignore"):
                session = prepare(asked)
            norm = math.hypot(*[n for p in session.projections for n in p.claim.norms])
        except KeyboardInterrupt:
            raise
        except Exception:  # noqa: BLE001 - such arguments are none of its inputs
            norm = math.nan
        if 0 < norm < math.inf:
            return norm
    return 0.0


def smoothness_of(report: Report) -> str:
    """What fun looks like at the point of a report."""
    if any(finding.kind is Kind.KINK for finding in report.findings):
        return "kink"
    outside = any("counts as not finite" in note for note in report.notes)
    return "edge" if outside else "smooth"
