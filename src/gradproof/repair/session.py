"""One search for fixes, from the check that is made again to what is found and confirmed."""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ..errors import UsageError
from ..judge.thresholds import T
from ..progress import ProgressLine
from ..report.report import Report
from ..subject.asked import Asked
from ..subject.guards import generators_restored
from ..subject.providers import Autodiff, Products
from .apply import content_of, unified
from .attempts import Attempt, Attempts, Edits, worker_of
from .edit import Edit, applied
from .fix import Fix, Miss, Suggestions
from .here import uncompiled
from .hints import Hints, hints
from .localise import Place, given, places
from .patch import alike, patched
from .sandbox import NO_ANSWER
from .search import Search
from .surroundings import Surroundings
from .validation import PLACES, Judged, Validator, check_again, check_smaller

# Lists the candidates for some functions of a source text.
Listing = Callable[[str, Sequence[str], Hints], Iterable[Edit]]

# A candidate may take so many times as long as the code as it stands, and so many seconds at least.
_PATIENCE = 20.0
_LEAST = 2.0

# A repair that is found at the last moment is confirmed within this part of the time more.
_OVER = 0.1

# So much more for the code as it stands, after which nothing else is tried.
_FIRST_PATIENCE = 4.0

# Where there are several places to look at, each has this part of the time before any has more:
# pairs of edits in the first must not keep the single ones in the last from being tried.
_FIRST_TURN = 0.15

# Beyond this part of them without an answer, the fault is hardly that of the edits.
_MANY = 0.25
_REST = "a relative error of {:.1e} remains"
_HERE = "right at this point only: at others the gradient is still wrong"
_FORKED = "A library whose threads do not survive a fork, as JAX, may be the reason."


