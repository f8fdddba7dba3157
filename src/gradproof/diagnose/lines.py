"""The statement that computed a block's gradient: watched while the gradient is computed.

The user's function is run once more under ``sys.settrace``. After every statement the arrays that
its frames can reach are looked at. The statement after which the wrong numbers were there first is
the one that computed them: copies, reshapes and returns bring nothing new. Where the numbers are
no sign, as zeros are, it is the last one after which the array was new, or had other content.
Nothing is guessed: no trace, no line.
"""

from __future__ import annotations

import gc
import math
import sys
import weakref
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend.registry import framework_of, home
from ..naming import is_library
from ..records.finding import SourceLine
from .statements import Position, begins, positions, shared_lines, statement

# Arrays of any library; NumPy's are known at once.
Array = Any
_NUMPY = np.ndarray | np.generic

# The code, the place in it, and whether the array was first met as what a statement returns.
Place = tuple[CodeType, Position, bool]

_OPAQUE = (type, ModuleType, FunctionType, BuiltinFunctionType, CodeType, FrameType)
_PLAIN = (str, bytes, int, float, complex, type(None))
_MOST_OBJECTS = 20_000  # looked through after one line; beyond, no line is reported
_MOST_BYTES = 1 << 31  # looked at in all; beyond, no line is reported
# In a loop over many things what is looked at after so many rounds counts so many times: it is
# given up sooner, since each round looks at all of them.
_ROUNDS, _DEARER = 16, 8


