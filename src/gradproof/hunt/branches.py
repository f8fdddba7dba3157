"""Which branches of the code under test a try takes, by which the next tries are guided.

Only lines of the functions themselves are followed, and only while each is called for the first
time at a try, so that it costs next to nothing.
"""

from __future__ import annotations

import dis
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from .source import codes, functions

_MOST_LINES = 5000  # are followed at one try: code with long loops has shown what it does by then
_CONDITIONAL = ("POP_JUMP", "JUMP_IF", "FOR_ITER")

Forks = Mapping[int, tuple[CodeType, frozenset[int]]]


def forks_of(roots: Sequence[Any]) -> Forks:
    """The lines after which the code of some functions may go on in two ways, by code object."""
    found = {}
    for function in functions(roots):
        for code in codes(function.__code__):
            if lines := _forks(code):
                found[id(code)] = (code, lines)
    return found


def _forks(code: CodeType) -> frozenset[int]:
    lines, current = set[int](), code.co_firstlineno
    starts = dict(dis.findlinestarts(code))
    for instruction in dis.get_instructions(code):
        current = starts.get(instruction.offset) or current
        if instruction.opname.startswith(_CONDITIONAL):
            lines.add(current)
    return frozenset(lines)


@contextmanager
def followed(forks: Forks) -> Iterator[set[int]]:
    """Within this block, the branches that are taken: a number for each, the same everywhere.

    Where a debugger or a measurement of coverage follows the code already, it is left alone.
    """
    taken, left = set[int](), _MOST_LINES
    if not forks or sys.gettrace() is not None:
        yield taken
        return

    def enter(frame: FrameType, event: str, _: Any) -> Any:  # noqa: ARG001
        code, lines = forks.get(id(frame.f_code), (None, frozenset[int]()))
        if code is None:
            return None
        before = 0

        def step(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal before, left
            if event in ("line", "return"):
                here = frame.f_lineno if event == "line" else -1
                if before in lines:
                    taken.add(_number(code, before, here))
                before, left = here, left - 1
                if left <= 0:
                    sys.settrace(None)
            return step

        return step

    sys.settrace(enter)
    try:
        yield taken
    finally:
        sys.settrace(None)


def _number(code: CodeType, before: int, after: int) -> int:
    first = code.co_firstlineno
    after = after if after < 0 else after - first
    return zlib.crc32(f"{code.co_name} {first} {before - first} {after}".encode())
