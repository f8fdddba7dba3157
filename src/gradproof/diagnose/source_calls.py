"""What a call gives and what it does to its arguments."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import FunctionType, SimpleNamespace
from typing import Any

from . import source_library as library
from .source_expressions import (
    Blame,
    Expressions,
    appended,
    extended,
    loosened,
    merged,
    ordered,
    template,
    turned,
)
from .source_library import Known
from .source_memory import LostError, site
from .source_text import MISSING, Source
from .source_values import (
    ANY,
    UNSURE,
    Call,
    Content,
    Entry,
    Key,
    Token,
    Value,
    all_kin,
    doubt,
    join,
    join_all,
)

_HOLE = Key(parts=("", ""))


@dataclass(frozen=True, slots=True)
class Effects:
    """Which parameters a function may write into, and which may be in what it returns."""

    positional: tuple[str, ...]
    parameters: tuple[str, ...]
    touched: frozenset[str]
    returned: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Arguments:
    """The values handed over in a call."""

    positional: tuple[Value, ...]
    named: dict[str, Value]
    starred: bool

    def all(self) -> tuple[Value, ...]:
        return (*self.positional, *self.named.values())

    def kin(self) -> frozenset[Token]:
        return frozenset().union(*map(all_kin, self.all()))


class Calls(Expressions):
    """Expressions that include calls.

    ``study`` tells the effects of a Python function, or None where they are not known.
    """

    source: Source
    study: Callable[[FunctionType, Any], Effects | None]
    imported: dict[str, Any]

    def call(self, node: ast.Call, blame: Blame) -> Value:
        """The value of a call."""
        known = self.resolve(node.func)
        if known is None and isinstance(node.func, ast.Attribute):
            return self._method(node, node.func, blame)
        if known is None and not isinstance(node.func, ast.Name):
            self.evaluate(node.func, blame)
        arguments = self._arguments(node, blame)
        if known is None:
            return self._unknown(node, arguments, blame)
        if library.forbidden(known.thing):
            raise LostError
        made = self._container(known.thing, arguments)
        if made is not None:
            return self.new(node, site(blame), content=made)
        if library.is_numpy(known.thing):
            return self._numpy(node, known.thing, arguments, blame)
        if library.is_pure(known.thing):
            return self._pure(node, known.thing, arguments, blame)
        return self._python(node, known, arguments, blame)

    def resolve(self, node: ast.expr) -> Known | None:
        """The object that a name or a dotted name stands for outside the function."""
        if isinstance(node, ast.Name):
            local = self.here.get(node.id)
            if local is not None and local.token == ("parameter", node.id):
                first = self.source.parameters[0]
                own = node.id == first and self.source.receiver is not MISSING
                return Known(self.source.receiver) if own else None
            if local is not None or node.id in self.shared:
                return None
            found = self.imported.get(node.id, MISSING)
            found = self.source.outside(node.id) if found is MISSING else found
            return None if found is MISSING else Known(found)
        if isinstance(node, ast.Attribute):
            owner = self.resolve(node.value)
            return None if owner is None else library.member(owner.thing, node.attr)
        return None

    def update(
        self,
        target: ast.expr,
        change: Callable[[Value], Value],
        blame: Blame,
        *,
        in_place: bool = True,
    ) -> None:
        """Write into what an expression stands for, wherever else it may be held."""
        if isinstance(target, ast.Name):
            old = self.here.get(target.id)
            if old is None or target.id in self.shared:
                return
            new = change(old)
            self.changed(old, new, in_place=in_place)
            self.names = {**self.here, target.id: new}
        elif isinstance(target, ast.Attribute | ast.Subscript):
            self._update_part(target, change, blame, in_place=in_place)
        else:
            self.taint(self.evaluate(target, blame))

    def _update_part(
        self,
        target: ast.Attribute | ast.Subscript,
        change: Callable[[Value], Value],
        blame: Blame,
        *,
        in_place: bool,
    ) -> None:
        whole = self.evaluate(target.value, blame)
        key = self.key_of(target, whole, blame)
        if key is None:
            part = site(blame, part=True)
            self.update(target.value, lambda value: value.written(part), blame)
            return
        old = self.part(target, whole, key, blame)
        new = change(old)
        self.changed(old, new, in_place=in_place)
        self.update(target.value, self.storing(key, new, blame), blame)

    def key_of(
        self, target: ast.Attribute | ast.Subscript, whole: Value, blame: Blame
    ) -> Key | None:
        """Under which key a target is stored; None where it is a part of an array."""
        if isinstance(target, ast.Attribute):
            is_view = target.attr in library.VIEW_ATTRIBUTES and whole.content is None
            return None if is_view else Key(target.attr, exact=True)
        if isinstance(target.slice, ast.Slice):
            if whole.content is not None:
                raise LostError
            return None
        key = self.key(target.slice, blame)
        if key.exact and isinstance(key.value, int) and key.value < 0:
            length = whole.content.length if whole.content is not None else None
            key = ANY if length is None else Key(length + key.value, exact=True)
        text = isinstance(key.value, str) if key.exact else key.parts is not None
        return key if text or whole.content is not None else None

    def storing(self, key: Key, value: Value, blame: Blame) -> Callable[[Value], Value]:
        """The change of a container when something is stored in it."""
        part = site(blame, part=True)

        def change(whole: Value) -> Value:
            content = whole.content
            if content is None:
                own = {whole.token} if whole.token is not None else set()
                content = Content(base=replace(whole, token=None, kin=whole.kin - own))
            return replace(whole.written(part), content=content.put(key, value))

        return change

    def _arguments(self, node: ast.Call, blame: Blame) -> _Arguments:
        values = self.each([*node.args, *(k.value for k in node.keywords)], blame)
        count = len(node.args)
        named = {k.arg or "**": v for k, v in zip(node.keywords, values[count:], strict=True)}
        starred = "**" in named or any(isinstance(arg, ast.Starred) for arg in node.args)
        return _Arguments(tuple(values[:count]), named, starred)

    def _unknown(self, node: ast.Call, arguments: _Arguments, blame: Blame) -> Value:
        """A function of which nothing is known may do anything to its arguments."""
        for value in arguments.all():
            self.taint(value, arguments.kin())
        return self.new(node, site(blame), kin=arguments.kin(), call=Call(None, None))

    def _container(self, thing: Any, arguments: _Arguments) -> Content | None:
        """What is in a container that a call makes; None where it makes none."""
        first = arguments.positional[0] if arguments.positional else None
        if thing in library.MAPPINGS:
            content = Content() if first is None else _mapping(first)
            return _with_named(content, arguments)
        if thing in (list, tuple) and first is not None:
            return first.content or Content(base=replace(first, token=None))
        if thing in (list, tuple):
            return Content(length=0)
        if thing is reversed and first is not None and first.content is not None:
            return turned(first.content)
        if library.copies(thing) and first is not None:
            return first.content or Content(base=replace(first, token=None))
        if thing is dataclasses.replace and first is not None:
            return _with_named(first.content or Content(base=replace(first, token=None)), arguments)
        fields = library.fields_of(thing)
        if fields is None:
            return None
        if arguments.starred or len(arguments.positional) > len(fields):
            return Content(base=Value(None, arguments.kin()))
        content = Content(fields=fields if thing is not SimpleNamespace else ())
        for name, value in zip(fields, arguments.positional, strict=False):
            content = content.put(Key(name, exact=True), value)
        return _with_named(content, arguments)

    def _numpy(self, node: ast.Call, thing: Any, arguments: _Arguments, blame: Blame) -> Value:
        name = getattr(thing, "__name__", "")
        if name in library.NUMPY_WRITES and node.args:
            whole = name == "copyto" and "where" not in arguments.named
            writer = site(blame, part=not whole)
            self.update(node.args[0], lambda value: value.written(writer), blame)
            return self.new(node, site(blame))
        if (out := self._output(node, thing)) is not None:
            writer = site(blame)
            self.update(out, lambda value: value.written(writer), blame)
            return self.evaluate(out, blame)
        if name in library.BLANKS:
            return self.new(node, site(blame, blank=True))
        if name in library.SAME and len(arguments.all()) == 1:
            (same,) = arguments.all()
            copy = self.new(node, UNSURE, kin=same.kin)
            return replace(same, token=copy.token, kin=copy.kin)
        return self._pure(node, thing, arguments, blame)

    def _output(self, node: ast.Call, thing: Any) -> ast.expr | None:
        """The argument that the result is written to."""
        for keyword in node.keywords:
            if keyword.arg == "out":
                is_none = isinstance(keyword.value, ast.Constant) and keyword.value.value is None
                return None if is_none else keyword.value
        position = library.output_position(thing)
        if position is None or any(isinstance(arg, ast.Starred) for arg in node.args):
            return None
        return node.args[position] if position < len(node.args) else None

    def _pure(self, node: ast.Call, thing: Any, arguments: _Arguments, blame: Blame) -> Value:
        name = getattr(thing, "__name__", "")
        in_place = name.endswith("_") and not name.startswith("_")
        if in_place or any(k.startswith(("overwrite", "inplace", "out")) for k in arguments.named):
            for value in arguments.all():
                self.taint(value)
        if thing is str:
            return self.new(node, site(blame), key=_spelled(arguments))
        shares = name in library.NUMPY_VIEWS if library.is_numpy(thing) else library.hands_on(thing)
        kin = arguments.kin() if shares else frozenset()
        handed_on = shares and library.top_module(thing) == "builtins"
        writer = UNSURE if handed_on else site(blame)
        return self.new(node, writer, kin=kin)

    def _python(self, node: ast.Call, known: Known, arguments: _Arguments, blame: Blame) -> Value:
        """A function written in Python: its own source tells what it does."""
        target = library.plain(known.thing, known.receiver)
        if target is None:
            return self._unknown(node, arguments, blame)
        effects = self.study(*target)
        whose: ast.expr | None = None
        if known.receiver is not MISSING:
            assert isinstance(node.func, ast.Attribute)
            whose = node.func.value
        elif target[1] is not MISSING:
            whose = node.func
        if whose is not None:
            own = self.evaluate(whose, blame)
            arguments = replace(arguments, positional=(own, *arguments.positional))
        direct = target[0] is known.thing and not arguments.starred
        kin: frozenset[Token] = frozenset()
        for parameter, value in _handed_over(effects, arguments, direct):
            touched, returned = _fate(effects, parameter)
            if touched:
                self.taint(value, arguments.kin())
            if returned:
                kin |= all_kin(value)
        return self.new(node, site(blame), kin=kin, call=Call(known.thing, known.receiver))

    def _method(self, node: ast.Call, function: ast.Attribute, blame: Blame) -> Value:
        """A method of something local."""
        own = self.evaluate(function.value, blame)
        arguments = self._arguments(node, blame)
        name = function.attr
        if own.content is not None:
            return self._container_method(node, function, own, arguments, blame)
        if isinstance(own.key.value, str) and name == "format":
            return self.new(node, site(blame), key=template(r"\{[^{}]*\}", own.key.value))
        if name in library.WRITE_ALL | library.WRITE_PART or (
            name.endswith("_") and not name.endswith("__")
        ):
            zero = name == "fill" and all(a.key == Key(0, exact=True) for a in arguments.all())
            writer = site(blame, blank=zero, part=name in library.WRITE_PART)
            self.update(function.value, lambda value: value.written(writer), blame)
            return self.evaluate(function.value, blame)
        if (out := self._output(node, None)) is not None:
            self.update(out, lambda value: value.written(site(blame)), blame)
            return self.evaluate(out, blame)
        if name == "copy" and not arguments.all():
            return replace(own, token=self.new(node, UNSURE).token)
        if name in library.FRESH_METHODS:
            return self.new(node, site(blame))
        if name in library.VIEW_METHODS:
            return self.new(node, UNSURE if own.unsure else site(blame), kin=own.kin)
        # Whatever it is: it may keep its arguments, and write into all that it has.
        met = arguments.kin()
        self.taint(own, met)
        for value in arguments.all():
            if name not in _KEEPERS:
                self.taint(value, met)
        return self.new(node, site(blame), kin=own.kin | met, call=Call(None, None))

    def _container_method(
        self,
        node: ast.Call,
        function: ast.Attribute,
        own: Value,
        arguments: _Arguments,
        blame: Blame,
    ) -> Value:
        """A method of a dict, a list or a named tuple."""
        assert own.content is not None
        name, given = function.attr, arguments.positional
        reader = _READERS.get(name)
        if reader is not None:
            return self.new(node, site(blame), content=reader(own.content, arguments), kin=own.kin)
        if name in ("get", "setdefault", "pop") and given and not arguments.named:
            return self._get(node, function, own, given, blame)
        changer = _CHANGERS.get(name)
        part = site(blame, part=True)

        def change(whole: Value) -> Value:
            if changer is None or whole.content is None or arguments.starred:
                return doubt(whole)
            content = changer(whole.content, arguments)
            return (
                doubt(whole) if content is None else replace(whole.written(part), content=content)
            )

        if changer is None:
            self.taint(own, arguments.kin())
        self.update(function.value, change, blame)
        return self.new(node, UNSURE, kin=all_kin(own) | arguments.kin(), call=Call(None, None))

    def _get(
        self,
        node: ast.Call,
        function: ast.Attribute,
        own: Value,
        given: Sequence[Value],
        blame: Blame,
    ) -> Value:
        assert own.content is not None
        key = given[0].key
        found = self.part(node, own, key, blame)
        sure = own.content.get(key)[1]
        if not sure and len(given) > 1:
            is_there = bool(own.content.get(key)[0]) or own.content.base is not None
            found = join(found, given[1]) if is_there else given[1]
        if function.attr == "setdefault":
            self.update(function.value, self.storing(key, found, blame), blame)
        elif function.attr == "pop":
            self.update(function.value, doubt, blame)
        return found


# Methods of unknown containers: they keep their arguments, and leave them as they are.
_KEEPERS = frozenset({"append", "extend", "insert", "update", "setdefault", "add", "appendleft"})


def _spelled(arguments: _Arguments) -> Key:
    """``str(x)`` as a key."""
    values = arguments.all()
    if len(values) == 1 and values[0].key.exact:
        return Key(str(values[0].key.value), exact=True)
    return _HOLE


def _mapping(value: Value) -> Content:
    """``dict(value)``: a list of pairs is not followed."""
    if value.content is not None and value.content.length is not None:
        return Content(base=Value(None, all_kin(value)))
    return merged(Content(), value)


def _with_named(content: Content, arguments: _Arguments) -> Content:
    """A container with the keyword arguments stored in it."""
    for name, value in arguments.named.items():
        if name == "**":
            content = merged(content, value)
        else:
            content = content.put(Key(name, exact=True), value)
    return content


def _handed_over(
    effects: Effects | None, arguments: _Arguments, direct: bool
) -> list[tuple[str | None, Value]]:
    """Which parameter each value becomes; None where that is not known."""
    if effects is None or not direct:
        return [(None, value) for value in arguments.all()]
    names = effects.positional
    known = [*names, *[None] * len(arguments.positional)]
    return [*zip(known, arguments.positional, strict=False), *arguments.named.items()]


def _fate(effects: Effects | None, parameter: str | None) -> tuple[bool, bool]:
    """Whether an argument may be written into, and whether it may come back."""
    if effects is None:
        return True, True
    if parameter not in effects.parameters:
        return bool(effects.touched), bool(effects.returned)
    return parameter in effects.touched, parameter in effects.returned


def _items(content: Content, arguments: _Arguments) -> Content:
    del arguments
    value = join_all(content.values())
    if value is None:
        return Content()
    pair = Content({Key(1, exact=True): Entry(value, sure=True)}, base=Value(None, frozenset()))
    held = Value(None, value.kin, content=pair)
    return Content({ANY: Entry(held, sure=False)})


def _keys(content: Content, arguments: _Arguments) -> Content:
    del content, arguments
    return Content(base=Value(None, frozenset()))


def _copy(content: Content, arguments: _Arguments) -> Content:
    del arguments
    return content


def _replaced(content: Content, arguments: _Arguments) -> Content:
    return _with_named(content, arguments)


def _append(content: Content, arguments: _Arguments) -> Content | None:
    return appended(content, arguments.positional[0]) if arguments.positional else None


def _extend(content: Content, arguments: _Arguments) -> Content | None:
    return extended(content, arguments.positional[0]) if arguments.positional else None


def _insert(content: Content, arguments: _Arguments) -> Content | None:
    if len(arguments.positional) != 2:
        return None
    place, value = arguments.positional
    items = ordered(content)
    if items is None or not place.key.exact or place.key.value != 0:
        return loosened(content).put(ANY, value)
    longer = Content(length=0)
    for item in (value, *items):
        longer = appended(longer, item)
    return longer


def _update(content: Content, arguments: _Arguments) -> Content | None:
    for value in arguments.positional:
        content = merged(content, value)
    return _with_named(content, arguments)


def _reverse(content: Content, arguments: _Arguments) -> Content | None:
    del arguments
    return turned(content)


_Reader = Callable[[Content, _Arguments], Content]
_Changer = Callable[[Content, _Arguments], Content | None]

_READERS: dict[str, _Reader] = {
    "copy": _copy,
    "_asdict": _copy,
    "values": lambda content, _: loosened(content),
    "items": _items,
    "keys": _keys,
    "_replace": _replaced,
}
_CHANGERS: dict[str, _Changer] = {
    "append": _append,
    "extend": _extend,
    "insert": _insert,
    "update": _update,
    "reverse": _reverse,
}
