"""Patterns of the table matched with code: what their letters stand for."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from .body import Body, Expression
from .scope import is_holder
from .shapes import is_array_module
from .sites import is_product
from .source import parts
from .text import normal

LITERALS = (cst.Integer, cst.Float)

_INDICES = (cst.Index, cst.Slice)
_STRINGS = (cst.SimpleString, cst.FormattedString)
_COUNTING = frozenset({"len", "range", "enumerate", "zip", "reversed", "sorted", "list", "tuple"})

_REDUCTIONS = frozenset({
    "sum", "mean", "max", "min", "prod", "var", "std", "any", "all", "norm", "nansum", "nanmean",
    "amax", "amin", "argmax", "argmin", "cumsum", "cumprod", "average", "median", "logsumexp",
    "softmax", "sort", "argsort",
})  # fmt: skip

Bound = dict[str, cst.CSTNode]


def matches(body: Body, pattern: cst.CSTNode, node: cst.CSTNode, bound: Bound) -> bool:
    """Whether a pattern is that of a node; the letters are bound to what they stand for."""
    match pattern:
        case cst.Name(value="np"):
            bound["np"] = node
            return is_array_module(node)
        case cst.Name(value=letter) if len(letter) == 1:
            return _is(body, letter, node) and _binds(body, letter, node, bound)
        case cst.Name(value=text) | cst.Integer(value=text) | cst.Float(value=text):
            return type(node) is type(pattern) and getattr(node, "value", "") == text
    if type(node) is not type(pattern) or not _is_met(pattern, node):
        return False
    mine, others = list(parts(pattern)), list(parts(node))
    if isinstance(pattern, cst.Call) and _open(pattern):
        mine, others = mine[:-1], others[: len(mine) - 1]
    pairs = zip(mine, others, strict=False)
    return len(mine) == len(others) and all([matches(body, *pair, bound) for pair in pairs])


def _is_met(pattern: cst.CSTNode, node: cst.CSTNode) -> bool:
    meant, reported = _reported(pattern), _reported(node)
    return reported == meant or (meant == "f" and reported in _REDUCTIONS)


def _reported(node: cst.CSTNode) -> object:
    """What tells nodes of one type apart, beside what they consist of."""
    match node:
        case cst.Attribute(attr=cst.Name(value=name)):
            return name
        case cst.Arg():
            return node.keyword.value if node.keyword else None, node.star
    return None


def _open(call: cst.Call) -> bool:
    return bool(call.args) and isinstance(call.args[-1].value, cst.Ellipsis)


def rest_of(body: Body, pattern: cst.CSTNode, call: cst.Call) -> str:
    """The arguments that the dots of a pattern stand for."""
    if not (isinstance(pattern, cst.Call) and _open(pattern)):
        return ""
    rest = call.args[len(pattern.args) - 1 :]
    if not rest:
        return ""
    begin, end = body.inner(rest[0])[0], body.outer(rest[-1].value)[1]
    return body.text.source[begin:end]


def _binds(body: Body, letter: str, node: cst.CSTNode, bound: Bound) -> bool:
    same = bound.setdefault(letter, node)
    return same is node or normal(body.code(same)) == normal(body.code(node))


def _is(body: Body, letter: str, node: cst.CSTNode) -> bool:
    """Whether a node is what a letter may stand for."""
    known = _MEANT.get(letter)
    library = is_array_module(node) and body.shape(node) is None
    return isinstance(node, Expression) and not library and (known is None or known(body, node))


def _square(body: Body, node: cst.CSTNode) -> bool:
    shape = body.shape(node)
    return shape is not None and len(shape) == 2 and shape[0] == shape[1]


_MEANT: dict[str, Callable[[Body, cst.CSTNode], bool]] = {
    "N": lambda body, node: isinstance(node, LITERALS) and not _is_index(body, node),
    "D": lambda body, node: isinstance(node, cst.Float) and not _is_index(body, node),
    "k": lambda body, node: body.is_scalar(node),
    "v": lambda _, node: isinstance(node, cst.Name) or is_holder(node),
    "s": lambda _, node: isinstance(node, (cst.Name, cst.Subscript)),
    "q": lambda _, node: not is_product(node),
    "n": lambda _, node: not isinstance(node, LITERALS),
    "w": _square,
    "z": lambda body, node: body.shape(node) is None or _square(body, node),
    "g": lambda _, node: isinstance(node, cst.Name) and node.value not in _COUNTING,
    "j": lambda _, node: not isinstance(node, (*LITERALS, *_STRINGS)),
}


def _is_index(body: Body, node: cst.CSTNode) -> bool:
    """Whether a number counts entries or axes; other generators have these."""
    parent = body.parents.get(node)
    if isinstance(parent, cst.Arg):
        return parent.keyword is not None and parent.keyword.value in {"axis", "axes", "ddof"}
    return isinstance(parent, _INDICES)
