"""The parts of a libcst node that may matter to an edit, and all nodes below one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import cache

import libcst as cst

# Blanks, punctuation, and what is never edited: signatures, decorators, annotations, names after
# a dot or before an equals sign.
_SKIPPED = (
    "whitespace", "lpar", "rpar", "lbra", "rbra", "comma", "leading", "trailing", "header",
    "footer", "indent", "lines_after", "semicolon", "annotation", "returns", "asynchronous",
    "params", "decorators", "colon", "equal", "attr", "keyword", "name", "type",
)  # fmt: skip


def nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """A node and all that are below it."""
    yield node
    for child in parts(node):
        yield from nodes(child)


def parts(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """What a node consists of, in the order of the text, without blanks and punctuation."""
    for name in _fields(type(node)):
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from (one for one in value if isinstance(one, cst.CSTNode))


@cache
def _fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    if kind is cst.ClassDef:
        return ("body",)
    names = [one.name for one in fields(kind) if not one.name.startswith(_SKIPPED)]
    if kind is cst.IfExp:  # its condition stands behind what it chooses
        names = ["body", "test", "orelse"]
    if kind in (cst.ListComp, cst.SetComp, cst.GeneratorExp):
        names = ["elt", "for_in"]
    return tuple(names)
