"""Arguments and calls: two arguments exchanged, a call around what would do without it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import libcst as cst

from ..edit import Edit, Kind
from . import costs
from .axis import is_module
from .body import Body
from .sites import sites
from .text import attribute, short

# Calls that change what they are given without changing what it means to be a gradient.
_WRAPPERS = frozenset({
    "clip", "sign", "abs", "absolute", "round", "rint", "float16", "float32", "floor", "ceil",
    "tril", "triu", "cumsum", "roll", "flip", "flipud", "fliplr", "sqrt", "square", "exp", "log",
    "tanh", "nan_to_num", "ascontiguousarray", "asarray", "array", "copy", "astype", "int8",
    "around", "trunc", "maximum", "minimum", "diff", "sort", "real", "imag", "detach",
    "zeros_like", "squeeze", "ravel", "flatten", "sin", "cos", "normalize", "diag",
})  # fmt: skip
_OFTEN = frozenset({
    "clip", "round", "float16", "float32", "astype", "copy", "sign", "abs", "tril", "triu",
    "cumsum", "roll", "flip",
})  # fmt: skip
_COUNTING = frozenset({"len", "range", "enumerate", "zip", "reversed", "sorted", "list", "tuple"})
_PATHS = frozenset({"reshape", "at", "astype", "einsum", "zeros", "ones", "range", "isinstance"})


def arguments(body: Body) -> Iterator[Edit]:
    """Two positional arguments exchanged."""
    for call in body.of(cst.Call):
        name = call.func.attr if isinstance(call.func, cst.Attribute) else call.func
        values = [one.value for one in call.args if one.keyword is None and not one.star]
        if not isinstance(name, cst.Name) or name.value in _PATHS:
            continue
        for one, other in combinations(values, 2):
            numbers = (cst.Integer, cst.SimpleString)
            if not isinstance(one, numbers) and not isinstance(other, numbers):
                yield _exchanged(body, call, one, other)


def _exchanged(
    body: Body, call: cst.Call, one: cst.BaseExpression, other: cst.BaseExpression
) -> Edit:
    (begin, middle), (then, end) = body.outer(one), body.outer(other)
    old = body.text.source
    new = old[then:end] + old[middle:then] + old[begin:middle]
    what = f"exchange {short(old[begin:middle])} and {short(old[then:end])}"
    return body.write((begin, end), new, Kind.ARGUMENTS, costs.ARGUMENTS, what, call)


def unwrapped(body: Body) -> Iterator[Edit]:
    """A call replaced by what it is given, and a change of shape made in another order."""
    for call in body.of(cst.Call):
        inside, name = _inside(call)
        if inside is None:
            continue
        own = isinstance(call.func, cst.Name) and name not in _COUNTING
        if name in _WRAPPERS or own:
            cost = costs.UNWRAP if name in _OFTEN else costs.UNWRAP_RARE
            what = f"drop {name} around {short(body.code(inside))}"
            yield body.replace(call, body.bare(inside), Kind.UNWRAP, cost, what)
        if name == "reshape":
            yield from _reshaped(body, call, inside)
        if name == "astype":
            yield from _widened(body, call)


def _inside(call: cst.Call) -> tuple[cst.BaseExpression | None, str]:
    """What a call is applied to, and what it is called."""
    if isinstance(call.func, cst.Name):
        alone = len(call.args) == 1 and not call.args[0].star
        return (call.args[0].value, call.func.value) if alone else (None, "")
    if not isinstance(call.func, cst.Attribute):
        return None, ""
    name = call.func.attr.value
    if is_module(call):
        return (call.args[0].value if call.args else None), name
    return call.func.value, name


def _reshaped(body: Body, call: cst.Call, inside: cst.BaseExpression) -> Iterator[Edit]:
    """A transpose where rows were only cut in other places."""
    new = attribute(body.bare(inside), "T")
    yield body.replace(call, new, Kind.TRANSPOSE, costs.TRANSPOSE_CALL)


def _widened(body: Body, call: cst.Call) -> Iterator[Edit]:
    for one in call.args[:1]:
        if one.keyword is None:
            yield body.replace(one.value, "float", Kind.UNWRAP, costs.UNWRAP_RARE)


def wrapped(body: Body) -> Iterator[Edit]:
    """A sign, an absolute value or a triangle around an operand, where it may be missing."""
    for site in sites(body):
        code = body.bare(site.node)
        square = site.shape is None or (len(site.shape) == 2 and site.shape[0] == site.shape[1])
        for name in ("sign", "abs", *(("tril", "triu") if square else ())):
            yield body.replace(site.node, f"np.{name}({code})", Kind.UNWRAP, costs.WRAP)
