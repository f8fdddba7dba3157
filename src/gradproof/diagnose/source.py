"""The line of the user's code that last assigned a block's gradient.

Found by reading the source, never by running it. ``source_text`` gets the source of a function
and makes sure that it is the one that was compiled, ``source_walk`` goes through it and keeps
who wrote what; here the result is looked up along the block's path, also in what other
functions returned. Right or nothing: where two statements may have been the last, or anything
is in doubt, there is no line.
"""

from __future__ import annotations

import ast
import contextlib
import textwrap
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

from .source_calls import Effects
from .source_library import plain
from .source_memory import LostError, place
from .source_text import Source, read
from .source_values import UNSURE, Call, Content, Key, Site, Value, is_none
from .source_walk import Returned, Walk, effects

_HELPERS = 1  # how many functions down an assignment is looked for
_CHAIN = 6  # the same, counting those that only do `return helper(...)`
_STUDIED = 3  # how many functions down it is looked what a call does to its arguments

_Target = tuple[FunctionType, Any]  # a function and its ``self``
_Function = tuple[FunctionType, int]


@dataclass(frozen=True, slots=True)
class Line:
    """A statement of the user's: its file, first and last line, text and function.

    Of a container that is written over several lines it is those of the one element.
    """

    file: str
    number: int
    end_number: int
    text: str
    function: str


def find_line(
    grad: Callable[..., Any],
    path: tuple[Any, ...],
    *,
    with_value: bool = False,
    known: Container[tuple[Any, ...]] = frozenset(),
    zero: bool = False,
) -> Line | None:
    """The statement that last assigned the gradient of a block; None where that is not sure.

    Parameters
    ----------
    grad : callable
        What returns the gradient. Decorators are looked through where they leave the result
        as it is, or say ``__wrapped__`` without being written in Python.
    path : tuple
        The keys, indices and field names that lead to the block in the parameters; ``()``
        for a bare array. The gradient may say ``dW1`` for ``W1``.
    with_value : bool
        Whether ``grad`` returns ``(value, gradient)``.
    known : container of paths
        The paths, and their beginnings, that exist in the parameters, as ``space.tree.lookup``
        takes them: ``dW1`` is not meant for ``W1`` where the parameters have a ``dW1``.
    zero : bool
        Whether the claimed gradient of the block is zero everywhere. Where it is not, the
        ``np.zeros`` before a loop that adds to it was not the last to write it.
    """
    target = plain(grad)
    if target is None:
        return None
    search = _Search(known, zero)
    return search.one(search.result(target, _Wanted(path, (1,) if with_value else ()), _Depth()))


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place in a file that may have written the block last."""

    source: Source
    site: Site


_Spots = frozenset[_Spot | None]  # None stands for a writer that is not known
_NOT_KNOWN: _Spots = frozenset({None})
_NOWHERE: _Spots = frozenset()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What to look up: first ``inner``, key by key, then the block's ``path``.

    ``above`` is the part of the block's path that was followed already.
    """

    path: tuple[Any, ...]
    inner: tuple[Any, ...] = ()
    above: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class _Depth:
    """How many functions down: helpers in all, and those reached by ``return helper(...)``."""

    helpers: int = 0
    chain: int = 0

    def below(self, straight: bool) -> _Depth | None:
        """One function further down; None where that is too far."""
        deeper = _Depth(self.helpers + (not straight), self.chain + 1)
        return deeper if deeper.helpers <= _HELPERS and deeper.chain <= _CHAIN else None


