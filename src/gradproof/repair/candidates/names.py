"""Names: another name, key, attribute or entry where its neighbour was meant."""

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise, product

import libcst as cst

from ..edit import Edit
from ..hints import Shape
from . import costs
from .body import Body, Expression, method
from .indices import shifted
from .registry import candidates_of
from .scope import is_holder
from .text import normal, short
from .transposes import is_read

_CONSTANT = (cst.Integer, cst.Float, cst.SimpleString)
_FEW = 6  # values that are tried from another one on
_VIEWED = frozenset({"shape", "dtype", "ndim", "size"})
_KEPT = frozenset({"True", "False", "None", "self", "cls"})


@candidates_of("name", cst.Name)
def other_names(body: Body, node: cst.Name) -> Iterator[Edit]:
    """Every other name in scope, the likelier the better its shape fits."""
    if not is_read(body, node) or node.value in _KEPT | body.scope.still | body.scope.others:
        return
    parent = body.parents.get(node)
    if isinstance(parent, cst.FormattedStringExpression):
        return
    viewed = isinstance(parent, cst.Attribute) and parent.attr.value in _VIEWED
    for name, shape in [*body.scope.items(), *((n, None) for n in body.scope.unknown())]:
        if name != node.value:
            cost = _cost(body, node, name, shape, viewed)
            yield body.replace(node, body.scope.spelling(name), cost)


def _cost(body: Body, node: cst.Name, name: str, shape: Shape | None, viewed: bool) -> float:
    """What it costs to write another name, which holds an array of a shape."""
    here = body.shape(node)
    cost = costs.NAME_SAME_SHAPE if here == shape else costs.NAME_OTHER_SHAPE
    cost = (costs.NAME_UNKNOWN if None in (here, shape) else cost) + 0.6 * viewed
    if body.asked(body.ratio(node, body.scope.value(name))):
        cost = costs.HINTED_CHANGE
    cost += costs.FAR * (not body.scope.is_near(name)) + costs.HOLDER * (not name.isidentifier())
    cost += -0.3 * _alike(node.value, name) + 1.0 * (name == "_")
    return cost + 0.8 * (shape == () and name in body.scope.loops)


def _alike(one: str, other: str) -> bool:
    """Whether two names differ in a number, or by a letter in front: W1 and W2, dZ and Z."""
    bare = one.rstrip("0123456789_"), other.rstrip("0123456789_")
    return bare[0] == bare[1] or one.endswith(other) or other.endswith(one)


@candidates_of("name", cst.Attribute, cst.Subscript)
def other_holders(body: Body, node: cst.Attribute | cst.Subscript) -> Iterator[Edit]:
    """Another entry of the same holder, and names that hold an array of its shape."""
    parent = body.parents.get(node)
    if not is_holder(node) or (isinstance(parent, cst.Call) and parent.func is node):
        return
    here, shape, read = normal(body.code(node)), body.shape(node), is_read(body, node)
    for other in body.scope.holders():
        key = normal(other)
        same = shape is not None and body.scope.shapes.get(key) == shape
        if key != here and _base(key) == _base(here):
            cost = costs.KEY if same else costs.KEY_UNKNOWN
            yield body.replace(node, other, cost if read else cost + 0.4)
        elif key != here and read and shape and same:
            yield body.replace(node, other, costs.NAME_SAME_SHAPE + costs.HOLDER)
    for name, other_shape in body.scope.items() if read and shape is not None else ():
        if name.isidentifier() and other_shape == shape:
            yield body.replace(node, name, costs.NAME_SAME_SHAPE + costs.HOLDER)


def _base(key: str) -> str:
    return key[: max(key.rfind("["), key.rfind("."))]


