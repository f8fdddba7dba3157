"""One search for repairs, from the check that is made again to what is found and confirmed."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..engine.run import examine, play
from ..engine.stage import Stage
from ..errors import UsageError
from ..progress import ProgressLine
from ..records.direction import Direction, Part
from ..report.report import Report
from ..space.point import Point, Working
from ..subject.asked import Asked
from ..subject.gradient import Gradient
from ..subject.guards import generators_restored
from ..subject.providers import Autodiff, Products
from .edit import Edit, applied
from .fix import Fix, Miss, Suggestions, content_of, unified
from .hinted import hints
from .hints import Hints, Shape
from .hold import Bench, Held
from .patch import alike, patched
from .places import Place, given, places
from .search import Search, nearer
from .suggest import REJECTED
from .surroundings import Surroundings
from .trying import Attempt, Edits, Trying
from .worker import NO_ANSWER, Worker

# Lists the edits of some functions of a source text.
Listing = Callable[[str, Sequence[str], Hints], Sequence[Edit]]

# A candidate may take so many times as long as the code as it stands, and so many seconds at least.
_PATIENCE = 20.0
_LEAST = 1.0

# So much more for the code as it stands, after which nothing else is tried.
_FIRST_PATIENCE = 4.0

# Where there are several places to look at, each has this part of the time before any has more:
# pairs of edits in the first must not keep the single ones in the last from being tried.
_FIRST_TURN = 0.15

# Beyond this part of them without an answer, the fault is hardly that of the edits.
_MANY = 0.25
_FORKED = "A library whose threads do not survive a fork, as JAX, may be the reason."

# The draws of these directions: away from those of any check.
_FAR_DRAW = 1 << 21

# Where a repair is checked too: so far along random directions, in units of each block's scale.
_ELSEWHERE = (0.3, -0.2)


@dataclass(slots=True)
class Hunt:
    """One search; after Ctrl-C ``so_far`` has what it found."""

    report: Report
    seconds: float
    task: Asked = field(init=False)
    bench: Bench = field(init=False)
    places: list[Place] = field(init=False)
    until: float = field(init=False)
    limit: float = field(init=False)
    searches: dict[Place, Search] = field(default_factory=dict)
    watched: dict[Place, Trying] = field(default_factory=dict)
    confirmed: dict[Edits, list[Report]] = field(default_factory=dict)

    def __str__(self) -> str:
        """What is under way."""
        return f"repairing {self.report.name}: {self.tried:,} edits tried"

    @property
    def tried(self) -> int:
        """How many sets of edits were tried; those of a place's second turn are the same ones."""
        return sum(trying.tried for trying in self.watched.values())

    def suggestions(self, most: int) -> Suggestions:
        """Search until there are so many, or all was tried, or the time is up."""
        edits = _edits_of()
        self.task = _in_reverse(self.report.origin)
        self.until = time.monotonic() + self.seconds
        where = self.task.where
        with generators_restored(), where.session(), ProgressLine(lambda: str(self)):
            self.bench = Bench.of(play(self.task, Stage(self.report.name)).last)
            base = self._as_it_stands()
            if isinstance(base, str):
                return Suggestions(reason=base)
            return self._searched(most, edits, base)

    def so_far(self) -> Suggestions:
        """What was confirmed before it was interrupted."""
        found = [(a, place) for place, search in self.searches.items() for a in search.found]
        fixes = [self._fix(attempt, place) for attempt, place in found]
        reason = "" if fixes else f"Interrupted before a repair was found ({self.tried:,} tried)."
        return Suggestions(fixes, tried=self.tried, complete=False, reason=reason)

    def _as_it_stands(self) -> Held | str:
        """The wrong code judged as every edit will be; a sentence where that leads nowhere."""
        subject = self.bench.trial.subject
        if not (subject.movable and callable(given(subject))):
            raise UsageError(
                "The gradient is an array that was computed before: pass grad as a function, so "
                "that there is code to repair."
            )
        self.places = places(subject, self.report.findings)
        began = time.monotonic()
        self.bench.claim()
        spent = time.monotonic() - began + self.report.seconds / max(self.report.evaluations, 1)
        self.limit = max(_LEAST, _PATIENCE * spent)
        first = self._trying(self.places[0], math.inf)
        first.limit *= _FIRST_PATIENCE
        base = next(first.run([()]))
        if base.held is None:
            return _not_run(base.note)
        return base.held if not base.right else _right_already(self.report.origin.grad)

    def _searched(self, most: int, edits: Listing, base: Held) -> Suggestions:
        """Each place for a while, then those that had more to try for what time is left."""
        left, share = self.places, _FIRST_TURN if len(self.places) > 1 else 1.0
        while left:
            cut = []
            for number, place in enumerate(left):
                turn = share * self._remaining / (1 if share < 1 else len(left) - number)
                search = self._search(place, time.monotonic() + turn, most, edits, base)
                found = search.run()
                if found:
                    fixes = [self._fix(attempt, place) for attempt in found[:most]]
                    return Suggestions(fixes, tried=self.tried, complete=not search.trying.over)
                cut += [place] if search.trying.over else []
            if share == 1.0 or self._remaining <= 0:
                break
            left, share = cut, 1.0
        return self._none(complete=not cut)

    @property
    def _remaining(self) -> float:
        return max(0.0, self.until - time.monotonic())

    def _trying(self, place: Place, until: float) -> Trying:
        subject = self.bench.trial.subject
        caller = subject.caller
        copies = subject.working.copies
        claimed = given(subject)
        around = Surroundings.of(
            place.functions, caller.args, caller.kwargs, copies, subject.fun, claimed
        )
        functions = alike(place.functions)
        return Trying(self.bench, functions, place.source, self.limit, until, around)

    def _search(self, place: Place, until: float, most: int, edits: Listing, base: Held) -> Search:
        trying = self._trying(place, until)
        told = hints(self.report.findings, place.file, place.shapes, place.values, self._shapes())
        listed = edits(place.source, place.names, told)
        search = Search(trying, listed, base, most, lambda attempt: self._confirm(attempt, trying))
        self.searches[place] = search
        self.watched[place] = trying
        return search

    def _shapes(self) -> dict[str, Shape]:
        """Of the blocks, by their names."""
        return {block.name: block.shape for block in self.bench.trial.subject.point.blocks}

    def _confirm(self, attempt: Attempt, trying: Trying) -> bool:
        """Check the repaired code along fresh directions, and at other points."""
        limit = max(_LEAST, _PATIENCE * self.report.seconds) * (1 + len(_ELSEWHERE))
        with Worker(lambda edits: self._checked(edits, trying), limit) as worker:
            _, outcome = next(iter(worker.run([attempt.edits])))
        if not outcome.answered:
            return False
        here, *elsewhere = outcome.value
        self.confirmed[attempt.edits] = outcome.value
        return here.ok and not any(report.verdict in REJECTED for report in elsewhere)

    def _checked(self, edits: Edits, trying: Trying) -> list[Report]:
        """In a process of its own."""
        task, seed = self.task, self.report.seed
        subject = self.bench.trial.subject
        far = [_moved(subject, t, seed, _FAR_DRAW + k) for k, t in enumerate(_ELSEWHERE)]
        with patched(trying.functions, applied(trying.source, edits)):
            return [
                examine(task.fun, where, task.grad, replace(task.options, seed=seed + k))
                for k, where in enumerate([task.where, *far], 1)
            ]

    def _fix(self, attempt: Attempt, place: Place) -> Fix:
        here, *elsewhere = self.confirmed[attempt.edits]
        content = content_of(place.file, place.source)
        file = os.path.abspath(place.file)  # noqa: PTH100 - no link is resolved
        return Fix(file, attempt.edits, here, tuple(elsewhere), place.source, content)

    def _none(self, *, complete: bool) -> Suggestions:
        """Nothing was found: say so, and how near it came."""
        reason = "No edit of these kinds, and no two of them together, repairs it"
        if not complete:
            reason = "No repair was found before the time was up"
        late = sum(trying.late for trying in self.watched.values())
        told = f"{self.tried:,} were tried{f', {late:,} gave {NO_ANSWER} in time' if late else ''}"
        reason = f"{reason} ({told})."
        if late > _MANY * self.tried:
            reason = f"{reason} {_FORKED}"
        return Suggestions(
            tried=self.tried, complete=complete, closest=self._closest(), reason=reason
        )

    def _closest(self) -> Miss | None:
        found = [(s.closest, p) for p, s in self.searches.items() if s.closest is not None]
        if not found:
            return None
        attempt, place = found[0]
        for other, elsewhere in found[1:]:
            if nearer(other, attempt):
                attempt, place = other, elsewhere
        assert attempt.held is not None
        blocks = self.bench.trial.subject.point.blocks
        content = content_of(place.file, place.source)
        return Miss(
            attempt.edits,
            unified(place.file, place.source, attempt.edits, content),
            tuple(blocks[k].name for k in sorted(attempt.held.wrong)),
            attempt.held.error,
        )


