"""The line of the user's code that last assigned a block's gradient.

Found by reading the source, never by running it. ``source_text`` gets the source of a function
and makes sure that it is the one that was compiled, ``source_walk`` goes through it and keeps
who wrote what; here the result is looked up along the block's path, also in what other
functions returned. Right or nothing: where two statements may have been the last, or anything
is in doubt, there is no line.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Container
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from .source_library import plain
from .source_memory import Lost
from .source_text import MISSING, Source, read
from .source_values import UNSURE, Call, Content, Key, Site, Value
from .source_walk import Effects, Returned, Walk, effects

_HELPERS = 1  # how many functions down an assignment is looked for
_CHAIN = 6  # the same, counting those that only do `return helper(...)`
_STUDIED = 3  # how many functions down it is looked what a call does to its arguments


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
    return search.one(search.result(target, (1,) if with_value else (), path))


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place in a file that may have written the block last."""

    source: Source
    site: Site


_Spots = frozenset[_Spot | None]  # None stands for a writer that is not known
_NOT_KNOWN: _Spots = frozenset({None})
_NOWHERE: _Spots = frozenset()


class _Search:
    """One search: the functions that were read, and how to look up a path in what they return."""

    def __init__(self, known: Container[tuple[Any, ...]], zero: bool) -> None:
        self._known = known
        self._zero = zero
        self._sources: dict[int, tuple[FunctionType, Source | None]] = {}
        self._effects: dict[FunctionType, Effects | None] = {}
        self._studying: list[FunctionType] = []
        self._chain: list[tuple[Source, int]] = []

    def one(self, spots: _Spots) -> Line | None:
        """The line, if only one is left."""
        full = {s for s in spots if s is None or not s.site.blank}
        left = spots if self._zero or not full else full
        if len(left) != 1:
            return None
        (spot,) = left
        return None if spot is None else _line(spot)

    def result(
        self, target: tuple[FunctionType, Any], inner: tuple[Any, ...], path: tuple[Any, ...]
    ) -> _Spots:
        """Who may have written the block last, of what a function returns."""
        source = self._read(*target)
        returned = self._returned(source)
        if source is None or returned is None:
            return _NOT_KNOWN
        wrapped = getattr(target[0], "__wrapped__", None)
        spots: _Spots = _NOWHERE
        for one in returned:
            spots |= self._in_returned(source, one, inner, path, wrapped)
        return spots or _NOT_KNOWN
