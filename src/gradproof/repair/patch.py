"""Edited functions put in the place of the old ones, without running their module again.

Whoever holds a function, a decorator, a partial, a table of callbacks, sees the edit, because
its ``__code__`` is exchanged and the function stays the same object. Of an edited text only the
top-level statements that changed are compiled; nothing of it is executed.
"""

from __future__ import annotations
import __future__

import ast
import gc
import linecache
import warnings
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from ..diagnose.statements import statement_by_statement
from ..errors import UsageError

# A part of a text does not show under which ``from __future__`` it stood, but the code does.
_FUTURE = 0
for _name in __future__.all_feature_names:
    _FUTURE |= getattr(__future__, _name).compiler_flag

# What wraps a function and says so may wrap another one that does; one that wraps itself ends.
_MOST_WRAPPINGS = 100

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Unpatchable(Exception):  # noqa: N818 - nothing failed: this candidate cannot be tried
    """An edited text that cannot be put in the place of the function; the message says why."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Lines of a module, the first of which is line ``line`` of the module."""

    lines: tuple[str, ...]
    line: int


def function_of(given: Any) -> FunctionType:
    """The function written in Python that is at the bottom of something that can be called.

    Methods, static and class methods, partials, callable objects and what a decorator makes that
    sets ``__wrapped__`` are seen through. ``UsageError`` where there is none.
    """
    inner = given
    for _ in range(_MOST_WRAPPINGS):
        if isinstance(inner, FunctionType) and not hasattr(inner, "__wrapped__"):
            return inner
        deeper = _inside(inner)
        if deeper is None:
            break
        inner = deeper
    name = getattr(given, "__qualname__", type(given).__qualname__)
    raise UsageError(f"{name} is not written in Python: there is no source to repair.")


def source_of(function: FunctionType) -> str:
    """The text of the function's module as the interpreter knows it: lines end in a newline only.

    ``UsageError`` where there is none, or where it is not what the function was compiled from.
    """
    linecache.checkcache(function.__code__.co_filename)
    text = _text(function)
    _span(function.__code__, text)
    return text


def alike(functions: Iterable[FunctionType]) -> tuple[FunctionType, ...]:
    """The functions, and all others alive that an edit of their lines changes too.

    Those are what a factory made from the same lines at other times, and the factory, unless it
    was compiled from another text, as pytest does with tests. This looks through all objects
    there are: call it once, not for every candidate.
    """
    wanted = tuple(dict.fromkeys(functions))
    codes = {function.__code__ for function in wanted}
    files = {code.co_filename for code in codes}
    others = (other for other in alive(files) if not codes.isdisjoint(_codes(other.__code__)))
    known = [other for other in others if other in wanted or _is_known(other)]
    return tuple(dict.fromkeys([*wanted, *known]))


def alive(files: Container[str]) -> list[FunctionType]:
    """All functions there are that come from some files."""
    functions = (thing for thing in gc.get_objects() if type(thing) is FunctionType)
    return [function for function in functions if function.__code__.co_filename in files]


def replaced(function: FunctionType, source: str) -> CodeType:
    """The code of the same function in an edited text of its module.

    It has the free variables of the old code, in the same order, so that the function can take
    it over. ``Unpatchable`` where the text does not parse, or such code does not exist.
    """
    code = function.__code__
    text = _text(function)
    old, new = _parts(code, text, source)
    if old == new:
        return code
    lines = range(old.line, old.line + len(old.lines))
    before = [one for one in _namesakes(_whole(text, code), code) if one.co_firstlineno in lines]
    try:
        futures = code.co_flags & _FUTURE
        after = _namesakes(_compiled(new, code.co_filename, futures, code.co_freevars), code)
    except (SyntaxError, ValueError) as error:
        raise Unpatchable(f"the edited text does not parse: {error}") from error
    if len(before) != len(after):
        raise Unpatchable(f"the edit adds or drops a function called {code.co_qualname}")
    found = after[before.index(code)]
    strange = [name for name in found.co_freevars if name not in code.co_freevars]
    lost = [name for name in code.co_freevars if name not in found.co_freevars]
    if strange:
        raise Unpatchable(f"{code.co_qualname} did not keep {strange[0]} of the function around it")
    if lost:
        raise Unpatchable(f"the edit makes {', '.join(lost)} another variable")
    return found


@contextmanager
def patched(functions: Sequence[FunctionType], source: str) -> Iterator[None]:
    """Within this block the functions do what an edited text of their module says."""
    codes = {function: replaced(function, source) for function in functions}
    before = {function: function.__code__ for function in codes}
    try:
        for function, code in codes.items():
            function.__code__ = code
        yield
    finally:
        for function, code in before.items():
            function.__code__ = code


def adopt(file: str, before: str, after: str) -> None:
    """All functions alive of a file go over to an edited text of it that has been written.

    Those stay as they are that cannot, since a variable around them is another one.
    """
    linecache.checkcache(file)
    for function in alive((file,)):
        code = function.__code__
        old, new = (list(_codes(_whole(text, code))) for text in (before, after))
        if code not in old or len(old) != len(new):
            continue
        taken = new[old.index(code)]
        if (taken.co_qualname, taken.co_freevars) == (code.co_qualname, code.co_freevars):
            function.__code__ = taken


def _inside(given: Any) -> Any:
    """What something callable calls in the end, one step further in; None where it ends."""
    if isinstance(given, partial):
        return given.func
    for name in ("__wrapped__", "__func__"):
        if hasattr(given, name):
            return getattr(given, name)
    return type(given).__call__ if callable(given) else None


