"""The functions of a source text by their qualified names, each as a libcst tree with places."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

Span = tuple[int, int]
Function = cst.FunctionDef | cst.Lambda

LAMBDA = "<lambda>"

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True, slots=True)
class Text:
    """A source text, the offsets at which its lines begin, and its syntax tree."""

    source: str
    begins: tuple[int, ...]
    tree: ast.Module

    @staticmethod
    def of(source: str) -> Text:
        """The text with its lines counted as Python counts them."""
        lengths = [len(line.group()) for line in _LINE.finditer(source)]
        tree = ast.parse(source.removeprefix("\ufeff"))
        return Text(source, tuple(accumulate(lengths, initial=0)), tree)

    def line(self, offset: int) -> int:
        """The line, from 1, that a character is in."""
        return bisect_right(self.begins, offset)


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
    wanted = set(functions)
    segments = {
        (_first(node), node.end_lineno or node.lineno)
        for node in text.tree.body
        if any(name in wanted or _lambda(name) in wanted for name in _qualified([node], ""))
    }
    found = [one for segment in _joined(sorted(segments)) for one in _parsed(text, segment)]
    return [
        one for one in found if one.name in wanted or _rejected(text, one, wanted, lines, found)
    ]


def _rejected(
    text: Text, one: Found, wanted: set[str], lines: Sequence[int], found: Sequence[Found]
) -> bool:
    """Whether a function is a lambda that is asked for without its name."""
    if not isinstance(one.node, cst.Lambda) or _lambda(one.name) not in wanted:
        return False
    hit = [_on(text, other, lines) for other in found if isinstance(other.node, cst.Lambda)]
    return _on(text, one, lines) or not any(hit)


def _on(text: Text, one: Found, lines: Sequence[int]) -> bool:
    begin, end = one.spans[one.node]
    return any(text.line(begin) <= line <= text.line(end) for line in lines)


def _lambda(name: str) -> str:
    """What Python calls a lambda that is assigned to a name."""
    return name.rpartition(".")[0] + "." + LAMBDA if "." in name else LAMBDA


def _first(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)])


def _joined(segments: Sequence[Span]) -> list[Span]:
    """Ranges of lines of which no two share a line."""
    joined = list[Span]()
    for begin, end in segments:
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


def _qualified(body: Sequence[ast.AST], prefix: str) -> Iterator[str]:
    """The qualified names of functions, and of names that a lambda is assigned to."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield prefix + node.name
            yield from _qualified(node.body, f"{prefix}{node.name}.<locals>.")
        elif isinstance(node, ast.ClassDef):
            yield from _qualified(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.Lambda):
            yield prefix + LAMBDA
        else:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
                yield from (prefix + one.id for one in node.targets if isinstance(one, ast.Name))
            yield from _qualified(list(ast.iter_child_nodes(node)), prefix)


def _parsed(text: Text, segment: Span) -> list[Found]:
    """The functions of some lines of the text that stand at its outermost level."""
    begin = text.begins[segment[0] - 1]
    end = text.begins[min(segment[1], len(text.begins) - 1)]
    piece = text.source[begin:end].removeprefix("\ufeff")
    begin = end - len(piece)
    wrapper = MetadataWrapper(cst.parse_module(piece), unsafe_skip_copy=True)
    offsets = _characters(piece)
    last = len(offsets) - 1  # libcst ends a last line that the text leaves open
    spans = {
        node: (
            begin + offsets[min(span.start, last)],
            begin + offsets[min(span.start + span.length, last)],
        )
        for node, span in wrapper.resolve(ByteSpanPositionProvider).items()
    }
    return [Found(name, node, spans) for name, node in _functions(wrapper.module, "")]


def _characters(piece: str) -> Sequence[int]:
    """The number of characters before each byte of the text."""
    if piece.isascii():
        return range(len(piece) + 1)
    lengths = [len(character.encode()) for character in piece]
    return [k for k, length in enumerate(lengths) for _ in range(length)] + [len(piece)]


def _functions(node: cst.CSTNode, prefix: str) -> Iterator[tuple[str, Function]]:
    """All functions below a node, by their qualified names."""
    for child in node.children:
        if isinstance(child, cst.FunctionDef):
            yield prefix + child.name.value, child
            yield from _functions(child.body, f"{prefix}{child.name.value}.<locals>.")
        elif isinstance(child, cst.ClassDef):
            yield from _functions(child.body, f"{prefix}{child.name.value}.")
        elif isinstance(child, cst.Lambda):
            yield prefix + LAMBDA, child
        elif isinstance(child, cst.Assign) and isinstance(child.value, cst.Lambda):
            names = [one.target.value for one in child.targets if isinstance(one.target, cst.Name)]
            yield prefix + (names[0] if names else LAMBDA), child.value
        elif not isinstance(child, cst.BaseParenthesizableWhitespace):
            yield from _functions(child, prefix)