@dataclass(slots=True)
class Session:
    """One search; after Ctrl-C ``so_far`` has what it found."""

    report: Report
    seconds: float
    asked: Asked = field(init=False)
    validator: Validator = field(init=False)
    listing: Listing = field(init=False)
    places: list[Place] = field(init=False)
    base: Judged = field(init=False)
    until: float = field(init=False)
    limit: float = field(init=False)
    searches: dict[Place, Search] = field(default_factory=dict)
    confirmed: dict[Edits, list[Report]] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"repairing {self.report.name}: {self.tried:,} edits tried"

    @property
    def tried(self) -> int:
        """How many sets of edits were tried; those of a place's second turn are the same ones."""
        return sum(search.attempts.tried for search in self.searches.values())

    def suggestions(self, most: int) -> Suggestions:
        """Search until there are so many, or all was tried, or the time is up."""
        self.until = time.monotonic() + self.seconds
        self.listing = _listing()
        self.asked = _in_reverse(self.report.origin)
        with generators_restored(), self.asked.where.session(), ProgressLine(lambda: str(self)):
            self.validator = Validator.of(self.asked, self.report.name)
            reason = self._why_not()
            return Suggestions(reason=reason) if reason else self._searched(most)

    def so_far(self) -> Suggestions:
        """What was confirmed before it was interrupted."""
        searches = self.searches.items()
        fixes = [self._fix(one, place) for place, search in searches for one in search.found]
        reason = "" if fixes else f"Interrupted before a repair was found ({self.tried:,} tried)."
        return Suggestions(fixes, tried=self.tried, complete=False, reason=reason)

    def _why_not(self) -> str:
        """Judge the wrong code as every edit will be; a sentence where that leads nowhere."""
        session = self.validator.session
        if not (session.movable and callable(given(session))):
            raise UsageError(
                "The gradient is an array that was computed before: pass grad as a function, so "
                "that there is code to repair."
            )
        with uncompiled():
            self.places = places(session, self.report)
        began = time.monotonic()
        self.validator.claim()
        spent = time.monotonic() - began + self.report.seconds / max(self.report.evaluations, 1)
        self.limit = max(_LEAST, _PATIENCE * spent)
        first = self._attempts(self.places[0], math.inf)
        first.limit *= _FIRST_PATIENCE
        as_it_stands = next(first.run([()]))
        if as_it_stands.judged is None:
            return _not_run(as_it_stands.note)
        self.base = as_it_stands.judged
        return _right_already(self.report.origin.grad) if self.base.right else ""

    def _searched(self, most: int) -> Suggestions:
        """Each place for a while, then those that had more to try for what time is left."""
        left, share = self.places, _FIRST_TURN if len(self.places) > 1 else 1.0
        while left:
            cut = []
            for number, place in enumerate(left):
                turn = share * self._remaining / (1 if share < 1 else len(left) - number)
                search = self._search(place, time.monotonic() + turn, most)
                found, over = search.run(), search.attempts.over
                if found:
                    fixes = [self._fix(attempt, place) for attempt in found[:most]]
                    return Suggestions(fixes, tried=self.tried, complete=not over)
                cut += [place] if over else []
            if share == 1.0 or self._remaining <= 0:
                break
            left, share = cut, 1.0
        fixes = self._partly(most)
        if fixes:
            return Suggestions(fixes, tried=self.tried, complete=not cut)
        return self._none(complete=not cut)

    @property
    def _remaining(self) -> float:
        return max(0.0, self.until - time.monotonic())

    def _attempts(self, place: Place, until: float) -> Attempts:
        session, functions = self.validator.session, alike(place.functions)
        caller, copies = session.caller, session.working.copies
        held = (caller.args, caller.kwargs, copies, session.fun, given(session))
        around = Surroundings.of(place.functions, *held)
        return Attempts(self.validator, functions, place.source, self.limit, until, around)

    def _search(self, place: Place, until: float, most: int) -> Search:
        attempts = self._attempts(place, until)
        blocks = {block.name: block.shape for block in self.validator.blocks}
        known = hints(self.report.findings, place.file, place.held, blocks)
        edits = self.listing(place.source, place.names, known)
        confirm = partial(self._confirm, attempts)
        search = Search(attempts, edits, self.base, most, confirm)
        self.searches[place] = search
        return search

    def _confirm(self, attempts: Attempts, attempt: Attempt) -> bool:
        """Check the repaired code along fresh directions, and at other points."""
        session, seed = self.validator.session, self.report.seed
        reports = self._checked(
            attempts, attempt.edits, lambda: check_again(self.asked, session, seed)
        )
        if reports is None:
            return False
        here, *elsewhere = self.confirmed[attempt.edits] = reports
        return here.ok and not any(report.verdict.rejects for report in elsewhere)

    def _checked(
        self, attempts: Attempts, edits: Edits, check: Callable[[], list[Report]]
    ) -> list[Report] | None:
        """What checks say of the repaired code; None where they come to no end."""

        def checked(edits: Edits) -> list[Report]:
            with patched(attempts.functions, applied(attempts.source, edits)):
                return check()

        patience = max(_LEAST, _PATIENCE * self.report.seconds) * PLACES
        limit = min(patience, max(self._remaining, _OVER * self.seconds, _LEAST))
        with worker_of(attempts.functions)(checked, limit) as worker:
            _, outcome = next(iter(worker.run([edits])))
        return outcome.value if outcome.answered else None

    def _fix(self, attempt: Attempt, place: Place, caveat: str = "") -> Fix:
        here, *elsewhere = self.confirmed[attempt.edits]
        content = content_of(place.file, place.source)
        file = os.path.abspath(place.file)  # noqa: PTH100 - no link is resolved
        caveat = caveat or self._for_these_shapes(attempt.edits, place)
        return Fix(file, attempt.edits, here, tuple(elsewhere), place.source, content, caveat)

    def _for_these_shapes(self, edits: Edits, place: Place) -> str:
        """What to say of a number that is written where the size of something may be meant."""
        number, name, length = next(_sizes(edits, place), ("", "", 0))
        if not number:
            return ""
        attempts = self.searches[place].attempts
        reports = self._checked(attempts, edits, lambda: check_smaller(self.asked, length))
        if reports and reports[0].ok:
            return ""
        surely = "" if reports and reports[0].verdict.rejects else "perhaps "
        return f"{surely}for these shapes only: {number} is a size of {name}"

    def _partly(self, most: int) -> list[Fix]:
        """Edits that leave a rest which is small everywhere, or are right at this point only."""
        left, here = [], []
        for place, search in self.searches.items():
            least = min((one.known.error for one in search.nearly), default=0.0)
            near = [one for one in search.nearly if one.known.error <= T.nearer_repair * least]
            for one in sorted(near, key=lambda attempt: attempt.cost)[:most]:
                self._confirm(search.attempts, one)
                if self._small(one.edits, PLACES):
                    left.append((one, place, _REST.format(one.known.error)))
            refuted = (one for one in search.refuted if one.edits in self.confirmed)
            here += [(one, place, _HERE) for one in refuted if self._small(one.edits, 1)]
        offered = sorted(left or here, key=lambda one: one[0].cost)
        return [self._fix(*one) for one in offered[:most]]

    def _small(self, edits: Edits, places: int) -> bool:
        """Whether little of the error remains under edits, at the first so many places."""
        reports = self.confirmed.get(edits, [])[:places]
        return len(reports) == places and all(
            report.difference <= T.rest_of_repair for report in reports
        )

    def _none(self, *, complete: bool) -> Suggestions:
        """Nothing was found: say so, and how near it came."""
        reason = "No edit of these kinds, and no two of them together, repairs it"
        if not complete:
            reason = "No repair was found before the time was up"
        late = sum(search.attempts.late for search in self.searches.values())
        gave = f", {late:,} gave {NO_ANSWER} in time" if late else ""
        why = f" {_FORKED}" if late > _MANY * self.tried else ""
        reason = f"{reason} ({self.tried:,} were tried{gave}).{why}"
        return Suggestions(
            tried=self.tried, complete=complete, closest=self._closest(), reason=reason
        )

    def _closest(self) -> Miss | None:
        met = [(s.closest, place) for place, s in self.searches.items() if s.closest is not None]
        if not met:
            return None
        attempt, place = min(met, key=lambda one: one[0].miss)
        content = content_of(place.file, place.source)
        diff = unified(place.file, place.source, attempt.edits, content)
        wrong = (self.validator.blocks[k].name for k in sorted(attempt.known.wrong))
        return Miss(attempt.edits, diff, tuple(wrong), attempt.known.error)