def _text(function: FunctionType) -> str:
    """The text that the function came from, without looking whether the file has changed."""
    file = function.__code__.co_filename
    text = "".join(linecache.getlines(file, function.__globals__))
    if text:
        return text
    if not file.startswith("<"):
        raise UsageError(f"{file} is gone or empty: there is no source to repair.")
    raise UsageError(
        f"{function.__qualname__} was typed at the prompt or built by exec ({file}): there is "
        "no source to repair. Put it in a file."
    )


def _is_known(function: FunctionType) -> bool:
    """Whether it was compiled from the text of its file as it is now."""
    with suppress(UsageError):
        return bool(_span(function.__code__, _text(function)))
    return False


@lru_cache(maxsize=256)
def _span(code: CodeType, text: str) -> tuple[int, int]:
    """The first and last line of the top-level statement that some code was compiled from."""
    with suppress(SyntaxError, ValueError):
        if code in _codes(_whole(text, code)):
            return _around(text, code.co_firstlineno, code.co_firstlineno)
    raise UsageError(
        f"{code.co_filename} has changed since it was imported, so that it no longer shows "
        f"what {code.co_qualname} does: run again."
    )


def _parts(code: CodeType, text: str, source: str) -> tuple[_Part, _Part]:
    """The top-level statements that hold the function and the edit, before and after it.

    Lines are counted from 1; the edit put lines ``begin`` to ``end + grown`` of the new text in
    the place of lines ``begin`` to ``end``, and these are none where ``end`` is ``begin - 1``.
    """
    old, new = _lines(text), _lines(source)
    first, last = _span(code, text)
    begin, end = _changed(text, source)
    grown = len(new) - len(old)
    # A line put behind the last one may be indented, and then it belongs to the function.
    if first <= end and begin <= last + 1:
        first, last = _around(text, min(first, begin), max(last, end))
    low = first + (grown if end < first else 0)
    high = last + (grown if end <= last else 0)
    return _Part(old[first - 1 : last], first), _Part(new[low - 1 : high], low)


@lru_cache(maxsize=8)
def _changed(text: str, source: str) -> tuple[int, int]:
    """The first and the last line of a text that the edited one has otherwise."""
    old, new = _lines(text), _lines(source)
    shorter = min(len(old), len(new))
    same = next((k for k in range(shorter) if old[k] != new[k]), shorter)
    rest = shorter - same
    alike_at_end = next((k for k in range(rest) if old[-1 - k] != new[-1 - k]), rest)
    return same + 1, len(old) - alike_at_end


def _around(text: str, first: int, last: int) -> tuple[int, int]:
    """Some lines, and the rest of the top-level statements that they belong to."""
    touched = [span for span in statements(text) if span[0] <= last and first <= span[1]]
    starts, ends = zip(*touched, (first, last), strict=True)
    return min(starts), max(ends)


@lru_cache(maxsize=16)
def statements(text: str) -> tuple[tuple[int, int], ...]:
    """The first and last line of each top-level statement; of several that share a line, of all."""
    spans: list[tuple[int, int]] = []
    for node in _parsed(text).body:
        first, last = _first_line(node), node.end_lineno or node.lineno
        if spans and first <= spans[-1][1]:
            first = spans.pop()[0]
        spans.append((first, last))
    return tuple(spans)


def _first_line(node: ast.stmt | ast.Lambda) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


@lru_cache(maxsize=32)
def _lines(text: str) -> tuple[str, ...]:
    # Not splitlines: that also splits at characters which end no line in Python.
    return tuple(line + "\n" for line in text.split("\n"))


def _whole(text: str, code: CodeType) -> CodeType:
    """The code of a whole module.

    A part of it compiled alone may look different, and does the same: calls of what the module
    imports are compiled in another way than calls of other names.
    """
    return _compiled(_Part(_lines(text), 1), code.co_filename, code.co_flags & _FUTURE)


@lru_cache(maxsize=16)
def _compiled(part: _Part, file: str, flags: int, kept: tuple[str, ...] = ()) -> CodeType:
    """The code of a part of a module, with names ``kept`` that are free variables of functions."""
    tree = _parsed("\n" * (part.line - 1) + "".join(part.lines))
    if not Path(file).is_file():
        tree = statement_by_statement(tree)
    if kept:
        for node in ast.walk(tree):
            if isinstance(node, _Function):
                _mention(node, kept)
        ast.fix_missing_locations(tree)
    with warnings.catch_warnings(action="ignore"):
        compiled: CodeType = compile(tree, file, "exec", flags, dont_inherit=True)
        return compiled


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings(action="ignore"):  # they were said when it was imported
        return ast.parse(text)


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Some code, and all that is nested in it, in the order of the text."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _namesakes(compiled: CodeType, code: CodeType) -> list[CodeType]:
    return [inner for inner in _codes(compiled) if inner.co_qualname == code.co_qualname]


def _mention(node: _Function, names: Sequence[str]) -> None:
    """Let a function use names where it never comes: the compiler keeps them as free variables."""
    uses: list[ast.expr] = [ast.Name(name, ast.Load()) for name in names]
    never = ast.Tuple(uses, ast.Load())
    if isinstance(node, ast.Lambda):
        node.body = ast.IfExp(ast.Constant(value=True), node.body, never)
    else:
        node.body.append(ast.If(ast.Constant(value=False), [ast.Expr(never)], []))
