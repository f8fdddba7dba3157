"""From a place in compiled code to the whole statement in the source it came from."""

from __future__ import annotations

import ast
import linecache
import textwrap
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import NamedTuple

from ..records.finding import SourceLine


class Position(NamedTuple):
    """A line, and the column at which something in it begins; None where that is not known."""

    line: int
    column: int | None = None


def statement(code: CodeType, position: Position, *, computing: bool = False) -> SourceLine | None:
    """The statement at a place, if the file still is what the code was compiled from.

    Of a lambda it is the lambda itself. ``computing`` asks for one that computes something: a bare
    ``return grads`` does not.
    """
    linecache.checkcache(code.co_filename)
    text = "".join(linecache.getlines(code.co_filename))
    known = parsed(code.co_filename, text)
    if known is None or not _holds(known.compiled, code):
        return None
    node: ast.stmt | ast.Lambda | None = _only(known.tree, position)
    if code.co_name == "<lambda>":
        node = _lambda_of(known.tree, code) or node
    if node is None or (computing and not _computes(node)):
        return None
    return source_line(code.co_filename, text, node, code.co_name)


def source_line(file: str, text: str, node: ast.stmt | ast.expr, function: str) -> SourceLine:
    """A statement as it is written: with its whole lines, where it has them to itself."""
    lines, end = text.splitlines(), node.end_lineno or node.lineno
    written = "\n".join(lines[node.lineno - 1 : end])
    alone = isinstance(node, ast.stmt) and _alone(parsed(file, text), node)
    if not alone:
        written = ast.get_source_segment(text, node) or written
    return SourceLine(file, node.lineno, end, textwrap.dedent(written).strip(), function)


def shared_lines(code: CodeType) -> bool:
    """Whether several statements of some code stand on one line."""
    text = "".join(linecache.getlines(code.co_filename))
    known = parsed(code.co_filename, text)
    if known is None:
        return False
    lines = {line for _, _, line in code.co_lines() if line is not None}
    return any(line in known.shared for line in lines)


def positions(code: CodeType) -> list[Position | None]:
    """Where each instruction came from."""
    return [
        None if line is None else Position(line, column)
        for line, _, column, _ in code.co_positions()
    ]


@lru_cache(maxsize=4096)
def begins(code: CodeType, position: Position) -> tuple[int, int] | None:
    """Where the statement at a place begins; None between statements."""
    known = parsed(code.co_filename, "".join(linecache.getlines(code.co_filename)))
    node = None if known is None else _only(known.tree, position)
    return None if node is None else (node.lineno, node.col_offset)


class Parsed(NamedTuple):
    """A file, the lines on which several statements stand, and those on which bodies begin.

    ``modules`` are the names under which it imports modules.
    """

    tree: ast.Module
    compiled: CodeType
    shared: frozenset[int]
    heads: frozenset[int]
    modules: frozenset[str]


@lru_cache(maxsize=16)
def parsed(file: str, text: str) -> Parsed | None:
    """A file as Python reads it; None where it does not."""
    if not text:
        return None
    try:
        tree = ast.parse(text)
        whole = tree if Path(file).is_file() else statement_by_statement(tree)
        compiled = compile(whole, file, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, SystemError):  # the last: two threads parse, in Python 3.11
        return None
    counts: dict[int, int] = {}
    for node in _simple(tree):
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
            counts[line] = counts.get(line, 0) + 1
    heads = {n.lineno for n in ast.walk(tree) if isinstance(n, ast.stmt) and hasattr(n, "body")}
    shared = {line for line, count in counts.items() if count > 1}
    imported = [alias for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names]
    modules = {alias.asname or alias.name.partition(".")[0] for alias in imported}
    return Parsed(tree, compiled, frozenset(shared), frozenset(heads), frozenset(modules))


def statement_by_statement(tree: ast.Module) -> ast.Module:
    """A cell of a notebook as it was compiled: one statement at a time.

    A function then does not know what the cell imports, and calls it in another way (Python 3.11).
    """
    imports = ast.Import | ast.ImportFrom
    lines = [ast.copy_location(ast.Pass(), n) if isinstance(n, imports) else n for n in tree.body]
    return ast.Module(lines, [])


def _simple(tree: ast.AST) -> Iterator[ast.stmt]:
    """Statements that hold no others."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            yield node


def _alone(known: Parsed | None, node: ast.stmt) -> bool:
    """Whether a statement has its lines to itself."""
    if known is None:
        return False
    lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
    return known.shared.isdisjoint(lines) and node.lineno not in known.heads


def _only(tree: ast.AST, position: Position) -> ast.stmt | None:
    """The one simple statement at a place; None where there are several, or none."""
    found = [n for n in _simple(tree) if n.lineno <= position.line <= (n.end_lineno or 0)]
    if len(found) > 1 and position.column is not None:
        here = (position.line, position.column)
        found = [n for n in found if (n.lineno, n.col_offset) <= here < _end(n)]
    return found[0] if len(found) == 1 else None


def _end(node: ast.stmt | ast.expr) -> tuple[int, int]:
    return node.end_lineno or 0, node.end_col_offset or 0


def _lambda_of(tree: ast.AST, code: CodeType) -> ast.Lambda | None:
    """The lambda that some code is of: the innermost around all of its instructions."""
    places = [(p.line, p.column) for p in positions(code) if p and p.column is not None]
    places = [place for place in places if place[1]]  # the first instruction stands nowhere
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Lambda)
        and places
        and all((node.body.lineno, node.body.col_offset) <= p < _end(node.body) for p in places)
    ]
    return min(found, key=lambda node: (_end(node)[0] - node.lineno, _end(node)[1]), default=None)


def _holds(compiled: CodeType, code: CodeType) -> bool:
    """Whether a module's code holds the very same function at the very same place."""
    return any(
        isinstance(constant, CodeType) and (constant == code or _holds(constant, code))
        for constant in compiled.co_consts
    )


def _computes(node: ast.AST) -> bool:
    return any(isinstance(part, _COMPUTING) for part in ast.walk(node))


_COMPUTING = (ast.Call, ast.BinOp, ast.UnaryOp, ast.ListComp, ast.DictComp, ast.GeneratorExp)
