"""The search for a repair: single edits, then those together that each fix a part, then pairs.

Edits come likeliest first. Once one satisfies every slope, only those are tried that may be
simpler: of repairs that give the same gradient a person would make the smallest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, islice, product, tee

from ..judge.thresholds import T
from .attempts import Attempt, Attempts, Edits, sets, together
from .edit import Edit, overlapping
from .validation import Judged

# Once a repair is known, edits that are this much less likely are not tried any more.
_BEHIND = 1.0

# So many edits together are one only if no single one does the same.
_MANY = 3

# So many different gradients that are right show that the slopes cannot tell more.
_ENOUGH = 3

# Of edits that do the same, so many are tried in pairs: with each other they may overlap.
_ALIKE = 2

# So many that give the same gradient at the point are refuted before no more are asked for.
_REFUTED = 4

# Of each set of blocks that edits fix, so many of these are combined with those of others.
_EACH = 3
_COMBINATIONS = 60

# Faults in a row, each of which hides the one before it: so many steps, from so many beginnings.
_STEPS = 4
_BEGINNINGS = 2

# Pairs are made of so many of the likeliest edits.
_PAIRED = 140

# Blocks that stay wrong, and what tells one effect on them from another.
Effect = tuple[frozenset[int], tuple[str, ...]]


@dataclass(slots=True)
class Search:
    """A search under way.

    ``listed`` are the edits, the likeliest first. ``wanted`` repairs are enough; ``confirm`` has
    the last word on each of them. ``refuted`` are those that it refuted, ``nearly`` those that
    leave a rest, ``closest`` is the attempt that came nearest to a repair, ``effects`` has edits
    by what each of them does alone.
    """

    attempts: Attempts
    listed: Iterable[Edit]
    base: Judged
    wanted: int
    confirm: Callable[[Attempt], bool]
    found: list[Attempt] = field(default_factory=list)
    refuted: list[Attempt] = field(default_factory=list)
    nearly: list[Attempt] = field(default_factory=list)
    closest: Attempt | None = None
    effects: dict[Effect, list[Edit]] = field(default_factory=dict)

    @property
    def edits(self) -> Iterator[Edit]:
        """All edits from the first on; those that nobody has asked for yet are not written."""
        self.listed, again = tee(self.listed)
        return again

    def run(self) -> list[Attempt]:
        """Repairs, the likeliest first; none where there is none of these kinds."""
        partial = self._try(sets(self.edits), self.base.wrong, joining=True)
        self._go_on(partial)
        if not self.found and not self.nearly:
            self._pairs()
        return sorted(filter(self._exact, self.found), key=lambda attempt: attempt.cost)

    def _exact(self, attempt: Attempt) -> bool:
        """Whether no other repair comes much nearer to the slopes."""
        nearest = min(one.known.error for one in self.found)
        return attempt.known.error <= max(T.exact_repair, T.nearer_repair * nearest)

    def _try(
        self, candidates: Iterable[Edits], wrong: frozenset[int], *, joining: bool = False
    ) -> list[Attempt]:
        """Try some; those that fix a part of the wrong blocks, and harm none, come back.

        ``joining``: as soon as those fix all of them between them, they are made together.
        """
        partial: list[Attempt] = []
        for attempt in self.attempts.run(self._likely(candidates)):
            if attempt.judged is None:
                continue
            if len(attempt.edits) == 1:
                self._learn(attempt)
            if not attempt.right and (self.closest is None or attempt.miss < self.closest.miss):
                self.closest = attempt
            if attempt.right:
                self._keep(attempt)
            elif attempt.known.error <= T.rest_of_repair < self.base.error:
                self.nearly.append(attempt)
            elif attempt.known.wrong < wrong:
                partial.append(attempt)
                if joining:
                    self._combine(partial, attempt)
            if len(self.found) >= max(self.wanted, _ENOUGH):
                break
        return partial

    @property
    def fewest(self) -> float:
        """How many edits the repair has that has the fewest."""
        return min((len(attempt.edits) for attempt in self.found), default=math.inf)

    def _likely(self, candidates: Iterable[Edits]) -> Iterator[Edits]:
        """None with an edit that is much less likely than a repair that is known.

        That is its dearest edit, but of many edits, all of them: one that does as much is simpler.
        """
        for edits in candidates:
            known = min((_worth(attempt) for attempt in self.found), default=math.inf)
            if _dearest(edits) <= known:
                yield edits

    def _keep(self, attempt: Attempt) -> None:
        """A repair, if nothing refutes it.

        Of those that give the same gradient the simplest is kept; what was refuted may have only
        looked the same at the point, so that another one gets its chance, but not everyone.
        """
        rival = next((one for one in self.found if _same(one, attempt)), None)
        if rival is not None and _simplicity(rival) <= _simplicity(attempt):
            return
        if sum(_same(one, attempt) for one in self.refuted) >= _REFUTED:
            return
        if self.confirm(attempt):
            self.found = [*(one for one in self.found if one is not rival), attempt]
        else:
            self.refuted.append(attempt)

    def _learn(self, attempt: Attempt) -> None:
        """What an edit alone does: of those that do the same few are worth another try."""
        judged, edit = attempt.known, attempt.edits[0]
        known = math.isfinite(judged.error)  # else nobody knows what it does
        if judged.wrong <= self.base.wrong and not (known and judged.errors == self.base.errors):
            errors = tuple(f"{error:.6e}" for error in judged.errors)
            effect = (judged.wrong, errors if known else (str(edit.begin), str(edit.end), edit.new))
            alike = self.effects.setdefault(effect, [])
            if len(alike) < _ALIKE:
                alike.append(edit)

    def _combine(self, partial: list[Attempt], newest: Attempt) -> None:
        """What was found last, with what fixes the other blocks: faults apart from each other."""
        by_fixed: dict[frozenset[int], list[Attempt]] = {}
        for attempt in sorted(partial, key=lambda attempt: attempt.cost):
            by_fixed.setdefault(self._fixed(attempt), []).append(attempt)
        new = self._fixed(newest)
        if newest not in by_fixed[new][:_EACH]:
            return
        groups = _cover(list(by_fixed), self.base.wrong - new)
        if 1 + len(groups) >= self.fewest:
            return
        choices = product([newest], *(by_fixed[group][:_EACH] for group in groups))
        joined = (
            tuple(dict.fromkeys(e for one in chosen for e in one.edits)) for chosen in choices
        )
        apart = (edits for edits in sorted(joined, key=together) if _apart(edits))
        self._try(islice(apart, _COMBINATIONS), frozenset())

    def _fixed(self, attempt: Attempt) -> frozenset[int]:
        return self.base.wrong - attempt.known.wrong

    def _go_on(self, partial: list[Attempt]) -> None:
        """From what fixes a part, look for the rest: a fault may hide behind a later one."""
        for _ in range(_STEPS):
            beginnings = sorted(
                filter(self._promising, partial), key=lambda one: (len(one.known.wrong), one.cost)
            )
            partial = []
            for attempt in beginnings[:_BEGINNINGS]:
                if self._promising(attempt):
                    partial += self._try(sets(self.edits, attempt.edits), attempt.known.wrong)

    def _promising(self, attempt: Attempt) -> bool:
        """Whether it may become a repair; where one is known, with fewer edits."""
        edits = len(attempt.edits)
        shared = len(self._fixed(attempt)) > edits or not self.found
        return shared and edits + 1 < self.fewest

    def _pairs(self) -> None:
        """Two edits that fix nothing alone, but change what is wrong and nothing that is right."""
        telling = {edit for alike in self.effects.values() for edit in alike}
        likely = list(islice((edit for edit in self.edits if edit in telling), _PAIRED))
        pairs = (pair for pair in combinations(likely, 2) if not overlapping(*pair))
        self._try(sorted(pairs, key=together), self.base.wrong)


def _same(one: Attempt, other: Attempt) -> bool:
    """Whether two attempts give the same gradient at the point."""
    return one.known.mark == other.known.mark


def _simplicity(attempt: Attempt) -> tuple[int, float, int]:
    """Few edits, then likely ones, then those that leave the shorter text."""
    grown = sum(len(edit.new) - (edit.end - edit.begin) for edit in attempt.edits)
    return len(attempt.edits), attempt.cost, grown


def _worth(attempt: Attempt) -> float:
    many = len(attempt.edits) >= _MANY
    return attempt.cost if many else _dearest(attempt.edits) + _BEHIND


def _dearest(edits: Edits) -> float:
    return max((edit.cost for edit in edits), default=0.0)


def _cover(fixed: list[frozenset[int]], wrong: frozenset[int]) -> list[frozenset[int]]:
    """Few sets that together hold all wrong blocks, the largest first; none where they do not."""
    chosen: list[frozenset[int]] = []
    left = wrong
    while left:
        best = max(fixed, key=lambda blocks: len(blocks & left), default=frozenset[int]())
        if not best & left:
            return []
        chosen.append(best)
        left -= best
    return chosen


def _apart(edits: Edits) -> bool:
    """Whether there are several edits, none of which touches another one."""
    return len(edits) > 1 and not any(overlapping(*pair) for pair in combinations(edits, 2))