class _Search:
    """One search: the functions that were read, and how to look up what they return."""

    def __init__(self, known: Container[tuple[Any, ...]], zero: bool) -> None:
        self._known = known
        self._zero = zero
        self._walks: dict[_Function, tuple[Source, list[Returned]] | None] = {}
        self._effects: dict[_Function, Effects | None] = {}
        self._studying: list[_Function] = []

    def one(self, spots: _Spots) -> Line | None:
        """The line, if there is only one."""
        full = frozenset(s for s in spots if s is None or not s.site.blank)
        left = full if full and not self._zero else spots
        (spot,) = left if len(left) == 1 else (None,)
        return None if spot is None else _line(spot)

    def result(self, target: _Target, wanted: _Wanted, depth: _Depth) -> _Spots:
        """Who may have been the last to write the block, of what a function returns."""
        walked = self._walked(target)
        if walked is None:
            return _NOT_KNOWN
        source, returned = walked
        wrapped = getattr(target[0], "__wrapped__", None)
        spots = _NOWHERE
        for one in returned:
            call = one.value.call
            # A decorator's wrapper is not what the user thinks of as a function.
            wraps = call is not None and call.function is not None and call.function is wrapped
            if call is not None and not call.inner and (one.straight or wraps):
                spots |= self._inside(call, wanted, depth.below(straight=True))
            elif not is_none(one.value):
                spots |= self._spots(source, one.value, wanted, depth)
        return spots

    def _spots(self, source: Source, value: Value, wanted: _Wanted, depth: _Depth) -> _Spots:
        """Who may have written, last, what is wanted of a value."""
        if not wanted.inner and not wanted.path:
            return self._writers(source, value, depth)
        if value.content is not None:
            return self._held(source, value, value.content, wanted, depth)
        if value.call is not None:
            return self._inside(value.call, wanted, depth.below(straight=False))
        return _NOWHERE if is_none(value) else _NOT_KNOWN

    def _writers(self, source: Source, value: Value, depth: _Depth) -> _Spots:
        """The writers of an array; for one of several that a helper returned, those in there."""
        if value.call is not None and value.call.inner:
            deeper = self._inside(value.call, _Wanted(()), depth.below(straight=False))
            if self.one(deeper) is not None:
                return deeper
        return frozenset(
            None if writer == UNSURE else _Spot(source, writer) for writer in value.writers
        )

    def _held(
        self, source: Source, value: Value, content: Content, wanted: _Wanted, depth: _Depth
    ) -> _Spots:
        """Who wrote what is in a container."""
        if wanted.inner:
            keys = [wanted.inner[0]]
            rest = replace(wanted, inner=wanted.inner[1:])
        else:
            keys = self._spellings(value, content, wanted, depth)
            above = (*wanted.above, wanted.path[0])
            rest = _Wanted(wanted.path[1:], above=above)
        spots = _NOWHERE
        for key in keys:
            found, sure = content.get(Key(key, exact=True))
            for one in found:
                spots |= self._spots(source, one, rest, depth)
            if not sure and content.base is not None:
                below = replace(rest, inner=(key, *rest.inner))
                spots |= self._spots(source, content.base, below, depth)
        return spots

    def _spellings(
        self, value: Value, content: Content, wanted: _Wanted, depth: _Depth
    ) -> list[Any]:
        """What the gradient may call the next step of the path, as ``space.tree.lookup`` has it."""
        key = wanted.path[0]
        if not isinstance(key, str) or (*wanted.above, "d" + key) in self._known:
            return [key]
        alias = "d" + key
        if content.get(Key(alias, exact=True))[1]:
            return [alias]
        return [alias, key] if self._may_have(value, (), alias, depth) else [key]

    def _may_have(self, value: Value, inner: tuple[Any, ...], key: str, depth: _Depth) -> bool:
        """Whether a container may hold a key, after following ``inner``."""
        if value.content is not None:
            first, rest = (inner[0], inner[1:]) if inner else (key, ())
            found, sure = value.content.get(Key(first, exact=True))
            if not inner and found:
                return True
            if inner and any(self._may_have(one, rest, key, depth) for one in found):
                return True
            base = value.content.base
            return not sure and base is not None and self._may_have(base, inner, key, depth)
        if value.call is None:
            return not is_none(value)
        target = plain(value.call.function, value.call.receiver)
        below = depth.below(straight=False)
        walked = None if target is None or below is None else self._walked(target)
        if walked is None or below is None:
            return True
        inner = (*value.call.inner, *inner)
        return any(self._may_have(one.value, inner, key, below) for one in walked[1])

    def _inside(self, call: Call, wanted: _Wanted, depth: _Depth | None) -> _Spots:
        """Who wrote it in the function that was called."""
        target = plain(call.function, call.receiver)
        if target is None or depth is None:
            return _NOT_KNOWN
        return self.result(target, replace(wanted, inner=(*call.inner, *wanted.inner)), depth)

    def _walked(self, target: _Target) -> tuple[Source, list[Returned]] | None:
        """A function's source, and all that it may return."""
        key = (target[0], id(target[1]))
        if key not in self._walks:
            source = read(*target)
            self._walks[key] = None
            if source is not None:
                with contextlib.suppress(LostError, RecursionError):
                    self._walks[key] = source, Walk(source, self._study).run()
        return self._walks[key]

    def _study(self, function: FunctionType, receiver: Any) -> Effects | None:
        """The effects of a function that is called somewhere in those that were walked."""
        key = (function, id(receiver))
        if key in self._effects:
            return self._effects[key]
        if key in self._studying or len(self._studying) >= _STUDIED:
            return None
        source = read(function, receiver)
        self._studying.append(key)
        found = None if source is None else effects(source, self._study)
        self._studying.pop()
        # Deeper down less was looked at, and less may have been found.
        if found is not None or source is None or not self._studying:
            self._effects[key] = found
        return found


def _line(spot: _Spot) -> Line:
    """The line to show: a whole statement, or the lines of an element in one."""
    source, site = spot.source, spot.site
    first, last = site.start[0], site.end[0]
    lines = source.text.splitlines()[first - 1 : last]
    if any(place(node) == (site.start, site.end) for node in _statements(source)):
        # Columns are counted in bytes. Another statement or a comment may share the line.
        lines[-1] = lines[-1].encode()[: site.end[1]].decode()
        start = len(lines[0].encode()[: site.start[1]].decode())
        lines[0] = " " * start + lines[0][start:]
    return Line(
        file=source.file,
        number=first,
        end_number=last,
        text=textwrap.dedent("\n".join(lines)).strip(),
        function=source.function.__code__.co_name,
    )


def _statements(source: Source) -> Iterator[ast.stmt]:
    return (node for node in ast.walk(source.node) if isinstance(node, ast.stmt))
