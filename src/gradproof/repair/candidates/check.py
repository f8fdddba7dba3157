"""Whether a text still parses after an edit."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from ..edit import Edit
from .body import Body
from .source import Span


@dataclass(frozen=True, slots=True)
class Parser:
    """Tells whether the text still is Python after an edit of a function.

    ``simple`` are the spans of its simple statements: an edit in one is judged by it alone.
    """

    body: Body
    simple: Sequence[Span]

    @staticmethod
    def of(body: Body) -> Parser:
        """The parser for the edits of one function."""
        kinds = (kind for kind in body.kinds if issubclass(kind, cst.BaseSmallStatement))
        return Parser(body, sorted({body.inner(node) for node in body.of(*kinds)}))

    def parses(self, edit: Edit) -> bool:
        """Whether the text still is Python after an edit."""
        try:
            ast.parse(self._around(edit))
        except (SyntaxError, ValueError):
            return False
        return True

    def _around(self, edit: Edit) -> str:
        """The smallest part of the text by which an edit can be judged, changed."""
        k = bisect_right(self.simple, edit.begin, key=lambda span: span[0]) - 1
        if k >= 0 and edit.end <= self.simple[k][1] and edit.new:
            return self._changed(edit, *self.simple[k])
        begin, end = self.body.inner(self.body.found.node)
        begin = min(begin, edit.begin)
        changed = self._changed(edit, begin, max(end, edit.end))
        if isinstance(self.body.found.node, cst.Lambda):
            return f"({changed}\n)"
        text = self.body.text
        blank = text.source[text.start(begin) : begin].removeprefix("\ufeff")
        return f"if True:\n{blank}{changed}" if blank else changed

    def _changed(self, edit: Edit, begin: int, end: int) -> str:
        source = self.body.text.source
        return source[begin : edit.begin] + edit.new + source[edit.end : end]
