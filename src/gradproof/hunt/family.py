"""All that varies in a hunt: spaces in the places of values, and the axes of all of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..space import tree
from .arrays import Arrays, Floats
from .layout import layout_of
from .numbers import cost
from .space import Choice, Choices, Chosen, Fixed, Hints, Integers, Space, Strategy, same

# Between the name of a leaf and that of its axis.
_OF = " "
_RELATION = "all" + _OF + "relation"
_APART, _EQUAL = Choice("independent"), Choice("equal arguments", "equal")
_EMPTY = 10_000  # as large as this counts what has no entry: it says little to a reader
_SIDES = (3, 4, 2, 5, 6, 7)  # of named axes, each of another length


def as_space(value: Any) -> Space:
    """A space as it is, a strategy of Hypothesis as one, anything else as the one value."""
    if isinstance(value, Space):
        return value
    strategies = sys.modules.get("hypothesis.strategies")
    if strategies is not None and isinstance(value, strategies.SearchStrategy):
        return Strategy(value)
    return Fixed(value)


@dataclass(slots=True)
class Family:
    """The spaces among some arguments, by their names; whatever else is passed stays as it is."""

    arguments: Mapping[str, Any]
    names: list[str] = field(init=False)
    spaces: list[Space] = field(init=False)
    flat: tree.Tree = field(init=False)
    sides: dict[str, Integers] = field(init=False)

    def __post_init__(self) -> None:
        self.flat = tree.flatten(dict(self.arguments), "")
        self.spaces = [as_space(leaf) for leaf in self.flat.leaves]
        self.names = [_spelled(name) for name in self.flat.names]
        named = [name for space in self.spaces if isinstance(space, Arrays) for name in space.names]
        self.sides = {}
        for k, name in enumerate(dict.fromkeys(named)):
            usual = _SIDES[k % len(_SIDES)]
            self.sides[name] = Integers(0, 1024, (usual, 1, 2, 3, 4, 5, 8, 16, 17, 0, 33, 70))

    def __reduce__(self) -> tuple[Any, ...]:
        """What it was made of is enough."""
        return Family, (self.arguments,)

    @property
    def varies(self) -> bool:
        """Whether there is anything to choose."""
        return any(not isinstance(space, Fixed) for space in self.spaces)

    def axes(self) -> dict[str, list[Choice]]:
        """The fixed menus of all spaces."""
        found = {f"side{_OF}{name}": list(s.axes()[""]) for name, s in self.sides.items()}
        for name, space in zip(self.names, self.spaces, strict=True):
            found |= {f"{name}{_OF}{axis}": list(c) for axis, c in space.axes().items()}
        arrays = [space for space in self.spaces if isinstance(space, Arrays | Floats)]
        if len(arrays) > 1:
            found[_RELATION] = [_APART, _EQUAL]
        return found

    def harvested(self, hints: Hints) -> dict[str, list[Choice]]:
        """What the code suggests for each of them."""
        found = {f"side{_OF}{n}": list(s.harvested(hints)[""]) for n, s in self.sides.items()}
        for name, space in zip(self.names, self.spaces, strict=True):
            found |= {f"{name}{_OF}{axis}": list(c) for axis, c in space.harvested(hints).items()}
        return {axis: choices for axis, choices in found.items() if choices}

    def drawn(self, rng: np.random.Generator) -> dict[str, Choice]:
        """A random choice on every axis."""
        found: dict[str, Choice] = {}
        for name, sides in self.sides.items():
            usual = sides.axes()[""][:4]
            found[f"side{_OF}{name}"] = usual[int(rng.integers(4))]
        for name, space in zip(self.names, self.spaces, strict=True):
            found |= {f"{name}{_OF}{axis}": choice for axis, choice in space.drawn(rng).items()}
        found[_RELATION] = _EQUAL if rng.random() < 0.1 else _APART
        return found

    def make(self, chosen: Chosen, rng: np.random.Generator) -> dict[str, Any]:
        """The arguments that some choices mean."""
        lengths = {n: int(chosen[f"side{_OF}{n}"].value) for n in self.sides}
        leaves, first = list[Any](), None
        for name, space in zip(self.names, self.spaces, strict=True):
            here = space.at(lengths) if isinstance(space, Arrays) else space
            mine = {axis: chosen[f"{name}{_OF}{axis}"] for axis in space.axes()}
            value = here.make(mine, rng)
            if chosen.get(_RELATION, _APART) is _EQUAL and isinstance(here, Arrays | Floats):
                if (
                    first is not None
                    and np.shape(first) == np.shape(value)
                    and here.contains(first)
                ):
                    value = np.array(first) if isinstance(here, Arrays) else first
                first = value if first is None else first
            leaves.append(value)
        return dict(self.flat.unflatten(leaves))

    def varied(
        self, values: Mapping[str, Any], numbers: Sequence[float], rng: np.random.Generator
    ) -> dict[str, Any]:
        """The same arguments but for one, which is varied."""
        leaves = self.leaves(values)
        loose = [k for k, space in enumerate(self.spaces) if not isinstance(space, Fixed)]
        k = loose[int(rng.integers(len(loose)))]
        leaves[k] = self.spaces[k].varied(leaves[k], numbers, rng)
        return dict(self.flat.unflatten(leaves))

    def leaves(self, values: Mapping[str, Any]) -> list[Any]:
        """What stands in the places of the spaces."""
        known = tree.beginnings(self.flat.paths)
        return [tree.lookup(values, path, known) for path in self.flat.paths]

    def simpler(self, values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Arguments that are simpler in one place: settings first, shapes, then numbers."""
        leaves = self.leaves(values)
        yield from self._shorter_sides(leaves)
        order = sorted(
            range(len(leaves)), key=lambda k: not isinstance(self.spaces[k], Choices | Integers)
        )
        for k in order:
            space = self.spaces[k]
            here = space.at(self._lengths(leaves)) if isinstance(space, Arrays) else space
            for other in here.simpler(leaves[k]):
                yield dict(self.flat.unflatten([*leaves[:k], other, *leaves[k + 1 :]]))

    def _lengths(self, leaves: Sequence[Any]) -> dict[str, int]:
        found: dict[str, int] = {}
        for space, leaf in zip(self.spaces, leaves, strict=True):
            if isinstance(space, Arrays) and space.names:
                sides = zip(space.shape, leaf.shape, strict=True)
                found |= {side: length for side, length in sides if isinstance(side, str)}
        return found

    def _shorter_sides(self, leaves: Sequence[Any]) -> Iterator[dict[str, Any]]:
        for side, length in self._lengths(leaves).items():
            for shorter in dict.fromkeys((1, 2, length // 2, length - 1)):
                if 0 < shorter < length:
                    cut = [
                        _cut(space, leaf, side, shorter)
                        for space, leaf in zip(self.spaces, leaves, strict=True)
                    ]
                    yield dict(self.flat.unflatten(cut))

    def cost(self, values: Mapping[str, Any]) -> tuple[float, ...]:
        """How much there is to a try: entries, axes, settings, forms, and digits to read."""
        entries = axes = forms = settings = 0.0
        digits = 0.0
        for space, leaf in zip(self.spaces, self.leaves(values), strict=True):
            if isinstance(space, Fixed):
                continue
            if isinstance(space, Choices):
                settings += next((k for k, v in enumerate(space.values) if same(v, leaf)), 0)
                continue
            array = leaf if isinstance(leaf, np.ndarray) else None
            if array is not None:
                entries, axes = entries + (array.size or _EMPTY), axes + array.ndim
                usual = isinstance(space, Arrays) and array.dtype == np.dtype(space.dtypes[0])
                forms += bool(layout_of(array)) + (not usual)
            digits += cost(leaf)
        return (entries, axes, settings, forms, digits)

    def usual(self, values: Mapping[str, Any]) -> dict[str, tuple[Any, bool]]:
        """The settings of a try that are no arrays, each with whether it is the ordinary one."""
        found = {}
        leaves = zip(self.names, self.spaces, self.leaves(values), strict=True)
        for name, space, leaf in leaves:
            if isinstance(space, Choices):
                found[name] = (leaf, same(leaf, space.values[0]))
        return found


def _cut(space: Space, leaf: Any, side: str, shorter: int) -> Any:
    if not (isinstance(space, Arrays) and side in space.names):
        return leaf
    where = tuple(slice(0, shorter) if name == side else slice(None) for name in space.shape)
    return np.array(leaf[where])


def _spelled(name: str) -> str:
    """``['point']['W']`` is ``point['W']``."""
    if name.startswith("['"):
        end = name.index("']")
        return name[2:end] + name[end + 2 :]
    return name
