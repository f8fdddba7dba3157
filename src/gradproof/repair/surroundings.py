"""What edited code can reach and might spoil: looked at again after each candidate."""

import random
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, Self

import numpy as np

from ..subject.surroundings import parts

# Beyond these no look is worth its time: every candidate gets its own process.
_MOST_BYTES = 1 << 22
_MOST_THINGS = 4096

_OPAQUE = (str, bytes, type, ModuleType, FunctionType, BuiltinFunctionType, type(None))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The arrays and numbers that some functions, and the arguments they are given, hold."""

    roots: tuple[Any, ...]

    @classmethod
    def of(cls, functions: Sequence[FunctionType], *given: Any) -> Self:
        """Globals that the functions read, what their closures and defaults hold, what is given.

        Of a function among the given that is its closure, of a method its object.
        """
        roots: list[Any] = [_contents(g) if isinstance(g, FunctionType) else g for g in given]
        for function in functions:
            names = [n for n in function.__code__.co_names if n in function.__globals__]
            roots.append([function.__globals__[name] for name in names])
            roots += [_contents(function), function.__defaults__ or ()]
        return cls(tuple(roots))

    def state(self) -> object:
        """The same as long as nothing has changed; never the same where there is too much."""
        seen, left = 0, _MOST_BYTES
        generator = np.random.get_state(legacy=False)  # noqa: NPY002
        for number, array in enumerate(_arrays((self.roots, generator))):
            left -= array.nbytes
            if left < 0 or number > _MOST_THINGS:
                return object()
            seen = zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data, seen)
        return seen, hash(random.getstate())


def _contents(function: FunctionType) -> list[Any]:
    found = []
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # it has no value yet
            found.append(cell.cell_contents)
    return found


def _arrays(roots: Any) -> Iterator[np.ndarray[Any, Any]]:
    """All numbers there are, the lengths of containers, and how often tensors were written to."""
    left, seen = [roots], dict[int, Any]()  # what is held cannot make room for another id
    while left:
        value = left.pop()
        if isinstance(value, np.ndarray) and value.dtype != object:
            yield value
        elif isinstance(value, int):  # of any length
            yield np.frombuffer(str(value).encode(), np.uint8)
        elif isinstance(value, float | complex | np.generic):
            yield np.asarray(value)
        elif id(value) not in seen and not isinstance(value, _OPAQUE):
            seen[id(value)] = value
            inside = _inside(value)
            yield np.asarray(len(inside))
            left += inside


def _inside(value: Any) -> list[Any]:
    if isinstance(value, MethodType):
        return [value.__self__]
    if isinstance(value, partial):
        return [value.func, value.args, value.keywords]
    inside = [part for _, part in parts("", value, getattr(value, "__dict__", ()))]
    with suppress(AttributeError, RuntimeError):  # no tensor, or one that does not count
        inside.append(value._version)  # noqa: SLF001 - how often torch changed a tensor in place
    return inside
