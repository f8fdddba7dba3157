"""Transposes: one too many or too few, operands the wrong way round, axes, conjugates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, permutations

import libcst as cst

from ..edit import Edit
from . import costs
from .body import Body, Expression, called, inside, method
from .registry import candidates_of
from .scope import is_holder
from .sites import sites
from .text import turned, written

_MATRIX = frozenset({"dot", "matmul", "outer"})
_MOVING = frozenset({"transpose", "swapaxes", "moveaxis"})
_FEW = 3  # axes of which all orders are tried; of more, two are exchanged


def _operands(body: Body) -> Iterator[Expression]:
    for node in body.of(cst.BinaryOperation):
        if isinstance(node.operator, cst.MatrixMultiply):
            pair = (node.left, node.right)
            yield from (one for one in pair if not isinstance(one, cst.BinaryOperation) or one.lpar)
    for call in body.of(cst.Call):
        if method(call) in _MATRIX:
            yield from (one.value for one in call.args if one.keyword is None)


@candidates_of("transpose", cst.Attribute, cst.Call)
def dropped_transposes(body: Body, node: cst.Attribute | cst.Call) -> Iterator[Edit]:
    """A matrix without its transpose; with one where rows were only cut in other places."""
    if isinstance(node, cst.Attribute):
        held = node.value if node.attr.value in {"T", "mT"} else None
    else:
        held = inside(node) if called(node) in _MOVING | {"reshape"} else None
    if held is not None and called(node) == "reshape":
        yield body.replace(node, written("{}.T", body.bare(held)), costs.TRANSPOSE_CALL)
    elif held is not None and (isinstance(node, cst.Attribute) or method(node)):
        yield body.replace(node, body.bare(held), costs.TRANSPOSE)


@candidates_of("transpose")
def added_transposes(body: Body) -> Iterator[Edit]:
    """A transpose at names and holders, and at whatever else is multiplied or returned."""
    chosen = dict[Expression, float]()
    for node, cost in _to_transpose(body):
        chosen.setdefault(node, cost)
    for node, cost in chosen.items():
        shape, parent = body.shape(node), body.parents.get(node)
        short = shape is not None and len(shape) < 2
        already = isinstance(parent, cst.Attribute) and parent.attr.value in {"T", "shape"}
        if not short and not already and not _transposed(node):
            yield body.replace(node, written("{}.T", body.bare(node)), cost)


def _to_transpose(body: Body) -> Iterator[tuple[Expression, float]]:
    for one in _operands(body):
        yield one, costs.TRANSPOSE if _simple(one) else costs.TRANSPOSE_CALL
    held: Iterator[Expression] = body.of(cst.Name, cst.Attribute, cst.Subscript)
    for one in held:
        if _simple(one) and len(body.shape(one) or ()) > 1 and is_read(body, one):
            yield one, costs.TRANSPOSE + 0.4
    for call in body.of(cst.Call):
        if isinstance(body.parents.get(call), (cst.BinaryOperation, cst.Return, cst.Assign)):
            yield call, costs.TRANSPOSE_CALL
    for site in sites(body):
        if site.whole and (site.shape is None or len(site.shape) > 1):
            yield site.node, costs.TRANSPOSE_CALL


def _simple(node: Expression) -> bool:
    return isinstance(node, cst.Name) or is_holder(node)


def _transposed(node: Expression) -> bool:
    return isinstance(node, cst.Attribute) and node.attr.value == "T"


def is_read(body: Body, node: cst.CSTNode) -> bool:
    """Whether a name or a holder is read here, and not called, assigned or bound."""
    match parent := body.parents.get(node):
        case cst.Subscript() | cst.Attribute():
            return parent.value is not node or not _is_target(body, parent)
        case cst.AugAssign() | cst.AnnAssign() | cst.NamedExpr():
            return parent.value is node
        case cst.For() | cst.CompFor():
            return parent.iter is node
        case cst.Element():
            above = body.parents.get(parent)
            return above is None or is_read(body, above)
        case cst.Call():
            return parent.func is not node
        case _:
            return not isinstance(parent, (cst.AssignTarget, cst.Del, cst.AsName))


def _is_target(body: Body, node: cst.CSTNode) -> bool:
    """Whether a part of an array is assigned here, so that the array itself is changed."""
    parent = body.parents.get(node)
    if isinstance(parent, (cst.Subscript, cst.Attribute)) and parent.value is node:
        return _is_target(body, parent)
    return not isinstance(parent, cst.Call) and not is_read(body, node)


@candidates_of("transpose", cst.BinaryOperation)
def turned_products(body: Body, node: cst.BinaryOperation) -> Iterator[Edit]:
    """The operands of a matrix product the other way round, and transposed."""
    if isinstance(node.operator, cst.MatrixMultiply):
        between = body.between(node.left, node.right)
        for one, other, cost in _pairs(body.bare(node.left), body.bare(node.right)):
            yield body.replace(node, written(f"{{}}{between}{{}}", one, other), cost)


@candidates_of("transpose", cst.Call)
def turned_calls(body: Body, call: cst.Call) -> Iterator[Edit]:
    """The same where the product is called."""
    places = [one.value for one in call.args if one.keyword is None]
    if method(call) in _MATRIX and len(places) == 2:
        span = (body.outer(places[0])[0], body.outer(places[1])[1])
        for one, other, cost in _pairs(*map(body.bare, places)):
            yield body.write(span, one + body.between(*places) + other, cost, None, call)


def _pairs(one: str, other: str) -> Iterator[tuple[str, str, float]]:
    """The operands of a product the other way round, and with their transposes changed."""
    yield other, one, costs.SWAP
    yield turned(other), turned(one), costs.SWAP
    yield turned(one), turned(other), costs.SWAP + 0.4
    yield turned(other), one, costs.SWAP + 0.5
    yield other, turned(one), costs.SWAP + 0.5


@candidates_of("transpose", cst.Call)
def other_axes(body: Body, call: cst.Call) -> Iterator[Edit]:
    """Other orders of the axes that a transpose names."""
    if method(call) not in _MOVING:
        return
    items: Sequence[cst.Arg | cst.BaseElement] = call.args
    for group in (one.value for one in call.args):
        if isinstance(group, (cst.Tuple, cst.List)):
            items = group.elements
    numbers = [one.value for one in items if isinstance(one.value, cst.Integer)]
    if len(numbers) > 1:
        span = (body.outer(numbers[0])[0], body.outer(numbers[-1])[1])
        for order in orders([one.value for one in numbers]):
            yield body.write(span, ", ".join(order), costs.AXES, None, call)


def orders(items: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """All other orders of a few, or those in which two have changed places."""
    if len(items) <= _FEW:
        yield from (one for one in permutations(items) if one != tuple(items))
        return
    for i, j in combinations(range(len(items)), 2):
        new = list(items)
        new[i], new[j] = new[j], new[i]
        yield tuple(new)


@candidates_of("transpose")
def conjugates(body: Body) -> Iterator[Edit]:
    """A conjugate more or less; the whole of what is real or imaginary."""
    for call in body.calls("conj", "conjugate"):
        held = inside(call) if method(call) else None
        if held is not None:
            yield body.replace(call, body.bare(held), costs.CONJUGATE)
    words = ("conj", "1j", ".real", ".imag", "complex")
    is_complex = any(word in body.raw(body.found.node) for word in words)
    cost = costs.CONJUGATE if is_complex else costs.CONJUGATE_RARE
    for node in (*_operands(body), *(site.node for site in sites(body) if site.whole)):
        if not _transposed(node):
            yield body.replace(node, written("{}.conj()", body.bare(node)), cost)
    for part in body.of(cst.Attribute):
        whole, name = body.bare(part.value), part.attr.value
        if name == "T":
            yield body.replace(part, written("{}.conj().T", whole), cost)
        if name in {"real", "imag"}:
            yield body.replace(part, whole, costs.CONJUGATE)


@candidates_of("transpose")
def subscripts(body: Body) -> Iterator[Edit]:
    """Letters of an einsum in another order, within each operand and within the result."""
    for call in body.calls("einsum"):
        string = call.args[0].value if call.args else None
        if isinstance(string, cst.SimpleString):
            begin, old = body.inner(string)[0], body.raw(string)
            for word in re.finditer("[A-Za-z]+", old):
                cost = costs.AXES if "->" in old[: word.start()] else costs.AXES + 0.3
                for order in map("".join, set(orders(word.group()))):
                    new = old[: word.start()] + order + old[word.end() :]
                    yield body.write((begin, begin + len(old)), new, cost, None, call)
