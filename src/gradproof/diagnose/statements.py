"""From a place in compiled code to the whole statement in the source it came from."""

from __future__ import annotations

import ast
import linecache
import textwrap
from types import CodeType

from ..records.finding import SourceLine


def statement(code: CodeType, number: int, *, computing: bool = False) -> SourceLine | None:
    """The statement at a line, if the file still is what the code was compiled from.

    ``computing`` asks for one that computes something: a bare ``return grads`` does not.
    """
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename)
    try:
        tree = ast.parse("".join(lines))
        compiled = compile(tree, code.co_filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
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
