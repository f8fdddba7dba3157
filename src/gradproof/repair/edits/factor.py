"""Factors: one too many in a product, or one too few in what is assigned or returned."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..edit import Edit, Kind
from ..hints import Shape
from . import costs
from .body import Body
from .sites import Site, sites
from .text import Level, loaded, normal, operand, product, quotient, reciprocal, short
from .value import close

_PRODUCTS = (cst.Multiply, cst.Divide, cst.FloorDivide, cst.MatrixMultiply)
_PLAIN = frozenset({"2", "1 / 2", "-1"})  # no name is likelier than these
_TIMES = (cst.Multiply, cst.MatrixMultiply)


def factors(body: Body) -> Iterator[Edit]:
    """Drop a factor; add one of those that the diagnosis, the scope or the code suggest."""
    yield from _drop(body)
    for site in sites(body):
        for text, cost in _suggested(body, site):
            yield _add(body, site, text, cost)


def _drop(body: Body) -> Iterator[Edit]:
    for node in body.of(cst.BinaryOperation):
        if not isinstance(node.operator, _PRODUCTS):
            continue
        matrix = isinstance(node.operator, cst.MatrixMultiply)
        yield _without(body, node, node.right, node.left, matrix)
        if isinstance(node.operator, _TIMES):
            yield _without(body, node, node.left, node.right, matrix)
        elif not isinstance(node.left, (cst.Integer, cst.Float)):
            new = quotient("1", body.bare(node.right))
            yield body.replace(node, new, Kind.FACTOR, costs.DROP_SEVERAL)


def _without(
    body: Body, node: cst.BinaryOperation, gone: cst.CSTNode, kept: cst.CSTNode, matrix: bool
) -> Edit:
    divisor = isinstance(node.operator, (cst.Divide, cst.FloorDivide))
    cost = (
        costs.DROP_MATRIX
        if matrix
        else _weight(body, gone, left=gone is node.left, divisor=divisor)
    )
    sign = "divisor" if divisor else "factor"
    what = f"drop the {sign} {short(body.code(gone))}"
    return body.replace(node, body.bare(kept), Kind.FACTOR, cost, what)


def _ratio(body: Body, gone: cst.CSTNode, *, divisor: bool) -> float | None:
    """How many times larger a product is without a factor, where that is known."""
    known = body.value(gone)
    if not known:
        return None
    return known if divisor else 1 / known


def _weight(body: Body, gone: cst.CSTNode, *, left: bool, divisor: bool) -> float:
    """What it costs to drop a factor."""
    if _counting(body, gone):
        return costs.DROP_SEVERAL
    if body.asked(_ratio(body, gone, divisor=divisor)):
        return costs.HINTED_DROP
    if isinstance(gone, (cst.Integer, cst.Float)):
        return costs.DROP_NUMBER
    if body.shape(gone) == () or normal(body.code(gone)) in map(normal, body.scope.counts):
        return costs.DROP_SCALAR
    if reciprocal(body.bare(gone)) is not None:
        return costs.DROP_SCALAR
    if isinstance(gone, cst.Name):
        return costs.DROP_ARRAY
    several = isinstance(gone, cst.BinaryOperation) and isinstance(gone.operator, _PRODUCTS)
    return costs.DROP_SEVERAL if left and several else costs.DROP_EXPRESSION


def _counting(body: Body, node: cst.CSTNode) -> bool:
    """Whether a factor is one of an index."""
    above = body.parent(node)
    while isinstance(above, cst.BaseExpression):
        above = body.parent(above)
    return isinstance(above, (cst.Index, cst.Slice))


def _add(body: Body, site: Site, text: str, cost: float) -> Edit:
    what = f"multiply {short(body.code(site.node))} by {short(text)}"
    divisor = reciprocal(text)
    if divisor is not None:
        what = f"divide {short(body.code(site.node))} by {short(divisor)}"
    if isinstance(site.node, cst.Name):
        cost += 0.3  # a mere name: what was assigned to it is likelier to lack the factor
    if not site.whole:
        cost += 0.3
    return body.replace(site.node, product(body.bare(site.node), text), Kind.FACTOR, cost, what)


def _suggested(body: Body, site: Site) -> Iterator[tuple[str, float]]:
    """Factors that may be missing at a site, with what they cost."""
    for hint in body.hints.factors:
        yield hint, costs.HINTED if hint in _PLAIN else costs.HINTED_LITERAL
        yield from _by_name(body, hint)
    yield from (("2", costs.ADD_NUMBER), ("1 / 2", costs.ADD_NUMBER))
    for name in body.scope.numbers():
        yield from _either(name, costs.ADD_SCALAR + _far(body, name))
        yield from _either(f"{operand(name, Level.NUMBER)}**0.5", costs.ADD_ROOT + _far(body, name))
    for literal in ("3", "4"):
        yield from _either(literal, costs.ADD_NUMBER + 0.6)
    for count in _counts(body):
        yield from _either(count, costs.ADD_COUNT + _rare(body, count))
    for name, shape in body.scope.arrays():
        if name == "_" and site.shape is None:
            continue
        yield from _arrays(name, shape, site.shape, _far(body, name))
    if site.shape is None:
        for name in body.scope.unknown():
            yield from _either(name, costs.ADD_UNKNOWN)


def _by_name(body: Body, hint: str) -> Iterator[tuple[str, float]]:
    """A suggested factor as the code would write it: ``1 / m`` for ``1 / 6``."""
    wanted = body.scope.value(hint)
    names = [(name, _far(body, name) / 2) for name in body.scope.numbers()]
    names += [(count, _rare(body, count) / 2) for count in _counts(body)]
    for name, cost in names if hint not in _PLAIN else ():
        for text in (quotient("1", name), name):
            if close(body.scope.value(text), wanted):
                yield text, costs.HINTED + cost


def _either(text: str, cost: float) -> Iterator[tuple[str, float]]:
    """A division by a number, which is the likelier to be forgotten, and a multiplication."""
    yield quotient("1", text), cost
    yield text, cost + 0.3


def _far(body: Body, text: str) -> float:
    if text == "_":  # what is discarded seldom is missed
        return costs.FAR
    return 0.0 if body.scope.is_near(text) else costs.FAR


def _rare(body: Body, count: str) -> float:
    """What a count costs more that the code does not ask for yet."""
    if count in body.scope.counts:
        return 0.0
    given = loaded(count) & body.scope.given
    return (0.2 if given else 0.4) + 0.4 * (".shape" in count)


def _counts(body: Body) -> list[str]:
    """Numbers of examples: those that the code asks for, and the lengths of its arguments."""
    counts = dict.fromkeys(body.scope.counts)
    for name, shape in body.scope.arrays():
        if name in body.scope.own and name.isidentifier() and len(shape) > 0:
            counts |= dict.fromkeys([f"len({name})"])
        if name in body.scope.own and len(shape) > 1:
            counts |= dict.fromkeys(f"{name}.shape[{k}]" for k in range(1, len(shape)))
    return _one_each(body, list(counts))


def _one_each(body: Body, counts: list[str]) -> list[str]:
    """The first of those counts that are the same axis of arrays of one shape."""
    kept = dict[object, str]()
    for count in counts:
        names = [name for name in loaded(count) if name != "len"]
        shape = body.scope.shapes.get(names[0]) if len(names) == 1 else None
        axis = 0 if count.startswith("len(") else count.rpartition("[")[2].strip("]")
        key = (axis, shape) if shape and count not in body.scope.counts else count
        kept.setdefault(key, count)
    return list(kept.values())


def _arrays(name: str, shape: Shape, site: Shape | None, far: float) -> Iterator[tuple[str, float]]:
    """An array, or the derivative of an activation that it holds, where the shapes fit."""
    if site is None:
        if name.isidentifier():
            yield name, costs.ADD_UNKNOWN + far
        return
    if fits(shape, site):
        yield from _fitting(name, shape, site, far)
    elif len(site) == len(shape) + 1 and fits((*shape, 1), site):
        blank = f"{name}[{':, ' * len(shape)}None]"
        yield blank, costs.ADD_ARRAY + far
        yield quotient("1", blank), costs.ADD_ARRAY + 0.4 + far


def _fitting(name: str, shape: Shape, site: Shape, far: float) -> Iterator[tuple[str, float]]:
    yield name, costs.ADD_ARRAY + far
    yield quotient("1", name), costs.ADD_ARRAY + 0.4 + far
    if shape == site:
        yield f"(1 - {name}**2)", costs.ADD_DERIVATIVE + far
        yield f"({name} > 0)", costs.ADD_DERIVATIVE + far
        yield f"{name} * (1 - {name})", costs.ADD_DERIVATIVE + far
        yield f"(1 - {name})", costs.ADD_DERIVATIVE + 0.6 + far
        yield f"np.sign({name})", costs.ADD_DERIVATIVE + 0.8 + far


def fits(shape: Shape, site: Shape) -> bool:
    """Whether an array of a shape is broadcast to a site without enlarging it."""
    tail = site[len(site) - len(shape) :] if len(shape) <= len(site) else None
    return tail is not None and all(
        one in (1, length) for one, length in zip(shape, tail, strict=True)
    )
