"""Signs: a minus too many or too few, a difference the other way round."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..edit import Edit, Kind
from . import costs
from .body import Body
from .sites import sites
from .text import Level, negative, operand, short

# Names that differ by a sign.
_POSITIVE = frozenset({"norm", "sqrt", "exp", "abs", "square", "len", "var", "std", "sigmoid"})
_TWINS = {"add": "subtract", "subtract": "add"}


def signs(body: Body) -> Iterator[Edit]:
    """Change the sign of an expression, of an operand, of what is added."""
    for site in sites(body):
        what = f"change the sign of {short(body.code(site.node))}"
        cost = _cost(body, costs.HINTED) if site.whole else costs.SIGN + 0.1
        cost += 0.3 * isinstance(site.node, cst.Name)
        cost = costs.SIGN_POSITIVE if _positive(site.node) else cost
        yield body.replace(site.node, negative(body.bare(site.node)), Kind.SIGN, cost, what)
    yield from _unary(body)
    yield from _sums(body)
    yield from _augmented(body)
    yield from _arguments(body)


def _cost(body: Body, hinted: float) -> float:
    """What a sign costs: less where the diagnosis asks for it."""
    return hinted if body.asked(-1.0) else costs.SIGN


def _positive(node: cst.BaseExpression) -> bool:
    """Whether a value cannot be negative."""
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Power):
        return isinstance(node.right, cst.Integer) and node.right.value == "2"
    name = node.func if isinstance(node, cst.Call) else None
    name = name.attr if isinstance(name, cst.Attribute) else name
    return isinstance(name, cst.Name) and name.value in _POSITIVE


def _unary(body: Body) -> Iterator[Edit]:
    for node in body.of(cst.UnaryOperation):
        if isinstance(node.operator, cst.Minus):
            bare = body.bare(node.expression)
            literal = isinstance(node.expression, (cst.Integer, cst.Float))
            cost = costs.NUDGE if literal else _cost(body, costs.HINTED_DROP)
            yield body.replace(node, bare, Kind.SIGN, cost, f"drop the minus of {short(bare)}")


def _sums(body: Body) -> Iterator[Edit]:
    for node in body.of(cst.BinaryOperation):
        if isinstance(node.operator, (cst.Add, cst.Subtract)):
            sign = "-" if isinstance(node.operator, cst.Add) else "+"
            span = body.inner(node.operator)
            cost = costs.HINTED_CHANGE if body.hints.terms else costs.SIGN
            yield _operator(body, span, sign, node, cost)
        if isinstance(node.operator, cst.Subtract):
            left, right = operand(body.bare(node.left), Level.SUM + 1), body.bare(node.right)
            new = operand(right, Level.SUM) + body.between(node.left, node.right) + left
            yield body.replace(node, new, Kind.SIGN, _cost(body, costs.HINTED_CHANGE))


def _operator(
    body: Body, span: tuple[int, int], sign: str, node: cst.BinaryOperation, cost: float
) -> Edit:
    span = span if body.text.source[span[0]] in "+-" else _only(body, span)
    what = f"{short(body.code(node))}: {'-' if sign == '+' else '+'} → {sign}"
    return body.write(span, sign, Kind.SIGN, cost, what, node)


def _only(body: Body, span: tuple[int, int]) -> tuple[int, int]:
    """An operator without the blanks around it."""
    text = body.text.source[span[0] : span[1]]
    begin = span[0] + len(text) - len(text.lstrip())
    return begin, begin + len(text.strip())


def _augmented(body: Body) -> Iterator[Edit]:
    pairs: dict[type[cst.BaseAugOp], str] = {cst.AddAssign: "-=", cst.SubtractAssign: "+="}
    for node in body.of(cst.AugAssign):
        new = pairs.get(type(node.operator))
        if new:
            span = _only(body, body.inner(node.operator))
            yield body.write(span, new, Kind.SIGN, costs.SIGN, None, node)


def _arguments(body: Body) -> Iterator[Edit]:
    """The operands of functions, and the sides of a choice."""
    values = [one.value for one in body.of(cst.Arg) if not one.keyword and not one.star]
    for choice in body.of(cst.IfExp):
        values += [choice.body, choice.orelse]
    for value in values:
        if isinstance(value, (cst.Name, cst.BinaryOperation, cst.Subscript, cst.Call)):
            new = negative(body.bare(value))
            yield body.replace(value, new, Kind.SIGN, costs.SIGN_INSIDE)
    for call in body.of(cst.Call):
        if isinstance(call.func, cst.Attribute) and call.func.attr.value == "at":
            ufunc = call.func.value
            if isinstance(ufunc, cst.Attribute) and ufunc.attr.value in _TWINS:
                twin = _TWINS[ufunc.attr.value]
                span = body.inner(ufunc.attr)
                yield body.write(span, twin, Kind.SIGN, costs.SIGN, None, call)
