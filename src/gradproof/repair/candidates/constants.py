"""Constants: a number a little or a lot off, an exponent, a literal where a name was meant."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..edit import Edit
from . import costs
from .body import Body
from .registry import candidates_of
from .text import number, product, quotient, written

Literal = cst.Integer | cst.Float


@candidates_of("constant", cst.Integer, cst.Float)
def other_constants(body: Body, node: Literal) -> Iterator[Edit]:
    """Other numbers in the place of one."""
    value = number(node.value)
    if value is not None and not _index(body, node):
        for new, cost in _others(body, node, value):
            yield body.replace(node, new, cost)


def _index(body: Body, node: cst.CSTNode) -> bool:
    """Whether a number counts entries or axes; other generators have these."""
    parent = body.parents.get(node)
    if isinstance(parent, cst.Arg):
        return parent.keyword is not None and parent.keyword.value in {"axis", "axes", "ddof"}
    return isinstance(parent, (cst.Index, cst.Slice))


def _others(body: Body, node: Literal, value: float) -> Iterator[tuple[str, float]]:
    yield from ((text, costs.HINTED_CHANGE) for text in _asked(body, node, value))
    for other in (value + 1, value - 1, -value, 2 * value, value / 2):
        yield _written(other, node), costs.NUDGE
    for other in (value * value, 1 - value, 10 * value, value / 10, value**0.5 if value > 0 else 0):
        yield _written(other, node), costs.STRETCH
    if isinstance(node, cst.Float) and 0 < value < 1:
        yield _written(value / 1000, node), costs.STRETCH
    if value not in (0, 1):
        yield f"1 / {node.value}", costs.STRETCH
    yield from ((literal, costs.OTHER_LITERAL) for literal in body.scope.literals)
    plain = value in (0, 1, 2, -1)
    for name in body.scope.numbers():
        far = 0 if body.scope.is_near(name) else costs.FAR / 2
        yield name, costs.CONSTANT_NAME + (0.8 if plain else 0) + far


def _asked(body: Body, node: Literal, value: float) -> Iterator[str]:
    """Other values of a factor that change its product as the diagnosis asks."""
    divided = body.is_divisor(node)
    if divided is None or not value:
        return
    for wanted in filter(None, map(body.scope.value, body.hints.factors)):
        yield _written(value / wanted if divided else value * wanted, node)
    for name in body.scope.numbers():
        if body.asked(body.ratio(node, body.scope.value(name))):
            yield name


def _written(value: float, node: Literal) -> str:
    """A number, written as an integer where it is one and the user wrote one."""
    whole = value == int(value) and (isinstance(node, cst.Integer) or value in (0, 1))
    return str(int(value)) if whole else f"{value:.15g}"


@candidates_of("constant", cst.BinaryOperation)
def other_powers(body: Body, node: cst.BinaryOperation) -> Iterator[Edit]:
    """Other exponents, or none."""
    if not isinstance(node.operator, cst.Power):
        return
    base, power = body.bare(node.left), body.bare(node.right)
    yield body.replace(node, base, costs.EXPONENT, f"drop the exponent {power}")
    value = number(power)
    if value is None:
        return
    for other in (2, 3, 0.5, 1.5, -value, 2 * value, value / 2, value - 0.5):
        if other != value:
            yield body.replace(node, written(f"{{}}**{other:g}", base), costs.EXPONENT + 0.3)
    if value == 2:
        yield body.replace(node, product(base, "2"), costs.NUDGE)
    if value == 0.5:
        yield body.replace(node, quotient(base, "2"), costs.STRETCH)
