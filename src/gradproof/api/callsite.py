"""The user's call of a check as it stands in their source, with the seed made plain."""

from __future__ import annotations

import ast
import linecache
import sys
import sysconfig
import textwrap
from itertools import islice
from pathlib import Path
from types import CodeType, FrameType

_PACKAGE = str(Path(__file__).parents[1] / "x")[:-1]

_CALLING = str(Path(__file__).parents[1] / "calling.py")  # stands between the user and each of them

_STDLIB = sysconfig.get_path("stdlib")

# The functions that a user calls; all of them take ``seed``.
_PUBLIC = frozenset({
    "check", "check_module", "check_operations", "check_vjp", "check_jvp", "check_adjoint",
    "check_layer", "check_layers", "gradcheck", "gradgradcheck", "check_grads", "check_grad",
    "assert_gradient", "check_implicit", "check_forces",
})  # fmt: skip


def call_in_source(seed: int) -> str:
    """One line of Python that makes the same call; empty where the source is not to be had.

    It is the innermost call from outside this package into one of its public functions.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - inspect.stack reads every file
    call_name = ""
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        if frame.f_code.co_filename != _CALLING:
            call_name = frame.f_code.co_name
        frame = frame.f_back
    if frame is None or call_name not in _PUBLIC or _is_pythons(frame.f_code.co_filename):
        return ""
    key = (frame.f_code, frame.f_lasti, seed)
    if key not in _SEEN:
        if len(_SEEN) >= _MOST:
            _SEEN.clear()
        _SEEN[key] = _written(frame, seed)
    return _SEEN[key]


# Checks are made in loops: the same call is read from its source once.
_MOST = 256
_SEEN: dict[tuple[CodeType, int, int], str] = {}


def _written(frame: FrameType, seed: int) -> str:
    try:
        call = ast.parse(_segment(frame).strip(), mode="eval").body
    except (SyntaxError, ValueError, SystemError):  # the last: two threads parse, in Python 3.11
        return ""
    if not isinstance(call, ast.Call) or _called(call, frame) not in _PUBLIC:
        return ""  # something that was given one of them to call
    return ast.unparse(_seeded(call, seed))


def _called(call: ast.Call, frame: FrameType) -> str:
    """The name of the function that is called, whatever it was imported as."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    if not isinstance(call.func, ast.Name):
        return ""
    known = {**frame.f_globals, **frame.f_locals}.get(call.func.id)
    return str(getattr(known, "__name__", ""))


def _is_pythons(file: str) -> bool:
    """Whether a file belongs to the standard library: a thread pool, say, or a profiler."""
    return file.startswith(_STDLIB) and "-packages" not in file


def _segment(frame: FrameType) -> str:
    """The source of the expression that a frame is evaluating (PEP 657)."""
    code = frame.f_code
    where = next(islice(code.co_positions(), frame.f_lasti // 2, None), (None,) * 4)
    line, end_line, column, end_column = where
    if line is None or end_line is None or column is None or end_column is None:
        return ""
    lines = linecache.getlines(code.co_filename, frame.f_globals)[line - 1 : end_line]
    if not lines:
        return ""
    kept = [text.encode() for text in lines]  # columns count bytes
    kept[-1] = kept[-1][:end_column]
    kept[0] = kept[0][column:]
    return textwrap.dedent(b"".join(kept).decode(errors="replace"))


def _seeded(call: ast.Call, seed: int) -> ast.Call:
    """The call with the seed as a number, whether a mapping of keywords holds it already or not."""
    number = ast.Constant(seed)
    keywords = [keyword for keyword in call.keywords if keyword.arg not in ("seed", "rng")]
    for place, keyword in enumerate(keywords):
        if keyword.arg is None:
            replaced = ast.Dict([None, ast.Constant("seed")], [keyword.value, number])
            keywords[place] = ast.keyword(None, replaced)
            return ast.Call(call.func, call.args, keywords)
    return ast.Call(call.func, call.args, [*keywords, ast.keyword("seed", number)])
