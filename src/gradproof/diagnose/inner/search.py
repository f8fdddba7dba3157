"""The search: values of a run, the expressions that matter, and edits that are tried on them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...judge.explain import is_plain, same_number
from ...judge.thresholds import T
from ...records.finding import Kind
from ..values import Hook, Store
from .hands import Hand, hands_of
from .question import Blocks, Edit, Flat, Found, Question, Response, kept

STEP = 0.25
"""By such a share of itself a value is moved, to see what follows it."""

_MOST_RUNS = 8192
# A slow gradient is run less often: so many seconds of this processor, or of the clock where it
# waits (for another processor, a disk, a network).
_SECONDS, _WAITED = 3.0, 10.0
_RESPONDING = 1500  # entries of an expression that are moved one by one
_ROWS = 4


def _now() -> tuple[float, float]:
    return time.thread_time(), time.perf_counter()


@dataclass(slots=True)
class Search:
    """One search: the values of a run, the sites that matter, and how many runs were made.

    The blocks that are ``open`` are to be explained by one edit; what makes all of those right that
    were ``tried`` before was looked for in vain. ``forward``: it is looked at what the gradient's
    function computes as ``fun`` does, and not at what is its own. ``held`` is the last claim that
    met all measurements.
    """

    question: Question
    open: Blocks = frozenset()
    tried: tuple[Blocks, ...] = ()
    forward: bool = False
    values: dict[int, list[Any]] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    runs: int = 0
    began: tuple[float, float] = field(default_factory=_now)
    near: dict[int, tuple[Flat, Blocks]] = field(default_factory=dict)
    scopes: dict[Blocks, NDArray[np.intp]] = field(default_factory=dict)
    responses: dict[int, Response | None] = field(default_factory=dict)
    fitting: dict[int, list[Hand]] = field(default_factory=dict)
    held: Flat = field(default_factory=lambda: np.empty(0))

    def record(self) -> bool:
        """Look at the values of one run; False where it does not say what it did before."""

        def hook(number: int, value: Any) -> Any:
            copy = kept(value)
            if copy is not None:
                if number not in self.values:
                    self.order.append(number)
                self.values.setdefault(number, []).append(copy)
            return value

        found = self._run(hook)
        return found is not None and np.array_equal(found, self.question.base, equal_nan=True)

    @property
    def spent(self) -> bool:
        """Whether it has run often enough, or long enough."""
        used, waited = np.subtract(_now(), self.began)
        return bool(self.runs >= _MOST_RUNS or used > _SECONDS or waited > _WAITED)

    def edited(self, number: int, edit: Edit) -> Flat | None:
        """The claim where an expression answers something else; None where nothing came of it."""
        count = -1

        def hook(site: int, value: Any) -> Any:
            nonlocal count
            if site != number:
                return value
            count += 1
            return edit(value, count)

        found = None if self.spent else self._run(hook)
        return None if found is None or found.shape != self.question.base.shape else found

    def stored(self, number: int, edit: Callable[[Any, Any, Any], Any]) -> Flat | None:
        """The claim where something else is stored in a part of an array, of which it knows."""

        def store(site: int, value: Any, array: Any, index: Any) -> Any:
            return edit(value, array, index) if site == number else value

        found = None if self.spent else self._run(lambda _, value: value, store)
        return None if found is None or found.shape != self.question.base.shape else found

    def _run(self, hook: Hook, store: Store | None = None) -> Flat | None:
        self.runs += 1
        try:
            with self.question.instrument.hooked(hook, store), np.errstate(all="ignore"):
                return self.question.run()
        except Exception:  # noqa: BLE001 - the user's code was given what it does not expect
            return None

    @property
    def several(self) -> bool:
        """Whether the last claim that held is another one in more than one number."""
        return self.differs(self.held) > 1

    def differs(self, claim: Flat) -> int:
        """In how many numbers a claim is another one: with one of them any factor would do."""
        return int(np.count_nonzero(claim != self.question.base))

    def is_meant(self, number: float, bar: float, claim: Flat) -> bool:
        """Whether a number that was fitted is one that people write, and no accident."""
        if self.differs(claim) < 2:
            return any(same_number(abs(number), slip, bar) for slip in (1.0, 2.0, 0.5))
        return is_plain(number, bar)

    def sites(self) -> Iterator[int]:
        """Expressions without which the open blocks would be others, and no right one: last first.

        What is assigned before what it is made of, so that the whole is named and not a part.
        """
        every = self.question.instrument.sites
        for number in self._in_turn():
            if self.spent:
                return
            if (every[number].statement.function in self.question.shared) is not self.forward:
                continue
            blocks = self._behind(number)
            if self.open <= blocks <= self.question.wrong and not any(
                blocks >= before for before in self.tried
            ):
                yield number

    def _in_turn(self) -> Iterator[int]:
        """All expressions, the last first; before a variable is read, what it was set to.

        So the statement that computed it is named, and not one that hands it on.
        """
        last, origins = dict[tuple[str, str], int](), dict[int, int]()
        before = -1
        for number in self.order:
            site = self.question.instrument.sites[number]
            origin = last.get((site.statement.function, site.text), number)
            if origin == number and self._is_returned(before, number):
                origin = origins.get(before, before)
            named = site.assigned.isidentifier() and not site.text.endswith(")")
            if not named and _same(self.values[origin], self.values[number]):
                origins[number] = origin  # not of `dz = d`: more was meant to be there
            if site.assigned:
                last[site.statement.function, site.assigned] = origins.get(number, number)
            before = number
        turns = ((origins.get(number, number), number) for number in reversed(self.order))
        return iter(dict.fromkeys(number for turn in turns for number in turn))

    def _is_returned(self, inside: int, number: int) -> bool:
        """Whether an expression is a call, and the one before it what the call returned."""
        if inside < 0 or not self.question.instrument.sites[number].text.endswith(")"):
            return False
        one, other = (self.question.instrument.sites[k].statement for k in (inside, number))
        return one != other and one.text.startswith("return ")

    def _behind(self, number: int) -> Blocks:
        """The blocks that are others where an expression is."""
        if number not in self.near:
            value, base = self.values[number][0], self.question.base
            found = None
            if value.dtype.kind in "fcb" or (value.dtype.kind == "i" and not value.ndim):
                found = self.edited(number, negated if value.dtype.kind == "b" else nearby)
            blocks = Blocks() if found is None else self.question.known.changed(found, base)
            self.near[number] = (base if found is None else found, blocks)
        return self.near[number][1]

    def shape(self, number: int) -> tuple[int, ...]:
        """That of the value of an expression."""
        return tuple(self.values[number][0].shape)

    def is_array(self, number: int) -> bool:
        """Whether an expression is several numbers: an array, or one in each round."""
        return bool(self.shape(number)) or len(self.values[number]) > 1

    def type(self, number: int) -> str:
        """The kind of the numbers: ``f``, ``c``, ``b`` or ``i``."""
        return str(self.values[number][0].dtype.kind)

    def hands(self, number: int, *, alike: bool = False) -> list[Hand]:
        """The arrays at hand that fit beside an expression; or only those of its shape."""
        if number not in self.fitting:
            self.fitting[number] = hands_of(self.question, self.values, number)
        found = self.fitting[number]
        return [h for h in found if h.shape == self.shape(number)] if alike else found

    def right(self, number: int, edit: Edit) -> Blocks:
        """The blocks that are right where an expression answers something else.

        Where the claim follows the expression linearly, most edits need no run to be refused.
        """
        response = self._follows(number)
        if response is not None and not response.allows(self.values[number], edit):
            return Blocks()
        return self.holds(self.edited(number, edit))

    def towards(self, number: int, edit: Edit) -> Flat | None:
        """The claim with an edit of which some multiple may make it right."""
        response = self._follows(number)
        if response is not None and not response.allows(self.values[number], edit, times=True):
            return None
        return self.edited(number, edit)

    def holds(self, claim: Flat | None) -> Blocks:
        """The blocks that are right with another claim; none where a measurement speaks against."""
        if claim is None or not np.isfinite(claim).all():
            return Blocks()
        known = self.question.known
        blocks = known.changed(claim, self.question.base)
        rows = self.scope(blocks)
        if not self.open <= blocks <= self.question.wrong or rows.size < 2:
            return Blocks()
        first = rows[0]
        if not abs(known.rows[first] @ claim - known.slopes[first]) <= known.limits[first]:
            return Blocks()
        gaps = np.abs(known.rows[rows] @ claim - known.slopes[rows])
        if not (gaps <= known.limits[rows]).all():
            return Blocks()
        self.held = claim
        return blocks

    def scope(self, blocks: Blocks) -> NDArray[np.intp]:
        """The measurements that a claim for some blocks has to meet."""
        if blocks not in self.scopes:
            known = self.question.known
            right = Blocks(range(len(known.places))) - self.question.wrong
            self.scopes[blocks] = known.about(blocks, right)
        return self.scopes[blocks]

    def coefficient(self, claim: Flat, blocks: Blocks) -> tuple[float, float] | None:
        """How far to go from the claim towards another one, with its bar, to meet all slopes."""
        known, base = self.question.known, self.question.base
        rows = self.scope(blocks)
        if rows.size < 3:
            return None
        towards = known.rows[rows] @ (claim - base)
        gaps = known.slopes[rows] - known.rows[rows] @ base
        limits = known.limits[rows] + np.finfo(float).tiny
        weighted = towards / limits
        size = float(weighted @ weighted)
        if not (size > 0 and np.isfinite(size)):
            return None
        best = float(weighted @ (gaps / limits)) / size
        if not (np.abs(gaps - best * towards) <= limits).all():
            return None
        return best, 1 / size**0.5

    def _follows(self, number: int) -> Response | None:
        if number not in self.responses:
            self.responses[number] = self._response(number)
        return self.responses[number]

    def _response(self, number: int) -> Response | None:
        """How what was measured follows an expression; None where that takes too many runs."""
        values = self.values[number]
        count = sum(v.size for v in values)
        if any(v.dtype.kind != "f" for v in values) or count > _RESPONDING:
            return None
        known, base = self.question.known, self.question.base
        claim, blocks = self.near[number]
        rows = self.scope(blocks)[:_ROWS]
        if rows.size < 2:
            return None
        columns = []
        for place in range(count):
            found = self.edited(number, _one_of(values, place))
            if found is None:
                return None
            columns.append(known.rows[rows] @ (found - base))
        made = Response(
            np.array(columns).T, known.rows[rows] @ base, known.slopes[rows], known.limits[rows]
        )
        off = np.abs(made.products(values, nearby) - known.rows[rows] @ claim).max()
        size = np.abs(known.rows[rows] @ claim).max() + np.abs(made.base).max()
        return made if off <= T.linear * size else None

    def finding(self, number: int, kind: Kind, words: str, blocks: Blocks, **more: float) -> Found:
        """The fault, in words in which ``{v}`` is the expression."""
        site = self.question.instrument.sites[number]
        text = words.replace("{v}", site.text)
        return Found(kind, text, site.statement, blocks, self.held, **more)


Looking = Callable[[Search], Iterator[Found]]
Look = Callable[[Search, int], Iterator[Found]]


def each(look: Look, kinds: str = "fcb") -> Looking:
    """The same look at each expression whose values are of some kinds."""

    def every(search: Search) -> Iterator[Found]:
        for number in search.sites():
            if search.type(number) in kinds:
                yield from look(search, number)

    return every


def _same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return len(one) == len(other) and all(map(np.array_equal, one, other))


def nearby(value: Any, _: int) -> Any:
    """A little more of the same."""
    return value * (1 + STEP)


def negated(value: Any, _: int) -> Any:
    """What was false is true."""
    return np.logical_not(value)


def _one_of(values: Sequence[Any], place: int) -> Edit:
    """One entry more, of all rounds."""
    ends = np.cumsum([v.size for v in values])
    turn = int(np.searchsorted(ends, place, side="right"))
    inside = place - int(ends[turn]) + values[turn].size

    def edit(value: Any, count: int) -> Any:
        if count != turn:
            return value
        moved = np.array(value)
        moved.reshape(-1)[inside] += 1.0
        return moved if moved.ndim else moved[()]

    return edit
