"""What the user's functions compute on the way, and the same call with one value exchanged.

Every expression of the functions that a call goes through is handed to a hook, which may answer
with another value. The functions stay the same objects: their code is exchanged for one that was
compiled from the same source, with the hook around each expression, and put back afterwards.
"""

from __future__ import annotations

import ast
import gc
import linecache
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FrameType, FunctionType
from typing import Any

from ..records.finding import SourceLine
from .lines import is_library

Hook = Callable[[int, Any], Any]

_NAME = "__gradproof_hook__"
_LONGEST = 300_000  # characters of a file that is parsed
_MOST_FUNCTIONS = 60
_MODULES = {"np", "numpy", "math", "scipy", "jnp", "torch"}
_LOAD = ast.Load()

_HOOKED = (ast.BinOp, ast.UnaryOp, ast.Attribute, ast.Name, ast.Compare, ast.IfExp)


@dataclass(frozen=True, slots=True)
class Site:
    """An expression in the source, and the statement that it is part of.

    ``assigned`` is the variable that holds it, if its statement only gives it a name.
    """

    number: int
    text: str
    assigned: str
    statement: SourceLine


@dataclass(slots=True)
class Instrument:
    """Some functions, with a hook around each of their expressions."""

    sites: list[Site] = field(default_factory=list)
    codes: dict[FunctionType, CodeType] = field(default_factory=dict)

    @contextmanager
    def hooked(self, hook: Hook) -> Iterator[None]:
        """Within this block the functions call the hook."""
        before = {function: function.__code__ for function in self.codes}
        spaces = {id(f.__globals__): f.__globals__ for f in self.codes}
        for space in spaces.values():
            space[_NAME] = hook
        try:
            for function, code in self.codes.items():
                function.__code__ = code
            yield
        finally:
            for function, code in before.items():
                function.__code__ = code
            for space in spaces.values():
                space.pop(_NAME, None)


def instrument(call: Callable[[], Any]) -> tuple[Instrument, Any]:
    """The functions of the user that a call goes through, ready to be hooked; and its result."""
    seen: dict[CodeType, None] = {}

    def trace(frame: FrameType, event: str, argument: Any) -> None:  # noqa: ARG001
        if event == "call" and not is_library(frame.f_code.co_filename):
            seen[frame.f_code] = None

    before = sys.getprofile()
    sys.setprofile(trace)
    try:
        result = call()
    finally:
        sys.setprofile(before)
    made = Instrument()
    files: dict[str, list[CodeType]] = {}
    for code in list(seen)[:_MOST_FUNCTIONS]:
        files.setdefault(code.co_filename, []).append(code)
    for file, codes in files.items():
        _add(made, file, codes)
    return made, result


def _add(made: Instrument, file: str, codes: Sequence[CodeType]) -> None:
    linecache.checkcache(file)
    functions = [f for code in codes for f in _functions(code)]
    text = "".join(linecache.getlines(file, functions[0].__globals__ if functions else None))
    if not text or len(text) > _LONGEST:
        return
    hooking = _Hooking(file, text.splitlines(), len(made.sites))
    try:
        tree = ast.parse(text)
        old = list(_codes(compile(tree, file, "exec", dont_inherit=True)))
        new = list(_codes(compile(hooking.visit(tree), file, "exec", dont_inherit=True)))
    except (SyntaxError, ValueError, SystemError, RecursionError):
        return
    if len(old) != len(new):
        return
    made.sites += hooking.sites
    places = {code: k for k, code in enumerate(old)}
    for function in functions:
        place = places.get(function.__code__)
        if place is not None and new[place].co_freevars == function.__code__.co_freevars:
            made.codes[function] = new[place]


def _functions(code: CodeType) -> list[FunctionType]:
    held = gc.get_referrers(code)
    return [f for f in held if type(f) is FunctionType and f.__code__ is code]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