def _edits_of() -> Listing:
    """The list of edits; loaded here, since libcst takes a while and may be missing."""
    try:
        from .candidates import candidates
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "libcst":
            raise
        raise UsageError(
            "Repairs need libcst, which is not installed: pip install 'gradproof[fix]'."
        ) from None
    return candidates


def _in_reverse(task: Asked) -> Asked:
    """The same claim without its Jacobian-vector products, which are not looked at here."""
    grad = task.grad
    if isinstance(grad, Products) and grad.forward:
        if not grad.reverse:
            raise UsageError(
                "Repairs of a jvp are not looked for: only of gradients, Jacobians and the vjp."
            )
        return replace(task, grad=replace(grad, jvp=None))
    if isinstance(grad, Autodiff) and grad.forward and grad.reverse:
        return replace(task, grad=replace(grad, forward=False))
    return task


def _not_run(note: str) -> str:
    """Why no edit can be tried, in a sentence."""
    refused = note.removeprefix("Refused: ")
    if refused != note:
        return (
            f"The code as it stands {refused}. Nothing could be tried: take that out of the "
            "functions, or do it only once, before the check."
        )
    if note.startswith(NO_ANSWER):
        return (
            f"In another process the code as it stands gave {note}: nothing could be tried. "
            f"{_FORKED}"
        )
    return f"The code as it stands cannot be run in another process, so nothing was tried: {note}."


def _right_already(grad: Any) -> str:
    """Why there is nothing to be found although the report says wrong."""
    if isinstance(grad, Autodiff | Products) and grad.forward:
        return "What is wrong is the jvp, of which repairs are not looked for: the vjp is right."
    return (
        "The gradient is wrong only at the point itself, which is a kink: repairs are looked for "
        "beside it, and there it is right."
    )


def _moved(subject: Gradient, distance: float, seed: int, draw: int) -> Point:
    """Another point, some way along a random direction through all blocks."""
    point = subject.point
    working = Working(point, promote=False)
    parts = tuple(Part(block.index, block.scale) for block in point.blocks)
    working.line(Direction(parts, seed, draw)).move(distance)
    return point.at(working.tree(fresh=True))
