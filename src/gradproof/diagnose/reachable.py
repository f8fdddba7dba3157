"""The user's functions that a call can come to, as objects, by their code."""

from __future__ import annotations

import gc
import sys
from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

from ..naming import is_library

_MOST_OBJECTS = 200_000  # that are looked at for functions
_CLOSED = (ModuleType, FrameType)  # what is not looked into
_REMEMBERING = type(lru_cache(lambda: None))


def reachable(
    codes: Sequence[CodeType], call: Callable[[], Any], spaces: Sequence[dict[str, Any]]
) -> list[FunctionType]:
    """Those that have some code, but for what remembers its results: it would keep wrong ones.

    What can be reached from the call and from the modules of the codes is looked at, not what
    belongs to libraries: the process as a whole has a hundred times as many objects.
    """
    wanted = set(codes)
    found: dict[int, FunctionType] = {}
    kept: set[int] = set()
    left, seen = deque[Any]((call, *spaces)), {id(call), *map(id, spaces)}
    while left and len(seen) < _MOST_OBJECTS:
        one = left.popleft()
        inside = gc.get_referents(one)
        if isinstance(one, FunctionType):
            if one.__code__ in wanted:
                found[id(one)] = one
            elif is_library(one.__code__.co_filename):
                inside = [one.__closure__, one.__defaults__, one.__dict__]  # may hold the user's
        if isinstance(one, _REMEMBERING):
            kept.update(id(r) for r in inside if isinstance(r, FunctionType))
        for part in inside:
            if id(part) not in seen and gc.is_tracked(part) and not isinstance(part, _CLOSED):
                seen.add(id(part))
                if not (isinstance(part, type) and _of_library(part)):
                    left.append(part)
    return [f for key, f in found.items() if key not in kept]


def _of_library(kind: type) -> bool:
    """Whether a class belongs to a library: what its instances hold is theirs."""
    if kind.__module__ not in sys.modules or kind.__module__ == "__main__":
        return False
    file = getattr(sys.modules[kind.__module__], "__file__", None)
    return file is None or is_library(file)
