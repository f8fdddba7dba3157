"""Terms: an addend too many, or one that is missing."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..edit import Edit
from ..hints import Shape
from . import costs
from .body import Body
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
    for site in sites(body):
        if not site.whole:
            continue
        if isinstance(site.node, cst.BinaryOperation) and isinstance(
            site.node.operator, cst.Divide
        ):
            for name in body.scope.numbers():
                new = total(body.bare(site.node.left), name)
                yield body.replace(site.node.left, new, costs.ADD_TERM, f"add the term {name}")
        for term, cost in _suggested(body, site):
            new = total(body.bare(site.node), term)
            yield body.replace(site.node, new, cost, f"add the term {short(term)}")


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
    for other in sites(body):
        text = body.bare(other.node)
        if other.shape == site.shape and _movable(body, site, other):
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
            yield _as_written(body, hint), costs.HINTED_LITERAL if bare else costs.HINTED


def _as_written(body: Body, term: str) -> str:
    """The term with its holders as the user writes them: in which quotes, above all."""
    for key in sorted(body.scope.spelled, key=len, reverse=True):
        if not key.isidentifier():
            term = term.replace(key, body.scope.spelled[key])
    return term


def _movable(body: Body, site: Site, other: Site) -> bool:
    """Whether a term of another statement might be missing here."""
    same = body.statement(site.node) is body.statement(other.node)
    return not same and not isinstance(other.node, cst.Name)


def _decays(body: Body, shape: Shape) -> Suggestions:
    """A penalty's derivative: a number times what has the gradient's shape."""
    numbers = body.scope.numbers()
    for name in (name for name, other in body.scope.arrays() if other == shape):
        held = not name.isidentifier()
        cost = costs.ADD_TERM - 0.4 * held  # parameters are mostly held by something
        yield name, cost + 0.4
        yield negative(name), cost + 0.6
        for one in numbers:
            far = 0.0 if body.scope.is_near(one) else costs.FAR / 2
            yield f"{one} * {name}", cost + far
            yield f"{one} * np.sign({name})", cost + 0.8 + far