class _Hooking(ast.NodeTransformer):
    """Puts the hook around expressions, not around what is called, indexed with or looped over."""

    def __init__(self, file: str, lines: Sequence[str], first: int) -> None:
        self.file, self.lines, self.first = file, lines, first
        self.sites: list[Site] = []
        self.function, self.assigned, self.depth = "", "", 0
        self.statement: ast.stmt | None = None

    def visit(self, node: ast.AST) -> Any:
        """A node with hooks; statements are remembered for the expressions in them."""
        if not isinstance(node, ast.stmt) or hasattr(node, "body"):
            return super().visit(node)
        outer, self.statement = self.statement, node
        if isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Tuple | ast.List):
            self.assigned = ast.unparse(node.targets[0])
        made = super().visit(node)
        self.statement, self.assigned = outer, ""
        return made

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        outer, self.function = self.function, node.name
        node.body = [self.visit(statement) for statement in node.body]
        self.function = outer
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = [
            self.visit(s) if isinstance(s, ast.FunctionDef | ast.ClassDef) else s for s in node.body
        ]
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        outer = self.function, self.depth, self.assigned
        self.function, self.depth, self.assigned = "<lambda>", 0, ""
        node.body = self.visit(node.body)
        self.function, self.depth, self.assigned = outer
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        node.value = self.visit(node.value)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        node.value = self.visit(node.value)
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        node.body = [self.visit(statement) for statement in node.body]
        node.orelse = [self.visit(statement) for statement in node.orelse]
        return node

    def visit_With(self, node: ast.With) -> ast.AST:
        node.body = [self.visit(statement) for statement in node.body]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        """Left as it is."""
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        return self._hooked(node, "value")

    def visit_Call(self, node: ast.Call) -> ast.AST:
        number = self._site(node)
        self.depth += 1
        if isinstance(node.func, ast.Attribute) and not _is_module(node.func.value):
            node.func.value = self.visit(node.func.value)
        node.args = [self.visit(a) for a in node.args]
        for keyword in node.keywords:
            keyword.value = self.visit(keyword.value)
        self.depth -= 1
        return self._wrapped(number, node)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Expressions that compute something get a hook."""
        if isinstance(node, ast.Attribute) and _is_module(node.value):
            return node
        if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
            return node
        if isinstance(node, ast.Compare):
            return self._hooked(node)  # what is compared shows in the answer alone
        if isinstance(node, _HOOKED):
            return self._hooked(node, *node._fields)
        return super().generic_visit(node)

    def _hooked(self, node: Any, *names: str) -> ast.AST:
        if not isinstance(getattr(node, "ctx", _LOAD), ast.Load):
            return node  # type: ignore[no-any-return]
        if not self.function:
            return super().generic_visit(node)
        number = self._site(node)
        self.depth += 1
        for name in names:
            child = getattr(node, name)
            if isinstance(child, ast.expr):
                setattr(node, name, self.visit(child))
        self.depth -= 1
        return self._wrapped(number, node)

    def _site(self, node: ast.expr) -> int:
        if not self.function:
            return -1
        number, around = self.first + len(self.sites), self.statement or node
        end = around.end_lineno or around.lineno
        text = textwrap.dedent("\n".join(self.lines[around.lineno - 1 : end])).strip()
        assigned = self.assigned if self.depth == 0 else ""
        line = SourceLine(self.file, around.lineno, end, text, self.function)
        self.sites.append(Site(number, ast.unparse(node), assigned, line))
        return number

    def _wrapped(self, number: int, node: ast.expr) -> ast.expr:
        if number < 0:
            return node
        call = ast.Call(ast.Name(_NAME, _LOAD), [ast.Constant(number), node], [])
        for part in (call, call.func, call.args[0]):
            ast.copy_location(part, node)
        return call


def _is_module(node: ast.expr) -> bool:
    """Whether it may be a name in a module, as ``np.linalg.norm`` is, and nothing to look at."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in _MODULES
