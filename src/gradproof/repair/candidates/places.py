"""Where rows of the table look: sites, arguments, operands, conditions, names that are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst

from .body import Body, Expression
from .fill import Place
from .scope import is_holder
from .shapes import method
from .sites import sites

_MATRIX = frozenset({"dot", "matmul", "outer"})
_NUMBERS = (cst.Integer, cst.Float)
_SIGNED = (cst.Name, cst.BinaryOperation, cst.Subscript, cst.Call, *_NUMBERS)

# Of a mere name what was assigned to it is likelier to be at fault, and so is the whole of a sum.
_NAMED, _ADDEND = 0.3, 0.3


def _sites(body: Body) -> Iterator[Place]:
    for site in sites(body):
        cost = _NAMED * isinstance(site.node, cst.Name) + _ADDEND * (not site.whole)
        yield Place(site.node, site.shape, cost)


def _wholes(body: Body) -> Iterator[Place]:
    return (Place(site.node, site.shape) for site in sites(body) if site.whole)


def _arguments(body: Body) -> Iterator[Place]:
    """Arguments, branches, and the elements of lists and tuples that are not sites."""
    values = [one.value for one in body.of(cst.Arg) if not one.keyword and not one.star]
    values += [side for _, *sides in body.choices() for side in sides]
    values = [one for one in values if not isinstance(one, _NUMBERS)]
    values += [one.value for one in body.of(cst.Element) if is_read(body, one.value)]
    return (Place(one, body.shape(one)) for one in values if isinstance(one, _SIGNED))


def operands(body: Body) -> Iterator[Expression]:
    """The operands of matrix products."""
    for node in body.of(cst.BinaryOperation):
        if isinstance(node.operator, cst.MatrixMultiply):
            pair = (node.left, node.right)
            yield from (one for one in pair if not isinstance(one, cst.BinaryOperation) or one.lpar)
    for call in body.of(cst.Call):
        if method(call) in _MATRIX:
            yield from (one.value for one in call.args if one.keyword is None)


def _operands(body: Body) -> Iterator[Place]:
    return (Place(one, body.shape(one)) for one in operands(body))


def _tests(body: Body) -> Iterator[Place]:
    branches: Iterator[cst.If | cst.While] = body.of(cst.If, cst.While)
    return (Place(one.test, None) for one in branches)


def readable(body: Body) -> Iterator[Expression]:
    """Names and holders that are read."""
    for node in body.of(cst.Name, cst.Attribute, cst.Subscript):
        if (isinstance(node, cst.Name) or is_holder(node)) and is_read(body, node):
            yield node


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


PLACES: dict[str, Callable[[Body], Iterator[Place]]] = {
    "@": _sites,
    "=": _wholes,
    "(": _arguments,
    "*": _operands,
    "?": _tests,
}
