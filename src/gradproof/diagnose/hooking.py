"""Hooks around the expressions of a source: the tree that calls them, and where each one stands."""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass
from typing import Any

from ..records.finding import SourceLine
from .statements import Parsed, source_line

HOOK, STORE, INDEX = "__gradproof_hook__", "__gradproof_store__", "__gradproof_index__"
"""The names under which hooked code finds what it calls."""

_LOAD = ast.Load()
_SEVERAL = (ast.Tuple, ast.List)
_HOOKED = (ast.BinOp, ast.UnaryOp, ast.Attribute, ast.Name, ast.Compare, ast.IfExp)


@dataclass(frozen=True, slots=True)
class Site:
    """An expression in the source, and the statement that it is part of.

    ``assigned`` is the variable that holds it, if its statement only gives it a name. ``store`` is
    ``=`` or ``+=`` where it is what is stored in a part of an array.
    """

    number: int
    text: str
    assigned: str
    statement: SourceLine
    store: str = ""


def hooked(
    file: str, known: Parsed, text: str, first: int, lines: set[int]
) -> tuple[ast.Module, list[Site]]:
    """The tree of a file with hooks in the functions that begin on some ``lines``.

    Sites are numbered from ``first`` on.
    """
    hooking = _Hooking(file, known, text, first, lines)
    return hooking.visit(ast.parse(text)), hooking.sites


class _Hooking(ast.NodeTransformer):
    """Puts the hook around expressions, not around what is called, indexed with or looped over.

    Only functions that begin on some ``lines``, and those around them, are looked into.
    """

    def __init__(self, file: str, known: Parsed, text: str, first: int, lines: set[int]) -> None:
        self.file, self.text, self.first = file, text, first
        self.lines = lines
        self.modules = known.modules
        self.written: dict[ast.AST, SourceLine] = {}
        self.sites: list[Site] = []
        self.function, self.assigned, self.depth = "", "", 0
        self.statement: ast.stmt | ast.Lambda | None = None

    def visit(self, node: ast.AST) -> Any:
        """A node with hooks; statements are remembered for the expressions in them."""
        if not isinstance(node, ast.stmt) or hasattr(node, "body"):
            return super().visit(node)
        outer, self.statement = self.statement, node
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if not isinstance(node, ast.AugAssign) and target is not None:
            self.assigned = "" if isinstance(target, _SEVERAL) else ast.unparse(target)
        made = super().visit(node)
        self.statement, self.assigned = outer, ""
        return made

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if not self._is_wanted(node):
            return node
        outer, self.function = self.function, node.name
        node.body = [self.visit(statement) for statement in node.body]
        self.function = outer
        return node

    def _is_wanted(self, node: ast.FunctionDef | ast.Lambda) -> bool:
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(d.lineno for d in decorators)])
        return any(first <= line <= (node.end_lineno or first) for line in self.lines)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = [
            self.visit(s) if isinstance(s, ast.FunctionDef | ast.ClassDef) else s for s in node.body
        ]
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        if not self._is_wanted(node):
            return node
        outer = self.function, self.depth, self.assigned, self.statement
        self.function, self.depth, self.assigned, self.statement = "<lambda>", 0, "", node
        node.body = self.visit(node.body)
        self.function, self.depth, self.assigned, self.statement = outer
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        value = self.visit(node.value)
        one = node.targets[0] if len(node.targets) == 1 else None
        node.value = self._stored(node.value, value, one, "=")
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        value, adds = self.visit(node.value), isinstance(node.op, ast.Add)
        node.value = self._stored(node.value, value, node.target if adds else None, "+=")
        return node

    def _stored(self, node: ast.expr, value: Any, target: ast.expr | None, sign: str) -> Any:
        """What is stored in a part of an array, with the array and the index beside it."""
        if not self.function or not isinstance(target, ast.Subscript) or not _is_plain(target):
            return value
        number = self._site(node, sign)
        index = ast.Subscript(ast.Name(INDEX, _LOAD), target.slice, _LOAD)
        beside = [ast.parse(ast.unparse(p), mode="eval").body for p in (target.value, index)]
        given = [ast.Constant(number), value, *beside]
        call = ast.copy_location(ast.Call(ast.Name(STORE, _LOAD), given, []), node)
        for part in (call.func, call.args[0], *(p for b in beside for p in ast.walk(b))):
            if isinstance(part, ast.expr):
                ast.copy_location(part, node)
        return call

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        node.body = [self.visit(statement) for statement in node.body]
        node.orelse = [self.visit(statement) for statement in node.orelse]
        return node

    def visit_With(self, node: ast.With) -> ast.AST:
        node.body = [self.visit(statement) for statement in node.body]
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
        if isinstance(node.func, ast.Attribute) and not self._is_module(node.func.value):
            node.func.value = self.visit(node.func.value)
        node.args = [self.visit(a) for a in node.args]
        for keyword in node.keywords:
            keyword.value = self.visit(keyword.value)
        self.depth -= 1
        return self._wrapped(number, node)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Expressions that compute something get a hook."""
        if isinstance(node, ast.Attribute) and self._is_module(node.value):
            return node
        if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
            return node
        if isinstance(node, ast.Compare):
            return self._hooked(node)  # what is compared shows in the answer alone
        if isinstance(node, _HOOKED):
            return self._hooked(node, *node._fields)
        return super().generic_visit(node)

    def _is_module(self, node: ast.expr) -> bool:
        """Whether it is in a module, as ``np.linalg.norm`` is, and nothing to look at."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id in self.modules

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

    def _site(self, node: ast.expr, store: str = "") -> int:
        if not self.function:
            return -1
        number, around = self.first + len(self.sites), self.statement or node
        assigned = self.assigned if self.depth == 0 else ""
        if around not in self.written:
            made = source_line(self.file, self.text, around, self.function)
            self.written[around] = made
        line = self.written[around]
        self.sites.append(Site(number, _written(node), assigned, line, store))
        return number

    def _wrapped(self, number: int, node: ast.expr) -> ast.expr:
        if number < 0:
            return node
        call = ast.Call(ast.Name(HOOK, _LOAD), [ast.Constant(number), node], [])
        for part in (call, call.func, call.args[0]):
            ast.copy_location(part, node)
        return call


def _is_plain(target: ast.Subscript) -> bool:
    """Whether looking at a target once more calls nothing."""
    return not any(isinstance(part, ast.Call | ast.NamedExpr) for part in ast.walk(target))


def _written(node: ast.AST) -> str:
    """An expression as it is written, without the hooks that are in it already."""

    class Bare(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.AST:
            hooked = isinstance(node.func, ast.Name) and node.func.id == HOOK
            return self.visit(node.args[1]) if hooked else self.generic_visit(node)

    return ast.unparse(Bare().visit(copy.deepcopy(node)))
