"""Everything that a layer holds, as it was: arrays, containers, attributes, generators."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from ..backend.registry import home
from .places import attributes, holds_attributes, is_array, walk

Undo = Callable[[Sequence[Any]], None]


class State:
    """What was reached from some objects when this was made, to be put back as often as wanted.

    An array keeps its identity: other objects that hold it see it put back.
    """

    def __init__(self, roots: Iterable[Any], outsiders: frozenset[int] = frozenset()) -> None:
        self._undo: list[Undo] = []
        self._kept: list[Any] = []  # an id stays that of one thing
        seen: set[int] = set()
        for root in roots:
            for thing in (root, *(place.get() for place in walk(root, outsiders))):
                if id(thing) not in seen:
                    seen.add(id(thing))
                    self._keep(thing)

    def restore(self, but: Sequence[Any] = ()) -> None:
        """Put everything back, except the numbers of arrays that share memory with some."""
        for undo in self._undo:
            undo(but)

    def _keep(self, thing: Any) -> None:
        if isinstance(thing, np.ndarray):
            if thing.flags.writeable and thing.dtype != object:
                self._undo.append(_array(thing, thing.copy()))
                self._kept.append(thing)
            return
        if is_array(thing):
            self._undo.append(_foreign(thing, home(thing).copy(thing, promote=False)))
            self._kept.append(thing)
            return
        if (undo := _container(thing)) is not None:
            self._undo.append(lambda _: undo())
            self._kept.append(thing)


def _array(array: np.ndarray[Any, Any], copy: np.ndarray[Any, Any]) -> Undo:
    def undo(but: Sequence[Any]) -> None:
        own = [other for other in but if isinstance(other, np.ndarray)]
        if not any(np.may_share_memory(array, other) for other in own):
            array[...] = copy

    return undo


def _foreign(array: Any, copy: Any) -> Undo:
    """For an array of another library, if it can be written to."""

    def undo(but: Sequence[Any]) -> None:
        with suppress(TypeError):
            if not any(array is other for other in but):
                array[...] = copy

    return undo


def _container(thing: Any) -> Callable[[], None] | None:
    """How to put back what a container, an object or a generator of random numbers holds."""
    if isinstance(thing, MutableMapping):
        return _mapping(thing, dict(thing))
    if isinstance(thing, list | deque):
        return _sequence(thing, list(thing))
    if isinstance(thing, np.random.Generator):
        return _generator(thing.bit_generator, thing.bit_generator.state)
    if isinstance(thing, np.random.RandomState):
        before = thing.get_state()
        return lambda: thing.set_state(before)
    if isinstance(thing, random.Random):
        numbers = thing.getstate()
        return lambda: thing.setstate(numbers)
    if not holds_attributes(thing):
        return None
    return _object(thing, {name: getattr(thing, name) for name in attributes(thing)})


def _mapping(thing: MutableMapping[Any, Any], items: dict[Any, Any]) -> Callable[[], None]:
    def undo() -> None:
        if list(thing) != list(items) or any(thing[k] is not v for k, v in items.items()):
            thing.clear()
            thing.update(items)

    return undo


def _sequence(thing: list[Any] | deque[Any], items: list[Any]) -> Callable[[], None]:
    def undo() -> None:
        thing.clear()
        thing.extend(items)

    return undo


def _generator(bits: Any, state: Any) -> Callable[[], None]:
    def undo() -> None:
        bits.state = state

    return undo


def _object(thing: Any, items: dict[str, Any]) -> Callable[[], None]:
    def undo() -> None:
        for name in attributes(thing):
            if name not in items:
                object.__delattr__(thing, name)
        for name, value in items.items():
            if getattr(thing, name, None) is not value:
                object.__setattr__(thing, name, value)

    return undo
