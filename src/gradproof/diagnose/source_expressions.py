"""What an expression gives: an array written here, or something that was written earlier.

``blame`` is the piece of source to show for an array that comes into being in an expression:
the statement, or the element's own lines where a container is written over several.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from .source_library import VIEW_ATTRIBUTES
from .source_memory import LostError, Memory, either, site
from .source_values import (
    ANY,
    UNSURE,
    Content,
    Entry,
    Key,
    Value,
    all_kin,
    join,
    join_all,
)

Blame = ast.stmt | ast.expr


class Expressions(Memory):
    """A memory that can tell what expressions give, and what they do to it."""

    def evaluate(self, node: ast.expr, blame: Blame) -> Value:
        """The value of an expression, after whatever it does to the names."""
        handler: Callable[[Any, Blame], Value] | None
        handler = getattr(self, f"_on_{type(node).__name__.lower()}", None)
        return handler(node, blame) if handler else self._computed(node, blame)

    def each(self, nodes: Iterable[ast.expr], blame: Blame) -> list[Value]:
        """Several values, one after the other; the later may still change the earlier."""
        nodes = list(nodes)
        with self._held() as hold:
            for node in nodes:
                hold(self.evaluate(node, _closer(node, blame)))
            return hold.values()

    def part(self, node: ast.AST, whole: Value, key: Key, blame: Blame) -> Value:
        """What is in a container under a key; a part of an array is an array of its own."""
        if whole.content is not None:
            found, sure = whole.content.get(key)
            if not sure and whole.content.base is not None:
                found = (*found, self.part(node, whole.content.base, key, blame))
            return join_all(found) or Value(None, all_kin(whole))
        call = None
        if whole.call is not None and whole.call.function is not None and key.exact:
            call = replace(whole.call, inner=(*whole.call.inner, key.value))
        writer = UNSURE if whole.unsure else site(blame)
        return self.new(node, writer, kin=whole.kin, call=call, part=key)

    def element(self, node: ast.AST, whole: Value) -> Value:
        """Any one of the things in a container."""
        if whole.content is not None:
            return join_all(whole.content.values()) or Value(None, whole.kin)
        return self.new(node, UNSURE, kin=whole.kin, part=ANY)

    def key(self, node: ast.expr, blame: Blame) -> Key:
        """An expression as a key."""
        key = self.evaluate(node, blame).key
        return key if key.exact else replace(key, symbol=self._symbol(node))

    def call(self, node: ast.Call, blame: Blame) -> Value:
        """The value of a call."""
        raise NotImplementedError

    def assign(self, target: ast.expr, value: Value, blame: Blame) -> None:
        """Store a value in a target."""
        raise NotImplementedError

    # One method for each kind of expression that gives more than an array of its own.

    def _on_name(self, node: ast.Name, blame: Blame) -> Value:
        del blame
        if node.id in self.shared:
            return Value(None, frozenset())
        return self.here.get(node.id, Value(None, frozenset()))

    def _on_constant(self, node: ast.Constant, blame: Blame) -> Value:
        blank = node.value is None or (type(node.value) in (int, float) and node.value == 0)
        key = Key(node.value, exact=True)
        return self.new(node, site(blame, blank=blank), key=key)

    def _on_joinedstr(self, node: ast.JoinedStr, blame: Blame) -> Value:
        parts = [""]
        for piece in node.values:
            if not isinstance(piece, ast.FormattedValue):
                _concatenate(parts, self.evaluate(piece, blame).key)
                continue
            inner = self.evaluate(piece.value, blame)
            plain = piece.conversion in (-1, ord("s")) and piece.format_spec is None
            _concatenate(parts, inner.key if plain else ANY)
        return self.new(node, site(blame), key=_text(parts))

    def _on_dict(self, node: ast.Dict, blame: Blame) -> Value:
        values = self.each(node.values, blame)
        content = Content()
        for name, value in zip(node.keys, values, strict=True):
            if name is None:
                content = merged(content, value)
            else:
                content = content.put(self.key(name, blame), value)
        return self.new(node, site(blame), content=content)

    def _on_list(self, node: ast.List | ast.Tuple | ast.Set, blame: Blame) -> Value:
        items = [item.value if isinstance(item, ast.Starred) else item for item in node.elts]
        values = self.each(items, blame)
        content = Content(length=0)
        for item, value in zip(node.elts, values, strict=True):
            if isinstance(item, ast.Starred):
                content = extended(content, value)
            else:
                content = appended(content, value)
        key = ANY
        if all(value.key.exact for value in values) and isinstance(node, ast.Tuple):
            key = Key(tuple(value.key.value for value in values), exact=True)
        return self.new(node, site(blame), content=content, key=key)

    _on_tuple = _on_list

    def _on_set(self, node: ast.Set, blame: Blame) -> Value:
        values = self.each(node.elts, blame)
        return self._loose(node, values, blame)

    def _on_listcomp(
        self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp, blame: Blame
    ) -> Value:
        (value,) = self._comprehension(node.generators, [node.elt], blame)
        return self._loose(node, [value], blame)

    _on_generatorexp = _on_setcomp = _on_listcomp

    def _on_dictcomp(self, node: ast.DictComp, blame: Blame) -> Value:
        name, value = self._comprehension(node.generators, [node.key, node.value], blame)
        entries = {replace(name.key, symbol=None): Entry(value, sure=False)}
        return self.new(node, site(blame), content=Content(entries))

    def _on_ifexp(self, node: ast.IfExp, blame: Blame) -> Value:
        self.evaluate(node.test, blame)
        before = self.here
        one = self.evaluate(node.body, blame)
        after, self.names = self.names, before
        other = self.evaluate(node.orelse, blame)
        self.names = either(after, self.names)
        return join(one, other)

    def _on_boolop(self, node: ast.BoolOp, blame: Blame) -> Value:
        value: Value | None = None
        for operand in node.values:
            before = self.here
            other = self.evaluate(operand, blame)
            self.names = either(before, self.names) if value else self.names
            value = join(value, other) if value else other
        assert value is not None
        return value

    def _on_namedexpr(self, node: ast.NamedExpr, blame: Blame) -> Value:
        value = self.evaluate(node.value, blame)
        self.assign(node.target, value, blame)
        return value

    def _on_lambda(self, node: ast.Lambda, blame: Blame) -> Value:
        return self.new(node, site(blame))

    def _on_starred(self, node: ast.Starred, blame: Blame) -> Value:
        return self.evaluate(node.value, blame)

    def _on_call(self, node: ast.Call, blame: Blame) -> Value:
        return self.call(node, blame)

    def _on_attribute(self, node: ast.Attribute, blame: Blame) -> Value:
        whole = self.evaluate(node.value, blame)
        if node.attr in VIEW_ATTRIBUTES and whole.content is None:
            writer = UNSURE if whole.unsure else site(blame)
            return self.new(node, writer, kin=whole.kin)
        return self.part(node, whole, Key(node.attr, exact=True), blame)

    def _on_subscript(self, node: ast.Subscript, blame: Blame) -> Value:
        whole = self.evaluate(node.value, blame)
        if isinstance(node.slice, ast.Slice) and whole.content is not None:
            return self._slice(node, node.slice, whole, blame)
        return self.part(node, whole, self.key(node.slice, blame), blame)

    def _on_unaryop(self, node: ast.UnaryOp, blame: Blame) -> Value:
        key = self.evaluate(node.operand, blame).key
        if isinstance(node.op, ast.USub) and key.exact and type(key.value) in (int, float):
            return self.new(node, site(blame), key=Key(-key.value, exact=True))
        return self.new(node, site(blame))

    def _on_binop(self, node: ast.BinOp, blame: Blame) -> Value:
        left, right = self.each([node.left, node.right], blame)
        content = _combined(left, node.op, right)
        key = ANY
        if isinstance(node.op, ast.Add) and (_is_text(left.key) or _is_text(right.key)):
            parts = [""]
            _concatenate(parts, left.key)
            _concatenate(parts, right.key)
            key = _text(parts)
        elif isinstance(node.op, ast.Mod) and left.key.exact and isinstance(left.key.value, str):
            key = template(r"%[-+ #0]*\d*(?:\.\d+)?[a-zA-Z%]", left.key.value)
        return self.new(node, site(blame), content=content, key=key)

    def _on_await(self, node: ast.expr, blame: Blame) -> Value:
        del node, blame
        raise LostError

    _on_yield = _on_yieldfrom = _on_await

    # Helpers.

    def _computed(self, node: ast.expr, blame: Blame) -> Value:
        """An array of its own, after all that its operands do."""
        self.each((n for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr)), blame)
        return self.new(node, site(blame))

    def _loose(self, node: ast.AST, values: Sequence[Value], blame: Blame) -> Value:
        """A container of which only the items are known, not their places."""
        value = join_all(values)
        entries = {} if value is None else {ANY: Entry(value, sure=False)}
        return self.new(node, site(blame), content=Content(entries))

    def _slice(self, node: ast.Subscript, cut: ast.Slice, whole: Value, blame: Blame) -> Value:
        assert whole.content is not None
        whole_cut = ast.unparse(cut)
        if whole_cut in (":", "::"):
            return self.new(node, site(blame), content=whole.content)
        if whole_cut == "::-1":
            return self.new(node, site(blame), content=turned(whole.content))
        return self._loose(node, whole.content.values(), blame)

    def _symbol(self, node: ast.expr) -> tuple[Any, ...] | None:
        tokens: list[Any] = []
        for part in ast.walk(node):
            if isinstance(part, ast.Name):
                value = self.here.get(part.id)
                if value is None and part.id == "str":
                    continue
                if value is None or value.token is None or part.id in self.shared:
                    return None
                tokens.append(value.token)
            elif (isinstance(part, ast.Call) and not isinstance(part.func, ast.Name)) or isinstance(
                part, ast.Attribute | ast.Subscript | ast.NamedExpr
            ):
                return None
        return (ast.dump(node), *tokens) if tokens else None

    def _comprehension(
        self, loops: list[ast.comprehension], results: list[ast.expr], blame: Blame
    ) -> list[Value]:
        """What a comprehension collects; its variables are not seen outside."""
        outer = self.here
        values: list[Value] = []

        def once() -> None:
            nonlocal values
            for loop in loops:
                whole = self.evaluate(loop.iter, blame)
                self.assign(loop.target, self.element(loop.iter, whole), blame)
                self.each(loop.ifs, blame)
            values = self.each(results, blame)

        self.again(once)
        own = {n.id for loop in loops for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
        inner = {name: value for name, value in self.here.items() if name not in own}
        self.names = inner | {name: value for name, value in outer.items() if name in own}
        return values

    @contextmanager
    def _held(self) -> Iterator[_Held]:
        """Keep values up to date that no name holds yet."""
        held = _Held(self)
        yield held
        held.drop()


class _Held:
    """Values in the middle of an expression, under names that no source can have."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._first = sum(name.startswith("#") for name in memory.here)
        self._count = 0

    def __call__(self, value: Value) -> None:
        name = f"#{self._first + self._count}"
        self._memory.names = {**self._memory.here, name: value}
        self._count += 1

    def _names(self) -> list[str]:
        return [f"#{self._first + i}" for i in range(self._count)]

    def values(self) -> list[Value]:
        return [self._memory.here[name] for name in self._names()]

    def drop(self) -> None:
        mine = set(self._names())
        self._memory.names = {n: v for n, v in self._memory.here.items() if n not in mine}


