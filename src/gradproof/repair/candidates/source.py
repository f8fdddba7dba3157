"""The functions of a source text by their qualified names, each as a libcst tree with places."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from itertools import accumulate

import libcst as cst
from libcst.metadata import CodePosition, MetadataWrapper, PositionProvider

from ..patch import statements

Span = tuple[int, int]
Function = cst.FunctionDef | cst.Lambda

_LAMBDA = "<lambda>"
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")

# Blanks, punctuation, and what is never edited: signatures, decorators, annotations, names after
# a dot or before an equals sign.
_SKIPPED = (
    "whitespace", "lpar", "rpar", "lbra", "rbra", "comma", "leading", "trailing", "header",
    "footer", "indent", "lines_after", "semicolon", "annotation", "returns", "asynchronous",
    "params", "decorators", "colon", "equal", "attr", "keyword", "name", "type",
)  # fmt: skip


def line_starts(text: str) -> tuple[int, ...]:
    """Where the lines of a text begin, and where the last one ends."""
    return tuple(accumulate((len(line.group()) for line in _LINE.finditer(text)), initial=0))


@dataclass(frozen=True, slots=True)
class Text:
    """A source text, the offsets at which its lines begin, and its syntax tree."""

    source: str
    begins: tuple[int, ...]
    tree: ast.Module

    @staticmethod
    def of(source: str) -> Text:
        """The text with its lines counted as Python counts them."""
        return Text(source, line_starts(source), ast.parse(source.removeprefix("\ufeff")))

    def line(self, offset: int) -> int:
        """The line, from 1, that a character is in."""
        return bisect_right(self.begins, offset)

    def on(self, span: Span, lines: Sequence[int]) -> bool:
        """Whether a span of characters is on one of some lines."""
        begin, end = span
        return any(self.line(begin) <= one <= self.line(max(begin, end - 1)) for one in lines)

    def start(self, offset: int) -> int:
        """Where the line begins that a character is in."""
        return self.begins[self.line(offset) - 1]


@dataclass(frozen=True, slots=True)
class Found:
    """A function: its qualified name, its tree, and where its nodes stand in the whole text."""

    name: str
    node: Function
    spans: Mapping[cst.CSTNode, Span]


def find(text: Text, functions: Sequence[str], lines: Sequence[int]) -> list[Found]:
    """The functions of these names, in the order of the text.

    A lambda is found by the name that it is assigned to, or as ``"<lambda>"``: all of these,
    or those on ``lines`` where there are some.
    """
    words = "|".join(re.escape(name.rpartition(".")[2]) for name in functions)
    mentioned = re.compile(rf"\b(def\s+({words})|lambda)\b")
    found = [
        one
        for begin, piece in _pieces(text)
        if mentioned.search(piece)  # the others need not be parsed
        for one in _parsed(begin, piece)
    ]
    lambdas = [one for one in found if isinstance(one.node, cst.Lambda)]
    # Python itself does not call them by the names that they are assigned to.
    lambdas = [one for one in lambdas if re.sub(r"[^.]+$", _LAMBDA, one.name) in functions]
    rejected = [one for one in lambdas if text.on(one.spans[one.node], lines)]
    return [one for one in found if one.name in functions or one in (rejected or lambdas)]


def _pieces(text: Text) -> Iterator[tuple[int, str]]:
    """The top-level statements, each with where it begins."""
    for first, last in statements(text.source.removeprefix("\ufeff")):
        end = text.begins[min(last, len(text.begins) - 1)]
        piece = text.source[text.begins[first - 1] : end].removeprefix("\ufeff")
        yield end - len(piece), piece


def _parsed(begin: int, piece: str) -> Iterator[Found]:
    """The functions of a part of the text that stands at its outermost level."""
    wrapper = MetadataWrapper(cst.parse_module(piece), unsafe_skip_copy=True)
    lines = line_starts(piece)

    def offset(at: CodePosition) -> int:
        # libcst ends a last line that the text leaves open.
        return begin + min(lines[at.line - 1] + at.column, len(piece))

    where = wrapper.resolve(PositionProvider)
    spans = {node: (offset(one.start), offset(one.end)) for node, one in where.items()}
    yield from (Found(name, node, spans) for name, node in _functions(wrapper.module, ""))


def _functions(node: cst.CSTNode, prefix: str) -> Iterator[tuple[str, Function]]:
    """All functions below a node, by their qualified names."""
    for child in node.children:
        if isinstance(child, cst.FunctionDef):
            yield prefix + child.name.value, child
            yield from _functions(child.body, f"{prefix}{child.name.value}.<locals>.")
        elif isinstance(child, cst.ClassDef):
            yield from _functions(child.body, f"{prefix}{child.name.value}.")
        elif isinstance(child, cst.Lambda):
            yield prefix + _LAMBDA, child
        elif isinstance(child, cst.Assign) and isinstance(child.value, cst.Lambda):
            names = [one.target.value for one in child.targets if isinstance(one.target, cst.Name)]
            yield prefix + (names[0] if names else _LAMBDA), child.value
        elif not isinstance(child, cst.BaseParenthesizableWhitespace):
            yield from _functions(child, prefix)


def nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """A node and all that are below it."""
    yield node
    for child in parts(node):
        yield from nodes(child)


def parts(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """What a node consists of, in the order of the text, without blanks and punctuation."""
    for name in _fields(type(node)):
        value = getattr(node, name)
        for one in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(one, cst.CSTNode):
                yield one


@cache
def _fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    if kind is cst.ClassDef:
        return ("body",)
    if kind is cst.IfExp:  # its condition stands behind what it chooses
        return ("body", "test", "orelse")
    if kind in (cst.ListComp, cst.SetComp, cst.GeneratorExp):
        return ("elt", "for_in")
    return tuple(one.name for one in fields(kind) if not one.name.startswith(_SKIPPED))
