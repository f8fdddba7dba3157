"""Names: another name, key, attribute or entry where its neighbour was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from itertools import product as every

import libcst as cst

from ..edit import Edit
from ..hints import Shape
from .body import Body, Expression
from .costs import COSTS
from .fill import far
from .indices import shifted
from .places import is_read
from .registry import candidates_of
from .scope import is_holder
from .sites import sites
from .text import loaded, normal, product, short, total

_CONSTANT = (cst.Integer, cst.Float, cst.SimpleString)
_WORD = re.compile(r"[A-Za-z_]\w*")
_FEW = 6  # values that are tried from another one on
_VIEWED = frozenset({"shape", "dtype", "ndim", "size"})
# For a holder more than for a name: `params["W"]` for `W`.
_HOLDER = 0.7
_KEPT = frozenset({"True", "False", "None", "self", "cls"})


@candidates_of("term", least=COSTS["said"])
def said_by_the_diagnosis(body: Body) -> Iterator[Edit]:
    """What the diagnosis says that an expression should be, at the lines that it names."""
    meant = {normal(one.wrong): one for one in body.hints.meant}
    names = body.scope.own | body.scope.near | body.scope.still
    for node in body.parents if meant else ():
        said = meant.get(normal(body.code(node))) if isinstance(node, Expression) else None
        if said is not None and body.rejected(node) and loaded(said.right) <= names:
            right, old = body.scope.written(said.right), body.bare(node)
            new = product(old, right) if said.factor else right
            what = f"multiply {short(old)} by {short(right)}" if said.factor else None
            cost = COSTS["factor that is said" if said.factor else "said"]
            yield body.replace(node, new, cost, what)


@candidates_of("name", cst.Name, least=1.2)
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
    which = "of the same shape" if here == shape else "of another shape"
    which = "of which nobody knows" if None in (here, shape) else which
    cost = COSTS[f"name {which}"] + 0.6 * viewed
    if _asked(body, node, name):
        cost *= 0.2
    cost += far(body, name) + _HOLDER * (not name.isidentifier())
    cost += -0.3 * _alike(node.value, name) + 1.0 * (name == "_")
    return cost + 0.8 * (shape == () and name in body.scope.loops)


def _asked(body: Body, node: cst.Name, name: str) -> bool:
    """Whether the product is so many times larger with another number as the diagnosis asks."""
    divides, now, then = body.is_divisor(node), body.value(node), body.scope.value(name)
    if divides is None or not now or not then:
        return False
    return body.asked(now / then if divides else then / now)


def _alike(one: str, other: str) -> bool:
    """Whether two names differ in a number, or by a letter in front: W1 and W2, dZ and Z."""
    bare = one.rstrip("0123456789_"), other.rstrip("0123456789_")
    return bare[0] == bare[1] or one.endswith(other) or other.endswith(one)


@candidates_of("name", cst.Attribute, cst.Subscript, least=COSTS["key of the same shape"])
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
            cost = COSTS["key of the same shape" if same else "key"]
            yield body.replace(node, other, cost if read else cost + 0.4)
        elif key != here and read and shape and same:
            yield body.replace(node, other, COSTS["name of the same shape"] + _HOLDER)
    for name, other_shape in body.scope.items() if read and shape is not None else ():
        if name.isidentifier() and other_shape == shape:
            yield body.replace(node, name, COSTS["name of the same shape"] + _HOLDER)


def _base(key: str) -> str:
    return key[: max(key.rfind("["), key.rfind("."))]


@candidates_of("name", cst.FormattedString, least=COSTS["key of the same shape"])
def other_prefixes(body: Body, string: cst.FormattedString) -> Iterator[Edit]:
    """``f"Z{i}"`` for ``f"A{i}"``: the text in a key, as other keys have it."""
    if not isinstance(body.parents.get(string), cst.Index):
        return
    prefixes = dict.fromkeys(text.value for text in body.of(cst.FormattedStringText))
    texts = [part for part in string.parts if isinstance(part, cst.FormattedStringText)]
    for part, prefix in every(texts, prefixes):
        if prefix != part.value:
            what = f"{part.value} → {prefix}"
            yield body.write(body.inner(part), prefix, COSTS["key of the same shape"], what, string)


@candidates_of("index", cst.FormattedString, least=COSTS["index"])
def other_numbers(body: Body, string: cst.FormattedString) -> Iterator[Edit]:
    """``f"A{i - 1}"`` for ``f"A{i}"``: the number in a key."""
    for part in string.parts if isinstance(body.parents.get(string), cst.Index) else ():
        if isinstance(part, cst.FormattedStringExpression):
            for new in shifted(body.code(part.expression)):
                yield body.replace(part.expression, new, COSTS["index"])


@candidates_of("name", least=COSTS["values exchanged"])
def exchanged_values(body: Body) -> Iterator[Edit]:
    """Two values that are packed together, or assigned to two entries of a holder, exchanged."""
    for values in _packed(body):
        if any(isinstance(one, _CONSTANT) for one in values):
            continue
        if 2 < len(values) <= _FEW:
            yield from _turned(body, values)
        for one, other in combinations(values, 2):
            yield body.exchange(one, other, COSTS["values exchanged"], one)


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
        yield body.write(span, new, COSTS["values exchanged"] + 0.5, what, values[0])


@candidates_of("name", least=COSTS["names of a neighbour"])
def neighbours(body: Body) -> Iterator[Edit]:
    """What is computed of ``Wr`` and ``dr`` where the same of ``Wz`` and ``dz`` stands alone."""
    for site in sites(body):
        code = body.bare(site.node)
        for other in _neighbours(body, code):
            yield body.replace(site.node, other, COSTS["names of a neighbour"])
            what = f"add the term {short(other)}"
            yield body.replace(site.node, total(code, other), COSTS["term of a neighbour"], what)


def _neighbours(body: Body, code: str) -> Iterator[str]:
    """The code with one letter or number in its names changed, where all of these are known."""
    known = {*body.scope.own, *body.scope.shapes, *body.scope.spelled}
    words = frozenset(word for name in known for word in _WORD.findall(name))
    mine = [word for word in dict.fromkeys(_WORD.findall(code)) if word in words]
    for old, new in dict.fromkeys(_parted(one, two) for one in mine for two in sorted(words)):
        changed = {one: one.replace(old, new) for one in mine if old and old in one}
        if len(changed) > 1 and words.issuperset(changed.values()):
            yield _renamed(code, changed)


def _renamed(code: str, names: Mapping[str, str]) -> str:
    return _WORD.sub(lambda found: names.get(found.group(), found.group()), code)


def _parted(one: str, other: str) -> tuple[str, str]:
    """The one letter or number in which two names of one length differ."""
    apart = [pair for pair in zip(one, other, strict=False) if pair[0] != pair[1]]
    return apart[0] if len(one) == len(other) and len(apart) == 1 else ("", "")
