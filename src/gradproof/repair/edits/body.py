"""What may be edited of a function: the nodes of its body, and the making of an edit of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import libcst as cst

from ..edit import Edit, Kind
from ..hints import Hints, Shape
from .costs import BONUS, KEPT, LENGTH
from .find import Found, Span, Text
from .scope import Scope, scope
from .text import Level, level, operand, short
from .tree import parts
from .value import close

Node = TypeVar("Node", bound=cst.CSTNode)

# Calls whose arguments are nobody's gradient, and statements that compute nothing.
_OUTSIDE = frozenset({"print", "open", "exec", "eval", "os", "sys", "subprocess", "socket"})
_STILL = (cst.Raise, cst.Assert, cst.Import, cst.ImportFrom, cst.Global, cst.Nonlocal, cst.Pass)

BINARY: dict[type[cst.BaseBinaryOp], Level] = {
    cst.Add: Level.SUM,
    cst.Subtract: Level.SUM,
    cst.Power: Level.POWER,
    cst.BitOr: Level.BIT_OR,
    cst.BitXor: Level.BIT_XOR,
    cst.BitAnd: Level.BIT_AND,
    cst.LeftShift: Level.SHIFT,
    cst.RightShift: Level.SHIFT,
}


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A function's body: its text, the nodes that may be edited, and what its names hold.

    ``statements`` tells the smallest statement that a node is in.
    """

    text: Text
    found: Found
    hints: Hints
    scope: Scope
    parents: Mapping[cst.CSTNode, cst.CSTNode]
    statements: Mapping[cst.CSTNode, cst.CSTNode]
    kinds: Mapping[type[cst.CSTNode], Sequence[cst.CSTNode]] = field(repr=False)

    def of(self, kind: type[Node]) -> Iterator[Node]:
        """The nodes of a kind."""
        yield from self.kinds.get(kind, ())  # type: ignore[misc]

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node that a node is a part of, within the body."""
        return self.parents.get(node)

    def inner(self, node: cst.CSTNode) -> Span:
        """Where a node stands, without parentheses around it."""
        return self.found.spans[node]

    def outer(self, node: cst.CSTNode) -> Span:
        """Where a node stands, with its parentheses."""
        if not getattr(node, "lpar", None):
            return self.inner(node)
        assert isinstance(node, cst.BaseExpression)
        return self.inner(node.lpar[0])[0], self.inner(node.rpar[-1])[1]

    def code(self, node: cst.CSTNode) -> str:
        """The text of a node, with its parentheses."""
        begin, end = self.outer(node)
        return self.text.source[begin:end]

    def bare(self, node: cst.CSTNode) -> str:
        """The text of a node, without parentheses where it does without by itself."""
        begin, end = self.inner(node)
        inner = self.text.source[begin:end]
        loses = isinstance(node, (cst.Tuple, cst.GeneratorExp)) or level(inner) == Level.BROKEN
        return self.code(node) if loses else inner

    def between(self, one: cst.CSTNode, other: cst.CSTNode) -> str:
        """The text between two nodes."""
        return self.text.source[self.outer(one)[1] : self.outer(other)[0]]

    def replace(
        self, node: cst.CSTNode, new: str, kind: Kind, cost: float, what: str | None = None
    ) -> Edit:
        """The edit that puts another expression in a node's place, in parentheses if it must."""
        span, place = self.outer(node), self.place(node)
        inner = self.inner(node)
        if span != inner and self._wrapped(node):
            lines = "\n" in self.text.source[span[0] : inner[0]]  # perhaps with a comment
            if lines or level(new) < Level.PRIMARY:
                span, place = inner, Level.BROKEN
        return self.write(span, operand(new, place), kind, cost, what, node)

    def write(
        self,
        span: Span,
        new: str,
        kind: Kind,
        cost: float,
        what: str | None,
        node: cst.CSTNode,
    ) -> Edit:
        """The edit that puts another text in a span; the node tells the statement."""
        source = self.text.source
        old, new = source[span[0] : span[1]], self._apart(span, new)
        if what is None:
            what = f"{short(old)} → {short(new)}"
        line = self.text.line(self.inner(self.statement(node))[0])
        begin, end, new = _trimmed(source, span, new)
        cost += LENGTH * _size(source[begin:end], new)
        if self.rejected(node):
            cost = max(cost - BONUS, KEPT * cost)
        return Edit(begin, end, new, kind, line, what, round(cost, 4))

    def statement(self, node: cst.CSTNode) -> cst.CSTNode:
        """The smallest statement that a node is in."""
        return self.statements.get(node, self.found.node)

    def rejected(self, node: cst.CSTNode) -> bool:
        """Whether the diagnosis names the statement that a node is in."""
        begin, end = self._head(self.statement(node))
        lines = range(self.text.line(begin), self.text.line(max(begin, end - 1)) + 1)
        return any(line in lines for line in self.hints.lines)

    def shape(self, node: cst.CSTNode) -> Shape | None:
        """The shape of what an expression held, where it is a name or the like."""
        return self.scope.shape(self.code(node))

    def value(self, node: cst.CSTNode) -> float | None:
        """The number that an expression came to, where it is known."""
        return self.scope.value(self.bare(node))

    def asked(self, ratio: float | None) -> bool:
        """Whether the diagnosis asks for a gradient that is so many times as large."""
        return any(close(ratio, self.scope.value(hint)) for hint in self.hints.factors)

    def place(self, node: cst.CSTNode) -> Level | int:
        """How tightly an expression has to bind in a node's place."""
        parent = self.parent(node)
        if isinstance(parent, (cst.SubscriptElement, cst.Arg, *_ELEMENTS)):
            return Level.BIT_OR if _starred(parent) else Level.TEST
        return _place(parent, node)

    def _wrapped(self, node: cst.CSTNode) -> bool:
        """Whether a node's parentheses only group."""
        return not isinstance(node, (cst.Tuple, cst.GeneratorExp))

    def _apart(self, span: Span, new: str) -> str:
        """The text with a blank where it would join a word beside it."""
        source = self.text.source
        if new and span[0] and _word(source[span[0] - 1]) and _word(new[0]):
            new = " " + new
        if new and span[1] < len(source) and _word(source[span[1]]) and _word(new[-1]):
            new += " "
        return new

    def _head(self, statement: cst.CSTNode) -> Span:
        """Where a statement stands, without the statements inside of it."""
        begin, end = self.inner(statement)
        body = getattr(statement, "body", None)
        if isinstance(body, (cst.IndentedBlock, cst.SimpleStatementSuite)):
            end = max(begin, self.inner(body)[0])
        return begin, end


