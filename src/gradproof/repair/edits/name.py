"""Names: another name, key, attribute or entry where its neighbour was meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

import libcst as cst

from ..edit import Edit, Kind
from ..hints import Shape
from . import costs
from .body import Body
from .scope import is_holder
from .text import normal, short
from .transpose import is_read

_NUMBERS = (cst.Integer, cst.Float)
_FEW = 6  # values that are tried from another one on
_VIEWED = frozenset({"shape", "dtype", "ndim", "size"})


def names(body: Body) -> Iterator[Edit]:
    """Other names for those that are read, other keys, other attributes, values exchanged."""
    for node in body.of(cst.Name):
        if is_read(body, node) and _may_change(body, node):
            yield from _others(body, node)
    held: list[cst.Attribute | cst.Subscript] = [*body.of(cst.Attribute), *body.of(cst.Subscript)]
    for holder in held:
        if is_holder(holder) and not _called(body, holder):
            yield from _holders(body, holder)
    for family in (_formatted, _values, _keys, _compared, _empty):
        yield from family(body)


def _may_change(body: Body, node: cst.Name) -> bool:
    kept = node.value in body.scope.still or node.value in {"True", "False", "None", "self", "cls"}
    return not kept and not isinstance(body.parent(node), cst.FormattedStringExpression)


def _called(body: Body, node: cst.CSTNode) -> bool:
    parent = body.parent(node)
    return isinstance(parent, cst.Call) and parent.func is node


def _others(body: Body, node: cst.Name) -> Iterator[Edit]:
    """Every other name in scope, the likelier the better its shape fits."""
    shape = body.shape(node)
    viewed = isinstance(parent := body.parent(node), cst.Attribute) and (
        parent.attr.value in _VIEWED
    )
    if node.value in body.scope.others:
        return
    for name, other in [*body.scope.items(), *((n, None) for n in body.scope.unknown())]:
        if name != node.value:
            cost = _cost(shape, other) + 0.6 * viewed
            if body.asked(_ratio(body, node, name)):
                cost = costs.HINTED_CHANGE
            cost += 0.0 if body.scope.is_near(name) else costs.FAR
            cost += 0.0 if name.isidentifier() else costs.HOLDER
            cost += -0.3 * _alike(node.value, name) + 1.0 * (name == "_")
            cost += 0.8 * (other == () and name in body.scope.loops)
            yield body.replace(node, body.scope.spelling(name), Kind.NAME, cost)


def _ratio(body: Body, node: cst.Name, other: str) -> float | None:
    """How many times larger a product is with another number in a factor's place."""
    product = body.parent(node)
    now, then = body.value(node), body.scope.value(other)
    if not (isinstance(product, cst.BinaryOperation) and now and then):
        return None
    if isinstance(product.operator, cst.Divide) and node is product.right:
        return now / then
    return then / now if isinstance(product.operator, (cst.Multiply, cst.Divide)) else None


def _cost(one: Shape | None, other: Shape | None) -> float:
    if one is None or other is None:
        return costs.NAME_UNKNOWN
    return costs.NAME_SAME_SHAPE if one == other else costs.NAME_OTHER_SHAPE


def _alike(one: str, other: str) -> bool:
    """Whether two names differ in a number, or by a letter in front: W1 and W2, dZ and Z."""
    bare = one.rstrip("0123456789_"), other.rstrip("0123456789_")
    return bare[0] == bare[1] or one.endswith(other) or other.endswith(one)


def _holders(body: Body, node: cst.Attribute | cst.Subscript) -> Iterator[Edit]:
    """Another entry of the same holder, and names that hold an array of its shape."""
    here, shape = normal(body.code(node)), body.shape(node)
    base = _base(here)
    read = is_read(body, node)
    for other in body.scope.holders():
        key = normal(other)
        if key != here and _base(key) == base:
            same = shape is not None and body.scope.shape(other) == shape
            cost = costs.KEY if same else costs.KEY_UNKNOWN
            if not read:
                cost += 0.4
            yield body.replace(node, other, Kind.NAME, cost)
        elif key != here and read and shape and body.scope.shape(other) == shape:
            yield body.replace(node, other, Kind.NAME, costs.NAME_SAME_SHAPE + costs.HOLDER)
    if read and shape is not None:
        for name, other_shape in body.scope.items():
            if name.isidentifier() and other_shape == shape:
                cost = costs.NAME_SAME_SHAPE + costs.HOLDER
                yield body.replace(node, name, Kind.NAME, cost)


def _base(key: str) -> str:
    return key[: max(key.rfind("["), key.rfind("."))]


