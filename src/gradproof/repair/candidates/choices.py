"""Comparisons: the other way, another threshold, the branches exchanged."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..edit import Edit
from . import costs
from .body import Body, Expression, method
from .registry import candidates_of
from .text import Level, number, operand, short

# The likeliest first: the first two of each.
_OTHERS: dict[str, tuple[str, ...]] = {
    ">": ("<", ">=", "<=", "!=", "=="),
    "<": (">", "<=", ">=", "!=", "=="),
    ">=": ("<=", ">", "<", "!=", "=="),
    "<=": (">=", "<", ">", "!=", "=="),
    "==": ("!=", ">", "<", ">=", "<="),
    "!=": ("==", ">", "<"),
}


@candidates_of("comparison", cst.Comparison)
def other_comparisons(body: Body, node: cst.Comparison) -> Iterator[Edit]:
    """Other comparisons and thresholds, and the absolute value of what is compared."""
    for target in node.comparisons:
        old = body.sign(target.operator)
        for k, new in enumerate(_OTHERS.get(old, ())):
            cost = costs.COMPARISON if k < 2 else costs.COMPARISON_RARE
            what = f"{short(body.code(node))}: {old} → {new}"
            yield body.operator(target.operator, new, cost, what, node)
    if len(node.comparisons) > 1:
        return
    threshold = node.comparisons[0].comparator
    if number(body.code(threshold)) is not None:
        for new in (*body.scope.numbers(), "0", "1", "0.5"):
            yield body.replace(threshold, new, costs.COMPARISON_RARE)
    # `abs(x) < 1` for `x < 1`: the other end of an interval.
    yield body.replace(node.left, f"abs({body.bare(node.left)})", costs.COMPARISON_RARE)


@candidates_of("comparison")
def other_branches(body: Body) -> Iterator[Edit]:
    """Two branches exchanged, and each of them without the choice."""
    for node, one, other in _choices(body):
        yield body.exchange(one, other, costs.BRANCHES, node)
        for branch in (one, other):
            new = body.bare(branch)
            yield body.replace(node, new, costs.ONE_BRANCH, f"{short(new)} in any case")


def _choices(body: Body) -> Iterator[tuple[Expression, Expression, Expression]]:
    """What chooses, with the two that it chooses from."""
    for choice in body.of(cst.IfExp):
        yield choice, choice.body, choice.orelse
    for call in body.of(cst.Call):
        if method(call) == "where" and len(call.args) == 3:
            yield call, call.args[1].value, call.args[2].value


@candidates_of("comparison", cst.UnaryOperation, cst.If, cst.While)
def negations(body: Body, node: cst.UnaryOperation | cst.If | cst.While) -> Iterator[Edit]:
    """A condition without its ``not``; the opposite of what a branch or a loop asks for."""
    match node:
        case cst.UnaryOperation(operator=cst.Not() | cst.BitInvert(), expression=held):
            new = body.bare(held)
            yield body.replace(node, new, costs.COMPARISON, f"drop the negation of {short(new)}")
        case cst.If(test=test) | cst.While(test=test):
            new = f"not {operand(body.bare(test), Level.NOT)}"
            yield body.replace(test, new, costs.COMPARISON_RARE)
