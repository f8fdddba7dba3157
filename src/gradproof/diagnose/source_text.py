"""A function's own source: the syntax tree that its compiled code really came from.

Line numbers are worth nothing if the file was edited after it was imported. So the text is
compiled again (not executed) and the function's code object has to be in it, instruction by
instruction, with the same names, constants, lines and columns.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import inspect
import linecache
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import or_
from types import CodeType, FunctionType
from typing import Any

Definition = ast.FunctionDef | ast.Lambda

_FUTURES = reduce(
    or_, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)
_NOT_PLAIN = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR

MISSING = object()


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A function, the text of its file and its place in that file's syntax tree.

    ``receiver`` is what ``self`` is when the function was found as a method.
    """

    function: FunctionType
    file: str
    text: str
    node: Definition
    receiver: Any = MISSING

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of all parameters: the positional ones first, ``*args`` and ``**kwargs`` last."""
        args = self.node.args
        stars = [arg for arg in (args.vararg, args.kwarg) if arg is not None]
        plain = [*args.posonlyargs, *args.args, *args.kwonlyargs, *stars]
        return tuple(arg.arg for arg in plain)

    def outside(self, name: str) -> Any:
        """What a name means that is not local: from the closure, the module or the builtins."""
        code = self.function.__code__
        if name in code.co_freevars:
            cells = self.function.__closure__ or ()
            cell = cells[code.co_freevars.index(name)]
            try:
                return cell.cell_contents
            except ValueError:  # not filled yet
                return MISSING
        if name in code.co_varnames or name in code.co_cellvars:
            return MISSING
        return self.function.__globals__.get(name, vars(builtins).get(name, MISSING))

    def lines(self, first: int, last: int) -> str:
        """The text of some lines, counted from 1."""
        return "\n".join(self.text.splitlines()[first - 1 : last])


def read(function: FunctionType, receiver: Any = MISSING) -> Source | None:
    """The source of a Python function; None where it is not there or is not the same any more."""
    code = function.__code__
    if code.co_flags & _NOT_PLAIN:
        return None
    file = _file(function)
    if file is None:
        return None
    linecache.checkcache(file)
    text = "".join(linecache.getlines(file, function.__globals__))
    compiled = _compiled(text, file, code.co_flags & _FUTURES)
    if compiled is None:
        return None
    tree, codes = compiled
    if code not in codes:
        return None
    nodes = [node for node in ast.walk(tree) if _defines(node, code)]
    if len(nodes) > 1:
        nodes = [node for node in nodes if _holds(node, code)][-1:]
    if len(nodes) != 1:
        return None
    node = nodes[0]
    assert isinstance(node, ast.FunctionDef | ast.Lambda)
    return Source(function, file, text, node, receiver)


def _file(function: FunctionType) -> str | None:
    try:
        file = inspect.getsourcefile(function)
    except (TypeError, OSError):
        return None
    # A notebook's cell has no file, but its lines are kept under a name like one.
    name = function.__code__.co_filename
    return file or (name if name in linecache.cache else None)


@lru_cache(maxsize=16)
def _compiled(text: str, file: str, flags: int) -> tuple[ast.Module, tuple[CodeType, ...]] | None:
    """The syntax tree of a file, and every code object that compiling it makes."""
    if not text:
        return None
    try:
        tree = compile(text, file, "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
        code = compile(text, file, "exec", flags, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):  # ValueError: null bytes
        return None
    assert isinstance(tree, ast.Module)
    return tree, tuple(_within(code))


def _within(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _within(constant)


def _defines(node: ast.AST, code: CodeType) -> bool:
    """Whether a function begins where the code says; with decorators, at the first of them."""
    if isinstance(node, ast.Lambda):
        return code.co_name == "<lambda>" and node.lineno == code.co_firstlineno
    if not isinstance(node, ast.FunctionDef):
        return False
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return node.name == code.co_name and first == code.co_firstlineno


def _holds(node: ast.AST, code: CodeType) -> bool:
    """Whether every instruction comes from the lambda's body.

    Of several lambdas in one line; the innermost of those is the one, and walked last.
    """
    assert isinstance(node, ast.Lambda)
    body = node.body
    start = (body.lineno, body.col_offset)
    end = (body.end_lineno or 0, body.end_col_offset or 0)
    for line, last, column, to in code.co_positions():
        if line is None or last is None or column is None or to is None or column == to:
            continue  # the prologue has no place
        if (line, column) < start or (last, to) > end:
            return False
    return True