def body(text: Text, found: Found, hints: Hints, others: Sequence[Found]) -> Body:
    """The body of a function that was found; ``others`` are all that were."""
    parents = dict[cst.CSTNode, cst.CSTNode]()
    statements = dict[cst.CSTNode, cst.CSTNode]()
    kinds = defaultdict[type[cst.CSTNode], list[cst.CSTNode]](list)
    for node, parent, statement in _walk(found.node.body, found.node, found.node):
        parents[node], statements[node] = parent, statement
        kinds[type(node)].append(node)
    return Body(text, found, hints, scope(text, found, hints, others), parents, statements, kinds)


def _walk(
    node: cst.CSTNode, parent: cst.CSTNode, statement: cst.CSTNode
) -> Iterator[tuple[cst.CSTNode, cst.CSTNode, cst.CSTNode]]:
    """The nodes that may be edited, each with its parent and its statement."""
    if isinstance(node, _STILL) or _outside(node) or _docstring(node):
        return
    if isinstance(node, (cst.BaseSmallStatement, cst.BaseCompoundStatement)):
        statement = node
    yield node, parent, statement
    for child in parts(node):
        yield from _walk(child, node, statement)


def _outside(node: cst.CSTNode) -> bool:
    """Whether a call is of what talks to the outside."""
    if not isinstance(node, cst.Call):
        return False
    called: cst.BaseExpression = node.func
    while isinstance(called, cst.Attribute):
        called = called.value
    return isinstance(called, cst.Name) and called.value in _OUTSIDE


def _docstring(node: cst.CSTNode) -> bool:
    strings = (cst.SimpleString, cst.ConcatenatedString)
    return isinstance(node, cst.Expr) and isinstance(node.value, strings)


_ELEMENTS = (cst.Element, cst.StarredElement, cst.DictElement, cst.StarredDictElement)


def _starred(parent: cst.CSTNode) -> bool:
    starred = isinstance(parent, (cst.StarredElement, cst.StarredDictElement))
    return starred or (isinstance(parent, cst.Arg) and bool(parent.star))


def _place(parent: cst.CSTNode | None, node: cst.CSTNode) -> Level | int:
    match parent:
        case cst.BinaryOperation(left=left, operator=operator):
            return _side(BINARY.get(type(operator), Level.PRODUCT), node is left)
        case cst.BooleanOperation(operator=operator):
            return Level.AND if isinstance(operator, cst.Or) else Level.NOT
        case cst.UnaryOperation(operator=operator):
            return Level.NOT if isinstance(operator, cst.Not) else Level.UNARY
        case cst.Comparison() | cst.ComparisonTarget():
            return Level.BIT_OR
        case cst.IfExp(orelse=orelse):
            return Level.TEST if node is orelse else Level.OR
        case cst.CompFor() | cst.CompIf():
            return Level.OR
        case cst.Assign() | cst.Return() | cst.Expr():
            return Level.TUPLE
        case _ if isinstance(parent, _LOOSE):
            return Level.TEST
        case _:
            return Level.PRIMARY


_LOOSE = (
    cst.AugAssign, cst.AnnAssign, cst.Index, cst.Slice, cst.Lambda, cst.If, cst.While, cst.For,
    cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp, cst.FormattedStringExpression,
)  # fmt: skip


def _side(one: Level, first: bool) -> Level | int:
    if one == Level.POWER:
        return Level.NUMBER if first else Level.UNARY
    return one if first else one + 1


def _size(old: str, new: str) -> int:
    """How much a change puts in or takes out, or both where the one is not in the other."""
    kept = old in new or new in old
    return abs(len(new) - len(old)) + (0 if kept else min(len(old), len(new)))


def _word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _sort(character: str) -> int:
    """Characters of one sort make one token together."""
    if _word(character) or character == ".":
        return 1
    return 2 if character in "*/<>=!+-@%&|^~" else 0


def _splits(text: str, k: int) -> bool:
    """Whether a place in a text is in the middle of a token."""
    inside = 0 < k < len(text)
    return inside and _sort(text[k - 1]) == _sort(text[k]) != 0


def _trimmed(source: str, span: Span, new: str) -> tuple[int, int, str]:
    """The same change without the tokens that stay as they are at its ends."""
    old = source[span[0] : span[1]]
    most = min(len(old), len(new))
    head = next((k for k in range(most) if old[k] != new[k]), most)
    while head and (_splits(old, head) or _splits(new, head)):
        head -= 1
    most -= head
    tail = next((k for k in range(most) if old[-1 - k] != new[-1 - k]), most)
    while tail and (_splits(old, len(old) - tail) or _splits(new, len(new) - tail)):
        tail -= 1
    return span[0] + head, span[1] - tail, new[head : len(new) - tail]
