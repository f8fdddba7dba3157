"""Transposes: one too many or too few, operands the wrong way round, axes, conjugates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import combinations, permutations

import libcst as cst

from ..edit import Edit, Kind
from . import costs
from .body import Body
from .scope import is_holder
from .sites import sites
from .text import Level, attribute, operand

_MATRIX = frozenset({"dot", "matmul", "outer"})
_FEW = 3  # axes of which all orders are tried; of more, two are exchanged


def transposes(body: Body) -> Iterator[Edit]:
    """Add or drop a transpose, exchange operands or axes, add or drop a conjugate."""
    yield from _dropped(body)
    yield from _added(body)
    yield from _swapped(body)
    yield from _axes(body)
    yield from _conjugates(body)


def _operands(body: Body) -> Iterator[cst.BaseExpression]:
    """The operands of matrix products, each once."""
    for node in body.of(cst.BinaryOperation):
        if isinstance(node.operator, cst.MatrixMultiply):
            yield from (one for one in (node.left, node.right) if not _product(one))
    for call in body.of(cst.Call):
        if _named(call, _MATRIX):
            yield from (one.value for one in call.args if one.keyword is None)


def _product(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.BinaryOperation) and not node.lpar


def _named(node: cst.Call, names: frozenset[str]) -> bool:
    return isinstance(node.func, cst.Attribute) and node.func.attr.value in names


def _dropped(body: Body) -> Iterator[Edit]:
    for node in body.of(cst.Attribute):
        if node.attr.value in {"T", "mT"}:
            yield body.replace(node, body.bare(node.value), Kind.TRANSPOSE, costs.TRANSPOSE)
    for call in body.of(cst.Call):
        inside = _inside(call, frozenset({"transpose", "swapaxes", "moveaxis"}))
        if inside is not None:
            yield body.replace(call, body.bare(inside), Kind.TRANSPOSE, costs.TRANSPOSE)


def _inside(node: cst.Call, names: frozenset[str]) -> cst.BaseExpression | None:
    """What a method, or a function of the same name, is applied to."""
    if not isinstance(node.func, cst.Attribute) or node.func.attr.value not in names:
        return None
    if isinstance(node.func.value, cst.Name) and node.func.value.value in {"np", "numpy"}:
        return node.args[0].value if node.args else None
    return node.func.value


def _added(body: Body) -> Iterator[Edit]:
    """A transpose at names and holders, and at whatever else is multiplied or returned."""
    chosen = dict[int, tuple[cst.BaseExpression, float]]()
    for one in _operands(body):
        chosen[id(one)] = (one, costs.TRANSPOSE if _simple(one) else costs.TRANSPOSE_CALL)
    for kind in (cst.Name, cst.Attribute, cst.Subscript):
        for held in filter(partial(_may_be_matrix, body), body.of(kind)):
            chosen.setdefault(id(held), (held, costs.TRANSPOSE + 0.4))
    for call in body.of(cst.Call):
        if isinstance(body.parent(call), (cst.BinaryOperation, cst.Return, cst.Assign)):
            chosen.setdefault(id(call), (call, costs.TRANSPOSE_CALL))
    for site in sites(body):
        if site.whole and (site.shape is None or len(site.shape) > 1):
            chosen.setdefault(id(site.node), (site.node, costs.TRANSPOSE_CALL))
    for node, cost in chosen.values():
        shape, parent = body.shape(node), body.parent(node)
        short = shape is not None and len(shape) < 2
        already = isinstance(parent, cst.Attribute) and parent.attr.value in {"T", "shape"}
        if not short and not already and not _transposed(node):
            yield body.replace(node, attribute(body.bare(node), "T"), Kind.TRANSPOSE, cost)


def _simple(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) or is_holder(node)


def _transposed(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Attribute) and node.attr.value == "T"


def _may_be_matrix(body: Body, node: cst.BaseExpression) -> bool:
    shape = body.shape(node)
    return _simple(node) and shape is not None and len(shape) > 1 and is_read(body, node)


def is_read(body: Body, node: cst.CSTNode) -> bool:
    """Whether a name or a holder is read here, and not called, assigned or bound."""
    parent = body.parent(node)
    if isinstance(parent, (cst.Subscript, cst.Attribute)):
        return parent.value is not node or not _is_target(body, parent)
    if isinstance(parent, (cst.AssignTarget, cst.AugAssign, cst.AnnAssign, cst.NamedExpr)):
        return getattr(parent, "value", None) is node
    if isinstance(parent, (cst.For, cst.CompFor)):
        return parent.iter is node
    if isinstance(parent, cst.Element):
        above = body.parent(parent)
        return above is None or is_read(body, above)
    if isinstance(parent, cst.Call):
        return parent.func is not node
    return not isinstance(parent, (cst.Del, cst.AsName))


def _is_target(body: Body, node: cst.CSTNode) -> bool:
    """Whether a part of an array is assigned here, so that the array itself is changed."""
    parent = body.parent(node)
    if isinstance(parent, (cst.Subscript, cst.Attribute)) and parent.value is node:
        return _is_target(body, parent)
    return not isinstance(parent, cst.Call) and not is_read(body, node)


def _swapped(body: Body) -> Iterator[Edit]:
    for node in body.of(cst.BinaryOperation):
        if isinstance(node.operator, cst.MatrixMultiply):
            between = body.between(node.left, node.right)
            for one, other, cost in _pairs(body.bare(node.left), body.bare(node.right)):
                new = operand(one, Level.PRODUCT) + between + operand(other, Level.PRODUCT + 1)
                yield body.replace(node, new, Kind.TRANSPOSE, cost)
    for call in body.of(cst.Call):
        places = [one.value for one in call.args if one.keyword is None]
        if _named(call, _MATRIX) and len(places) == 2:
            between = body.between(*places)
            span = (body.outer(places[0])[0], body.outer(places[1])[1])
            for one, other, cost in _pairs(*(body.bare(place) for place in places)):
                yield body.write(span, one + between + other, Kind.TRANSPOSE, cost, None, call)


def _pairs(one: str, other: str) -> Iterator[tuple[str, str, float]]:
    """The operands of a product the other way round, and with their transposes changed."""
    yield other, one, costs.SWAP
    yield turned(other), turned(one), costs.SWAP
    yield turned(one), turned(other), costs.SWAP + 0.4
    yield turned(other), one, costs.SWAP + 0.5
    yield other, turned(one), costs.SWAP + 0.5


def turned(text: str) -> str:
    """A matrix transposed, without two transposes that cancel."""
    return text.removesuffix(".T") if text.endswith(".T") else attribute(text, "T")


def _axes(body: Body) -> Iterator[Edit]:
    """Other orders of the axes that a transpose names."""
    for call in body.of(cst.Call):
        if not _named(call, frozenset({"transpose", "swapaxes", "moveaxis"})):
            continue
        numbers = [one.value for one in call.args if isinstance(one.value, cst.Integer)]
        tuples = [one.value for one in call.args if isinstance(one.value, (cst.Tuple, cst.List))]
        for group in tuples:
            numbers = [one.value for one in group.elements if isinstance(one.value, cst.Integer)]
        if len(numbers) < 2:
            continue
        span = (body.outer(numbers[0])[0], body.outer(numbers[-1])[1])
        for order in orders([one.value for one in numbers]):
            yield body.write(span, ", ".join(order), Kind.TRANSPOSE, costs.AXES, None, call)


def orders(items: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """All other orders of a few, or those in which two have changed places."""
    if len(items) <= _FEW:
        yield from (one for one in permutations(items) if one != tuple(items))
        return
    for i, j in combinations(range(len(items)), 2):
        new = list(items)
        new[i], new[j] = new[j], new[i]
        yield tuple(new)


def _conjugates(body: Body) -> Iterator[Edit]:
    begin, end = body.inner(body.found.node)
    text = body.text.source[begin:end]
    complex_ = any(word in text for word in ("conj", "1j", ".real", ".imag", "complex"))
    for call in body.of(cst.Call):
        inside = _inside(call, frozenset({"conj", "conjugate"}))
        if inside is not None:
            yield body.replace(call, body.bare(inside), Kind.TRANSPOSE, costs.CONJUGATE)
    cost = costs.CONJUGATE if complex_ else costs.CONJUGATE_RARE
    places = [*_operands(body), *(site.node for site in sites(body) if site.whole)]
    for node in places:
        if not _transposed(node):
            yield body.replace(node, attribute(body.bare(node), "conj()"), Kind.TRANSPOSE, cost)
    for node in body.of(cst.Attribute):
        if node.attr.value == "T":
            new = attribute(attribute(body.bare(node.value), "conj()"), "T")
            yield body.replace(node, new, Kind.TRANSPOSE, cost)
        if node.attr.value in {"real", "imag"}:
            yield body.replace(node, body.bare(node.value), Kind.TRANSPOSE, costs.CONJUGATE)
