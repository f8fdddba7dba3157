"""Which entries of a wrong block: checksums for a single one, then halving, then a sample.

Everything rests on one fact: the gap between claim and slope along a direction is linear in
the error. Along a ramp that grows with the index of an axis it is the error times the ramp,
so the ratio to the gap without the ramp is the index, if all of the error has the same
index there. Several errors give a ratio that means nothing, and another one in another draw.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ..judge.explain import (
    accounts,
    digit,
    is_discrepant,
    is_ratio_known,
    pattern,
    ratio_bar,
)
from ..records.block import Block
from ..records.comparison import Comparison
from ..records.direction import Direction, Part
from ..space.directions import vector
from .effort import EVERYWHERE, MIXED, ORDER, SAMPLE

Box = tuple[tuple[int, int], ...]
Locating = Generator[Direction, Comparison, "Located"]
Measure = Callable[[Direction], Comparison]


_UNEQUAL = (0.07, 0.43, 0.9, 0.21, 0.63)
_RAMPED = 2  # axes along which an index is looked for before a few entries


@dataclass(frozen=True, slots=True)
class Located:
    """Where the error is: single coordinates (flat), slices of an axis, or nobody knows.

    ``entries`` are proven wrong, one by one; ``complete`` says that everything else was seen
    to be right. ``slices`` are ``(axis, index)`` outside of which everything is right.
    ``sample`` are entries measured only to show what the error looks like.
    """

    entries: tuple[int, ...] = ()
    slices: tuple[tuple[int, int], ...] = ()
    complete: bool = False
    sample: tuple[Comparison, ...] = ()


@dataclass(slots=True)
class Locator:
    """The search in one block at ``point`` (its coordinates, flat), in at most so many ``slopes``.

    Blocks of at most ``sweep`` coordinates are measured entry by entry, unless the first ``vain``
    of them say that there is nothing to find. No entry is moved by less than the ``least``.
    """

    block: Block
    point: NDArray[np.float64]
    seed: int
    first_draw: int
    slopes: int
    sweep: int = 24
    vain: int = 0
    least: float = 0.0
    spent: int = 0
    measured: dict[int, Comparison] = field(default_factory=dict)

    def run(self, draws: Sequence[Comparison], measure: Measure) -> Located:
        """Follow the plan to its end; ``draws`` are two plain slopes of the whole block."""
        plan = self.plan(draws)
        comparison: Comparison | None = None
        while True:
            try:
                comparison = measure(next(plan) if comparison is None else plan.send(comparison))
            except StopIteration as stop:
                return cast("Located", stop.value)

    def plan(self, draws: Sequence[Comparison]) -> Locating:
        """Find the entries; ``draws`` are two plain slopes of the whole block."""
        if self.block.count <= self.sweep:
            if everywhere := (yield from self._all_wrong()):
                return Located(sample=everywhere)
            return (yield from self._sweep(range(self.block.count), complete=True))
        axes = self._long_axes()
        fixed = yield from self._checksum(draws[0], axes[:_RAMPED])
        if not fixed and len(axes) > _RAMPED and (everywhere := (yield from self._all_wrong())):
            return Located(sample=everywhere)
        fixed = {**fixed, **(yield from self._checksum(draws[0], axes[_RAMPED:]))}
        if len(fixed) == len(self._long_axes()):
            found = yield from self._measure_entry(self._flat(fixed))
            if is_discrepant(found) and _is_all(found, draws, self.block):
                return Located((self._flat(fixed),), complete=True, sample=(found,))
        # Not one entry; but an index that another draw gives as well is a row or a column.
        again = yield from self._checksum(draws[1], list(fixed))
        fixed = {axis: index for axis, index in fixed.items() if again.get(axis) == index}
        if fixed:
            return (yield from self._inside(tuple(fixed.items())))
        if everywhere := (yield from self._all_wrong()):
            return Located(sample=everywhere)
        return (yield from self._halve())

    def _all_wrong(self) -> Generator[Direction, Comparison, tuple[Comparison, ...]]:
        """A few entries, if all of them are wrong, each in its own way: so will be the others."""
        if not 0 < self.vain < self.block.count:
            return ()
        sample = yield from (self._corner() if len(self._long_axes()) > 1 else self._few_of())
        reported = all([is_discrepant(c) and is_ratio_known(c) for c in sample])
        if len(sample) < MIXED or not reported:
            return ()
        ratios = [c.claimed / c.slope.value for c in sample]
        return () if pattern(ratios, list(map(ratio_bar, sample))) else sample

    def _few_of(self) -> Generator[Direction, Comparison, tuple[Comparison, ...]]:
        """A few entries at unequal distances: what is wrong may come at equal ones."""
        sample: dict[Comparison, None] = {}
        for place in _UNEQUAL[: self.vain]:
            sample[(yield from self._measure_entry(int(place * self.block.count)))] = None
        return tuple(sample)

    def _corner(self) -> Generator[Direction, Comparison, tuple[Comparison, ...]]:
        """An entry, one beside it along the last axis, and one along the first.

        If each is wrong in its own way, no row and no column has a factor of its own.
        """
        axes, first = self._long_axes(), {a: n // 3 for a, n in enumerate(self.block.axes)}
        sample: dict[Comparison, None] = {}
        for axis in (None, axes[-1], axes[0])[: self.vain]:
            beside = {} if axis is None else {axis: self.block.axes[axis] * 2 // 3}
            sample[(yield from self._measure_entry(self._flat({**first, **beside})))] = None
        return tuple(sample)

    def _whole(self) -> Box:
        return tuple([(0, length) for length in self.block.axes])

    def _long_axes(self) -> list[int]:
        return [axis for axis, length in enumerate(self.block.axes) if length > 1]

    def _strides(self) -> list[int]:
        strides, stride = [], 1
        for length in reversed(self.block.axes):
            strides.append(stride)
            stride *= length
        return strides[::-1]

    def _flat(self, fixed: dict[int, int]) -> int:
        return sum(self._strides()[axis] * index for axis, index in fixed.items())

    def _checksum(
        self, plain: Comparison, axes: Sequence[int]
    ) -> Generator[Direction, Comparison, dict[int, int]]:
        """The axes along which all of the error seems to have one index, and that index."""
        fixed = {}
        for axis in axes:
            ramped = yield self._ramp(plain, axis)
            index = digit(plain, ramped, self.block.axes[axis])
            if index is not None:
                fixed[axis] = index
        return fixed

    def _ramp(self, plain: Comparison, axis: int) -> Direction:
        self.spent += 1
        return ramped(self.block, plain.direction, axis)

    def _fresh(self, **where: object) -> Direction:
        self.spent += 1
        part = Part(self.block.index, self.block.scale, **where)  # type: ignore[arg-type]
        return Direction((part,), self.seed, self.first_draw + self.spent)

    def _measure_entry(self, entry: int) -> Generator[Direction, Comparison, Comparison]:
        if entry not in self.measured:
            self.spent += 1
            size = max(abs(float(self.point[entry])), self.least)
            step = size if size > sys.float_info.min else self.block.scale
            part = Part(self.block.index, step, entry)
            self.measured[entry] = yield Direction((part,), self.seed, self.first_draw)
        return self.measured[entry]

    def _sweep(self, entries: Sequence[int], *, complete: bool) -> Locating:
        for entry in entries:
            yield from self._measure_entry(entry)
        wrong = tuple(e for e in entries if is_discrepant(self.measured[e]))
        return Located(wrong, complete=complete, sample=tuple(self.measured.values()))

    def _inside(self, slices: tuple[tuple[int, int], ...]) -> Locating:
        """All of the error is inside the slices: look whether all of their inside is wrong."""
        box = [(0, length) for length in self.block.axes]
        for axis, index in slices:
            box[axis] = (index, index + 1)
        return (yield from self._open([tuple(box)], slices))

    def _open(self, boxes: Sequence[Box], slices: tuple[tuple[int, int], ...]) -> Locating:
        """Every entry of small slices; halve large ones, and sample where that is no use."""
        entries = [entry for box in boxes for entry in self._entries(box)]
        if len(entries) <= max(self.sweep, self.slopes - self.spent):
            located = yield from self._sweep(entries, complete=True)
            return Located(located.entries, slices, complete=True, sample=located.sample)
        found: list[Box] = []
        for box in boxes:
            inside = yield from self._search([box])
            if inside is None:
                sample = yield from self._sample(box)
                return Located(slices=slices, complete=True, sample=sample)
            found += inside
        return (yield from self._confirm(found, slices))

    def _entries(self, box: Box) -> Iterator[int]:
        for index in product(*(range(low, high) for low, high in box)):
            yield self._flat(dict(enumerate(index)))

    def _halve(self) -> Locating:
        """Slices along one axis first, where there are several; then whatever is inside."""
        whole = self._whole()
        axes = self._long_axes()
        everywhere = len(axes) > 1
        for axis in axes if everywhere else []:
            found = yield from self._search([whole], axis)
            everywhere = everywhere and found is None
            if found is not None and len(found) <= self._few(axis):
                return (yield from self._in_slices(axis, [box[axis][0] for box in found]))
        found = None if everywhere else (yield from self._search([whole]))
        if found is None:
            return (yield from self._everywhere(whole))
        return (yield from self._confirm(found, ()))

    def _few(self, axis: int) -> int:
        """How many slices of an axis are still some, and not most of them."""
        length = self.block.axes[axis]
        return min(max(4, length // 4), length - 1)

    def _everywhere(self, whole: Box) -> Locating:
        """Too many to halve: a sample, and where that is mixed every entry of a small block."""
        sample = yield from self._sample(whole)
        mixed = not all(map(is_discrepant, sample))
        if mixed and self.block.count <= self.slopes:
            return (yield from self._sweep(range(self.block.count), complete=True))
        return Located(sample=sample)

    def _in_slices(self, axis: int, indices: Sequence[int]) -> Locating:
        boxes = []
        for index in indices:
            box = [(0, length) for length in self.block.axes]
            box[axis] = (index, index + 1)
            boxes.append(tuple(box))
        return (yield from self._open(boxes, tuple((axis, index) for index in indices)))

    def _confirm(self, boxes: Sequence[Box], slices: tuple[tuple[int, int], ...]) -> Locating:
        """Measure every suspected entry itself: none is named that is right."""
        entries = [self._flat({axis: low for axis, (low, _) in enumerate(box)}) for box in boxes]
        located = yield from self._sweep(entries, complete=True)
        return Located(located.entries, slices, complete=True, sample=located.sample)

    def _sample(
        self, box: Box, most: int = SAMPLE
    ) -> Generator[Direction, Comparison, tuple[Comparison, ...]]:
        """A few entries spread over a box, to see what the error looks like."""
        sample = []
        for k in ORDER[:most]:
            index = {}
            for axis, (low, high) in enumerate(box):
                # Odd multiples of k: another order of the same places along each axis.
                place = k * (2 * axis + 1) % SAMPLE
                index[axis] = low + (high - low) * (2 * place + 1) // (2 * SAMPLE)
            sample.append((yield from self._measure_entry(self._flat(index))))
        return tuple(dict.fromkeys(sample))

    def _search(
        self, boxes: list[Box], axis: int | None = None
    ) -> Generator[Direction, Comparison, list[Box] | None]:
        """Halve what disagrees until it cannot be halved, breadth first.

        None where everything disagrees, or where the slopes run out: then there are too many.
        """
        done = [box for box in boxes if _is_single(box, axis)]
        boxes = [box for box in boxes if not _is_single(box, axis)]
        while boxes:
            if self.spent > self.slopes:
                return None
            halves = [half for box in boxes for half in _halves(box, axis)]
            discrepant: list[Box] = []
            for left, right in zip(halves[::2], halves[1::2], strict=True):
                in_left = is_discrepant((yield self._fresh(box=left)))
                in_right = not in_left or is_discrepant((yield self._fresh(box=right)))
                discrepant += [left] * in_left + [right] * in_right
            if len(discrepant) == len(halves) >= EVERYWHERE:
                return None
            done += [box for box in discrepant if _is_single(box, axis)]
            boxes = [box for box in discrepant if not _is_single(box, axis)]
        return done


def ramped(block: Block, plain: Direction, axis: int) -> Direction:
    """A direction through a block that grows along an axis."""
    ramp = (math.prod(block.axes[axis + 1 :]), block.axes[axis])
    return Direction((Part(block.index, block.scale, ramp=ramp),), plain.seed, plain.draw)


def _is_all(entry: Comparison, draws: Sequence[Comparison], block: Block) -> bool:
    """Whether the gap of one entry is all of the gap of whole draws."""
    lone, shares = entry.direction.parts[0], []
    for draw in draws:
        part, seed = draw.direction.parts[0], draw.direction.seed
        drawn = vector(part, block.axes, seed, draw.direction.draw)
        shares.append(part.step * drawn.component(lone.entry or 0) / lone.step)
    return accounts(entry, draws, shares)


def _is_single(box: Box, axis: int | None) -> bool:
    ranges = box if axis is None else [box[axis]]
    return all(high - low == 1 for low, high in ranges)


def _halves(box: Box, axis: int | None) -> tuple[Box, Box]:
    """Two halves of a box, along the axis or its longest one."""
    if axis is None:
        axis = max(range(len(box)), key=lambda a: box[a][1] - box[a][0])
    low, high = box[axis]
    middle = (low + high) // 2
    return (
        (*box[:axis], (low, middle), *box[axis + 1 :]),
        (*box[:axis], (middle, high), *box[axis + 1 :]),
    )
