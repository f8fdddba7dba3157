"""Containers of arrays whose structure varies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..space import tree
from .space import Choice, Chosen, Space

Build = Callable[[Callable[[], Any]], Any]

_FORMS: tuple[tuple[str, Build], ...] = (
    ("dictionary", lambda leaf: {"a": leaf(), "b": leaf()}),
    ("list", lambda leaf: [leaf(), leaf()]),
    ("array", lambda leaf: leaf()),
    ("tuple", lambda leaf: (leaf(), leaf(), leaf())),
    ("nested", lambda leaf: {"a": [leaf(), leaf()], "b": {"c": leaf()}}),
    ("one in a list", lambda leaf: [leaf()]),
    ("out of order", lambda leaf: {"b": leaf(), "a": leaf(), "C": (leaf(),)}),
)


@dataclass(frozen=True)
class Nested(Space):
    """Containers, each of whose leaves is drawn from one space."""

    leaves: Space

    def axes(self) -> Mapping[str, Sequence[Choice]]:
        """The structures, and the menu of a leaf, which goes for all of them."""
        forms = [Choice(name, build) for name, build in _FORMS]
        return {**self.leaves.axes(), "structure": forms}

    def make(self, chosen: Chosen, rng: np.random.Generator) -> Any:
        """A container of that structure."""
        return chosen["structure"].value(lambda: self.leaves.make(chosen, rng))

    def drawn(self, rng: np.random.Generator) -> Mapping[str, Choice]:
        """Any structure."""
        forms = self.axes()["structure"]
        return {**self.leaves.drawn(rng), "structure": forms[int(rng.integers(len(forms)))]}

    def simpler(self, value: Any) -> Iterator[Any]:
        """One leaf alone, then less of a container, then simpler leaves."""
        flat = tree.flatten(value, "")
        if len(flat.leaves) > 1:
            yield flat.leaves[0]
            yield from _less(value)
        for k, leaf in enumerate(flat.leaves):
            for other in self.leaves.simpler(leaf):
                yield flat.unflatten([*flat.leaves[:k], other, *flat.leaves[k + 1 :]])

    def contains(self, value: Any) -> bool:
        """Whether all its leaves lie in their space."""
        return all(self.leaves.contains(leaf) for leaf in tree.flatten(value, "").leaves)


def _less(value: Any) -> Iterator[Any]:
    if isinstance(value, dict) and len(value) > 1:
        for key in value:
            yield {k: v for k, v in value.items() if k != key}
    elif isinstance(value, list | tuple) and len(value) > 1:
        for k in range(len(value)):
            yield type(value)([*value[:k], *value[k + 1 :]])