def _formatted(body: Body) -> Iterator[Edit]:
    """``f"A{l - 1}"`` for ``f"A{l}"``: the number in a key, and the text before it."""
    prefixes = dict[str, None]()
    for text in body.of(cst.FormattedStringText):
        prefixes[text.value] = None
    for string in body.of(cst.FormattedString):
        if not isinstance(body.parent(string), cst.Index):
            continue
        for part in string.parts:
            if isinstance(part, cst.FormattedStringExpression):
                yield from _shifted(body, part)
            elif isinstance(part, cst.FormattedStringText):
                for prefix in prefixes:
                    if prefix != part.value:
                        span = body.inner(part)
                        what = f"{part.value} → {prefix}"
                        yield body.write(span, prefix, Kind.NAME, costs.KEY, what, string)


def _shifted(body: Body, part: cst.FormattedStringExpression) -> Iterator[Edit]:
    from .index import shifted

    code = body.code(part.expression)
    for new in shifted(code):
        yield body.replace(part.expression, new, Kind.INDEX, costs.INDEX)


def _values(body: Body) -> Iterator[Edit]:
    """Two values that are packed together, exchanged."""
    packs: list[cst.Tuple | cst.List] = [*body.of(cst.Tuple), *body.of(cst.List)]
    for pack in packs:
        if is_read(body, pack) and not isinstance(body.parent(pack), cst.Index):
            yield from _exchanged(body, [one.value for one in pack.elements])
    for mapping in body.of(cst.Dict):
        pairs = [one.value for one in mapping.elements]
        yield from _exchanged(body, pairs)
    for call in body.of(cst.Call):
        keyed = [one.value for one in call.args if one.keyword is not None]
        if len(keyed) == len(call.args):
            yield from _exchanged(body, keyed)


def _turned(body: Body, values: Sequence[cst.BaseExpression]) -> Iterator[Edit]:
    """The values in their order, but beginning with another one."""
    spans = [body.outer(one) for one in values]
    source = body.text.source
    codes = [source[begin:end] for begin, end in spans]
    gaps = [source[one[1] : other[0]] for one, other in pairwise(spans)]
    for k in range(1, len(values)):
        turned = codes[k:] + codes[:k]
        new = "".join(code + gap for code, gap in zip(turned, [*gaps, ""], strict=True))
        what = f"{', '.join(map(short, codes))} → {', '.join(map(short, turned))}"
        span = (spans[0][0], spans[-1][1])
        yield body.write(span, new, Kind.NAME, costs.SWAP_VALUES + 0.5, what, values[0])


def _keys(body: Body) -> Iterator[Edit]:
    """What two statements assign to two entries of one holder, exchanged."""
    held = [
        node.targets[0].target
        for node in body.of(cst.Assign)
        if len(node.targets) == 1 and is_holder(node.targets[0].target)
    ]
    for one, other in combinations(held, 2):
        if _base(normal(body.code(one))) == _base(normal(body.code(other))):
            yield from _exchanged(body, [one, other])


def _compared(body: Body) -> Iterator[Edit]:
    """A name where something is computed only to be compared."""
    for node in body.of(cst.Comparison):
        if isinstance(node.left, (cst.BinaryOperation, cst.Call)):
            for name, shape in body.scope.items():
                if shape and name.isidentifier() and name in body.scope.own:
                    yield body.replace(node.left, name, Kind.NAME, costs.NAME_UNKNOWN)


def _empty(body: Body) -> Iterator[Edit]:
    """A name where zeros stand in its place."""
    for call in body.of(cst.Call):
        maker = call.func.attr.value if isinstance(call.func, cst.Attribute) else ""
        if maker not in {"zeros", "zeros_like"} or not call.args:
            continue
        target = _target(body, call)
        shape = body.shape(call.args[0].value) if maker == "zeros_like" else target
        for name, other in body.scope.items():
            if shape and other == shape and name.isidentifier() and name in body.scope.own:
                yield body.replace(call, name, Kind.NAME, costs.NAME_UNKNOWN)


def _target(body: Body, node: cst.CSTNode) -> Shape | None:
    parent = body.parent(node)
    return body.shape(parent.targets[0].target) if isinstance(parent, cst.Assign) else None


def _exchanged(body: Body, values: Sequence[cst.BaseExpression]) -> Iterator[Edit]:
    if any(isinstance(one, (*_NUMBERS, cst.SimpleString)) for one in values):
        return
    if 2 < len(values) <= _FEW:
        yield from _turned(body, values)
    for one, other in combinations(values, 2):
        (begin, middle), (then, end) = body.outer(one), body.outer(other)
        old = body.text.source
        new = old[then:end] + old[middle:then] + old[begin:middle]
        what = f"exchange {short(old[begin:middle])} and {short(old[then:end])}"
        yield body.write((begin, end), new, Kind.NAME, costs.SWAP_VALUES, what, one)
