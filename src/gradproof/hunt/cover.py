"""Which tries to make, in which order: the menu one by one, the code's numbers, pairs, chance.

The order depends on what came of earlier batches, never on who tried them or how long it took, so
that many workers try the same as one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from ..space import tree
from .family import Family
from .space import Choice, Hints
from .trying import SKIPPED, Outcome

BATCH = 16  # tries are made in batches of so many, whoever makes them

# How often each source is asked in turn: while the menu lasts, and after it.
_WHILE_SINGLES = ("single", "single", "code", "near", "single", "single", "chance", "code")
_AFTERWARDS = ("pair", "near", "code", "pair", "near", "chance", "pair", "near", "chance")
_RINGS = {"probe": 1, "single": 1, "pair": 1, "code": 2, "chance": 3, "near": 3}

_LEAD = "all lead"  # the axis of arguments that are those of another try but for one
_FEWEST_LEADS = 2  # code that goes one way only has one, which leads nowhere

_SHAPES_IN_PAIRS = 6
_FORMS_IN_PAIRS = 10  # fills that are tried in every form
_VAIN = 60  # choices in a row that were all tried before: the space is used up


@dataclass(frozen=True, slots=True)
class Try:
    """One choice of the arguments: its number, the ring it comes from, how it is called."""

    number: int
    ring: int
    chosen: Mapping[str, Choice]
    values: Mapping[str, Any]
    key: str

    @property
    def name(self) -> str:
        """What was chosen, axis by axis."""
        return ", ".join(f"{axis}: {choice.name}" for axis, choice in self.chosen.items())


@dataclass(slots=True)
class Planner:
    """The tries of a hunt, batch by batch; it learns what came of each."""

    family: Family
    hints: Hints
    seed: int
    made: int = 0
    axes: dict[str, list[Choice]] = field(init=False)
    extra: dict[str, list[Choice]] = field(init=False)
    usual: dict[str, Choice] = field(init=False)
    dead: set[tuple[str, str]] = field(default_factory=set)
    alive: set[tuple[str, str]] = field(default_factory=set)
    hot: set[tuple[str, str]] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    covered: set[frozenset[tuple[str, str]]] = field(default_factory=set)
    sources: dict[str, Iterator[dict[str, Choice]]] = field(default_factory=dict)
    branches: set[int] = field(default_factory=set)
    leads: list[Try] = field(default_factory=list)
    turn: int = 0

    def __post_init__(self) -> None:
        self.axes = self.family.axes()
        self.extra = self.family.harvested(self.hints)
        self.usual = {axis: choices[0] for axis, choices in self.axes.items()}
        self.sources = {
            "probe": self._probes(), "single": self._singles(self.axes, skip=1),
            "code": self._singles(self.extra, skip=0), "pair": self._pairs(),
            "chance": self._chance(), "near": self._near(),
        }  # fmt: skip

    def batch(self, most: int) -> list[Try]:
        """The next tries, at most so many."""
        found: list[Try] = []
        vain = 0
        while len(found) < min(BATCH, most) and vain < _VAIN:
            one = self._next()
            if one is None:
                vain += 1
                continue
            found.append(one)
            vain = 0
        return found

    def first(self, arguments: Sequence[Mapping[str, Any]]) -> list[Try]:
        """Tries of some arguments as they are, before all others."""
        found = [self._of(values, {_LEAD: Choice("found before")}, 0) for values in arguments]
        return [one for one in found if one is not None]

    def only_menu(self) -> None:
        """Leave out the numbers of the code, chance, and what is near others."""
        del self.sources["code"], self.sources["chance"], self.sources["near"]

    def learn(self, one: Try, outcome: Outcome) -> None:
        """Where a choice by itself is no input of the functions, or wrong, pairs do without it."""
        if outcome.branches and not (self.branches.issuperset(outcome.branches) or outcome.rejects):
            self.branches.update(outcome.branches)
            self.leads.append(one)
        apart = [axis for axis, c in one.chosen.items() if c != self.usual.get(axis)]
        if outcome.verdict != SKIPPED:
            self.alive.update((axis, choice.name) for axis, choice in one.chosen.items())
        if len(apart) == 1:
            choice = (apart[0], one.chosen[apart[0]].name)
            if outcome.verdict == SKIPPED and is_structural(apart[0]):
                self.dead.add(choice)
            elif outcome.rejects:
                self.hot.add(choice)
        if not apart and outcome.verdict == SKIPPED:
            self.dead.update(
                (axis, choice.name) for axis, choice in one.chosen.items() if is_shape(axis)
            )
        for axis, choices in self.axes.items():
            self.dead -= self.alive
            if (axis, self.usual[axis].name) in self.dead:
                fitting = [c for c in choices if (axis, c.name) in self.alive]
                self.usual[axis] = fitting[0] if fitting else self.usual[axis]

    def _next(self) -> Try | None:
        while True:
            turns = _WHILE_SINGLES if "single" in self.sources else _AFTERWARDS
            name = "probe" if "probe" in self.sources else turns[self.turn % len(turns)]
            self.turn += 1
            if name == "near" and len(self.leads) < _FEWEST_LEADS:
                continue
            source = self.sources.get(name)
            if source is None:
                if not self.sources:
                    return None
                continue
            chosen = next(source, None)
            if chosen is None:
                del self.sources[name]
                if name == "probe":
                    return None  # what was found out so far decides how to go on
                continue
            return self._try(chosen, _RINGS[name])

    def _try(self, chosen: Mapping[str, Choice], ring: int) -> Try | None:
        rng = np.random.default_rng([self.seed, self.made])
        self.made += 1
        lead = chosen.get(_LEAD)
        with np.errstate(all="ignore"):
            values = (
                self.family.make(chosen, rng)
                if lead is None
                else self.family.varied(lead.value, self.hints.numbers, rng)
            )
        return self._of(values, chosen, ring)

    def _of(self, values: Mapping[str, Any], chosen: Mapping[str, Choice], ring: int) -> Try | None:
        key = key_of(values)
        if key in self.seen:
            return None
        self.seen.add(key)
        pairs = combinations(((axis, choice.name) for axis, choice in chosen.items()), 2)
        self.covered.update(frozenset(pair) for pair in pairs)
        return Try(len(self.seen) - 1, ring, dict(chosen), values, key)

    def _probes(self) -> Iterator[dict[str, Choice]]:
        """An ordinary try, and every shape and setting by itself."""
        yield dict(self.usual)
        yield dict(self.usual)
        axes = {axis: c for axis, c in self.axes.items() if is_structural(axis)}
        yield from self._singles(axes, skip=1, most=12)

    def _singles(
        self, axes: Mapping[str, list[Choice]], skip: int, most: int = 10_000
    ) -> Iterator[dict[str, Choice]]:
        """Each choice with all else as usual, the first ones of all axes first."""
        longest = max(map(len, axes.values()), default=0)
        for rank in range(skip, min(longest, most)):
            for axis, choices in axes.items():
                if rank < len(choices):
                    yield {**self.usual, axis: choices[rank]}

    def _pairs(self) -> Iterator[dict[str, Choice]]:
        """Two choices at once, settings with fills first; what else varies fills the rest."""
        rng = np.random.default_rng([self.seed, 2**20])
        for one, other in self._ranked_pairs():
            pair = frozenset(((one[0], one[1].name), (other[0], other[1].name)))
            if pair in self.covered or not all(self._open(axis, c) for axis, c in (one, other)):
                continue
            chosen = dict(self.usual)
            for axis in self.axes:
                if axis not in (one[0], other[0]) and rng.random() < 0.4:
                    fitting = [c for c in self._in_pairs(axis) if self._open(axis, c)]
                    fitting = fitting[:8] if is_structural(axis) else fitting[:1]
                    if fitting:
                        chosen[axis] = fitting[int(rng.integers(len(fitting)))]
            yield {**chosen, one[0]: one[1], other[0]: other[1]}

    def _ranked_pairs(self) -> list[tuple[tuple[str, Choice], tuple[str, Choice]]]:
        ranked = []
        for one, other in combinations(self.axes, 2):
            tier = _tier(one, other)
            for i, a in enumerate(self._in_pairs(one)):
                for j, b in enumerate(self._in_pairs(other)):
                    forms = any(axis.endswith(" form") for axis in (one, other))
                    if a == self.usual[one] or b == self.usual[other]:
                        continue
                    if forms and max(i, j) >= _FORMS_IN_PAIRS:
                        continue
                    ranked.append((i + j + 12 * tier, one, a, other, b))
        ranked.sort(key=lambda entry: entry[0])
        return [((one, a), (other, b)) for _, one, a, other, b in ranked]

    def _in_pairs(self, axis: str) -> list[Choice]:
        choices = [*self.axes[axis], *self.extra.get(axis, ())[:8]]
        if is_shape(axis):
            live = [c for c in choices if (axis, c.name) in self.alive]
            return live[:_SHAPES_IN_PAIRS]
        return choices

    def _open(self, axis: str, choice: Choice) -> bool:
        return (axis, choice.name) not in self.dead and (axis, choice.name) not in self.hot

    def _near(self) -> Iterator[dict[str, Choice]]:
        """What took a branch that nothing before it took, the latest most often, to be varied."""
        rng = np.random.default_rng([self.seed, 2**22])
        while True:
            latest = int(len(self.leads) * rng.random() ** 2)
            lead = self.leads[-1 - latest]
            yield {_LEAD: Choice(f"near try {lead.number}", lead.values)}

    def _chance(self) -> Iterator[dict[str, Choice]]:
        """Random choices, as long as there is anything to choose."""
        rng = np.random.default_rng([self.seed, 2**21])
        while self.axes:
            drawn = self.family.drawn(rng)
            for axis, choice in list(drawn.items()):
                if (axis, choice.name) in self.dead:
                    drawn[axis] = self.usual.get(axis, choice)
            yield drawn


def is_shape(axis: str) -> bool:
    """Whether an axis is about shapes."""
    return axis.endswith(" shape") or axis.startswith("side ")


def is_structural(axis: str) -> bool:
    """Whether an axis is about shapes, forms or settings, and not about what fills an array."""
    return not axis.endswith(" fill")


def _tier(one: str, other: str) -> int:
    """How late pairs of two axes are tried: settings with anything first, forms last."""
    if any(axis.endswith(" form") for axis in (one, other)):
        return 3
    settings = [axis for axis in (one, other) if axis.endswith(" ")]
    if settings:
        return 0 if len(settings) == 1 else 1
    return 1 if any(is_shape(axis) for axis in (one, other)) else 2


def key_of(values: Mapping[str, Any]) -> str:
    """The same for the same arguments, bit by bit, and for no others."""
    digest = hashlib.blake2b(digest_size=12)
    flat = tree.flatten(dict(values), "")
    for name, leaf in zip(flat.names, flat.leaves, strict=True):
        digest.update(name.encode())
        if isinstance(leaf, np.ndarray):
            facts = (leaf.dtype.str, leaf.shape, leaf.strides)
            digest.update(repr(facts).encode() + np.ascontiguousarray(leaf).tobytes())
        else:
            digest.update(f"{type(leaf).__name__} {leaf!r}".encode())
    return digest.hexdigest()
