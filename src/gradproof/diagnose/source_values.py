"""What a name or an entry may hold, and which statements may have written it last.

The values of a walk through a function's source. They are never changed, only replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

Token = tuple[Any, ...]  # an object: where in the source it came into being


@dataclass(frozen=True, slots=True)
class Site:
    """A piece of source, from line and column to line and column, that writes an array.

    ``blank``: it only makes room (zeros, None), for others to write into. ``part``: it writes
    some entries and leaves the others.
    """

    start: tuple[int, int]
    end: tuple[int, int]
    blank: bool = False
    part: bool = False


UNSURE = Site((0, 0), (0, 0))
_UNKNOWN_WRITERS = frozenset({UNSURE})


@dataclass(frozen=True, slots=True)
class Key:
    """A key as far as the source tells it.

    One ``value``; or, not ``exact``, every string with these constant ``parts`` (those of
    ``f"dW{layer}"`` are ``"dW"`` and ``""``), or anything at all without parts. ``symbol``
    is the expression with the objects that its names stand for: the same symbol, the same key.
    """

    value: Any = None
    exact: bool = False
    parts: tuple[str, ...] | None = None
    symbol: tuple[Any, ...] | None = None

    def may_be(self, other: Key) -> bool:
        """Whether both can be the same key."""
        if self.exact and other.exact:
            return bool(self.value == other.value)
        if self.exact:
            return other.may_be(self)
        if self.parts is None:
            return True
        if other.exact:
            pattern = ".*".join(map(re.escape, self.parts))
            return isinstance(other.value, str) and bool(
                re.fullmatch(pattern, other.value, re.DOTALL)
            )
        if other.parts is None:
            return True
        return _compatible(self.parts[0], other.parts[0]) and _compatible(
            self.parts[-1][::-1], other.parts[-1][::-1]
        )


def _compatible(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


ANY = Key()


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a container; ``sure``: whichever way the code ran, it is there."""

    value: Value
    sure: bool


@dataclass(frozen=True, slots=True)
class Content:
    """What a dict, list, tuple, named tuple or other object holds.

    ``base`` holds all that is not among the ``entries``: what another function returned, say.
    ``length`` is known of a list whose items were counted; ``fields`` name the positions of
    a named tuple.
    """

    entries: Mapping[Key, Entry] = field(default_factory=dict)
    base: Value | None = None
    length: int | None = None
    fields: tuple[str, ...] = ()

    def get(self, key: Key) -> tuple[tuple[Value, ...], bool]:
        """What may be stored under a key, less what the base holds; and whether it surely is."""
        if key.exact and isinstance(key.value, int) and 0 <= key.value < len(self.fields):
            key = Key(self.fields[key.value], exact=True)
        plain = replace(key, symbol=None)
        for candidate in (plain, key):
            entry = self.entries.get(candidate)
            if entry is not None and entry.sure:
                return (entry.value,), True
        return tuple(e.value for k, e in self.entries.items() if k.may_be(key)), False

    def put(self, key: Key, value: Value) -> Content:
        """Store under a key; of whatever else may be that key, nothing is sure any more."""
        if key.exact:
            key = replace(key, symbol=None)
        entries = {k: Entry(e.value, e.sure and not k.may_be(key)) for k, e in self.entries.items()}
        sure = key.exact or key.symbol is not None
        if not sure and key in entries:
            value = join(entries[key].value, value)
        entries[key] = Entry(value, sure)
        return replace(self, entries=entries)

    def values(self) -> tuple[Value, ...]:
        """Everything that is stored, the base included."""
        base = () if self.base is None else (self.base,)
        return (*(entry.value for entry in self.entries.values()), *base)


@dataclass(frozen=True, slots=True)
class Call:
    """What a function gave back and nobody looked into yet: the part at ``inner`` of it.

    ``function`` is None where it is not known which function that was.
    """

    function: Any
    receiver: Any
    inner: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Value:
    """An object: which one, what it may share memory with, and who may have written it last.

    ``token`` is None where it may be one of several objects. ``kin`` are the objects whose
    change may show here. ``key`` is its value as a key, where that is known.
    """

    token: Token | None
    kin: frozenset[Token]
    writers: frozenset[Site] = _UNKNOWN_WRITERS
    content: Content | None = None
    call: Call | None = None
    key: Key = ANY

    def written(self, site: Site) -> Value:
        """The same object after a statement wrote into it.

        An array put together from several parts has no last writer: which statement is at
        fault depends on the entry.
        """
        others = {writer for writer in self.writers if writer.part and writer != site}
        writers = _UNKNOWN_WRITERS if site.part and others else frozenset({site})
        return replace(self, writers=writers, call=None, key=ANY)

    @property
    def unsure(self) -> bool:
        """Whether it is not known who wrote it."""
        return UNSURE in self.writers


