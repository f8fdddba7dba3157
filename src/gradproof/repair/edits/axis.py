"""Axes of a reduction: another one, several, none; kept or not."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..edit import Edit, Kind
from . import costs
from .body import Body
from .transpose import orders

_REDUCTIONS = frozenset({
    "sum", "mean", "max", "min", "prod", "var", "std", "any", "all", "argmax", "argmin", "cumsum",
    "cumprod", "norm", "average", "median", "logsumexp", "softmax", "nansum", "nanmean", "amax",
    "amin", "flip", "roll", "sort", "argsort", "concatenate", "stack", "split", "repeat", "take",
    "expand_dims", "squeeze", "diff",
})  # fmt: skip
_KEEPING = frozenset({
    "sum", "mean", "max", "min", "prod", "var", "std", "any", "all", "norm", "nansum", "nanmean",
    "amax", "amin", "argmax", "argmin",
})  # fmt: skip


def axes(body: Body) -> Iterator[Edit]:
    """Change or drop what a reduction runs over."""
    for call in body.of(cst.Call):
        name = call.func.attr if isinstance(call.func, cst.Attribute) else call.func
        if not isinstance(name, cst.Name) or name.value not in _REDUCTIONS:
            continue
        argument = _axis(call)
        if argument is not None:
            yield from _other_axes(body, call, argument)
        elif name.value in _KEEPING:
            yield from _new_axes(body, call)
        if name.value in _KEEPING:
            yield from _keep(body, call, argument)


def is_module(call: cst.Call) -> bool:
    """Whether a call is of a function of NumPy, and not of a method."""
    value = call.func.value if isinstance(call.func, cst.Attribute) else None
    return isinstance(value, cst.Name) and value.value in {"np", "numpy", "jnp", "torch", "cp"}


def _axis(call: cst.Call) -> cst.Arg | None:
    for one in call.args:
        if one.keyword is not None and one.keyword.value in {"axis", "dim"}:
            return one
    place = 1 if is_module(call) or isinstance(call.func, cst.Name) else 0
    positional = [one for one in call.args if one.keyword is None]
    if len(positional) == place + 1 and _whole(positional[place].value):
        return positional[place]
    return None


def _whole(node: cst.BaseExpression) -> bool:
    """Whether a node is an integer, or a tuple of integers."""
    if isinstance(node, cst.UnaryOperation):
        node = node.expression
    if isinstance(node, cst.Tuple):
        return all(_whole(one.value) for one in node.elements)
    return isinstance(node, cst.Integer)


def _other_axes(body: Body, call: cst.Call, argument: cst.Arg) -> Iterator[Edit]:
    old = body.code(argument.value)
    for new in ("0", "1", "-1", "2"):
        if new != old:
            yield body.replace(argument.value, new, Kind.AXIS, costs.AXIS + 0.4 * (new == "2"))
    if isinstance(argument.value, cst.Tuple):
        items = [body.code(one.value) for one in argument.value.elements]
        for item in items:
            yield body.replace(argument.value, item, Kind.AXIS, costs.AXIS)
            rest = [one for one in items if one != item]
            if len(rest) > 1:
                new = f"({', '.join(rest)})"
                yield body.replace(argument.value, new, Kind.AXIS, costs.AXIS)
        for order in orders(items):
            new = f"({', '.join(order)})"
            yield body.replace(argument.value, new, Kind.AXIS, costs.AXIS + 0.4)
    else:
        for new in ("(0, 1)", "(1, 2)", "(0, 2)"):
            yield body.replace(argument.value, new, Kind.AXIS, costs.AXIS + 0.6)
    yield without(body, call, argument, Kind.AXIS, costs.AXIS + 0.3)


def without(body: Body, call: cst.Call, argument: cst.Arg, kind: Kind, cost: float) -> Edit:
    """The edit that drops an argument, with the comma that parts it from its neighbour."""
    k = next(k for k, one in enumerate(call.args) if one is argument)
    begin, end = body.inner(argument)
    if k > 0:
        begin = body.inner(call.args[k - 1])[1]
    elif len(call.args) > 1:
        end = body.inner(call.args[1])[0]
    old = body.text.source[slice(*body.inner(argument))].strip().rstrip(",")
    return body.write((begin, end), "", kind, cost, f"drop {old}", call)


def added(body: Body, call: cst.Call, argument: str, kind: Kind, cost: float) -> Edit:
    """The edit that adds an argument behind the others."""
    place = body.outer(call.func)[1]
    if call.args:
        place = body.outer(call.args[-1].value)[1]
        return body.write((place, place), f", {argument}", kind, cost, f"add {argument}", call)
    place = body.text.source.index("(", place) + 1
    return body.write((place, place), argument, kind, cost, f"add {argument}", call)


def _new_axes(body: Body, call: cst.Call) -> Iterator[Edit]:
    for new in ("axis=0", "axis=1", "axis=-1"):
        yield added(body, call, new, Kind.AXIS, costs.AXIS + 0.2)


def _keep(body: Body, call: cst.Call, axis: cst.Arg | None) -> Iterator[Edit]:
    for one in call.args:
        if one.keyword is not None and one.keyword.value == "keepdims":
            flipped = {"True": "False", "False": "True"}.get(body.code(one.value))
            if flipped == "True":
                yield body.replace(one.value, flipped, Kind.KEEPDIMS, costs.KEEPDIMS)
            else:
                yield without(body, call, one, Kind.KEEPDIMS, costs.KEEPDIMS)
            return
    if axis is not None:
        yield added(body, call, "keepdims=True", Kind.KEEPDIMS, costs.KEEPDIMS)
