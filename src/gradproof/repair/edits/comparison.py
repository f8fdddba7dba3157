"""Comparisons: the other way, another threshold, the branches exchanged."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..edit import Edit, Kind
from . import costs
from .body import Body
from .text import Level, number, operand, short

_OTHERS: dict[type[cst.BaseCompOp], tuple[str, ...]] = {
    cst.GreaterThan: ("<", ">=", "<=", "!=", "=="),
    cst.LessThan: (">", "<=", ">=", "!=", "=="),
    cst.GreaterThanEqual: ("<=", ">", "<", "!=", "=="),
    cst.LessThanEqual: (">=", "<", ">", "!=", "=="),
    cst.Equal: ("!=", ">", "<", ">=", "<="),
    cst.NotEqual: ("==", ">", "<"),
}


def comparisons(body: Body) -> Iterator[Edit]:
    """Other comparisons and thresholds, exchanged branches, no ``not``."""
    for node in body.of(cst.Comparison):
        yield from _compared(body, node)
    for choice in body.of(cst.IfExp):
        yield _swapped(body, choice.body, choice.orelse, choice)
        yield from _single(body, choice, choice.body, choice.orelse)
    for call in body.of(cst.Call):
        named = isinstance(call.func, cst.Attribute) and call.func.attr.value == "where"
        if named and len(call.args) == 3:
            yield _swapped(body, call.args[1].value, call.args[2].value, call)
            yield from _single(body, call, call.args[1].value, call.args[2].value)
    for negated in body.of(cst.UnaryOperation):
        if isinstance(negated.operator, (cst.Not, cst.BitInvert)):
            new = body.bare(negated.expression)
            what = f"drop the negation of {short(new)}"
            yield body.replace(negated, new, Kind.COMPARISON, costs.COMPARISON, what)
    tests = [*(one.test for one in body.of(cst.If)), *(one.test for one in body.of(cst.While))]
    for test in tests:
        new = f"not {operand(body.bare(test), Level.NOT)}"
        yield body.replace(test, new, Kind.COMPARISON, costs.COMPARISON_RARE)


def _single(
    body: Body, choice: cst.BaseExpression, *branches: cst.BaseExpression
) -> Iterator[Edit]:
    """One of two branches, without the choice."""
    for branch in branches:
        new = body.bare(branch)
        what = f"{short(new)} in any case"
        yield body.replace(choice, new, Kind.COMPARISON, costs.ONE_BRANCH, what)


def _compared(body: Body, node: cst.Comparison) -> Iterator[Edit]:
    for target in node.comparisons:
        begin, end = body.inner(target.operator)
        old = body.text.source[begin:end]
        for k, new in enumerate(_OTHERS.get(type(target.operator), ())):
            text = old.replace(old.strip(), new)
            cost = costs.COMPARISON if k < 2 else costs.COMPARISON_RARE
            what = f"{short(body.code(node))}: {old.strip()} → {new}"
            yield body.write((begin, end), text, Kind.COMPARISON, cost, what, node)
    if len(node.comparisons) == 1:
        yield from _thresholds(body, node.comparisons[0].comparator)
        yield from _absolute(body, node.left)


def _thresholds(body: Body, threshold: cst.BaseExpression) -> Iterator[Edit]:
    if number(body.code(threshold)) is None:
        return
    for name in body.scope.numbers():
        yield body.replace(threshold, name, Kind.COMPARISON, costs.COMPARISON_RARE)
    for new in ("0", "1", "0.5"):
        yield body.replace(threshold, new, Kind.COMPARISON, costs.COMPARISON_RARE)


def _absolute(body: Body, left: cst.BaseExpression) -> Iterator[Edit]:
    """``abs(x) < 1`` for ``x < 1``: the other end of an interval."""
    new = f"abs({body.bare(left)})"
    yield body.replace(left, new, Kind.COMPARISON, costs.COMPARISON_RARE)


def _swapped(
    body: Body, one: cst.BaseExpression, other: cst.BaseExpression, node: cst.CSTNode
) -> Edit:
    """Two branches exchanged, what stands between them left alone."""
    (begin, middle), (then, end) = body.outer(one), body.outer(other)
    old = body.text.source
    new = old[then:end] + old[middle:then] + old[begin:middle]
    what = f"exchange {short(old[begin:middle])} and {short(old[then:end])}"
    return body.write((begin, end), new, Kind.COMPARISON, costs.BRANCHES, what, node)
