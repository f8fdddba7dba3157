"""Optimisers that a backward calls: they stand aside, and say what they were given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .names import plain
from .places import Held, Place, attributes, holds_attributes, is_array

_METHODS = ("update", "step", "apply", "optimize", "optimise", "get_update")


class Witness:
    """In place of an optimiser: leaves parameters as they are and keeps the arrays it is given."""

    def __init__(self) -> None:
        self.seen: list[list[Any]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__call__

    def __call__(self, *given: Any, **kwargs: Any) -> Any:
        """Any method of the optimiser."""
        found = [one for one in (*given, *kwargs.values()) if is_array(one)]
        self.seen.append(found)
        return found[0] if found else None

    def gradient(self, parameter: Any) -> Any:
        """What it was given together with a parameter; None where that is nothing."""
        for given in self.seen:
            if any(one is parameter for one in given):
                return next((one for one in given if one is not parameter), None)
        return None


def optimisers(place: Place) -> list[Place]:
    """The optimisers beside a parameter."""
    owner = place.owner if holds_attributes(place.owner) else place.inside and place.inside.owner
    found = [Place(owner, name, name) for name in attributes(owner) if _is_called_so(name)]
    every = [(one, one.get()) for one in found]
    return [
        one for one, it in every if holds_attributes(it) and any(hasattr(it, m) for m in _METHODS)
    ]


def _is_called_so(name: str) -> bool:
    return "opt" in plain(name) or plain(name) in ("updater", "solver", "update")


@contextmanager
def aside(parameters: Mapping[str, Held]) -> Iterator[Callable[[str], Any]]:
    """Around a backward; what it gives is asked for the gradient of a parameter."""
    witness, before = Witness(), dict[str, Any]()
    replaced: list[tuple[Place, Any]] = []
    for name, held in parameters.items():
        before[name] = held.get()
        for place in optimisers(held.place):
            if not isinstance(place.get(), Witness):
                replaced.append((place, place.get()))
                place.bind(witness)
    try:
        yield lambda name: witness.gradient(before[name]) if name in before else None
    finally:
        for place, optimiser in replaced:
            place.bind(optimiser)