def _closer(node: ast.expr, blame: Blame) -> Blame:
    """The lines of an element, where its container is written over several."""
    return node if blame.end_lineno != blame.lineno else blame


def appended(content: Content, value: Value) -> Content:
    """A list with one more item at its end."""
    if content.length is None:
        return content.put(ANY, value)
    longer = content.put(Key(content.length, exact=True), value)
    return replace(longer, length=content.length + 1)


def extended(content: Content, more: Value) -> Content:
    """A list with the items of another at its end."""
    items = ordered(more.content) if more.content is not None else None
    if items is None:
        held = more.content.values() if more.content is not None else (Value(None, more.kin),)
        content, items = replace(content, length=None), list(held)
    for item in items:
        content = appended(content, item)
    return content


def ordered(content: Content) -> list[Value] | None:
    """The items of a list in order; None unless all of them are known."""
    if content.length is None or content.base is not None:
        return None
    entries = [content.entries.get(Key(i, exact=True)) for i in range(content.length)]
    items = [entry.value for entry in entries if entry is not None and entry.sure]
    return items if len(items) == len(content.entries) == content.length else None


def turned(content: Content) -> Content:
    """A list in reverse order."""
    items = ordered(content)
    if items is None:
        return loosened(content)
    turned_items = Content(length=0)
    for item in reversed(items):
        turned_items = appended(turned_items, item)
    return turned_items


