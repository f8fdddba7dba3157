"""Where a gradient is computed: what is assigned, returned or added up, and its addends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import libcst as cst

from ..hints import RETURN, Shape
from .body import Body
from .scope import is_holder
from .text import normal

# What makes no gradient, or an empty one.
_EMPTY = (
    cst.SimpleString, cst.ConcatenatedString, cst.FormattedString, cst.Dict, cst.List, cst.Set,
    cst.Lambda, cst.ListComp, cst.DictComp, cst.GeneratorExp, cst.Integer, cst.Float,
    cst.Comparison, cst.BooleanOperation,
)  # fmt: skip
_PLAIN = frozenset({"True", "False", "None"})
_MAKERS = frozenset({"zeros", "zeros_like", "empty", "empty_like", "len", "range", "enumerate"})


@dataclass(frozen=True, slots=True)
class Site:
    """An expression that is a gradient or a part of one.

    ``shape`` is that of its value, where it is known; ``whole`` tells it from an addend.
    """

    node: cst.BaseExpression
    shape: Shape | None
    whole: bool


@lru_cache(maxsize=1)
def sites(body: Body) -> tuple[Site, ...]:
    """All sites of a function, each once: the whole expressions, then their addends."""
    found = dict[int, Site]()
    for node, shape in _wholes(body):
        if node in body.parents and _computes(node):
            found.setdefault(id(node), Site(node, shape, whole=True))
    for site in list(found.values()):
        for addend in addends(site.node):
            if _computes(addend):
                found.setdefault(id(addend), Site(addend, site.shape, whole=False))
    for node in _inner_sums(body):
        if _computes(node):
            found.setdefault(id(node), Site(node, None, whole=False))
    return tuple(found.values())


def addends(node: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    """The addends of a sum; nothing where it is none."""
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, (cst.Add, cst.Subtract)):
        for one in (node.left, node.right):
            below = list(addends(one))
            yield from below or [one]


def _inner_sums(body: Body) -> Iterator[cst.BaseExpression]:
    for node in body.of(cst.BinaryOperation):
        if not isinstance(body.parent(node), cst.BinaryOperation) or body.code(node)[0] == "(":
            yield from addends(node)


def _wholes(body: Body) -> Iterator[tuple[cst.BaseExpression, Shape | None]]:
    yield from _assigned(body)
    for back in body.of(cst.Return):
        if back.value is not None:
            yield from _returned(body, back.value)
    if isinstance(body.found.node, cst.Lambda):
        yield from _returned(body, body.found.node.body)
    yield from _handed_on(body)
    for pair in body.of(cst.DictElement):
        yield pair.value, _of_key(body, _string(pair.key))


def _assigned(body: Body) -> Iterator[tuple[cst.BaseExpression, Shape | None]]:
    for node in body.of(cst.Assign):
        yield from _values(body, node.targets[-1].target, node.value)
    for more in body.of(cst.AugAssign):
        yield from _values(body, more.target, more.value)
    for noted in body.of(cst.AnnAssign):
        if noted.value is not None:
            yield from _values(body, noted.target, noted.value)


def _handed_on(body: Body) -> Iterator[tuple[cst.BaseExpression, Shape | None]]:
    """What is chosen between, and what is given to a method as ``np.add.at`` is."""
    for choice in body.of(cst.IfExp):
        yield from ((choice.body, None), (choice.orelse, None))
    for call in body.of(cst.Call):
        if isinstance(call.func, cst.Attribute) and call.func.attr.value == "where":
            yield from ((one.value, None) for one in call.args[1:3])
    for statement in body.of(cst.Expr):
        if isinstance(statement.value, cst.Call) and statement.value.args:
            yield statement.value.args[-1].value, None


def _values(
    body: Body, target: cst.BaseExpression, value: cst.BaseExpression
) -> Iterator[tuple[cst.BaseExpression, Shape | None]]:
    """The expressions of an assignment, pair by pair where there are several."""
    if not isinstance(target, (cst.Tuple, cst.List)):
        yield value, shape_of(body, target)
    elif isinstance(value, (cst.Tuple, cst.List)) and len(value.elements) == len(target.elements):
        for one, other in zip(target.elements, value.elements, strict=True):
            yield from _values(body, one.value, other.value)


def _returned(
    body: Body, value: cst.BaseExpression
) -> Iterator[tuple[cst.BaseExpression, Shape | None]]:
    """What is returned, or the members of a tuple, a list or a call that only packs them."""
    if isinstance(value, (cst.Tuple, cst.List)):
        yield from ((one.value, shape_of(body, one.value)) for one in value.elements)
        return
    yield value, shape_of(body, value) or body.scope.shapes.get(RETURN)
    if isinstance(value, cst.Call) and _packs(value):
        for one in value.args:
            key = one.keyword.value if one.keyword else None
            yield one.value, _of_key(body, key) or shape_of(body, one.value)


def _packs(node: cst.Call) -> bool:
    named = isinstance(node.func, cst.Name) and node.func.value[:1].isupper()
    return named or (isinstance(node.func, cst.Name) and node.func.value == "dict")


def shape_of(body: Body, node: cst.CSTNode) -> Shape | None:
    """The shape of a name, of what holds an array, or of a gradient by the name it goes by."""
    known = body.shape(node)
    if known is None and is_holder(node):
        key = node.attr.value if isinstance(node, cst.Attribute) else _item(node)
        return _of_key(body, key)
    return known


def _item(node: cst.CSTNode) -> str | None:
    assert isinstance(node, cst.Subscript)
    index = node.slice[0].slice
    return _string(index.value) if isinstance(index, cst.Index) else None


def _string(node: cst.BaseExpression) -> str | None:
    value = node.evaluated_value if isinstance(node, cst.SimpleString) else None
    return value if isinstance(value, str) else None


def _of_key(body: Body, key: str | None) -> Shape | None:
    """The shape of the parameter that has a key, or has it after a ``d``."""
    for name in (key, key.removeprefix("d").lstrip("_")) if key else ():
        for holder, shape in body.scope.shapes.items():
            if holder.endswith((f"[{name!r}]", f".{name}")):
                return shape
    return body.scope.shapes.get(normal(f"d{key}")) if key and key.isidentifier() else None


def _computes(node: cst.BaseExpression) -> bool:
    if isinstance(node, _EMPTY) or (isinstance(node, cst.Name) and node.value in _PLAIN):
        return False
    if isinstance(node, cst.UnaryOperation):
        return _computes(node.expression)
    if isinstance(node, cst.Call):
        name = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
        return not (isinstance(name, cst.Name) and name.value in _MAKERS)
    if isinstance(node, cst.Subscript):
        return _computes(node.value)
    return not (isinstance(node, cst.Attribute) and node.attr.value == "shape")
