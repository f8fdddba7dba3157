"""One pass forward and back for the cotangents, and passes forward that are compared with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from ...space.point import Line
from ..ladder import Numbers, Pass
from .calls import Call, Log, Slot
from .graph import Borders, Flow, flows, product
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


@dataclass(slots=True)
class Tape:
    """The claim of every call: its cotangents, by the place where their tensors are met again.

    ``linear`` is what parameters contribute for a unit step, ``sums`` are the magnitudes behind
    each balance. ``same`` leads from each call to the one with which it is judged: another where
    a tensor went from one to the other in a way that was not seen. ``flows`` hold the graph.
    """

    calls: list[Call]
    flows: list[Flow]
    linear: Numbers
    sums: Numbers
    same: list[int]
    blocks: dict[int, int]
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
    borders = Borders()

    def use(log: Log, result: Any, leaves: Sequence[Any]) -> Tape:
        weights = from_above(result, target.session.asked.options.seed)
        pairs = zip(differentiable(result), weights, strict=True)
        used = [(output, weight) for output, weight in pairs if output.requires_grad]
        crossing = flows(log, used)
        if used:
            torch.autograd.backward([o for o, _ in used], [w for _, w in used])
        return _tape(log, borders, crossing, leaves, line)

    return target.run(borders.see, use)  # type: ignore[no-any-return]


def _tape(
    log: Log, borders: Borders, crossing: list[Flow], leaves: Sequence[Any], line: Line
) -> Tape:
    places = {id(call): i for i, call in enumerate(log.calls)}
    count = len(places)
    blocks = {id(leaf): k for k, leaf in enumerate(leaves)}
    tape = Tape(log.calls, crossing, np.zeros(count), np.zeros(count), list(range(count)), blocks)
    tangents = line.tangents()
    for flow in crossing:
        into, out_of = places.get(id(flow.into), -1), places.get(id(flow.out_of), -1)
        variable = getattr(flow.source[0], "variable", None)
        slot = borders.slots.get(flow.source)
        if variable is None and slot is None:
            tape.join(into, out_of)
        for cotangent in flow.cotangents:
            if variable is None and slot is not None:
                tape.terms.setdefault(slot, []).append(Term(cotangent, out_of, into))
            elif id(variable) in blocks:
                number, size = product(cotangent, tangents[blocks[id(variable)]])
                tape.linear[into] += number
                tape.sums[into] += size
    return tape


def replayed(target: Target, tape: Tape, line: Line) -> Callable[[float], Pass]:
    """A function of the step: one pass forward at the point plus so much of the direction."""
    joined = np.array([tape.find(place) for place in range(len(tape.calls))])

    def at(t: float) -> Pass:
        line.move(t)
        meeting = _Meeting(tape)
        try:
            target.run(meeting.see, lambda *_: None)
        finally:
            line.back()
        meeting.close()
        if t == 0:
            tape.sums += meeting.sums.sum(axis=0)
            tape.sums = _joined(joined, tape.sums)
        given, taken = meeting.products
        taken = taken + t * tape.linear
        return Pass(_joined(joined, given), _joined(joined, taken))

    return at


def _joined(places: Any, numbers: Numbers) -> Numbers:
    """Sums over the calls that are judged as one."""
    return np.bincount(places, numbers, len(places)).astype(np.float64)


class _Meeting:
    """The cotangents of a tape meet the tensors of a pass."""

    def __init__(self, tape: Tape) -> None:
        self._left = dict(tape.terms)
        self.products, self.sums = np.zeros((2, 2, len(tape.calls)))

    def see(self, slot: Slot, tensor: Any) -> Any:
        """Multiply what belongs to a tensor; it goes on as it is."""
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
