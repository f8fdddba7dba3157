"""From a place in compiled code to the whole statement in the source it came from."""

from __future__ import annotations

import ast
import linecache
import textwrap
from types import CodeType

from ..records.finding import Line


def statement(code: CodeType, number: int) -> Line | None:
    """The statement at a line, if the file still is what the code was compiled from."""
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename)
    try:
        tree = ast.parse("".join(lines))
        compiled = compile(tree, code.co_filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    if not lines or not _holds(compiled, code):
        return None
    node = _innermost(tree, number)
    if node is None or node.end_lineno is None:
        return None
    text = "".join(lines[node.lineno - 1 : node.end_lineno])
    return Line(
        file=code.co_filename,
        number=node.lineno,
        end_number=node.end_lineno,
        text=textwrap.dedent(text).strip(),
        function=code.co_name,
    )


def _holds(compiled: CodeType, code: CodeType) -> bool:
    """Whether a module's code holds the very same function at the very same place."""
    for constant in compiled.co_consts:
        if isinstance(constant, CodeType):
            same = (constant.co_name, constant.co_firstlineno, constant.co_code) == (
                code.co_name,
                code.co_firstlineno,
                code.co_code,
            )
            if same or _holds(constant, code):
                return True
    return False


def _innermost(tree: ast.AST, number: int) -> ast.stmt | None:
    """The smallest statement that covers a line; None where that is a whole block."""
    found: ast.stmt | None = None
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and node.lineno <= number <= (node.end_lineno or 0):
            found = node  # ast.walk goes from the outside inwards
    return None if found is None or hasattr(found, "body") else found
