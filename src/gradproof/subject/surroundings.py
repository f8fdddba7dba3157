"""What functions read besides their arguments: globals, closures, attributes; who changes it."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend.registry import framework_of

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

    def put_back(self) -> None:
        """Undo that, where all of it is known."""
        if type(self.value) is np.ndarray and self.value.shape == self.numbers.shape:
            self.value[...] = self.numbers


def surroundings(function: Any) -> dict[str, Seen]:
    """Arrays and numbers that a function can reach, by the names that it has for them."""
    return {name: Seen(v, _numbers(v).copy()) for name, v in _reached(function, _DEEP)}


def written(before: Mapping[str, Seen]) -> dict[str, Seen]:
    """The arrays that were written into since."""
    return {name: seen for name, seen in before.items() if seen.changed}


def moved_on(function: Any, before: Mapping[str, Seen]) -> bool:
    """Whether anything that a function can reach was changed or replaced since."""
    now = dict(_reached(function, _DEEP))
    same = [name in before and before[name].value is value for name, value in now.items()]
    return not all(same) or bool(written(before))


def _numbers(value: Any) -> NDArray[Any]:
    framework = framework_of(value)
    array = np.asarray(value) if framework is None else framework.host(value)
    return array if array.size <= _ENTRIES else array.flat[:: array.size // _ENTRIES]


def _reached(function: Any, depth: int) -> Iterator[tuple[str, Any]]:
    while isinstance(function, partial):
        function = function.func
    plain = getattr(function, "__func__", function)
    owner = getattr(function, "__self__", None)
    if not isinstance(plain, types.FunctionType):
        plain, owner = getattr(type(function), "__call__", None), function
    if isinstance(owner, object) and not isinstance(owner, types.ModuleType | type | None):
        yield from _inside("self", owner, plain, depth)
    if isinstance(plain, types.FunctionType):
        for name, value in _named(plain):
            yield from _inside(name, value, plain, depth)


def _named(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """The globals and the closure of a function."""
    for name in islice(_names(function.__code__), _MANY):
        if name in function.__globals__:
            yield name, function.__globals__[name]
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        if cell != _EMPTY:
            yield name, cell.cell_contents


_EMPTY = types.CellType()


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _inside(name: str, value: Any, near: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """A value itself, or what is in it; of functions those of the same file."""
    if isinstance(value, np.ndarray | float | int | complex) or framework_of(value) is not None:
        if not isinstance(value, np.ndarray) or value.dtype.kind in "fciub":
            yield name, value
    elif depth and isinstance(value, types.FunctionType | types.MethodType):
        if getattr(value, "__globals__", None) is getattr(near, "__globals__", 0):
            yield from _reached(value, depth - 1)
    elif depth:
        for inner, thing in islice(_parts(name, value), _MANY):
            yield from _inside(inner, thing, near, depth - 1)


def _parts(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, types.ModuleType | type | Callable | str | bytes | None):  # type: ignore[arg-type]
        return
    if isinstance(value, Mapping):
        yield from ((f"{name}[{key!r}]", item) for key, item in value.items())
    elif isinstance(value, list | tuple):
        yield from ((f"{name}[{k}]", item) for k, item in enumerate(value))
    else:
        yield from ((f"{name}.{key}", item) for key, item in getattr(value, "__dict__", {}).items())
