"""The statement that last assigned a block's gradient: watched while the gradient is computed.

The user's function is run once more under ``sys.settrace``. After every line the arrays that
its frames can reach are looked at; the last line after which an array was new, or had other
content, is the one that computed it. Nothing is guessed: no trace, no line.
"""

from __future__ import annotations

import sys
import sysconfig
import weakref
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..records.finding import Line
from .statements import statement

Array = NDArray[Any] | np.generic

_DEPTH = 3  # containers within containers that are looked into
_MOST_BYTES = 1 << 31  # looked at in all; beyond, no line is told
_LIBRARIES = tuple(
    str(Path(sysconfig.get_path(name)).resolve()) for name in ("stdlib", "purelib", "platlib")
)


@dataclass(slots=True)
class Watch:
    """Arrays seen so far, and the place after which each was last new or changed.

    ``own`` is the file of the function under watch; other files count unless they belong to
    an installed library. Only arrays of the ``sizes`` asked for are looked at.
    """

    own: str
    sizes: frozenset[int]
    places: dict[int, tuple[CodeType, int]] = field(default_factory=dict)
    seen: dict[int, tuple[Callable[[], Any], int]] = field(default_factory=dict)
    running: dict[FrameType, int] = field(default_factory=dict)
    looked: int = 0

    def run(self, function: Callable[[], Any]) -> Any:
        """Call a function under watch."""
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            return function()
        finally:
            sys.settrace(before)

    def line(self, array: Any) -> Line | None:
        """The statement that last assigned an array, or wrote into it."""
        if not isinstance(array, np.ndarray | np.generic) or self.looked > _MOST_BYTES:
            return None
        known = self.seen.get(id(array))
        if known is None or known[0]() is not array or _print(array) != known[1]:
            return None
        code, number = self.places[id(array)]
        return statement(code, number)

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:  # noqa: ARG002
        return self._step if self._is_users(frame.f_code.co_filename) else None

    def _step(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event not in ("line", "return") or self.looked > _MOST_BYTES:
            return self._step
        done = self.running.get(frame)
        if done is not None:
            for array in _arrays(list(frame.f_locals.values()), _DEPTH):
                self._look(array, frame.f_code, done)
        if event == "return":
            for array in _arrays([argument], _DEPTH):
                self._look(array, frame.f_code, frame.f_lineno)
            self.running.pop(frame, None)
        else:
            self.running[frame] = frame.f_lineno
        return self._step

    def _look(self, array: Array, code: CodeType, number: int) -> None:
        if array.size not in self.sizes:
            return
        self.looked += array.nbytes
        now = _print(array)
        known = self.seen.get(id(array))
        if known is None or known[0]() is not array or known[1] != now:
            self.seen[id(array)] = (_reference(array), now)
            self.places[id(array)] = (code, number)

    def _is_users(self, file: str) -> bool:
        if file == self.own:
            return True
        return not file.startswith("<") and not str(Path(file).resolve()).startswith(_LIBRARIES)


def _reference(array: Array) -> Callable[[], Any]:
    """Something that gives the array back as long as it lives; scalars are kept alive."""
    return weakref.ref(array) if isinstance(array, np.ndarray) else lambda: array


def _print(array: Array) -> int:
    return zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


def _arrays(values: list[Any], depth: int) -> Iterator[Array]:
    """The arrays among some values, and in containers and objects among them."""
    for value in values:
        if isinstance(value, np.ndarray | np.generic):
            yield value
        elif depth and isinstance(value, dict):
            yield from _arrays(list(value.values()), depth - 1)
        elif depth and isinstance(value, list | tuple):
            yield from _arrays(list(value), depth - 1)
        elif depth and hasattr(value, "__dict__") and not callable(value):
            yield from _arrays(list(vars(value).values()), depth - 1)