def doubt(value: Value) -> Value:
    """The same object after somebody may have changed it, or anything in it."""
    return Value(value.token, all_kin(value))


def all_kin(value: Value) -> frozenset[Token]:
    """All objects whose memory it may share, at any depth."""
    inside = value.content.values() if value.content else ()
    return value.kin.union(*map(all_kin, inside))


def rewrite(value: Value, change: Callable[[Value], Value]) -> Value:
    """Apply ``change`` to a value and, before that, to all it holds."""
    if value.content is not None:
        value = replace(value, content=_rewritten(value.content, change))
    return change(value)


def _rewritten(content: Content, change: Callable[[Value], Value]) -> Content:
    return replace(
        content,
        entries={k: Entry(rewrite(e.value, change), e.sure) for k, e in content.entries.items()},
        base=None if content.base is None else rewrite(content.base, change),
    )


def retire(value: Value, token: Token) -> Value:
    """The same value once another object comes into being at the same place in the source."""
    old = ("earlier", token)

    def change(held: Value) -> Value:
        if token in held.kin:
            kin = held.kin - {token} | {old}
            held = replace(held, kin=kin, token=None if held.token == token else held.token)
        if held.key.symbol and token in held.key.symbol:
            held = replace(held, key=replace(held.key, symbol=None))
        return replace(held, content=_forget_symbol(held.content, token))

    return rewrite(value, change)


def _forget_symbol(content: Content | None, token: Token) -> Content | None:
    if content is None or not any(k.symbol and token in k.symbol for k in content.entries):
        return content
    entries: dict[Key, Entry] = {}
    for key, entry in content.entries.items():
        if key.symbol and token in key.symbol:
            key, entry = replace(key, symbol=None), Entry(entry.value, sure=False)  # noqa: PLW2901
        entries[key] = _either(entries.get(key), entry) if key in entries else entry
    return replace(content, entries=entries)


def join(one: Value, other: Value) -> Value:
    """What is there if it is not known which of the two."""
    if one == other:
        return one
    if is_none(one) or is_none(other):  # nothing to look into, and no gradient
        full = other if is_none(one) else one
        if full.content is not None or full.call is not None:
            return replace(full, token=None)
    content = _join_content(one, other)
    if content is None and (one.content or other.content):
        return Value(None, all_kin(one) | all_kin(other))
    return Value(
        token=one.token if one.token == other.token else None,
        kin=one.kin | other.kin,
        writers=one.writers | other.writers,
        content=content,
        call=one.call if one.call == other.call else None,
        key=one.key if one.key == other.key else ANY,
    )


def is_none(value: Value) -> bool:
    """Whether it is the constant None."""
    return value.key.exact and value.key.value is None


def join_all(values: Iterable[Value]) -> Value | None:
    """The join of any number of values; None for none."""
    held = list(values)
    return reduce(join, held) if held else None


def _join_content(one: Value, other: Value) -> Content | None:
    if one.content is None or other.content is None:
        return None
    left, right = one.content, other.content
    entries = {
        key: _either(left.entries.get(key), right.entries.get(key))
        for key in {**left.entries, **right.entries}
    }
    same_length = left.length == right.length and left.fields == right.fields
    return Content(
        entries,
        base=join_all(base for base in (left.base, right.base) if base is not None),
        length=left.length if same_length else None,
        fields=left.fields if same_length else (),
    )


def _either(one: Entry | None, other: Entry | None) -> Entry:
    """An entry of one of two containers; where only one has it, the other's lookup would fail."""
    if one is None or other is None:
        entry = one or other
        assert entry is not None
        return replace(entry, sure=False)
    return Entry(join(one.value, other.value), one.sure and other.sure)
