"""What functions read besides their arguments: globals, closures, attributes; who changes it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend.protocol import Backend
from ..backend.registry import framework_of, home
from ..errors import UsageError

_ENTRIES = 1 << 16  # of a larger array only so many are looked at, and nothing is put back
_DEEP = 3  # helpers of helpers, containers in objects
_MANY = 64  # names that are looked at in each


@dataclass(frozen=True, slots=True)
class Seen:
    """An array or a number as it was."""

    value: Any
    numbers: NDArray[Any]

    @property
    def changed(self) -> bool:
        """Whether somebody has written into the same array."""
        return not np.array_equal(_numbers(self.value), self.numbers, equal_nan=True)

    def exchange(self) -> None:
        """Put that back, or undo this, where all of it is known."""
        memory = home(self.value).host(self.value)
        if memory.shape == self.numbers.shape and memory.flags.writeable:
            now = memory.copy()
            memory[...] = self.numbers
            self.numbers[...] = now


def surroundings(function: Any) -> dict[str, Seen]:
    """Arrays and numbers that a function can reach, by the names that it has for them."""
    found = {}
    for name, value in _reached(function):
        found[name] = Seen(value, np.array(_numbers(value)))
    return found


def written(before: Mapping[str, Seen]) -> dict[str, Seen]:
    """Those that somebody wrote into since."""
    return {name: seen for name, seen in before.items() if seen.changed}


def moved_on(function: Any, before: Mapping[str, Seen]) -> bool:
    """Whether anything that a function can reach was written into or replaced since."""
    kept = [n in before and before[n].value is value for n, value in _reached(function)]
    return not all(kept) or bool(written(before))


def functions(function: Any) -> Iterator[FunctionType]:
    """A function, and those that it names: of its own file, and methods of what it belongs to."""
    plain, seen = _plain(function), set[int]()
    every = [
        plain,
        *(_plain(thing) for _, (thing, _) in _named(function, _deep(function)) if callable(thing)),
    ]
    for one in every:
        own = getattr(one, "__globals__", None) is getattr(plain, "__globals__", ())
        if isinstance(one, FunctionType) and own and id(one) not in seen:
            seen.add(id(one))
            yield one


def _deep(function: Any) -> int:
    """How deep to look: an object that is called, as a counter or a cache is, stands before it."""
    return _DEEP if isinstance(_plain(function), FunctionType) else _DEEP + 1


def _plain(function: Any) -> Any:
    while isinstance(function, partial):
        function = function.func
    return getattr(function, "__func__", function)


def _numbers(value: Any) -> NDArray[Any]:
    framework = framework_of(value)
    if framework is not None:
        return framework.host(value) if _readable(value, framework) else np.empty(0)
    array = np.asarray(value)
    return array if array.size <= _ENTRIES else array.flat[:: array.size // _ENTRIES]


def _readable(tensor: Any, framework: Backend) -> bool:
    """Whether somebody can write into it, and its numbers are soon fetched."""
    if math.prod(np.shape(tensor)) > _ENTRIES:
        return False
    try:
        return not framework.differentiable(tensor, "") and framework.about.held(tensor)()
    except UsageError:
        return False


def _reached(function: Any) -> Iterator[tuple[str, Any]]:
    """What is inside the things that a function, and those of its file that it calls, name."""
    things = dict(_named(function, _deep(function)))
    words = {word for _, code in things.values() for word in code}
    for name, (thing, _) in things.items():
        yield from _inside(name, thing, words, _DEEP)


def _named(function: Any, depth: int) -> Iterator[tuple[str, tuple[Any, tuple[str, ...]]]]:
    """Globals, closures and owners by name, with the names in the code that has them."""
    while isinstance(function, partial):
        function = function.func
    plain, owner = getattr(function, "__func__", function), getattr(function, "__self__", None)
    if not isinstance(plain, FunctionType):
        plain, owner = getattr(type(function), "__call__", None), function  # noqa: B004
    if not (isinstance(plain, FunctionType) and depth):
        return
    words = _names(plain.__code__)
    own = [] if owner is None else [("self", owner)]
    for name, thing in (*own, *_variables(plain, words)):
        yield name, (thing, words)
        for word in words if framework_of(thing) is None else ():
            method = getattr(type(thing), word, None)
            if isinstance(method, FunctionType):
                yield from _named(MethodType(method, thing), depth - 1)
            elif thing is owner:  # what it was made around, as a counter or a cache is
                yield from _named(getattr(thing, "__dict__", {}).get(word), depth - 1)
        # What a function has in its closure is its own, wherever it was written.
        closed = name in plain.__code__.co_freevars and isinstance(thing, FunctionType)
        if closed or getattr(thing, "__globals__", None) is plain.__globals__:
            yield from _named(thing, depth - 1)


def _variables(function: FunctionType, words: Sequence[str]) -> list[tuple[str, Any]]:
    known, found = function.__globals__, []
    for word in words[:_MANY]:
        if word in known:
            found.append((f"the global {word}", known[word]))  # noqa: PERF401 - a frame less
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        if cell != _EMPTY:
            found.append((name, cell.cell_contents))
    return found


_EMPTY = CellType()


@lru_cache(maxsize=256)
def _names(code: CodeType) -> tuple[str, ...]:
    found = list(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found += _names(constant)
        elif isinstance(constant, str):  # getattr(self, "w")
            found.append(constant)
    return tuple(found)


def _inside(name: str, thing: Any, words: set[str], depth: int) -> Iterator[tuple[str, Any]]:
    """A value itself, or what is in it: of an object, the attributes that the code names."""
    if isinstance(thing, np.ndarray):
        if thing.dtype.kind in "fciub":
            yield name, thing
    elif isinstance(thing, float | int | complex) or framework_of(thing) is not None:
        yield name, thing
    elif depth:
        for inner, part in islice(_parts(name, thing, words), _MANY):
            yield from _inside(inner, part, words, depth - 1)


def _parts(name: str, thing: Any, words: set[str]) -> Iterator[tuple[str, Any]]:
    if isinstance(thing, Mapping):
        yield from ((f"{name}[{key!r}]", part) for key, part in thing.items())
    elif isinstance(thing, list | tuple):
        yield from ((f"{name}[{k}]", part) for k, part in enumerate(thing))
    elif not isinstance(thing, ModuleType | type):
        own = getattr(thing, "__dict__", {})
        yield from ((f"{name}.{key}", part) for key, part in own.items() if key in words)
