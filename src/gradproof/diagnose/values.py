"""What the user's functions compute on the way, and the same call with one value exchanged.

Every expression of the functions that a call goes through is handed to a hook, which may answer
with another value. The functions stay the same objects: their code is exchanged for one that was
compiled from the same source, with the hook around each expression, and put back afterwards.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FrameType, FunctionType
from typing import Any

from ..naming import is_library
from ..profiling import profiled
from .hooking import HOOK, INDEX, STORE, Site, hooked
from .reachable import reachable
from .statements import parsed

Hook = Callable[[int, Any], Any]

# What an assignment to a part of an array is handed to: with the array and the index.
Store = Callable[[int, Any, Any, Any], Any]

_LONGEST = 300_000  # characters of a file that is parsed
_MOST_FUNCTIONS = 60
_LONGER, _FREE = 10, 10_000  # times as many expressions as in a first run, and some: it has no end


class EndlessError(Exception):
    """With a value exchanged the user's code goes on and on: a loop waits for another one."""


@dataclass(slots=True)
class Instrument:
    """Some functions, with a hook around each of their expressions.

    ``most`` are the expressions that a run met before any value was exchanged.
    """

    sites: list[Site] = field(default_factory=list)
    codes: dict[FunctionType, CodeType] = field(default_factory=dict)
    most: int = 0

    @contextmanager
    def hooked(self, hook: Hook, store: Store | None = None) -> Iterator[None]:
        """Within this block the functions call the hook, and the other one where they store.

        The first time they run as they are, which says how long that takes; a later run that takes
        far longer is ended by `EndlessError`.
        """
        first = not self.most
        count, limit = 0, sys.maxsize if first else _LONGER * self.most + _FREE

        def counted(number: int, value: Any) -> Any:
            nonlocal count
            count += 1
            if count > limit:
                raise EndlessError
            return hook(number, value)

        before = {function: function.__code__ for function in self.codes}
        spaces = {id(f.__globals__): f.__globals__ for f in self.codes}
        given = {HOOK: counted, STORE: store or _as_it_is, INDEX: _Index()}
        for space in spaces.values():
            space.update(given)
        try:
            for function, code in self.codes.items():
                function.__code__ = code
            yield
        finally:
            for function, code in before.items():
                function.__code__ = code
            for space in spaces.values():
                for name in given:
                    space.pop(name, None)
            if first:
                self.most = max(count, 1)


def _as_it_is(number: int, value: Any, array: Any, index: Any) -> Any:  # noqa: ARG001
    return value


class _Index:
    """What stands in brackets."""

    def __getitem__(self, index: Any) -> Any:
        return index


def instrument(call: Callable[[], Any]) -> tuple[Instrument, Any]:
    """The functions of the user that a call goes through, ready to be hooked; and its result."""
    seen: dict[CodeType, dict[str, Any]] = {}

    def trace(frame: FrameType, event: str, argument: Any) -> None:  # noqa: ARG001
        if event == "call" and not is_library(frame.f_code.co_filename):
            seen[frame.f_code] = frame.f_globals

    with profiled(trace):
        result = call()
    made = Instrument()
    files: dict[str, list[CodeType]] = {}
    every = list(seen)[:_MOST_FUNCTIONS]
    for code in every:
        files.setdefault(code.co_filename, []).append(code)
    functions = reachable(every, call, list({id(s): s for s in seen.values()}.values()))
    for file, codes in files.items():
        _add(made, file, codes, [f for f in functions if f.__code__ in codes])
    return made, result


def _add(
    made: Instrument, file: str, codes: Sequence[CodeType], functions: Sequence[FunctionType]
) -> None:
    linecache.checkcache(file)
    text = "".join(linecache.getlines(file, functions[0].__globals__ if functions else None))
    if not text or len(text) > _LONGEST:
        return
    try:
        known = parsed(file, text)
        if known is None:
            return
        lines = {code.co_firstlineno for code in codes}
        tree, sites = hooked(file, known, text, len(made.sites), lines)
        old = list(_codes(known.compiled))
        new = list(_codes(compile(tree, file, "exec", dont_inherit=True)))
    except (SyntaxError, ValueError, SystemError, RecursionError):
        return
    if len(old) != len(new):
        return
    made.sites += sites
    places = {code: k for k, code in enumerate(old)}
    for function in functions:
        place = places.get(function.__code__)
        if place is not None and new[place].co_freevars == function.__code__.co_freevars:
            made.codes[function] = new[place]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
