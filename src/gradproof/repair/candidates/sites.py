"""Where a gradient is computed: what is assigned, returned or added up, and its addends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import libcst as cst

from ..hints import RETURN, Shape
from .body import Body, Expression
from .scope import is_holder
from .shapes import called
from .text import normal

Sized = Iterator[tuple[Expression, Shape | None]]

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

    node: Expression
    shape: Shape | None
    whole: bool


@lru_cache(maxsize=1)
def sites(body: Body) -> tuple[Site, ...]:
    """All sites of a function, each once: the whole expressions, then their addends."""
    found = dict[int, Site]()
    for node, shape in _wholes(body):
        if node in body.parents and _computes(node):
            found.setdefault(id(node), Site(node, _either(body, node, shape), whole=True))
    parts = [(one, site.shape) for site in found.values() for one in addends(site.node)]
    for sum_ in body.of(cst.BinaryOperation):
        if not isinstance(body.parents.get(sum_), cst.BinaryOperation) or body.code(sum_)[0] == "(":
            parts += [(one, None) for one in addends(sum_)]
    for node, shape in parts:
        if _computes(node):
            found.setdefault(id(node), Site(node, _either(body, node, shape), whole=False))
    return tuple(found.values())


def _either(body: Body, node: Expression, shape: Shape | None) -> Shape | None:
    return body.shape(node) if shape is None else shape


def is_product(node: cst.CSTNode) -> bool:
    """Whether a node is a product or a quotient."""
    return isinstance(node, cst.BinaryOperation) and not is_sum(node)


def is_sum(node: cst.CSTNode | None) -> bool:
    """Whether a node is a sum or a difference."""
    signs = (cst.Add, cst.Subtract)
    return isinstance(node, cst.BinaryOperation) and isinstance(node.operator, signs)


def addends(node: cst.CSTNode) -> Iterator[Expression]:
    """The addends of a sum; nothing where it is none."""
    if isinstance(node, cst.BinaryOperation) and is_sum(node):
        for one in (node.left, node.right):
            yield from list(addends(one)) or [one]


def _wholes(body: Body) -> Sized:
    statements: Iterator[cst.Assign | cst.AugAssign | cst.AnnAssign]
    statements = body.of(cst.Assign, cst.AugAssign, cst.AnnAssign)
    for node in statements:
        if node.value is not None:
            target = node.targets[-1].target if isinstance(node, cst.Assign) else node.target
            yield from _values(body, target, node.value)
    returned = [back.value for back in body.of(cst.Return) if back.value is not None]
    if isinstance(body.found.node, cst.Lambda):
        returned.append(body.found.node.body)
    for value in returned:
        yield from _returned(body, value)
    yield from ((one, None) for one in _handed_on(body))
    for pair in body.of(cst.DictElement):
        yield pair.value, _of_key(body, _string(pair.key))


def _handed_on(body: Body) -> Iterator[Expression]:
    """What is chosen between, and what is given to a method as ``np.add.at`` is."""
    for _, *sides in body.choices():
        yield from sides
    for statement in body.of(cst.Expr):
        if isinstance(statement.value, cst.Call) and statement.value.args:
            yield statement.value.args[-1].value


def _values(body: Body, target: Expression, value: Expression) -> Sized:
    """The expressions of an assignment, pair by pair where there are several."""
    if not isinstance(target, (cst.Tuple, cst.List)):
        yield value, _shape(body, target)
    elif isinstance(value, (cst.Tuple, cst.List)) and len(value.elements) == len(target.elements):
        for one, other in zip(target.elements, value.elements, strict=True):
            yield from _values(body, one.value, other.value)


def _returned(body: Body, value: Expression) -> Sized:
    """What is returned, or the members of a tuple, a list or a call that only packs them."""
    if isinstance(value, (cst.Tuple, cst.List)):
        yield from ((one.value, _shape(body, one.value)) for one in value.elements)
        return
    yield value, _shape(body, value) or body.scope.shapes.get(RETURN)
    match value:
        case cst.Call(func=cst.Name(value=name)) if name[:1].isupper() or name == "dict":
            for one in value.args:
                key = one.keyword.value if one.keyword else None
                yield one.value, _of_key(body, key) or _shape(body, one.value)


def _shape(body: Body, node: cst.CSTNode) -> Shape | None:
    """The shape of a name, of what holds an array, or of a gradient by the name it goes by."""
    known = body.shape(node)
    match node:
        case _ if known is not None or not is_holder(node):
            return known
        case cst.Attribute(attr=cst.Name(value=name)):
            return _of_key(body, name)
        case cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index(value=key))]):
            return _of_key(body, _string(key))
    return None


def _string(node: Expression) -> str | None:
    value = node.evaluated_value if isinstance(node, cst.SimpleString) else None
    return value if isinstance(value, str) else None


def _of_key(body: Body, key: str | None) -> Shape | None:
    """The shape of the parameter that has a key, or has it after a ``d``."""
    if not key:
        return None
    for name in (key, key.removeprefix("d").lstrip("_")):
        for holder, shape in body.scope.shapes.items():
            if holder.endswith((f"[{name!r}]", f".{name}")):
                return shape
    return body.scope.shapes.get(normal(f"d{key}")) if key.isidentifier() else None


def _computes(node: Expression) -> bool:
    match node:
        case cst.Name(value=name):
            return name not in _PLAIN
        case cst.UnaryOperation(expression=inner) | cst.Subscript(value=inner):
            return _computes(inner)
        case cst.Attribute(attr=cst.Name(value=name)):
            return name != "shape"
        case cst.Call():
            return called(node) not in _MAKERS
        case _:
            return not isinstance(node, _EMPTY)
