"""Factors and terms: one too many, or one too few in what is assigned or returned."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..edit import Edit
from ..hints import Shape
from . import costs
from .body import Body, Expression
from .registry import candidates_of
from .sites import Site, addends, fits, is_sum, sites
from .text import (
    close,
    loaded,
    negative,
    normal,
    number,
    product,
    quotient,
    reciprocal,
    short,
    total,
    turned,
    written,
)

Suggestions = Iterator[tuple[str, float]]

_DIVISIONS = (cst.Divide, cst.FloorDivide)
_PRODUCTS = (cst.Multiply, cst.MatrixMultiply, *_DIVISIONS)
_NUMBERS = (cst.Integer, cst.Float)
_PLAIN = frozenset({"2", "1 / 2", "-1"})  # no name is likelier than these


@candidates_of("factor", cst.BinaryOperation)
def dropped_factors(body: Body, node: cst.BinaryOperation) -> Iterator[Edit]:
    """A product without one of its factors."""
    if not isinstance(node.operator, _PRODUCTS):
        return
    yield _without(body, node, node.right, node.left)
    if not isinstance(node.operator, _DIVISIONS):
        yield _without(body, node, node.left, node.right)
    elif not isinstance(node.left, _NUMBERS):
        yield body.replace(node, quotient("1", body.bare(node.right)), costs.DROP_SEVERAL)


def _without(body: Body, node: cst.BinaryOperation, gone: Expression, kept: Expression) -> Edit:
    which = "divisor" if isinstance(node.operator, _DIVISIONS) else "factor"
    what = f"drop the {which} {short(body.code(gone))}"
    return body.replace(node, body.bare(kept), _weight(body, node, gone), what)


def _weight(body: Body, node: cst.BinaryOperation, gone: Expression) -> float:
    if isinstance(node.operator, cst.MatrixMultiply):
        return costs.DROP_MATRIX
    around = (one for one in body.around(gone) if not isinstance(one, Expression))
    if isinstance(next(around, None), (cst.Index, cst.Slice)):  # it counts entries
        return costs.DROP_SEVERAL
    known = body.value(gone)
    if known and body.asked(known if isinstance(node.operator, _DIVISIONS) else 1 / known):
        return costs.HINTED_DROP
    if isinstance(gone, _NUMBERS):
        return costs.DROP_NUMBER
    counts = body.shape(gone) == () or normal(body.code(gone)) in map(normal, body.scope.counts)
    if counts or reciprocal(body.bare(gone)) is not None:
        return costs.DROP_SCALAR
    if isinstance(gone, cst.Name):
        return costs.DROP_ARRAY
    several = isinstance(gone, cst.BinaryOperation) and isinstance(gone.operator, _PRODUCTS)
    return costs.DROP_SEVERAL if gone is node.left and several else costs.DROP_EXPRESSION


@candidates_of("factor")
def added_factors(body: Body) -> Iterator[Edit]:
    """A factor that the diagnosis, the scope or the code suggest."""
    for site in sites(body):
        for text, cost in _suggested_factors(body, site):
            yield _with_factor(body, site, text, cost)


def _with_factor(body: Body, site: Site, text: str, cost: float) -> Edit:
    what = f"multiply {short(body.code(site.node))} by {short(text)}"
    divisor = reciprocal(text)
    if divisor is not None:
        what = f"divide {short(body.code(site.node))} by {short(divisor)}"
    # Of a mere name what was assigned to it is likelier to lack the factor.
    cost += 0.3 * isinstance(site.node, cst.Name) + 0.3 * (not site.whole)
    return body.replace(site.node, product(body.bare(site.node), text), cost, what)


def _suggested_factors(body: Body, site: Site) -> Suggestions:
    for hint in body.hints.factors:
        yield hint, costs.HINTED if hint in _PLAIN else costs.HINTED_LITERAL
        yield from _by_name(body, hint)
    yield from (("2", costs.ADD_NUMBER), ("1 / 2", costs.ADD_NUMBER))
    for name in body.scope.numbers():
        yield from _either(name, costs.ADD_SCALAR + _far(body, name))
        yield from _either(written("{}**0.5", name), costs.ADD_ROOT + _far(body, name))
    for literal in ("3", "4"):
        yield from _either(literal, costs.ADD_NUMBER + 0.6)
    for count in _counts(body):
        yield from _either(count, costs.ADD_COUNT + _rare(body, count))
    for name, shape in body.scope.arrays():
        if name != "_" or site.shape is not None:
            yield from _arrays(name, shape, site.shape, _far(body, name))
    if site.shape is None:
        for name in body.scope.unknown():
            yield from _either(name, costs.ADD_UNKNOWN)


def _by_name(body: Body, hint: str) -> Suggestions:
    """A suggested factor as the code would write it: ``1 / m`` for ``1 / 6``."""
    if hint in _PLAIN:
        return
    names = [(name, _far(body, name) / 2) for name in body.scope.numbers()]
    names += [(count, _rare(body, count) / 2) for count in _counts(body)]
    for name, cost in names:
        for text in (quotient("1", name), name):
            if close(body.scope.value(text), body.scope.value(hint)):
                yield text, costs.HINTED + cost


def _either(text: str, cost: float) -> Suggestions:
    """A division by a number, which is the likelier to be forgotten, and a multiplication."""
    yield quotient("1", text), cost
    yield text, cost + 0.3


def _far(body: Body, text: str) -> float:
    near = text != "_" and body.scope.is_near(text)  # what is discarded seldom is missed
    return 0.0 if near else costs.FAR


def _rare(body: Body, count: str) -> float:
    """What a count costs more that the code does not ask for yet."""
    if count in body.scope.counts:
        return 0.0
    given = loaded(count) & body.scope.given
    return (0.2 if given else 0.4) + 0.4 * (".shape" in count)


def _counts(body: Body) -> list[str]:
    """Numbers that the code asks for, and lengths of its arrays, each of one shape once."""
    kept: dict[object, str] = {count: count for count in body.scope.counts}
    for name, shape in body.scope.arrays():
        if name in body.scope.own:
            for k in range(len(shape)):
                count = f"{name}.shape[{k}]" if k else f"len({name})"
                if count not in body.scope.counts:
                    kept.setdefault((k, shape), count)
    return list(kept.values())


def _arrays(name: str, shape: Shape, site: Shape | None, far: float) -> Suggestions:
    """An array, or the derivative of an activation that it holds, where the shapes fit."""
    if site is None:
        if name.isidentifier():
            yield name, costs.ADD_UNKNOWN + far
    elif fits(shape, site):
        yield from _factor_or_divisor(name, costs.ADD_ARRAY + far)
        if shape == site:
            yield f"(1 - {name}**2)", costs.ADD_DERIVATIVE + far
            yield f"({name} > 0)", costs.ADD_DERIVATIVE + far
            yield f"{name} * (1 - {name})", costs.ADD_DERIVATIVE + far
            yield f"(1 - {name})", costs.ADD_DERIVATIVE + 0.6 + far
            yield f"np.sign({name})", costs.ADD_DERIVATIVE + 0.8 + far
    elif len(site) == len(shape) + 1 and fits((*shape, 1), site):
        yield from _factor_or_divisor(f"{name}[{':, ' * len(shape)}None]", costs.ADD_ARRAY + far)


def _factor_or_divisor(text: str, cost: float) -> Suggestions:
    yield text, cost
    yield quotient("1", text), cost + 0.4


@candidates_of("term", cst.BinaryOperation)
def dropped_terms(body: Body, node: cst.BinaryOperation) -> Iterator[Edit]:
    """A sum without one of its terms, or the first of several alone."""
    if not is_sum(node):
        return
    left, right = body.bare(node.left), body.bare(node.right)
    yield body.replace(node, left, costs.DROP_TERM, f"drop the term {short(right)}")
    new = negative(right) if isinstance(node.operator, cst.Subtract) else right
    yield body.replace(node, new, costs.DROP_TERM, f"drop the term {short(left)}")
    if is_sum(node.left):
        first = body.bare(next(addends(node)))
        what = f"keep only the term {short(first)}"
        yield body.replace(node, first, costs.DROP_TERM + 0.8, what)


@candidates_of("term")
def added_terms(body: Body) -> Iterator[Edit]:
    """A term that the diagnosis, the scope or the code suggest; a number above the line."""
    for site in (site for site in sites(body) if site.whole):
        match site.node:
            case cst.BinaryOperation(operator=cst.Divide(), left=left):
                for name in body.scope.numbers():
                    yield _with_term(body, left, name, costs.ADD_TERM)
        for term, cost in _suggested_terms(body, site):
            yield _with_term(body, site.node, term, cost)


def _with_term(body: Body, node: Expression, term: str, cost: float) -> Edit:
    return body.replace(node, total(body.bare(node), term), cost, f"add the term {short(term)}")


def _suggested_terms(body: Body, site: Site) -> Suggestions:
    yield from _asked(body)
    if site.shape is None:
        return
    if site.shape:
        yield from _decays(body, site.shape)
    if len(site.shape) == 2 and site.shape[0] == site.shape[1] and not is_sum(site.node):
        code = body.bare(site.node)
        yield turned(code), costs.REPEAT_TERM
        yield f"{turned(code)} - np.diag(np.diag({code}))", costs.REPEAT_TERM + 0.2
    for other in (other for other in sites(body) if other.shape == site.shape):
        text, here = body.bare(other.node), body.statement(site.node)
        if here is not body.statement(other.node) and not isinstance(other.node, cst.Name):
            yield text, costs.REPEAT_TERM
            yield negative(text), costs.REPEAT_TERM + 0.2
    for name in body.scope.numbers():
        yield from ((name, costs.ADD_TERM), (negative(name), costs.ADD_TERM))


def _asked(body: Body) -> Suggestions:
    """The terms of the diagnosis for which the function has the names."""
    names = body.scope.own | body.scope.near | {*filter(str.isidentifier, body.scope.shapes)}
    for hint in body.hints.terms:
        if loaded(hint) <= names:
            bare = number(hint.partition(" * ")[0]) is not None
            # Holders are written as the user does: in which quotes, above all.
            term = hint
            for key in sorted(body.scope.spelled, key=len, reverse=True):
                if not key.isidentifier():
                    term = term.replace(key, body.scope.spelled[key])
            yield term, costs.HINTED_LITERAL if bare else costs.HINTED


def _decays(body: Body, shape: Shape) -> Suggestions:
    """A penalty's derivative: a number times what has the gradient's shape."""
    numbers = body.scope.numbers()
    for name in (name for name, other in body.scope.arrays() if other == shape):
        held = not name.isidentifier()  # as parameters mostly are
        cost = costs.ADD_TERM - 0.4 * held
        yield name, cost + 0.4
        yield negative(name), cost + 0.6
        for one in numbers:
            far = 0.0 if body.scope.is_near(one) else costs.FAR / 2
            yield f"{one} * {name}", cost + far
            yield f"{one} * np.sign({name})", cost + 0.8 + far
