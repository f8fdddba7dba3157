"""The search itself: batches of tries, what came of them, and then a look into the hits."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import UsageError
from ..progress import ProgressLine
from .cover import BATCH, Planner, Try
from .investigate import Inquiry
from .result import Found, Hunt
from .source import hints
from .target import Target
from .trying import SKIPPED, Outcome, tried

# Of the time that is allowed such a share goes into tries, what is left into looking into hits.
_SHARE_OF_TRIES = 0.7
# Where so many tries in a row are hits, any point shows the fault: more of them say no more.
_ALL_HITS = 48

Runner = Callable[[Sequence[Try]], Iterable[Outcome]]


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a hunt goes: tries, seconds, the seed of all that is drawn; the ``menu`` alone."""

    tries: int | None
    seconds: float | None
    seed: int
    menu: bool = False


@dataclass(slots=True)
class Search:
    """A hunt under way."""

    target: Target
    limits: Limits
    runner: Runner
    first: Sequence[Mapping[str, Any]] = ()
    planner: Planner = field(init=False)
    done: list[tuple[Try, Outcome]] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)
    interrupted: bool = False
    looking: str = ""
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.planner = Planner(self.target.family, hints(self.target.code()), self.limits.seed)
        if self.limits.menu:
            self.planner.only_menu()

    def run(self) -> Hunt:
        """Make the tries, look into the hits, and say what was found."""
        line = ProgressLine(self._doing, self._spent, unit="tries")
        found: list[Found] = []
        inquiry = Inquiry(self.target, self.limits.seed, lambda: self._in_time(1.0))
        with line:
            try:
                self._tries()
            except KeyboardInterrupt:
                self.interrupted = True
            self._require_some()
            inquiry.ordinary_values = [one.values for one, _ in self.done[:BATCH]]
            hits = [(one, outcome) for one, outcome in self.done if outcome.rejects]
            self.looking = f"looking into {len(hits)} hits"
            try:
                inquiry.look_into(hits)
            except KeyboardInterrupt:
                self.interrupted = True
            found = sorted(inquiry.found, key=lambda f: self.target.family.cost(f.values))
        return self._hunt(found, inquiry)

    def _tries(self) -> None:
        left = self.limits.tries
        known = self.planner.first(self.first)
        while (left is None or left > 0) and self._in_time(_SHARE_OF_TRIES):
            batch = known or self.planner.batch(10**9 if left is None else left)
            known = []
            if not batch:
                self.notes.append("Every choice of the spaces was tried.")
                return
            before = len(self.done)
            for one, outcome in zip(batch, self.runner(batch), strict=False):
                self.done.append((one, outcome))
            # After the whole batch: whoever makes the tries, the next ones are the same.
            for one, outcome in self.done[before:]:
                self.planner.learn(one, outcome)
            left = None if left is None else left - len(batch)
            if self._all_hits():
                self.notes.append(
                    f"The last {_ALL_HITS} tries all showed a fault: the hunt stopped there."
                )
                return

    def _all_hits(self) -> bool:
        judged = [outcome for _, outcome in self.done if outcome.verdict != SKIPPED]
        return len(judged) >= _ALL_HITS and all(o.rejects for o in judged[-_ALL_HITS:])

    def _in_time(self, share: float) -> bool:
        seconds = self.limits.seconds
        return seconds is None or time.perf_counter() - self.began < share * seconds

    def _require_some(self) -> None:
        """Raise what is wrong with the call itself, where that is all there was."""
        outcomes = [outcome for _, outcome in self.done]
        if not outcomes or any(outcome.verdict != SKIPPED for outcome in outcomes):
            return
        # What most of them say, and of that which is about the call itself first.
        reasons = Counter(o.why for o in outcomes)
        usual = max(outcomes, key=lambda o: (reasons[o.why], o.misuse))
        said = usual.why.removeprefix("UsageError: ")
        raise UsageError(f"Nothing could be checked at any of {len(outcomes)} tries: {said}")

    def _hunt(self, found: list[Found], inquiry: Inquiry) -> Hunt:
        skipped = [outcome for _, outcome in self.done if outcome.verdict == SKIPPED]
        claims = Counter(o.why for o in skipped if o.claim)
        undecided = [o for _, o in self.done if o.verdict == "undecided"]
        notes = [
            *self.notes,
            *(f"Not counted: {said}" for said in dict.fromkeys(inquiry.contradicted)),
        ]
        return Hunt(
            self.target.name, tuple(found), len(self.done), len(skipped), len(undecided),
            time.perf_counter() - self.began, self.limits.seed,
            dict(Counter(o.why for o in skipped).most_common(8)),
            tuple(why.removeprefix("grad raised ") for why, _ in claims.most_common(4)),
            self.interrupted, tuple(notes),
        )  # fmt: skip

    def _doing(self) -> str:
        hits = sum(outcome.rejects for _, outcome in self.done)
        left = ""
        if self.limits.seconds is not None:
            rest = max(0.0, self.limits.seconds - (time.perf_counter() - self.began))
            left = f", {rest:.0f} s left"
        doing = self.looking or "hunting"
        return f"{doing} {self.target.name}: {len(self.done)} tries, {hits} suspects{left}"

    def _spent(self) -> tuple[int, int]:
        return len(self.done), self.limits.tries or len(self.done)


def in_this_process(target: Target, seed: int) -> Runner:
    """Tries one after the other, here."""

    def run(batch: Sequence[Try]) -> Iterator[Outcome]:
        return (tried(target, one.values, seed) for one in batch)

    return run
