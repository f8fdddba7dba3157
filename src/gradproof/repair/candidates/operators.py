"""Signs, operators, comparisons: a minus too many, ``*`` for ``@``, the branches exchanged."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..edit import Edit
from . import costs
from .body import Body, Expression, called, method
from .registry import candidates_of
from .sites import sites
from .text import negative, number, product, short, written

# Calls whose result cannot be negative.
_POSITIVE = frozenset({"norm", "sqrt", "exp", "abs", "square", "len", "var", "std", "sigmoid"})

# Functions that differ by a sign, and assignments.
_TWINS = {"add": "subtract", "subtract": "add", "+=": "-=", "-=": "+="}

# What may be meant for an operator, with its cost.
_OTHERS: dict[str, dict[str, float]] = {
    "*": {"@": costs.OPERATOR, "/": costs.OPERATOR, "+": costs.OPERATOR_RARE},
    "@": {"*": costs.OPERATOR},
    "/": {"*": costs.OPERATOR},
    "//": {"/": costs.OPERATOR, "*": costs.OPERATOR_RARE},
    "+": {"*": costs.OPERATOR_RARE},
    "-": {"*": costs.OPERATOR_RARE, "/": costs.OPERATOR_RARE},
    "**": {"*": costs.OPERATOR_RARE},
}
_PRODUCTS = frozenset({"*", "@", "/", "//"})
_AUGMENTED = {"*=": "/=", "/=": "*=", "+=": "*="}

# Comparisons, the likeliest first: the first two of each.
_COMPARISONS: dict[str, tuple[str, ...]] = {
    ">": ("<", ">=", "<=", "!=", "=="),
    "<": (">", "<=", ">=", "!=", "=="),
    ">=": ("<=", ">", "<", "!=", "=="),
    "<=": (">=", "<", ">", "!=", "=="),
    "==": ("!=", ">", "<", ">=", "<="),
    "!=": ("==", ">", "<"),
}


@candidates_of("sign")
def signs_of_sites(body: Body) -> Iterator[Edit]:
    """The sign of what is assigned or returned, and of its addends."""
    for site in sites(body):
        cost = _cost(body, costs.HINTED) if site.whole else costs.SIGN + 0.1
        cost += 0.3 * isinstance(site.node, cst.Name)
        cost = costs.SIGN_POSITIVE if _positive(site.node) else cost
        what = f"change the sign of {short(body.code(site.node))}"
        yield body.replace(site.node, negative(body.bare(site.node)), cost, what)


def _cost(body: Body, hinted: float) -> float:
    """What a sign costs: less where the diagnosis asks for it."""
    return hinted if body.asked(-1.0) else costs.SIGN


def _positive(node: Expression) -> bool:
    match node:
        case cst.BinaryOperation(operator=cst.Power(), right=cst.Integer(value="2")):
            return True
    return called(node) in _POSITIVE


@candidates_of("sign", cst.UnaryOperation)
def dropped_signs(body: Body, node: cst.UnaryOperation) -> Iterator[Edit]:
    """An expression without its minus."""
    if isinstance(node.operator, cst.Minus):
        bare = body.bare(node.expression)
        literal = isinstance(node.expression, (cst.Integer, cst.Float))
        cost = costs.NUDGE if literal else _cost(body, costs.HINTED_DROP)
        yield body.replace(node, bare, cost, f"drop the minus of {short(bare)}")


@candidates_of("sign", cst.BinaryOperation)
def signs_of_sums(body: Body, node: cst.BinaryOperation) -> Iterator[Edit]:
    """A difference for a sum, a sum for a difference, a difference the other way round."""
    old = body.sign(node.operator)
    if old not in {"+", "-"}:
        return
    new = "-" if old == "+" else "+"
    cost = costs.HINTED_CHANGE if body.hints.terms else costs.SIGN
    what = f"{short(body.code(node))}: {old} → {new}"
    yield body.operator(node.operator, new, cost, what, node)
    if old == "-":
        form = f"{{}}{body.between(node.left, node.right)}{{}}"
        turned = written(form, body.bare(node.right), body.bare(node.left))
        yield body.replace(node, turned, _cost(body, costs.HINTED_CHANGE))


@candidates_of("sign", cst.AugAssign, cst.Call)
def signs_of_additions(body: Body, node: cst.AugAssign | cst.Call) -> Iterator[Edit]:
    """What is added to a name, or by ``np.add.at``, is subtracted; and the other way round."""
    match node:
        case cst.AugAssign(operator=operator):
            twin = _TWINS.get(body.sign(operator))
            if twin:
                yield body.operator(operator, twin, costs.SIGN, None, node)
        case cst.Call(func=cst.Attribute(attr=cst.Name("at"), value=cst.Attribute(attr=name))):
            if name.value in _TWINS:
                yield body.write(body.inner(name), _TWINS[name.value], costs.SIGN, None, node)


@candidates_of("sign")
def signs_of_arguments(body: Body) -> Iterator[Edit]:
    """The operands of functions, and the sides of a choice."""
    values = [one.value for one in body.of(cst.Arg) if not one.keyword and not one.star]
    for _, *sides in body.choices():
        values += sides
    for value in values:
        if isinstance(value, (cst.Name, cst.BinaryOperation, cst.Subscript, cst.Call)):
            yield body.replace(value, negative(body.bare(value)), costs.SIGN_INSIDE)


@candidates_of("operator", cst.BinaryOperation)
def other_operators(body: Body, node: cst.BinaryOperation) -> Iterator[Edit]:
    """Another operator between the same operands."""
    for new, cost in _OTHERS.get(body.sign(node.operator), {}).items():
        yield body.replace(node, _joined(body, node, new), cost)


def _joined(body: Body, node: cst.BinaryOperation, new: str) -> str:
    """The operands with another operator between them, in parentheses where they need them."""
    old = body.sign(node.operator)
    stays = {old, new} <= _PRODUCTS
    between = body.between(node.left, node.right)
    blank = between if stays or between.strip() != between else f" {between} "
    left = body.code(node.left) if stays else body.bare(node.left)
    return written(f"{{}}{blank.replace(old, new, 1)}{{}}", left, body.code(node.right))


@candidates_of("operator", cst.AugAssign)
def other_assignments(body: Body, node: cst.AugAssign) -> Iterator[Edit]:
    """Another operator of an assignment."""
    new = _AUGMENTED.get(body.sign(node.operator))
    if new:
        yield body.operator(node.operator, new, costs.OPERATOR, None, node)


@candidates_of("operator", cst.Call)
def elementwise(body: Body, call: cst.Call) -> Iterator[Edit]:
    """A matrix product that is called made an elementwise one."""
    match call:
        case cst.Call(func=cst.Attribute(value=held), args=[argument]):
            operands = [held, argument.value]
        case _:
            operands = [one.value for one in call.args]
    if method(call) in {"dot", "matmul"} and len(operands) == 2:
        one, other = map(body.bare, operands)
        new = product(one, other)
        yield body.replace(call, new, costs.OPERATOR)


@candidates_of("comparison", cst.Comparison)
def other_comparisons(body: Body, node: cst.Comparison) -> Iterator[Edit]:
    """Other comparisons and thresholds, and the absolute value of what is compared."""
    for target in node.comparisons:
        old = body.sign(target.operator)
        for k, new in enumerate(_COMPARISONS.get(old, ())):
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
    for node, one, other in body.choices():
        yield body.exchange(one, other, costs.BRANCHES, node)
        for branch in (one, other):
            new = body.bare(branch)
            yield body.replace(node, new, costs.ONE_BRANCH, f"{short(new)} in any case")


@candidates_of("comparison", cst.UnaryOperation, cst.If, cst.While)
def negations(body: Body, node: cst.UnaryOperation | cst.If | cst.While) -> Iterator[Edit]:
    """A condition without its ``not``; the opposite of what a branch or a loop asks for."""
    match node:
        case cst.UnaryOperation(operator=cst.Not() | cst.BitInvert(), expression=held):
            new = body.bare(held)
            yield body.replace(node, new, costs.COMPARISON, f"drop the negation of {short(new)}")
        case cst.If(test=test) | cst.While(test=test):
            new = written("not {}", body.bare(test))
            yield body.replace(test, new, costs.COMPARISON_RARE)
