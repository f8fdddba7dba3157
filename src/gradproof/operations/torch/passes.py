"""One pass forward and back for the cotangents, and passes forward that are compared with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from ...backend.leaves import others_kept
from ...space.point import Line
from ..ladder import Numbers, Pass
from .calls import Call, Log, Slot
from .cuts import Loose
from .graph import Borders, Flow, flows, hooked, product
from .target import Target, differentiable, from_above


@dataclass(frozen=True, slots=True)
class Term:
    """A cotangent that is multiplied with a tensor, and the operations that this counts for.

    It is ``given`` from above to one operation and ``taken`` from another, as places among all;
    -1 where it is nobody's.
    """

    cotangent: Any
    given: int
    taken: int


@dataclass(frozen=True, slots=True)
class Driven:
    """A tensor that is moved by itself: where it is at the point, and its own direction."""

    base: Any
    tangent: Any

    def along(self, t: float) -> Any:
        """Where it is some way along; as what it replaces it may get hooks."""
        return (self.base + t * self.tangent).requires_grad_()


@dataclass(slots=True)
class Tape:
    """The claim of every call: its cotangents, by the place where their tensors are met again.

    ``linear`` is what parameters contribute for a unit step, ``sums`` are the magnitudes behind
    each balance, ``eps`` the spacings of 1.0 in the coarsest of its cotangents. ``same`` leads from
    each call to the one with which it is judged: another where a tensor went from one to the other
    in a way that was not seen. ``flows`` hold the graph.
    """

    calls: list[Call]
    flows: list[Flow]
    linear: Numbers
    sums: Numbers
    eps: Numbers
    same: list[int]
    blocks: dict[int, int]
    loose: Loose
    terms: dict[Slot, list[Term]] = field(default_factory=dict)

    def find(self, place: int) -> int:
        """The call with which one is judged."""
        while place >= 0 and self.same[place] != place:
            place = self.same[place]
        return place

    def join(self, one: int, other: int) -> None:
        """Judge two calls as one: the outer, or the earlier."""
        first, second = sorted((self.find(one), self.find(other)))
        if first >= 0:
            self.same[second] = first


def claimed(target: Target, line: Line) -> Tape:
    """One pass forward and one back at the point."""
    borders, inner = Borders(), list[tuple[Call, Flow]]()

    def use(log: Log, result: Any, leaves: Sequence[Any]) -> Tape:
        weights = from_above(result, target.session.asked.options.seed)
        pairs = zip(differentiable(result), weights, strict=True)
        used = [(output, weight) for output, weight in pairs if output.requires_grad]
        log.leaves = {id(leaf) for leaf in leaves}
        crossing = flows(log, used)
        log.again, open_calls, log.stack = True, log.stack, []
        if used:
            with others_kept(leaves):
                torch.autograd.backward([o for o, _ in used], [w for _, w in used])
        log.stack = open_calls
        crossing += [flow for call, flow in inner if log.complete(call)] + hooked(log)
        return _tape(log, borders, crossing, leaves, line)

    return target.run(borders.see, use, inner)  # type: ignore[no-any-return]


def _tape(
    log: Log, borders: Borders, crossing: list[Flow], leaves: Sequence[Any], line: Line
) -> Tape:
    places = {id(call): i for i, call in enumerate(log.calls)}
    count = len(places)
    blocks = {id(leaf): k for k, leaf in enumerate(leaves)}
    zeros, alone = np.zeros((3, count)), list(range(count))
    zeros[2] = np.finfo(np.float64).eps
    linear, sums, eps = zeros
    tape = Tape(log.calls, crossing, linear, sums, eps, alone, blocks, borders.loose)
    tangents = line.tangents()
    for flow in crossing:
        into, out_of = places.get(id(flow.into), -1), places.get(id(flow.out_of), -1)
        variable = getattr(flow.source[0], "variable", None)
        slot = borders.slots.get(flow.source)
        moved = id(variable) in blocks
        if slot is None and not moved and min(into, out_of) >= 0:
            tape.join(into, out_of)
        for cotangent in flow.cotangents:
            for place in {into, out_of} - {-1}:
                tape.eps[place] = max(tape.eps[place], torch.finfo(cotangent.dtype).eps)
            if slot is not None and not moved:
                tape.terms.setdefault(slot, []).append(Term(cotangent, out_of, into))
            elif id(variable) in blocks:
                number, size = product(cotangent, tangents[blocks[id(variable)]])
                for place, sign in ((into, 1), (out_of, -1)):
                    if place >= 0:
                        tape.linear[place] += sign * number
                        tape.sums[place] += size
    return tape


def replayed(
    target: Target,
    tape: Tape,
    line: Line,
    still: Iterable[Slot] = (),
    driven: Mapping[Slot, Driven] | None = None,
) -> Callable[[float], Pass]:
    """A function of the step: one pass forward at the point plus so much of the direction.

    What is ``still`` keeps the value that it has at the point, what is ``driven`` goes its own way.
    """
    values = {slot: tape.loose.values[slot] for slot in still}
    own = driven or {}
    joined = np.array([tape.find(place) for place in range(len(tape.calls))])

    def at(t: float) -> Pass:
        line.move(t)
        held = {**values, **{slot: one.along(t) for slot, one in own.items()}}
        meeting = _Meeting(tape, held, t)
        try:
            target.run(meeting.see, lambda *_: None)
        finally:
            line.back()
        meeting.close()
        if t == 0 and not held:
            tape.sums = _joined(joined, tape.sums + meeting.sums.sum(axis=0))
        given, taken = meeting.products
        taken = taken + t * tape.linear
        return Pass(_joined(joined, given), _joined(joined, taken))

    return at


def _joined(places: Any, numbers: Numbers) -> Numbers:
    """Sums over the calls that are judged as one."""
    return np.bincount(places, numbers, len(places)).astype(np.float64)


def moved(target: Target, tape: Tape, line: Line, step: float, still: Iterable[Slot]) -> set[Slot]:
    """The inputs without a gradient that move even if some others are held at their values."""
    loose = replace(tape.loose, moved=set())
    replayed(target, replace(tape, terms={}, loose=loose), line, still)(step)
    return loose.moved


class _Meeting:
    """The cotangents of a tape meet the tensors of a pass."""

    def __init__(self, tape: Tape, held: Mapping[Slot, Any], t: float) -> None:
        self._loose, self._held, self._compared = tape.loose, held, t != 0
        self._left = dict(tape.terms)
        self.products, self.sums = np.zeros((2, 2, len(tape.calls)))

    def see(self, slot: Slot, tensor: Any) -> Any:
        """Multiply what belongs to a tensor; it goes on as it is, or as it was at the point."""
        tensor = self._held.get(slot, tensor)
        if self._compared and slot not in self._loose.moved:
            self._loose.compare(slot, tensor)
        for term in self._left.pop(slot, ()):
            number, size = product(term.cotangent, tensor)
            self._add(term, number, size)
        return tensor

    def close(self) -> None:
        """Of tensors that were not met nothing is known: another branch was taken."""
        for terms in self._left.values():
            for term in terms:
                self._add(term, np.nan, np.nan)

    def _add(self, term: Term, number: float, size: float) -> None:
        for row, place in enumerate((term.given, term.taken)):
            if place >= 0:
                self.products[row, place] += number
                self.sums[row, place] += size
