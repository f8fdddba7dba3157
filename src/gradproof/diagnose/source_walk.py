"""A walk through a function, statement by statement: who wrote what it returns.

Every way through the code is taken: both sides of an ``if``, a loop any number of times. What
differs between the ways is joined, so that all statements that may have been the last to write
an array are known; where something cannot be followed, that is known as well.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import CodeType, FunctionType
from typing import Any

from .source_calls import Calls, Effects
from .source_expressions import Blame, extended, merged, ordered
from .source_library import top_module
from .source_memory import LostError, Names, either, site
from .source_text import Source
from .source_values import ANY, Content, Entry, Key, Value, all_kin, doubt

# With these, whatever is in the block of a `with` runs to its end.
_CALM = frozenset({"numpy", "torch", "jax", "warnings", "threading", "decimal", "builtins"})
_COMPREHENSIONS = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"})
_MANY = 64  # a loop over a literal longer than this is taken as any loop


@dataclass(frozen=True, slots=True)
class Returned:
    """A value that the function may return; ``straight``: as ``return helper(...)`` gave it."""

    value: Value
    straight: bool


@dataclass(slots=True)
class _Loop:
    """The names at each ``break`` and ``continue`` of a loop."""

    broken: Names | None = None
    continued: Names | None = None


class Walk(Calls):
    """One walk through one function."""

    def __init__(
        self, source: Source, study: Callable[[FunctionType, Any], Effects | None]
    ) -> None:
        super().__init__({name: _parameter(name) for name in source.parameters}, _shared(source))
        self.source, self.study = source, study
        self.imported: dict[str, Any] = {}
        self.returns: list[Returned] = []
        self._loops: list[_Loop] = []
        self._watched: list[Names | None] = []  # at each `try`: the names anywhere in it
        self._tries = 0

    def run(self) -> list[Returned]:
        """Everything that the function may return; raises ``LostError`` where it cannot be told."""
        if isinstance(self.source.node, ast.Lambda):
            body = self.source.node.body
            self._return(self.evaluate(body, body), body)
        else:
            self._block(self.source.node.body)
        return [replace(r, value=self.settled(r.value)) for r in self.returns]

    def assign(self, target: ast.expr, value: Value, blame: Blame) -> None:
        """Store a value in a name, an entry, an attribute, or several of them."""
        if isinstance(target, ast.Name):
            self.bind(target.id, value)
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target.elts, value, blame)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, value, blame)
        elif isinstance(target, ast.Attribute | ast.Subscript):
            self._store(target, value, blame)
        else:
            raise LostError

    def _unpack(self, targets: Sequence[ast.expr], whole: Value, blame: Blame) -> None:
        items = ordered(whole.content) if whole.content is not None else None
        if items is None or len(items) != len(targets):
            items = [
                self._loose_item(target, whole, i, targets, blame)
                for i, target in enumerate(targets)
            ]
        for i, item in enumerate(items):
            self.names = {**self.here, f"#unpacked{i}": item}
        for i, target in enumerate(targets):
            self.assign(target, self.here[f"#unpacked{i}"], blame)
        self.names = {n: v for n, v in self.here.items() if not n.startswith("#unpacked")}

    def _loose_item(
        self, target: ast.expr, whole: Value, i: int, targets: Sequence[ast.expr], blame: Blame
    ) -> Value:
        starred = any(isinstance(t, ast.Starred) for t in targets[: i + 1])
        if isinstance(target, ast.Starred):
            item = self.element(target, whole)
            content = Content({ANY: Entry(item, sure=False)})
            return self.new(target, site(blame), content=content)
        return self.part(target, whole, ANY if starred else Key(i, exact=True), blame)

    def _store(self, target: ast.Attribute | ast.Subscript, value: Value, blame: Blame) -> None:
        whole = self.evaluate(target.value, blame)
        root = target.value
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        if not isinstance(root, ast.Name) or root.id not in self.here or root.id in self.shared:
            self.leak(value)  # into something that others can reach
        key = self.key_of(target, whole, blame)
        if key is not None:
            self.update(target.value, self.storing(key, value, blame), blame)
            return
        part = site(blame, part=not _covers(target))
        kin = all_kin(value)
        self.update(
            target.value,
            lambda array: replace(array.written(part), kin=array.kin | kin),
            blame,
        )

    # Statements.

    def _block(self, body: Iterable[ast.stmt]) -> None:
        for statement in body:
            if self.names is None:  # not reached
                return
            name = f"_do_{type(statement).__name__.lower()}"
            handler: Callable[[Any], None] | None = getattr(self, name, None)
            if handler is None:
                raise LostError
            handler(statement)
            # An exception may leave a `try` after any statement in it.
            self._watched = [either(names, self.names) for names in self._watched]

    def _do_expr(self, node: ast.Expr) -> None:
        self.evaluate(node.value, node)

    def _do_assign(self, node: ast.Assign) -> None:
        value = self.evaluate(node.value, node)
        if value.call is not None and value.token is not None and _takes_apart(node):
            # Nobody else holds what came back: its parts do not hang together.
            value = replace(value, kin=value.kin - {value.token}, token=None)
        for target in node.targets:
            self.assign(target, value, node)

    def _do_annassign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.assign(node.target, self.evaluate(node.value, node), node)

    def _do_augassign(self, node: ast.AugAssign) -> None:
        more = self.evaluate(node.value, node)
        if isinstance(node.target, ast.Attribute | ast.Subscript):
            whole = self.evaluate(node.target.value, node)
            if self.key_of(node.target, whole, node) is None and _covers(node.target):
                part = site(node)
                self.update(node.target.value, lambda array: array.written(part), node)
                return
        # An array stays the same one, a number does not.
        made = self.new(node, site(node))

        def change(old: Value) -> Value:
            if old.content is not None:
                return _joined(old, more, node)
            return replace(old.written(site(node)), token=made.token, kin=old.kin | made.kin)

        self.update(node.target, change, node, in_place=False)

    def _do_return(self, node: ast.Return) -> None:
        if node.value is not None:
            self._return(self.evaluate(node.value, node), node.value)
        self.names = None

    def _return(self, value: Value, node: ast.expr) -> None:
        if self._tries:  # `finally` comes after
            raise LostError
        straight = isinstance(node, ast.Call) and value.call is not None
        self.returns.append(Returned(value, straight))

    def _do_raise(self, node: ast.Raise) -> None:
        del node
        self.names = None

    def _do_assert(self, node: ast.Assert) -> None:
        self.evaluate(node.test, node)

    def _do_pass(self, node: ast.stmt) -> None:
        """Nothing happens; names of inner functions are never known anyway."""

    _do_global = _do_nonlocal = _do_pass

    def _do_functiondef(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        self.bind(node.name, Value(None, frozenset()))

    _do_asyncfunctiondef = _do_classdef = _do_functiondef

    def _do_import(self, node: ast.Import) -> None:
        for alias in node.names:
            path = alias.name if alias.asname else alias.name.partition(".")[0]
            self._imports(alias.asname or path, sys.modules.get(path))

    def _do_importfrom(self, node: ast.ImportFrom) -> None:
        module = None if node.level else sys.modules.get(node.module or "")
        for alias in node.names:
            thing = vars(module).get(alias.name) if module is not None else None
            self._imports(alias.asname or alias.name, thing)

    def _imports(self, name: str, thing: Any) -> None:
        if thing is None or name in self.here:
            self.bind(name, Value(None, frozenset()))
        else:
            self.imported[name] = thing

    def _do_delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.names = {n: v for n, v in self.here.items() if n != target.id}
            elif isinstance(target, ast.Attribute | ast.Subscript):
                self.update(target.value, doubt, node)

    def _do_if(self, node: ast.If) -> None:
        self.evaluate(node.test, node.test)
        always = isinstance(node.test, ast.Constant) and bool(node.test.value)
        never = isinstance(node.test, ast.Constant) and not node.test.value
        before, after = self.names, None
        if not never:
            self._block(node.body)
            after = self.names
        if not always:
            self.names = before
            self._block(node.orelse)
            after = either(after, self.names)
        self.names = after

    def _do_for(self, node: ast.For) -> None:
        items = None
        if isinstance(node.iter, ast.Tuple | ast.List):
            content = self.evaluate(node.iter, node.iter).content
            items = ordered(content) if content is not None else None
        if items and len(items) <= _MANY:
            self._each_item(node, items)
            return

        def bind() -> None:
            whole = self.evaluate(node.iter, node.iter)
            self.assign(node.target, self.element(node.iter, whole), node.iter)

        self._loop(bind, node.body, node.orelse, ends=True)

    def _each_item(self, node: ast.For, items: list[Value]) -> None:
        """A loop over a few things that are written out: one after the other."""
        loop = _Loop()
        for i, item in enumerate(items):
            self.names = {**self.here, f"#item{id(node)}.{i}": item}
        for i in range(len(items)):
            if self.names is None:
                break
            self.assign(node.target, self.here[f"#item{id(node)}.{i}"], node.iter)
            self._loops.append(loop)
            self._block(node.body)
            self._loops.pop()
            self.names, loop.continued = either(self.names, loop.continued), None
        if self.names is not None:
            self._block(node.orelse)
        self.names = either(self.names, loop.broken)
        if self.names is not None:
            mine = f"#item{id(node)}."
            self.names = {n: v for n, v in self.names.items() if not n.startswith(mine)}

    def _do_while(self, node: ast.While) -> None:
        endless = isinstance(node.test, ast.Constant) and bool(node.test.value)

        def test() -> None:
            self.evaluate(node.test, node.test)

        self._loop(test, node.body, node.orelse, ends=not endless)

    def _loop(
        self, begin: Callable[[], None], body: list[ast.stmt], orelse: list[ast.stmt], *, ends: bool
    ) -> None:
        broken: Names | None = None

        def once() -> None:
            nonlocal broken
            self._loops.append(_Loop())
            begin()
            self._block(body)
            loop = self._loops.pop()
            self.names = either(self.names, loop.continued)
            broken = either(broken, loop.broken)

        self.again(once)
        if ends:
            self._block(orelse)
        else:
            self.names = None
        self.names = either(self.names, broken)

    def _do_break(self, node: ast.Break) -> None:
        del node
        loop = self._leave()
        loop.broken, self.names = either(loop.broken, self.names), None

    def _do_continue(self, node: ast.Continue) -> None:
        del node
        loop = self._leave()
        loop.continued, self.names = either(loop.continued, self.names), None

    def _leave(self) -> _Loop:
        if self._tries:  # `finally` comes before
            raise LostError
        return self._loops[-1]

    def _do_with(self, node: ast.With) -> None:
        for item in node.items:
            where = item.context_expr
            value = self.evaluate(where, where)
            if not self._calm(where):
                raise LostError
            if item.optional_vars is not None:
                self.assign(item.optional_vars, self.element(item, value), where)
        self._block(node.body)

    def _calm(self, node: ast.expr) -> bool:
        known = self.resolve(node.func if isinstance(node, ast.Call) else node)
        return known is not None and top_module(known.thing) in _CALM

    def _do_try(self, node: ast.Try) -> None:
        self._tries += bool(node.finalbody)
        self._watched.append(self.names)
        self._block(node.body)
        anywhere = self._watched.pop()
        if self.names is not None:
            self._block(node.orelse)
        after = self.names
        for handler in node.handlers:
            self.names = anywhere
            if handler.name is not None:
                self.bind(handler.name, Value(None, frozenset()))
            self._block(handler.body)
            after = either(after, self.names)
        self.names = after
        self._tries -= bool(node.finalbody)
        if self.names is not None:
            self._block(node.finalbody)

    def _do_match(self, node: ast.Match) -> None:
        subject = self.evaluate(node.subject, node.subject)
        rest, after = self.names, None
        for case in node.cases:
            self.names = rest
            for name in _pattern_names(case.pattern):
                self.bind(name, Value(None, all_kin(subject)))
            if case.guard is not None:
                self.evaluate(case.guard, case.guard)
            elif isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None:
                rest = None
            self._block(case.body)
            after = either(after, self.names)
            if rest is None:
                break
        self.names = either(after, rest)


def effects(source: Source, study: Callable[[FunctionType, Any], Effects | None]) -> Effects | None:
    """Which parameters a function may write into, and which may be in what it returns."""
    walk = Walk(source, study)
    try:
        returned = walk.run()
    except (LostError, RecursionError):
        return None
    kin = frozenset().union(*(all_kin(r.value) for r in returned))
    args = source.node.args
    names = source.parameters
    return Effects(
        positional=tuple(arg.arg for arg in [*args.posonlyargs, *args.args]),
        parameters=names,
        touched=frozenset(n for n in names if ("parameter", n) in walk.touched | walk.leaked),
        returned=frozenset(n for n in names if ("parameter", n) in kin),
    )


def _parameter(name: str) -> Value:
    token = ("parameter", name)
    return Value(token, frozenset({token}))


def _shared(source: Source) -> set[str]:
    """Names that an inner function sees, or that are not the function's own."""
    names = set(_captured(source.function.__code__))
    for node in ast.walk(source.node):
        if isinstance(node, ast.Global | ast.Nonlocal):
            names.update(node.names)
    return names


