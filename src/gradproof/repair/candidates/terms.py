"""Terms: an addend too many, or one that is missing."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..edit import Edit
from ..hints import Shape
from . import costs
from .body import Body, Expression
from .registry import candidates_of
from .sites import Site, addends, is_sum, sites
from .text import loaded, negative, number, short, total, turned

Suggestions = Iterator[tuple[str, float]]


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
                    yield _added(body, left, name, costs.ADD_TERM)
        for term, cost in _suggested(body, site):
            yield _added(body, site.node, term, cost)


def _added(body: Body, node: Expression, term: str, cost: float) -> Edit:
    return body.replace(node, total(body.bare(node), term), cost, f"add the term {short(term)}")


def _suggested(body: Body, site: Site) -> Suggestions:
    """Terms that may be missing at a site, with what they cost."""
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