@dataclass(slots=True)
class Watch:
    """Arrays seen so far, and the place after which each was last new or changed.

    ``own`` is the file of the function under watch; other files count unless they belong to
    an installed library. Only arrays of the ``sizes`` asked for are looked at, and of any size
    for the numbers that are ``wanted``.
    """

    own: str
    sizes: frozenset[int]
    wanted: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    first: dict[float, Place] = field(default_factory=dict)
    places: dict[int, Place] = field(default_factory=dict)
    seen: dict[int, tuple[Callable[[], Any], int]] = field(default_factory=dict)
    written: dict[int, bool] = field(default_factory=dict)
    running: dict[FrameType, Position] = field(default_factory=dict)
    rounds: dict[FrameType, Counter[Position]] = field(default_factory=dict)
    shared: dict[CodeType, list[Position | None]] = field(default_factory=dict)
    looked: int = 0
    dearer: int = 1

    def run(self, function: Callable[[], Any]) -> Any:
        """Call a function under watch."""
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            return function()
        finally:
            sys.settrace(before)

    def line(self, array: Any) -> SourceLine | None:
        """The statement that last assigned an array, or wrote into it."""
        if not _is_array(array) or self.looked > _MOST_BYTES:
            return None
        known = self.seen.get(id(array))
        if known is None or known[0]() is not array:
            return None
        numbers = _numbers(array)
        if numbers is None or _print(numbers) != known[1]:
            return None
        if id(array) not in self.places:
            return None
        code, position, handed_on = self.places[id(array)]
        return statement(code, position, computing=handed_on)

    def is_store(self, array: Any) -> bool:
        """Whether the last that was done to an array was to write into it."""
        known = self.seen.get(id(array))
        return known is not None and known[0]() is array and self.written.get(id(array), False)

    def origin(self, numbers: NDArray[np.float64]) -> SourceLine | None:
        """The statement after which most of some wanted numbers were there first."""
        places = [self.first[x] for x in numbers.tolist() if x in self.first]
        if self.looked > _MOST_BYTES or 2 * len(places) <= len(numbers):
            return None
        counts = Counter(places)
        code, position, _ = max(counts, key=lambda place: counts[place])
        return statement(code, position)

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:  # noqa: ARG002
        code = frame.f_code
        if code.co_filename != self.own and is_library(code.co_filename):
            return None
        if code not in self.shared:
            self.shared[code] = positions(code) if shared_lines(code) else []
        frame.f_trace_opcodes = bool(self.shared[code])
        return self._step

    def _step(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event not in ("line", "opcode", "return") or self.looked > _MOST_BYTES:
            return self._step
        here = self._position(frame)
        if event == "opcode" and (here is None or not self._is_new(frame, here)):
            return self._step
        done = self.running.get(frame)
        if done is not None:
            rounds = self.rounds.setdefault(frame, Counter())
            rounds[done] += 1
            self.dearer = _DEARER if rounds[done] > _ROUNDS else 1
        scope = [frame.f_globals.get(name) for name in frame.f_code.co_names]
        for array in self._arrays([*frame.f_locals.values(), *scope]):
            self._look(array, None if done is None else (frame.f_code, done, False))
        if event == "return":
            for array in self._arrays([argument]):
                self._look(array, (frame.f_code, here or Position(frame.f_lineno), True))
            self.running.pop(frame, None)
            self.rounds.pop(frame, None)
        else:
            self.running[frame] = here or Position(frame.f_lineno)
        return self._step

    def _position(self, frame: FrameType) -> Position | None:
        """The place of the instruction, where a line alone does not say which statement it is."""
        places = self.shared[frame.f_code]
        return places[frame.f_lasti // 2] if places and frame.f_lasti >= 0 else None

    def _is_new(self, frame: FrameType, here: Position) -> bool:
        """Whether another statement begins: what is stored is, at the end of the one before."""
        before = self.running.get(frame)
        return before is None or begins(frame.f_code, before) != begins(frame.f_code, here)

    def _arrays(self, values: list[Any]) -> Iterator[Array]:
        """The arrays among some values, and in whatever they hold."""
        queue, visited = values, set[int]()
        while queue:
            value = queue.pop()
            if id(value) in visited or isinstance(value, _OPAQUE):
                continue
            visited.add(id(value))
            if _is_array(value):
                yield value
            elif not isinstance(value, _PLAIN):
                queue += gc.get_referents(value)
            if len(visited) > _MOST_OBJECTS:
                self.looked = _MOST_BYTES + 1  # too much to look through: say nothing
                return

    def _look(self, array: Array, place: Place | None) -> None:
        """Remember what is new in an array; without a place it is what was there before."""
        if math.prod(np.shape(array)) not in self.sizes and not self.wanted.size:
            return
        known = self.seen.get(id(array))
        is_known = known is not None and known[0]() is array
        if is_known and place is None:
            return
        if not is_known:
            self.places.pop(id(array), None)
        numbers = _numbers(array)
        if numbers is None:
            return
        self.looked += numbers.nbytes * self.dearer
        now = _print(numbers)
        if is_known and known is not None and known[1] == now:
            if place is not None:
                self.places.setdefault(id(array), place)  # filled with the same again, perhaps
            return
        self.seen[id(array)] = (_reference(array), now)
        if place is None:
            return
        self.places[id(array)] = place
        self.written[id(array)] = is_known
        if self.wanted.size and numbers.dtype.kind in "fc":
            for number in self.wanted[np.isin(self.wanted, parts(numbers))].tolist():
                self.first.setdefault(number, place)


def parts(numbers: NDArray[Any]) -> NDArray[np.float64]:
    """All numbers of an array, real and imaginary parts by themselves."""
    wide = numbers.astype(complex if numbers.dtype.kind == "c" else float).reshape(-1)
    return wide.view(np.float64)


def _reference(array: Array) -> Callable[[], Any]:
    """Something that gives the array back as long as it lives; scalars are kept alive."""
    return (lambda: array) if isinstance(array, np.generic) else weakref.ref(array)


def _is_array(value: Any) -> bool:
    return isinstance(value, _NUMPY) or framework_of(value) is not None


def _numbers(array: Array) -> NDArray[Any] | None:
    """What is in an array, where NumPy can see it; nothing is, while a function is traced."""
    try:
        return np.asarray(array if isinstance(array, _NUMPY) else home(array).host(array))
    except Exception:  # noqa: BLE001 - each library has its own for what has no numbers yet
        return None


def _print(array: NDArray[Any]) -> int:
    return zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