@candidates_of("name", cst.FormattedString)
def other_prefixes(body: Body, string: cst.FormattedString) -> Iterator[Edit]:
    """``f"Z{i}"`` for ``f"A{i}"``: the text in a key, as other keys have it."""
    if not isinstance(body.parents.get(string), cst.Index):
        return
    prefixes = dict.fromkeys(text.value for text in body.of(cst.FormattedStringText))
    texts = [part for part in string.parts if isinstance(part, cst.FormattedStringText)]
    for part, prefix in product(texts, prefixes):
        if prefix != part.value:
            what = f"{part.value} → {prefix}"
            yield body.write(body.inner(part), prefix, costs.KEY, what, string)


@candidates_of("index", cst.FormattedString)
def other_numbers(body: Body, string: cst.FormattedString) -> Iterator[Edit]:
    """``f"A{i - 1}"`` for ``f"A{i}"``: the number in a key."""
    for part in string.parts if isinstance(body.parents.get(string), cst.Index) else ():
        if isinstance(part, cst.FormattedStringExpression):
            for new in shifted(body.code(part.expression)):
                yield body.replace(part.expression, new, costs.INDEX)


@candidates_of("name")
def exchanged_values(body: Body) -> Iterator[Edit]:
    """Two values that are packed together, or assigned to two entries of a holder, exchanged."""
    for values in _packed(body):
        if any(isinstance(one, _CONSTANT) for one in values):
            continue
        if 2 < len(values) <= _FEW:
            yield from _turned(body, values)
        for one, other in combinations(values, 2):
            yield body.exchange(one, other, costs.SWAP_VALUES, one)


def _packed(body: Body) -> Iterator[Sequence[Expression]]:
    packs: Iterator[cst.Tuple | cst.List] = body.of(cst.Tuple, cst.List)
    for pack in packs:
        if is_read(body, pack) and not isinstance(body.parents.get(pack), cst.Index):
            yield [one.value for one in pack.elements]
    for mapping in body.of(cst.Dict):
        yield [one.value for one in mapping.elements]
    for call in body.of(cst.Call):
        if all(one.keyword is not None for one in call.args):
            yield [one.value for one in call.args]
    single = (node.targets[0].target for node in body.of(cst.Assign) if len(node.targets) == 1)
    for one, other in combinations(filter(is_holder, single), 2):
        if _base(normal(body.code(one))) == _base(normal(body.code(other))):
            yield [one, other]


def _turned(body: Body, values: Sequence[Expression]) -> Iterator[Edit]:
    """The values in their order, but beginning with another one."""
    codes = [body.code(one) for one in values]
    gaps = [body.between(*two) for two in pairwise(values)]
    span = (body.outer(values[0])[0], body.outer(values[-1])[1])
    for k in range(1, len(values)):
        turned = codes[k:] + codes[:k]
        new = "".join(code + gap for code, gap in zip(turned, [*gaps, ""], strict=True))
        what = f"{', '.join(map(short, codes))} → {', '.join(map(short, turned))}"
        yield body.write(span, new, costs.SWAP_VALUES + 0.5, what, values[0])


@candidates_of("name")
def names_for_what_is_computed(body: Body) -> Iterator[Edit]:
    """A name where something is computed only to be compared, or where zeros stand."""
    own = [(name, shape) for name, shape in body.scope.items() if shape and name in body.scope.own]
    for node in body.of(cst.Comparison):
        if isinstance(node.left, (cst.BinaryOperation, cst.Call)):
            for name, _ in own:
                yield body.replace(node.left, name, costs.NAME_UNKNOWN)
    for call in body.calls("zeros", "zeros_like"):
        like = _like_zeros(body, call)
        for name in (name for name, shape in own if like and shape == body.shape(like)):
            yield body.replace(call, name, costs.NAME_UNKNOWN)


def _like_zeros(body: Body, call: cst.Call) -> Expression | None:
    """What has the shape of the zeros that a call makes."""
    parent = body.parents.get(call)
    if method(call) == "zeros_like" and call.args:
        return call.args[0].value
    zeros = method(call) == "zeros" and call.args
    return parent.targets[0].target if zeros and isinstance(parent, cst.Assign) else None
