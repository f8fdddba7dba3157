"""What may be edited of a function: the nodes of its body, and the making of an edit of one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

import libcst as cst

from ..edit import Edit
from ..hints import Hints, Shape
from .scope import Scope, scope
from .shapes import called, inferred, method
from .source import Found, Span, Text, parts
from .text import close, fitted, normal, short, stands

Node = TypeVar("Node", bound=cst.CSTNode)
Expression = cst.BaseExpression

# Calls whose arguments are nobody's gradient, and statements that compute nothing.
_OUTSIDE = frozenset({"print", "open", "exec", "eval", "os", "sys", "subprocess", "socket"})
STILL = (cst.Raise, cst.Assert, cst.Import, cst.ImportFrom, cst.Global, cst.Nonlocal, cst.Pass)

_STATEMENTS = (cst.BaseSmallStatement, cst.BaseCompoundStatement)

_WORDS = re.compile(r"\w\w")
_TOKEN = re.compile(r"[\w.]+|[*/<>=!+\-@%&|^~]+|.", re.DOTALL)

# A statement that the diagnosis names is far likelier to hold the fault than its neighbours, but
# it may also lie in a statement that feeds it: not so much that all of its edits come first.
_BONUS = 1.0
# A lambda that only calls what is looked at too is hardly at fault.
_ADAPTER = 1.5
# What cost little already keeps so much of it: the order among them has to stay.
KEPT = 0.3
# Among edits of one sort the smaller change comes first; 100 characters are a unit.
_LENGTH = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A function's body: its text, the nodes that may be edited, and what its names hold.

    ``parents`` has what each node is a part of, within the body; ``adapter`` says that it is a
    lambda that calls another function which is looked at.
    """

    text: Text
    found: Found
    hints: Hints
    scope: Scope
    parents: Mapping[cst.CSTNode, cst.CSTNode]
    kinds: Mapping[type[cst.CSTNode], Sequence[cst.CSTNode]] = field(repr=False)
    adapter: bool = False

    def of(self, *kinds: type[Node]) -> Iterator[Node]:
        """The nodes of some kinds, kind by kind."""
        for kind in kinds:
            yield from self.kinds.get(kind, ())  # type: ignore[misc]

    def calls(self, *names: str) -> Iterator[cst.Call]:
        """The calls of functions and methods of some names."""
        return (call for call in self.of(cst.Call) if called(call) in names)

    def choices(self) -> Iterator[tuple[Expression, Expression, Expression]]:
        """What chooses, with the two that it chooses from."""
        for choice in self.of(cst.IfExp):
            yield choice, choice.body, choice.orelse
        for call in self.calls("where"):
            if method(call) and len(call.args) == 3:
                yield call, call.args[1].value, call.args[2].value

    def around(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes that a node is in, from the inside out; the last one is the function."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def inner(self, node: cst.CSTNode) -> Span:
        """Where a node stands, without parentheses around it."""
        return self.found.spans[node]

    def outer(self, node: cst.CSTNode) -> Span:
        """Where a node stands, with its parentheses."""
        if not getattr(node, "lpar", None):
            return self.inner(node)
        assert isinstance(node, Expression)
        return self.inner(node.lpar[0])[0], self.inner(node.rpar[-1])[1]

    def raw(self, node: cst.CSTNode) -> str:
        """The text of a node, without parentheses around it."""
        return self.text.source[slice(*self.inner(node))]

    def code(self, node: cst.CSTNode) -> str:
        """The text of a node, with its parentheses."""
        return self.text.source[slice(*self.outer(node))]

    def bare(self, node: cst.CSTNode) -> str:
        """The text of a node, without parentheses where it does without by itself."""
        inner = self.raw(node)
        return inner if _groups(node) and fitted(inner) == inner else self.code(node)

    def between(self, one: cst.CSTNode, other: cst.CSTNode) -> str:
        """The text between two nodes."""
        return self.text.source[self.outer(one)[1] : self.outer(other)[0]]

    def sign(self, operator: cst.CSTNode) -> str:
        """An operator as it is written, without the blanks around it."""
        return self.raw(operator).strip()

    def replace(self, node: cst.CSTNode, new: str, cost: float, what: str | None = None) -> Edit:
        """The edit that puts another expression in a node's place, in parentheses if it must."""
        span, inner = self.outer(node), self.inner(node)
        if span != inner and _groups(node):
            lines = "\n" in self.text.source[span[0] : inner[0]]  # perhaps with a comment
            if lines or not stands("{}.T", new):
                return self.write(inner, new, cost, what, node)
        return self.write(span, self._fitted(span, new, node), cost, what, node)

    def exchange(
        self,
        one: cst.CSTNode,
        other: cst.CSTNode,
        cost: float,
        node: cst.CSTNode,
        what: str | None = "exchange {} and {}",
    ) -> Edit:
        """The edit that exchanges two nodes; what stands between them is left alone."""
        first, second = self.code(one), self.code(other)
        new = second + self.between(one, other) + first
        span = (self.outer(one)[0], self.outer(other)[1])
        return self.write(span, new, cost, what and what.format(short(first), short(second)), node)

    def write(self, span: Span, new: str, cost: float, what: str | None, node: cst.CSTNode) -> Edit:
        """The edit that puts another text in a span; the node tells the statement."""
        source = self.text.source
        old, new = source[slice(*span)], _apart(source, span, new)
        if what is None:
            what = f"{short(old)} → {short(new)}"
        line = self.text.line(self.inner(self.statement(node))[0])
        begin, end, new = _trimmed(source, span, new)
        if what == f"{short(old)} → {short(old)}":  # the change is in the part that is left out
            what = f"{short(source[begin:end])} → {short(new)}"
        cost += _LENGTH * _size(source[begin:end], new)
        if self.adapter:
            cost += _ADAPTER
        elif self.rejected(node):
            cost = reduced(cost)
        return Edit(begin, end, new, "", line, what, round(cost, 4))

    def statement(self, node: cst.CSTNode) -> cst.CSTNode:
        """The smallest statement that a node is in."""
        around = (one for one in (node, *self.around(node)) if isinstance(one, _STATEMENTS))
        return next(around, self.found.node)

    def rejected(self, node: cst.CSTNode) -> bool:
        """Whether the diagnosis names the statement that a node is in, or the head of one."""
        statement = self.statement(node)
        begin, end = self.inner(statement)
        block = getattr(statement, "body", None)
        if isinstance(block, cst.BaseSuite):
            end = max(begin, self.inner(block)[0])
        return self.text.on((begin, end), self.hints.lines)

    def shape(self, node: cst.CSTNode) -> Shape | None:
        """The shape of what an expression held, where it is known or follows from its parts."""
        known = self.scope.shapes.get(normal(self.code(node)))
        return known if known is not None else inferred(node, self.shape)

    def is_scalar(self, node: cst.CSTNode) -> bool:
        """Whether an expression is a number: a name for one, a count."""
        code = normal(self.code(node))
        return self.scope.shapes.get(code) == () or code in map(normal, self.scope.counts)

    @property
    def module(self) -> str:
        """What the text calls the library of arrays."""
        return _module(self.text.source)

    @property
    def complex(self) -> bool:
        """Whether the code looks as if it had complex numbers."""
        words = ("conj", "1j", ".real", ".imag", "complex")
        return any(word in self.raw(self.found.node) for word in words)

    @property
    def sized(self) -> bool:
        """Whether the diagnosis asks for a factor that is the length of something."""
        lengths = {float(length) for shape in self.scope.shapes.values() for length in shape}
        return any(self.asked(ratio) for k in lengths - {0.0, 1.0, 2.0} for ratio in (k, 1 / k))

    def value(self, node: cst.CSTNode) -> float | None:
        """The number that an expression came to, where it is known."""
        return self.scope.value(self.bare(node))

    def asked(self, ratio: float | None) -> bool:
        """Whether the diagnosis asks for a gradient that is so many times as large."""
        return any(close(ratio, self.scope.value(hint)) for hint in self.hints.factors)

    def is_divisor(self, node: cst.CSTNode) -> bool | None:
        """Whether a factor divides its product; None where it is no factor of a product."""
        product = self.parents.get(node)
        if not isinstance(product, cst.BinaryOperation):
            return None
        if isinstance(product.operator, cst.Divide):
            return node is product.right
        return False if isinstance(product.operator, cst.Multiply) else None

    def _fitted(self, span: Span, new: str, node: cst.CSTNode) -> str:
        """An expression for a span that is a node's, in parentheses where it needs them there."""
        match parent := self.parents.get(node):
            case cst.BinaryOperation(left=left, operator=operator):
                sign = self.sign(operator)
                return fitted(new, "", f" {sign} _") if node is left else fitted(new, f"_ {sign} ")
            case cst.Arg() | cst.Element() | cst.DictElement() | cst.Index():
                return fitted(new)  # the comma and the bracket keep it together
        around = (one for one in self.around(node) if isinstance(one, Expression))
        holding = next(around, None)
        if holding is None or parent is None:
            return fitted(new)
        source, (begin, end) = self.text.source, self.inner(holding)
        return fitted(new, source[begin : span[0]], source[span[1] : end])


def body_of(text: Text, found: Found, hints: Hints, others: Sequence[Found]) -> Body:
    """The body of a function that was found; ``others`` are all that were."""
    parents = dict(_walk(found.node.body, found.node))
    kinds = defaultdict[type[cst.CSTNode], list[cst.CSTNode]](list)
    for node in parents:
        kinds[type(node)].append(node)
    known = scope(text, found, hints, others)
    deeper = {one.name.rpartition(".")[2] for one in others if one is not found}
    calls = (called(call) for call in kinds[cst.Call])
    adapter = isinstance(found.node, cst.Lambda) and not deeper.isdisjoint(calls)
    return Body(text, found, hints, known, parents, kinds, adapter)


def _walk(node: cst.CSTNode, parent: cst.CSTNode) -> Iterator[tuple[cst.CSTNode, cst.CSTNode]]:
    """The nodes that may be edited, each with its parent."""
    match node:
        case cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString()):
            return  # a docstring
    if not isinstance(node, STILL) and not _outside(node):
        yield node, parent
        for child in parts(node):
            yield from _walk(child, node)