def loosened(content: Content) -> Content:
    """A container whose items may be anywhere in it."""
    value = join_all(content.values())
    return Content({} if value is None else {ANY: Entry(value, sure=False)})


def merged(content: Content, other: Value) -> Content:
    """A dict after ``update``: what the other surely has, it has; the rest may come from both."""
    if not content.entries and content.base is None:
        return other.content or Content(base=replace(other, token=None))
    if other.content is None or other.content.base is not None:
        below = Value(None, all_kin(other))
        return Content({k: replace(e, sure=False) for k, e in content.entries.items()}, below)
    for key, entry in other.content.entries.items():
        if entry.sure:
            content = content.put(key, entry.value)
            continue
        earlier = content.entries.get(key)
        value = join(earlier.value, entry.value) if earlier else entry.value
        content = content.put(replace(key, exact=key.exact, symbol=None), value)
        content = _not_sure(content, key, earlier is not None and earlier.sure)
    return content


def _not_sure(content: Content, key: Key, sure: bool) -> Content:
    key = replace(key, symbol=None)
    entry = content.entries[key]
    return replace(content, entries={**content.entries, key: Entry(entry.value, sure)})


def template(holes: str, text: str) -> Key:
    """A string with holes as a key; ``holes`` is their pattern."""
    return _text(re.split(holes, text))


def _combined(left: Value, operator: ast.operator, right: Value) -> Content | None:
    """What is in the sum of two lists, the union of two dicts, or a list repeated."""
    if isinstance(operator, ast.BitOr) and (left.content or right.content):
        return merged(merged(Content(), left), right)
    if isinstance(operator, ast.Add) and left.content is not None:
        return extended(left.content, right)
    if isinstance(operator, ast.Mult):
        for side in (left, right):
            if side.content is not None:
                return loosened(side.content)
    return None


def _is_text(key: Key) -> bool:
    return isinstance(key.value, str) if key.exact else key.parts is not None


def _concatenate(parts: list[str], key: Key) -> None:
    """Add what a key looks like to the constant parts of a string."""
    if key.exact:
        parts[-1] += str(key.value)
        return
    first, *rest = key.parts or ("", "")
    parts[-1] += first
    parts.extend(rest)


def _text(parts: Sequence[str]) -> Key:
    return Key(parts[0], exact=True) if len(parts) == 1 else Key(parts=tuple(parts))