def _listing() -> Listing:
    """What lists the candidates; loaded here, since libcst takes a while and may be missing."""
    try:
        from .candidates import candidates
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("libcst"):
            raise
        raise UsageError(
            "Repairs need libcst, which is not installed: pip install 'gradproof[fix]'."
        ) from None
    return candidates


def _sizes(edits: Edits, place: Place) -> Iterator[tuple[str, str, int]]:
    """Numbers that are written and are the size of something, with a length that belongs to it."""
    for edit in edits:
        old = place.source[edit.begin : edit.end]
        for number in re.findall(r"(?<![\w.])\d+(?![\w.])", edit.new):
            for name, shape in place.shapes() if number not in old and int(number) > 2 else ():
                if int(number) in {*shape, math.prod(shape)}:
                    yield number, name, int(number) if int(number) in shape else shape[0]


def _in_reverse(asked: Asked) -> Asked:
    """The same claim without its Jacobian-vector products, which are not looked at here."""
    grad = asked.grad
    if isinstance(grad, Products) and grad.forward:
        if grad.reverse:
            return replace(asked, grad=replace(grad, jvp=None))
        raise UsageError(
            "Repairs of a jvp are not looked for: only of gradients, Jacobians and the vjp."
        )
    if isinstance(grad, Autodiff) and grad.forward and grad.reverse:
        return replace(asked, grad=replace(grad, forward=False))
    return asked


def _not_run(note: str) -> str:
    refused = note.removeprefix("Refused: ")
    if refused != note:
        return (
            f"The code as it stands {refused}. Nothing could be tried: take that out of the "
            "functions, or do it only once, before the check."
        )
    if note.startswith(NO_ANSWER):
        gave = f"In another process the code as it stands gave {note}"
        return f"{gave}: nothing could be tried. {_FORKED}"
    return f"The code as it stands cannot be run in another process, so nothing was tried: {note}."


def _right_already(grad: Any) -> str:
    """Why there is nothing to be found although the report says wrong."""
    if isinstance(grad, Autodiff | Products) and grad.forward:
        return "What is wrong is the jvp, of which repairs are not looked for: the vjp is right."
    return (
        "The gradient is wrong only at the point itself, which is a kink: repairs are looked for "
        "beside it, and there it is right."
    )
