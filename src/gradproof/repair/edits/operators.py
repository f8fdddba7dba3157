"""Operators: one arithmetic operator for another, elementwise for a matrix product."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..edit import Edit, Kind
from . import costs
from .body import BINARY, Body
from .text import Level, level, operand, product

_NEW: dict[type[cst.BaseBinaryOp], tuple[tuple[str, float], ...]] = {
    cst.Multiply: (("@", costs.OPERATOR), ("/", costs.OPERATOR), ("+", costs.OPERATOR_RARE)),
    cst.MatrixMultiply: (("*", costs.OPERATOR),),
    cst.Divide: (("*", costs.OPERATOR),),
    cst.FloorDivide: (("/", costs.OPERATOR), ("*", costs.OPERATOR_RARE)),
    cst.Add: (("*", costs.OPERATOR_RARE),),
    cst.Subtract: (("*", costs.OPERATOR_RARE), ("/", costs.OPERATOR_RARE)),
    cst.Power: (("*", costs.OPERATOR_RARE),),
}
_AUGMENTED: dict[type[cst.BaseAugOp], tuple[str, ...]] = {
    cst.MultiplyAssign: ("/=",),
    cst.DivideAssign: ("*=",),
    cst.AddAssign: ("*=",),
}
_MATRIX = frozenset({"dot", "matmul"})
_LEVELS = {"+": Level.SUM, "-": Level.SUM}


def operators(body: Body) -> Iterator[Edit]:
    """Other operators between the same operands."""
    for node in body.of(cst.BinaryOperation):
        for sign, cost in _NEW.get(type(node.operator), ()):
            yield body.replace(node, _joined(body, node, sign), Kind.OPERATOR, cost)
    for other in body.of(cst.AugAssign):
        for sign in _AUGMENTED.get(type(other.operator), ()):
            text = body.text.source[slice(*body.inner(other.operator))]
            new = text.replace(text.strip(), sign)
            span = body.inner(other.operator)
            yield body.write(span, new, Kind.OPERATOR, costs.OPERATOR, None, other)
    for call in body.of(cst.Call):
        yield from _dots(body, call)


def _joined(body: Body, node: cst.BinaryOperation, sign: str) -> str:
    least = _LEVELS.get(sign, Level.PRODUCT)
    old = BINARY.get(type(node.operator), Level.PRODUCT)
    left, right = body.code(node.left), body.code(node.right)
    between = body.between(node.left, node.right)
    name = body.text.source[slice(*body.inner(node.operator))].strip()
    blank = between if between.strip() != between or old == least else f" {between} "
    left = operand(left, least) if old == least else operand(body.bare(node.left), least)
    return left + blank.replace(name, sign, 1) + operand(right, least + 1)


def _dots(body: Body, node: cst.Call) -> Iterator[Edit]:
    """A call of a matrix product, and a method of it, made elementwise."""
    if not isinstance(node.func, cst.Attribute) or node.func.attr.value not in _MATRIX:
        return
    operands: list[cst.BaseExpression] = [one.value for one in node.args]
    if len(operands) == 1:
        operands = [node.func.value, *operands]
    if len(operands) == 2:
        one, other = (body.bare(value) for value in operands)
        new = product(one, other) if level(one) >= 0 else f"({one}) * ({other})"
        yield body.replace(node, new, Kind.OPERATOR, costs.OPERATOR)