def _outside(node: cst.CSTNode) -> bool:
    first: object = node.func if isinstance(node, cst.Call) else None
    while isinstance(first, cst.Attribute):
        first = first.value
    return isinstance(first, cst.Name) and first.value in _OUTSIDE


def _groups(node: cst.CSTNode) -> bool:
    """Whether a node's parentheses only group."""
    return not isinstance(node, (cst.Tuple, cst.GeneratorExp))


@lru_cache(maxsize=4)
def _module(source: str) -> str:
    if re.search(r"^import torch\b", source, re.MULTILINE):
        return "torch"
    found = re.search(r"^import (?:numpy|jax\.numpy) as (\w+)", source, re.MULTILINE)
    return found.group(1) if found else "np"


def reduced(cost: float) -> float:
    """What is left of a cost in a statement that the diagnosis names."""
    return max(cost - _BONUS, KEPT * cost)


def _apart(source: str, span: Span, new: str) -> str:
    """The text with a blank where it would join a word beside it."""
    before, after = source[max(span[0] - 1, 0) : span[0]], source[span[1] : span[1] + 1]
    if new and _WORDS.match(before + new[0]):
        new = " " + new
    return new + " " if new and _WORDS.match(new[-1] + after) else new


def _size(old: str, new: str) -> int:
    """How much a change puts in or takes out, or both where the one is not in the other."""
    kept = old in new or new in old
    return abs(len(new) - len(old)) + (0 if kept else min(len(old), len(new)))


def _trimmed(source: str, span: Span, new: str) -> tuple[int, int, str]:
    """The same change without the tokens that stay as they are at its ends."""
    (begin, end), before, after = span, _TOKEN.findall(source[slice(*span)]), _TOKEN.findall(new)
    while before and after and before[0] == after[0]:
        begin += len(before.pop(0))
        after.pop(0)
    while before and after and before[-1] == after[-1]:
        end -= len(before.pop())
        after.pop()
    return begin, end, "".join(after)