def _captured(code: CodeType) -> Iterator[str]:
    """What inner functions see; a comprehension is none, though Python may compile it as one."""
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            if inner.co_name not in _COMPREHENSIONS:
                yield from inner.co_freevars
            yield from _captured(inner)


def _covers(target: ast.expr) -> bool:
    """Whether ``x[...]`` or ``x[:]`` is the target: every entry."""
    if not isinstance(target, ast.Subscript):
        return False
    return ast.unparse(target.slice) in ("...", ":", "::", "()")


def _takes_apart(node: ast.Assign) -> bool:
    """Whether it is ``a, b = helper(...)``."""
    targets = node.targets
    unpacks = len(targets) == 1 and isinstance(targets[0], ast.Tuple | ast.List)
    return unpacks and isinstance(node.value, ast.Call)


def _joined(old: Value, more: Value, node: ast.AugAssign) -> Value:
    """A list made longer, or a dict with another's entries."""
    assert old.content is not None
    part = site(node, part=True)
    if isinstance(node.op, ast.Add):
        return replace(old.written(part), content=extended(old.content, more))
    if isinstance(node.op, ast.BitOr):
        return replace(old.written(part), content=merged(old.content, more))
    return doubt(old)


def _pattern_names(pattern: ast.pattern) -> Iterator[str]:
    for node in ast.walk(pattern):
        name = getattr(node, "name", None) or getattr(node, "rest", None)
        if isinstance(name, str):
            yield name
