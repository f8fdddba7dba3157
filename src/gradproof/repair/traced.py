"""Which functions compute a gradient, and what their names held: seen while it is computed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

import numpy as np

from ..diagnose.lines import is_library
from .hints import MODULE, RETURN, Shape

_MOST_ITEMS = 64  # of a container or an object: what is larger is data
_NOT_EDITED = ("<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>", "<module>")


@dataclass(slots=True)
class Traced:
    """The user's code that ran, in the order in which it was first entered.

    That is what lies in no installed library, and the file ``own`` wherever it lies. ``shapes``
    tells by file and qualified name what each name held when the function returned, and
    ``values`` which number.
    """

    codes: dict[CodeType, None] = field(default_factory=dict)
    own: str = ""
    shapes: dict[str, dict[str, dict[str, Shape | None]]] = field(default_factory=dict)
    values: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)

    def run(self, function: Callable[[], Any]) -> Any:
        """Call a function and note what runs."""
        before = sys.getprofile()
        sys.setprofile(self._note)
        try:
            return function()
        finally:
            # A profiler written in C cannot be started again from here.
            sys.setprofile(before if callable(before) else None)

    def _note(self, frame: FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        file = code.co_filename
        if event not in ("call", "return") or (file != self.own and is_library(file)):
            return
        if event == "call":
            if not code.co_qualname.endswith(_NOT_EDITED):
                self.codes.setdefault(code)
            return
        known = self.shapes.setdefault(file, {})
        own = known.setdefault(code.co_qualname, {})
        own.update(_shapes(frame.f_locals))
        if (shape := _shape(argument)) is not None:
            own[RETURN] = shape
        read = {n: frame.f_globals[n] for n in code.co_names if n in frame.f_globals}
        known.setdefault(MODULE, {}).update(_shapes(read))
        numbers = self.values.setdefault(file, {})
        numbers.setdefault(code.co_qualname, {}).update(_numbers(frame.f_locals))
        numbers.setdefault(MODULE, {}).update(_numbers(read))


def _shapes(names: Mapping[str, Any]) -> Iterator[tuple[str, Shape | None]]:
    """Of each name, and of what the containers and objects among them hold."""
    for name, value in names.items():
        if not name.isidentifier():
            continue
        yield name, _shape(value)
        for inner, held in _held(name, value):
            if (shape := _shape(held)) is not None:
                yield inner, shape


def _numbers(names: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Of each name that holds a real number, and of what holds one."""
    for name, value in names.items():
        if name.isidentifier():
            for inner, held in ((name, value), *_held(name, value)):
                if isinstance(held, int | float | np.number) and not isinstance(
                    held, bool | np.complexfloating
                ):
                    yield inner, float(held)


def _held(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """What stands in a value, under the expressions that lead to it."""
    if isinstance(value, Mapping):
        if len(value) <= _MOST_ITEMS:
            yield from ((f"{name}[{key!r}]", held) for key, held in value.items())
    elif isinstance(value, list | tuple):
        if len(value) <= _MOST_ITEMS:
            yield from ((f"{name}[{index}]", held) for index, held in enumerate(value))
    elif type(value).__module__ not in ("builtins", "numpy") and not callable(value):
        inside = getattr(value, "__dict__", {})
        if len(inside) <= _MOST_ITEMS:
            yield from ((f"{name}.{key}", held) for key, held in inside.items())


def _shape(value: Any) -> Shape | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float | complex | np.generic | np.ndarray):
        return tuple(np.shape(value))
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        try:
            return tuple(int(length) for length in value.shape)
        except TypeError:
            return None
    return None
