"""The statement that last assigned a block's gradient: watched while the gradient is computed.

The user's function is run once more under ``sys.settrace``. After every line the arrays that
its frames can reach are looked at; the last line after which an array was new, or had other
content, is the one that computed it. Nothing is guessed: no trace, no line.
"""

from __future__ import annotations

import ast
import gc
import linecache
import math
import sys
import sysconfig
import textwrap
import weakref
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend.registry import framework_of, home
from ..records.finding import SourceLine

# Arrays of any library; NumPy's are told at once.
Array = Any
_NUMPY = np.ndarray | np.generic

# The code, the line, and whether the array was first met as what a statement returns.
Place = tuple[CodeType, int, bool]

_OPAQUE = (type, ModuleType, FunctionType, BuiltinFunctionType, CodeType, FrameType)
_PLAIN = (str, bytes, int, float, complex, type(None))
_MOST_OBJECTS = 20_000  # looked through after one line; beyond, no line is reported
_MOST_BYTES = 1 << 31  # looked at in all; beyond, no line is reported
# In a loop over many things what is looked at after so many rounds counts so many times: it is
# given up sooner, since each round looks at all of them.
_ROUNDS, _DEARER = 16, 8
_LIBRARIES = [
    Path(__file__).resolve().parents[1],
    *(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "purelib", "platlib")),
]


@dataclass(slots=True)
class Watch:
    """Arrays seen so far, and the place after which each was last new or changed.

    ``own`` is the file of the function under watch; other files count unless they belong to
    an installed library. Only arrays of the ``sizes`` asked for are looked at.
    """

    own: str
    sizes: frozenset[int]
    places: dict[int, Place] = field(default_factory=dict)
    seen: dict[int, tuple[Callable[[], Any], int]] = field(default_factory=dict)
    running: dict[FrameType, int] = field(default_factory=dict)
    rounds: dict[FrameType, Counter[int]] = field(default_factory=dict)
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
        code, number, handed_on = self.places[id(array)]
        return _statement(code, number, computing=handed_on)

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:  # noqa: ARG002
        file = frame.f_code.co_filename
        return self._step if file == self.own or not is_library(file) else None

    def _step(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event not in ("line", "return") or self.looked > _MOST_BYTES:
            return self._step
        done = self.running.get(frame)
        if done is not None:
            rounds = self.rounds.setdefault(frame, Counter())
            rounds[done] += 1
            self.dearer = _DEARER if rounds[done] > _ROUNDS else 1
            scope = [frame.f_globals.get(name) for name in frame.f_code.co_names]
            for array in self._arrays([*frame.f_locals.values(), *scope]):
                self._look(array, (frame.f_code, done, False))
        if event == "return":
            for array in self._arrays([argument]):
                self._look(array, (frame.f_code, frame.f_lineno, True))
            self.running.pop(frame, None)
            self.rounds.pop(frame, None)
        else:
            self.running[frame] = frame.f_lineno
        return self._step

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

    def _look(self, array: Array, place: Place) -> None:
        if math.prod(np.shape(array)) not in self.sizes:
            return
        numbers = _numbers(array)
        if numbers is None:
            return
        self.looked += numbers.nbytes * self.dearer
        now = _print(numbers)
        known = self.seen.get(id(array))
        if known is None or known[0]() is not array or known[1] != now:
            self.seen[id(array)] = (_reference(array), now)
            self.places[id(array)] = place


@cache
def is_library(file: str) -> bool:
    """Whether a file belongs to an installed library, or is none."""
    path = Path(file).resolve()
    return file.startswith("<") or any(path.is_relative_to(home) for home in _LIBRARIES)


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


# From a place in compiled code to the whole statement in the source it came from


def _statement(code: CodeType, number: int, *, computing: bool = False) -> SourceLine | None:
    """The statement at a line, if the file still is what the code was compiled from.

    ``computing`` asks for one that computes something: a bare ``return grads`` does not.
    """
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename)
    try:
        tree = ast.parse("".join(lines))
        compiled = compile(tree, code.co_filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, SystemError):  # the last: two threads parse, in Python 3.11
        return None
    if not lines or not _holds(compiled, code):
        return None
    node = _only(tree, number)
    if node is None or node.end_lineno is None or (computing and not _computes(node)):
        return None
    text = "".join(lines[node.lineno - 1 : node.end_lineno])
    return SourceLine(
        file=code.co_filename,
        number=node.lineno,
        end_number=node.end_lineno,
        text=textwrap.dedent(text).strip(),
        function=code.co_name,
    )


def _holds(compiled: CodeType, code: CodeType) -> bool:
    """Whether a module's code holds the very same function at the very same place."""
    return any(
        isinstance(constant, CodeType) and (constant == code or _holds(constant, code))
        for constant in compiled.co_consts
    )


def _only(tree: ast.AST, number: int) -> ast.stmt | None:
    """The one simple statement that covers a line; None where there are several, or none."""
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt)
        and not hasattr(node, "body")
        and node.lineno <= number <= (node.end_lineno or 0)
    ]
    return found[0] if len(found) == 1 else None


def _computes(node: ast.stmt) -> bool:
    return any(isinstance(part, _COMPUTING) for part in ast.walk(node))


_COMPUTING = (ast.Call, ast.BinOp, ast.UnaryOp, ast.ListComp, ast.DictComp, ast.GeneratorExp)
