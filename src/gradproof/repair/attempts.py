"""Attempts at a fix: each set of edits in a process of its own, judged by measured slopes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from types import FunctionType

from .edit import Edit, applied, overlapping
from .here import Here
from .patch import Unpatchable, patched
from .sandbox import Ending, Outcome, Worker
from .surroundings import Surroundings
from .validation import Judged, Validator

Edits = tuple[Edit, ...]

# Sets of edits share a process, as a fork costs more than a gradient of a small network does: so
# many at first, and then what takes so many seconds of a processor, which others may keep busy.
_FIRST, _MOST = 8, 48
_SECONDS = 0.06
# Of the time limit of a process they may take this part, unless one of them hangs.
_SAFE = 0.2
# Nothing is stopped before so many seconds, also at the end.
_LAST = 0.1

# What every edit beyond the first adds to the cost, as `candidates/costs.py` has it for copied
# lines: one slip is likelier than several, however plain.
_ANOTHER = 0.8

_CHANGES_FUN = "it changes fun as well"


@dataclass(frozen=True, slots=True)
class Attempt:
    """Some edits made together, and what came of them: ``judged``, or a ``note`` why nothing."""

    edits: Edits
    judged: Judged | None
    note: str = ""

    @property
    def known(self) -> Judged:
        """How it was judged, where it was."""
        assert self.judged is not None
        return self.judged

    @property
    def right(self) -> bool:
        """Whether the gradient agrees with every slope."""
        return self.judged is not None and self.judged.right

    @property
    def miss(self) -> tuple[int, float]:
        """How far it is from a fix: blocks that stay wrong, and by how much."""
        return len(self.known.wrong), self.known.error

    @property
    def cost(self) -> float:
        """How unlikely the edits are together."""
        return together(self.edits)


@dataclass(slots=True)
class Attempts:
    """Functions of one module, its text, and the slopes that an edit of them has to satisfy.

    ``until`` is when to stop, as ``time.monotonic`` has it; ``tried`` counts,
    ``late`` those that gave no answer, and ``pace`` is how many seconds one of the last ones took.
    """

    validator: Validator
    functions: Sequence[FunctionType]
    source: str
    limit: float
    until: float
    around: Surroundings
    tried: int = 0
    late: int = 0
    pace: float = _SECONDS / _FIRST

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self.until

    def run(self, candidates: Iterable[Edits]) -> Iterator[Attempt]:
        """What comes of each set of edits, in their order, until the time is up."""
        return self._worked(self._batched(candidates))

    def _worked(self, batches: Iterable[tuple[Edits, ...]]) -> Iterator[Attempt]:
        left = max(_LAST, self.until - time.monotonic())
        with worker_of(self.functions)(self._judged, min(self.limit, left)) as worker:
            for batch, outcome in worker.run(batches):
                yield from self._attempts(batch, outcome)
                if self.over:
                    return

    def _attempts(self, batch: Sequence[Edits], outcome: Outcome) -> Iterator[Attempt]:
        if outcome.answered:
            attempts, seconds = outcome.value
            self.tried += len(attempts)
            self.pace = seconds / len(attempts)
            yield from attempts
            if len(attempts) < len(batch):
                yield from self._worked((edits,) for edits in batch[len(attempts) :])
        elif len(batch) > 1:  # one of them spoilt it for the others
            yield from self._worked((edits,) for edits in batch)
        else:
            self.tried += 1
            self.late += outcome.ending is Ending.LATE
            yield Attempt(batch[0], None, _note(outcome))

    def _batched(self, candidates: Iterable[Edits]) -> Iterator[tuple[Edits, ...]]:
        """Sets of edits that share a process, as many as the pace of the last ones allows."""
        queue, seconds = iter(candidates), min(_SECONDS, _SAFE * self.limit)
        while not self.over:
            room = max(1, min(_MOST, int(seconds / max(self.pace, 1e-9))))
            if not (batch := tuple(islice(queue, room))):
                return
            yield batch

    def _judged(self, batch: Sequence[Edits]) -> tuple[list[Attempt], float]:
        """In the process of a job: up to the one that spoils what the next ones would meet."""
        began = time.process_time()
        before, attempts = self.around.state(), list[Attempt]()
        for edits in batch:
            attempts.append(self._one(edits))
            if len(batch) > 1 and self.around.state() != before:
                break
        return attempts, time.process_time() - began

    def _one(self, edits: Edits) -> Attempt:
        try:
            with patched(self.functions, applied(self.source, edits)):
                judged = self.validator.judge()
                if judged.right and not self.validator.keeps_fun():
                    return Attempt(edits, None, _CHANGES_FUN)
        except Unpatchable as error:
            return Attempt(edits, None, str(error))
        except Exception as error:  # noqa: BLE001 - whatever an edit leads to
            return Attempt(edits, None, f"{type(error).__name__}: {error}".splitlines()[0])
        return Attempt(edits, judged)


def worker_of(functions: Sequence[FunctionType]) -> type[Worker] | type[Here]:
    """Where edits of some functions are tried.

    In a fork JAX waits for threads that only its parent has; functions written for it have no
    effects, so that little can be spoilt here.
    """
    used = (getattr(one, "__name__", "") for f in functions for one in f.__globals__.values())
    return Here if any(str(name).partition(".")[0] == "jax" for name in used) else Worker


def _note(outcome: Outcome) -> str:
    if outcome.ending is Ending.RAISED:
        return f"{outcome.exception}: {outcome.text}"
    return outcome.text or str(outcome.ending.value)


def together(edits: Edits) -> float:
    """What some edits cost together."""
    return sum(edit.cost for edit in edits) + _ANOTHER * max(0, len(edits) - 1)


def sets(edits: Iterable[Edit], base: Edits = ()) -> Iterator[Edits]:
    """Each edit added to those of a base that it does not touch."""
    for edit in edits:
        if not any(overlapping(edit, other) for other in base):
            yield (*base, edit)
