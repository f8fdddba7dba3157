"""The user's call of a check as it stands in their source, with the seed made plain."""

from __future__ import annotations

import ast
import linecache
import sys
import textwrap
from itertools import islice
from pathlib import Path
from types import FrameType

_PACKAGE = str(Path(__file__).parent / "x")[:-1]

# The functions that a user calls; all of them take ``seed``.
_DOORS = frozenset({
    "check", "check_module", "check_vjp", "check_jvp", "check_adjoint", "gradcheck", "check_grads",
    "check_grad", "assert_gradient",
})  # fmt: skip


def call_in_source(seed: int) -> str:
    """One line of Python that makes the same call; empty where the source is not to be had.

    It is the innermost call from outside this package into one of its public functions.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - inspect.stack reads every file
    door = ""
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        door, frame = frame.f_code.co_name, frame.f_back
    if frame is None or door not in _DOORS:
        return ""
    try:
        call = ast.parse(_segment(frame).strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return ""
    return ast.unparse(_seeded(call, seed)) if isinstance(call, ast.Call) else ""


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
    """The call with the seed as a number, unless a mapping of keywords may hold it already."""
    if any(keyword.arg is None for keyword in call.keywords):
        return call
    others = [keyword for keyword in call.keywords if keyword.arg not in ("seed", "rng")]
    return ast.Call(call.func, call.args, [*others, ast.keyword("seed", ast.Constant(seed))])
