"""Whether a text still parses after an edit, and which text it leaves."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from ..edit import Edit
from .body import Body
from .find import Span, Text

Change = tuple[int, int, str]


def result(source: str, edit: Edit) -> Change:
    """The change that an edit makes, the same for all edits that leave the same text."""
    begin, end, new = edit.begin, edit.end, edit.new
    while begin < end and new and source[begin] == new[0]:
        begin, new = begin + 1, new[1:]
    while begin < end and new and source[end - 1] == new[-1]:
        end, new = end - 1, new[:-1]
    if begin == end:  # an insertion: as far to the right as it goes
        while new and end < len(source) and source[end] == new[0]:
            begin, end, new = begin + 1, end + 1, new[1:] + new[0]
    elif not new:  # a deletion, too
        while end < len(source) and source[begin] == source[end]:
            begin, end = begin + 1, end + 1
    return begin, end, new


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of the text by which an edit in it can be judged, with what it takes to parse."""

    begin: int
    end: int
    tail: str = ""

    def changed(self, source: str, edit: Edit) -> str:
        text = source[self.begin : edit.begin] + edit.new + source[edit.end : self.end]
        return (text.removeprefix("el") if self.tail else text) + self.tail


@dataclass(frozen=True, slots=True)
class Check:
    """The judge of a function's edits: its simple statements, the heads of others, itself."""

    text: Text
    begins: Sequence[int]
    pieces: Sequence[_Piece]
    function: Span
    is_lambda: bool

    def parses(self, edit: Edit) -> bool:
        """Whether the text still is Python after an edit of the function."""
        try:
            ast.parse(self._around(edit))
        except (SyntaxError, ValueError):
            return False
        return True

    def _around(self, edit: Edit) -> str:
        """The smallest part of the text by which an edit can be judged, changed."""
        k = bisect_right(self.begins, edit.begin) - 1
        piece = self.pieces[k] if k >= 0 else None
        if piece is not None and edit.end <= piece.end and edit.new:
            return piece.changed(self.text.source, edit)
        whole = _Piece(min(self.function[0], edit.begin), max(self.function[1], edit.end))
        changed = whole.changed(self.text.source, edit)
        if self.is_lambda:
            return f"({changed}\n)"
        first = self.text.begins[self.text.line(whole.begin) - 1]
        blank = self.text.source[first : whole.begin].removeprefix("\ufeff")
        return f"if True:\n{blank}{changed}" if blank else changed


def check(body: Body) -> Check:
    """The check of the edits of one function."""
    pieces = sorted(set(_pieces(body)), key=lambda piece: piece.begin)
    return Check(
        body.text,
        [piece.begin for piece in pieces],
        pieces,
        body.inner(body.found.node),
        isinstance(body.found.node, cst.Lambda),
    )


def _pieces(body: Body) -> Iterator[_Piece]:
    for kind, found in body.kinds.items():
        if issubclass(kind, cst.BaseSmallStatement):
            yield from (_Piece(*body.inner(node)) for node in found)
    tests: list[cst.If | cst.While] = [*body.of(cst.If), *body.of(cst.While)]
    for test in tests:
        yield _Piece(body.inner(test)[0], body.outer(test.test)[1], ": pass")
    for loop in body.of(cst.For):
        yield _Piece(body.inner(loop)[0], body.outer(loop.iter)[1], ": pass")
