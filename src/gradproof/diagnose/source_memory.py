"""The local variables during a walk, and what a change of one does to the others.

Two names may stand for one array, or for views of one: a statement that writes into it
through one name is the last writer for all of them, or makes them doubtful.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import replace

from .source_values import (
    ANY,
    Call,
    Content,
    Key,
    Site,
    Token,
    Value,
    all_kin,
    doubt,
    join,
    retire,
    rewrite,
)

Names = dict[str, Value]

_ROUNDS = 12  # a loop that shows something new after so many is not followed


class LostError(Exception):
    """The walk met something that it cannot follow."""


def place(node: ast.stmt | ast.expr) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where a piece of source begins and ends: lines, and columns in bytes."""
    end = (node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
    return (node.lineno, node.col_offset), end


def site(node: ast.stmt | ast.expr, *, blank: bool = False, part: bool = False) -> Site:
    """A piece of source as the writer of an array."""
    return Site(*place(node), blank, part)


class Memory:
    """Local names and their values.

    ``names`` is None where the code cannot be reached. ``touched`` are all objects that were
    ever written into. What is ``shared`` with code that runs out of sight (names that inner
    functions capture, globals) is never known.
    """

    def __init__(self, names: Names, shared: Iterable[str]) -> None:
        self.names: Names | None = names
        self.shared = frozenset(shared)
        self.touched: set[Token] = set()
        self.leaked: set[Token] = set()

    @property
    def here(self) -> Names:
        """The names, where the code can be reached."""
        assert self.names is not None
        return self.names

    def new(
        self,
        node: ast.AST,
        writer: Site,
        *,
        kin: Iterable[Token] = (),
        content: Content | None = None,
        call: Call | None = None,
        key: Key = ANY,
        part: object = None,
    ) -> Value:
        """An object that comes into being in an expression; an earlier one is another object."""
        token = (id(node), part)
        if self.names is not None:
            self.names = {name: retire(value, token) for name, value in self.names.items()}
        return Value(token, frozenset({token, *kin}), frozenset({writer}), content, call, key)

    def bind(self, name: str, value: Value) -> None:
        """Let a name stand for a value."""
        if name in self.shared:
            self.leak(value)
            return
        self.names = {**self.here, name: value}

    def changed(self, old: Value, new: Value, *, in_place: bool = True) -> None:
        """An object was written into: tell all who hold it, or may share memory with it.

        Not surely ``in_place``: ``x += 1`` makes another object where ``x`` is a float.
        """
        self.touched |= old.kin

        def change(value: Value) -> Value:
            if old.token is not None and value.token == old.token:
                return new if in_place else doubt(value)
            return doubt(value) if value.kin & old.kin else value

        self._rewrite(change)

    def taint(self, value: Value, met: frozenset[Token] = frozenset()) -> None:
        """Somebody may have written into it, or into anything that it holds.

        ``met`` may have been stored in it on that occasion.
        """
        kin = all_kin(value)
        self.touched |= kin

        def change(held: Value) -> Value:
            if not held.kin & kin:
                return held
            held = doubt(held)
            return replace(held, kin=held.kin | met)

        self._rewrite(change)

    def again(self, once: Callable[[], None]) -> None:
        """Run something any number of times: until one more time shows nothing new."""
        for _ in range(_ROUNDS):
            before = self.names
            once()
            self.names = either(before, self.names)
            if self.names == before:
                return
        raise LostError

    def leak(self, value: Value) -> None:
        """From now on it may be changed out of sight at any time."""
        self.leaked |= all_kin(value)

    def settled(self, value: Value) -> Value:
        """A value as it leaves the function: doubtful where others could reach it."""
        return rewrite(value, lambda held: doubt(held) if held.kin & self.leaked else held)

    def _rewrite(self, change: Callable[[Value], Value]) -> None:
        self.names = {name: rewrite(value, change) for name, value in self.here.items()}


def either(one: Names | None, other: Names | None) -> Names | None:
    """The names after a fork: where only one way binds a name, the other would not get past it."""
    if one is None or other is None:
        return other if one is None else one
    names = dict(one)
    for name, value in other.items():
        names[name] = join(names[name], value) if name in names else value
    return names
