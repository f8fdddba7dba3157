"""Terms: an addend too many, or one that is missing."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..edit import Edit, Kind
from ..hints import Shape
from . import costs
from .body import Body
from .factor import fits
from .sites import Site, addends, sites
from .text import loaded, negative, number, short, total
from .transpose import turned


def terms(body: Body) -> Iterator[Edit]:
    """Drop an addend; add one that the diagnosis, the scope or the code suggest."""
    for node in body.of(cst.BinaryOperation):
        if isinstance(node.operator, (cst.Add, cst.Subtract)):
            yield from _without(body, node)
        if _a_sum(node) and _a_sum(node.left):
            yield _only(body, node)
    for site in sites(body):
        if site.whole:
            yield from _numerators(body, site)
            for term, cost in _suggested(body, site):
                yield _add(body, site, term, cost)


def _without(body: Body, node: cst.BinaryOperation) -> Iterator[Edit]:
    left, right = body.bare(node.left), body.bare(node.right)
    what = f"drop the term {short(right)}"
    yield body.replace(node, left, Kind.TERM, costs.DROP_TERM, what)
    new = negative(right) if isinstance(node.operator, cst.Subtract) else right
    what = f"drop the term {short(left)}"
    yield body.replace(node, new, Kind.TERM, costs.DROP_TERM, what)


def _only(body: Body, node: cst.BinaryOperation) -> Edit:
    """The first of several terms alone."""
    first = body.bare(next(addends(node)))
    what = f"keep only the term {short(first)}"
    return body.replace(node, first, Kind.TERM, costs.DROP_TERM + 0.8, what)


def _numerators(body: Body, site: Site) -> Iterator[Edit]:
    """A number that is missing above the line."""
    node = site.node
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Divide):
        left = body.bare(node.left)
        for name in body.scope.numbers():
            what = f"add the term {name}"
            new = total(left, name)
            yield body.replace(node.left, new, Kind.TERM, costs.ADD_TERM, what)


def _add(body: Body, site: Site, term: str, cost: float) -> Edit:
    new = total(body.bare(site.node), term)
    return body.replace(site.node, new, Kind.TERM, cost, f"add the term {short(term)}")


def _suggested(body: Body, site: Site) -> Iterator[tuple[str, float]]:
    """Terms that may be missing at a site, with what they cost."""
    for hint in body.hints.terms:
        if _in_scope(body, hint):
            bare = number(hint.partition(" * ")[0]) is not None
            cost = costs.HINTED_LITERAL if bare else costs.HINTED
            yield _as_written(body, hint), cost
    if site.shape is None:
        return
    if site.shape:
        yield from _decays(body, site.shape)
    if len(site.shape) == 2 and site.shape[0] == site.shape[1] and not _a_sum(site.node):
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


def _in_scope(body: Body, term: str) -> bool:
    """Whether the function has the names of a term."""
    return loaded(term) <= body.scope.own | body.scope.near | {
        name for name in body.scope.shapes if name.isidentifier()
    }


def _as_written(body: Body, term: str) -> str:
    """The term with its holders as the user writes them: in which quotes, above all."""
    for key in sorted(body.scope.spelled, key=len, reverse=True):
        if not key.isidentifier():
            term = term.replace(key, body.scope.spelled[key])
    return term


def _a_sum(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.BinaryOperation) and isinstance(
        node.operator, (cst.Add, cst.Subtract)
    )


def _movable(body: Body, site: Site, other: Site) -> bool:
    """Whether a term of another statement might be missing here."""
    same = body.statement(site.node) is body.statement(other.node)
    return not same and not isinstance(other.node, cst.Name)


def _decays(body: Body, shape: Shape) -> Iterator[tuple[str, float]]:
    """A penalty's derivative: a number times what has the gradient's shape."""
    numbers = body.scope.numbers()
    for name, other in body.scope.arrays():
        if other != shape or not fits(other, shape):
            continue
        held = not name.isidentifier()
        cost = costs.ADD_TERM - 0.4 * held  # parameters are mostly held by something
        yield name, cost + 0.4
        yield negative(name), cost + 0.6
        for one in numbers:
            far = 0.0 if body.scope.is_near(one) else costs.FAR / 2
            yield f"{one} * {name}", cost + far
            yield f"{one} * np.sign({name})", cost + 0.8 + far
