"""Where the arrays of a layer live, and what is reached from it."""

from __future__ import annotations

import random
import sys
from collections import deque
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from ..backend.registry import framework_of, home
from ..errors import UsageError
from ..space import tree
from .names import NEIGHBOURS, plain

_DEEP = 6  # containers in containers, layers in layers
_MANY = 100_000  # things that are looked at

_OPAQUE = (
    str, bytes, type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, np.ndarray,
    np.generic, int, float, complex, type(None), random.Random, np.random.Generator,
    np.random.RandomState,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """An attribute, a key or an index that holds something; ``name`` as the user would write it.

    ``inside`` is the place of its owner, where it has one.
    """

    owner: Any
    key: Any
    name: str
    inside: Place | None = None

    def get(self) -> Any:
        """What is there now; None where nothing is."""
        if isinstance(self.owner, Mapping):
            return self.owner.get(self.key)
        if isinstance(self.owner, list | tuple | deque):
            return self.owner[self.key] if self.key < len(self.owner) else None
        return getattr(self.owner, self.key, None)

    def bind(self, value: Any) -> None:
        """Put another object there."""
        if isinstance(self.owner, MutableMapping | list | deque):
            self.owner[self.key] = value
        elif isinstance(self.owner, tuple):
            raise UsageError(
                f"{self.name} stands in a tuple and cannot be written to: keep parameters that "
                "are moved in writeable arrays, a list or a dict."
            )
        else:
            object.__setattr__(self.owner, self.key, value)


@dataclass(frozen=True, slots=True)
class Held:
    """A parameter: the place that it is named after, and the others that hold the same array."""

    place: Place
    others: tuple[Place, ...] = ()

    def get(self) -> Any:
        """What it is now."""
        return self.place.get()

    def put(self, value: Any) -> None:
        """Write a value into the array; where that cannot be, put it in all of its places.

        A value of a higher precision cannot, unless somebody else looks at the same memory.
        """
        here = self.get()
        if _takes(here, value):
            here[...] = value
            return
        own = np.array(value) if isinstance(value, np.ndarray) else value
        for place in (self.place, *self.others):
            place.bind(own)


def _takes(here: Any, value: Any) -> bool:
    if not (isinstance(here, np.ndarray) and here.flags.writeable):
        return False
    same = here.base is not None or here.dtype == np.asarray(value).dtype
    return bool(same and here.shape == np.shape(value))


def is_array(value: Any) -> bool:
    """Whether something is an array of real or complex numbers that can be moved."""
    if isinstance(value, np.ndarray):
        return bool(value.dtype.kind in "fc" and value.size > 0)
    return framework_of(value) is not None and not differs(value)


def is_number(value: Any) -> bool:
    """Whether something is a float by itself."""
    return isinstance(value, float | np.floating) and not isinstance(value, bool)


def movable(leaf: Any) -> bool:
    """Whether a leaf can be moved along a direction."""
    return is_number(leaf) or (is_array(leaf) and not differs(leaf))


def moves(value: Any) -> bool:
    """Whether an input can be moved: an array, or a container that holds one."""
    if is_array(value):
        return True
    return isinstance(value, list | tuple | Mapping) and any(
        moves(place.get()) for place in parts(value, "")
    )


def differs(leaf: Any) -> str:
    """Why a leaf is not differentiated; empty where it is."""
    return home(leaf).differentiable(leaf, "it")


def copied(whole: Any) -> Any:
    """A copy of the arrays in something."""
    if isinstance(whole, np.ndarray):
        return whole.copy()
    if whole is None or is_number(whole):
        return whole
    if isinstance(whole, list | tuple | dict):
        flat = tree.flatten(whole, "")
        return flat.unflatten([copied(leaf) for leaf in flat.leaves])
    return home(whole).copy(whole, promote=False) if is_array(whole) else whole


def host(value: Any) -> np.ndarray[Any, Any]:
    """A copy of an array or a number in NumPy."""
    return np.array(home(value).host(value) if is_array(value) else value)


def parts(thing: Any, name: str, inside: Place | None = None) -> Iterator[Place]:
    """What a container or an object of the user's holds."""
    if isinstance(thing, Mapping):
        yield from (Place(thing, key, f"{name}[{key!r}]", inside) for key in list(thing))
    elif isinstance(thing, list | tuple | deque):
        yield from (Place(thing, k, f"{name}[{k}]", inside) for k in range(len(thing)))
    elif holds_attributes(thing):
        prefix = f"{name}." if name else ""
        for key in attributes(thing):
            yield Place(thing, key, prefix + key, inside)


def holds_attributes(thing: Any) -> bool:
    """Whether something is an object of the user's, and no array, number, function or module."""
    if isinstance(thing, (*_OPAQUE, Mapping, list, tuple, deque)) or hasattr(thing, "dtype"):
        return False
    kind = type(thing).__module__.partition(".")[0]
    if kind in sys.stdlib_module_names and not isinstance(thing, SimpleNamespace):
        return False  # a logger, a lock, a file
    return hasattr(thing, "__dict__") or any(_slots(cls) for cls in type(thing).__mro__)


def attributes(thing: Any) -> list[str]:
    """The names of an object's own attributes, those in slots as well."""
    slots = [s for cls in type(thing).__mro__ for s in _slots(cls) if hasattr(thing, s)]
    return [*getattr(thing, "__dict__", {}), *slots]


def _slots(cls: type) -> list[str]:
    slots = cls.__dict__.get("__slots__", ())
    named = (slots,) if isinstance(slots, str) else slots
    hidden = (f"_{cls.__name__.lstrip('_')}{s}" if _is_private(s) else s for s in named)
    return [s for s in hidden if s not in ("__dict__", "__weakref__")]


def _is_private(name: str) -> bool:
    return name.startswith("__") and not name.endswith("__")


def walk(thing: Any, outsiders: frozenset[int] = frozenset()) -> Iterator[Place]:
    """Every place that is reached from a layer; each container once, ``outsiders`` not at all."""
    queue: deque[tuple[Any, Place | None, int]] = deque([(thing, None, 0)])
    seen = {id(thing), *outsiders}
    while queue and len(seen) < _MANY:
        owner, inside, depth = queue.popleft()
        for place in parts(owner, "" if inside is None else inside.name, inside):
            value = place.get()
            if isinstance(place.key, str) and plain(place.key) in NEIGHBOURS:
                continue
            yield place
            if not isinstance(value, _OPAQUE) and id(value) not in seen and depth < _DEEP:
                seen.add(id(value))
                queue.append((value, place, depth + 1))
