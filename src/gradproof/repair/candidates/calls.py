"""Calls: other axes and arguments, another function; the letters and axes of a transpose."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import combinations, permutations

import libcst as cst

from ..edit import Edit
from .body import Body, Expression
from .registry import candidates_of
from .shapes import called, is_module, method
from .table import COSTS

_KEEPING = frozenset({
    "sum", "mean", "max", "min", "prod", "var", "std", "any", "all", "norm", "nansum", "nanmean",
    "amax", "amin", "argmax", "argmin",
})  # fmt: skip
_REDUCTIONS = _KEEPING | {
    "cumsum", "cumprod", "average", "median", "logsumexp", "softmax", "flip", "roll", "sort",
    "argsort", "concatenate", "stack", "split", "repeat", "take", "expand_dims", "squeeze", "diff",
}  # fmt: skip
_MOVING = frozenset({"transpose", "swapaxes", "moveaxis", "permute"})

# Calls whose arguments nobody confuses.
_PLAIN = frozenset({"reshape", "at", "astype", "einsum", "zeros", "ones", "range", "isinstance"})
_FEW = 3  # axes of which all orders are tried; of more, two are exchanged


@candidates_of("axis", cst.Call, least=COSTS["axis"])
def other_axes(body: Body, call: cst.Call) -> Iterator[Edit]:
    """Change, drop or add what a reduction runs over."""
    argument = _axis(call)
    if argument is not None and called(call) in _REDUCTIONS:
        for new, cost in _axes(body, argument.value):
            yield body.replace(argument.value, new, cost)
        yield _without(body, call, argument, COSTS["axis"] + 0.3)
    elif called(call) in _KEEPING:
        for new in ("axis=0", "axis=1", "axis=-1"):
            yield _with(body, call, new, COSTS["axis"] + 0.2)


def _axes(body: Body, old: Expression) -> Iterator[tuple[str, float]]:
    code, cost = body.code(old), COSTS["axis"]
    yield from ((new, cost) for new in ("0", "1", "-1") if new != code)
    yield "2", cost + 0.4
    if not isinstance(old, cst.Tuple):
        yield from ((new, cost + 0.6) for new in ("(0, 1)", "(1, 2)", "(0, 2)"))
        return
    items = [body.code(one.value) for one in old.elements]
    fewer = [[one for one in items if one != item] for item in items]
    yield from ((item, cost) for item in items)
    yield from ((f"({', '.join(rest)})", cost) for rest in fewer if len(rest) > 1)
    yield from ((f"({', '.join(order)})", cost + 0.4) for order in orders(items))


@candidates_of("keepdims", cst.Call, least=COSTS["keepdims"])
def kept_dimensions(body: Body, call: cst.Call) -> Iterator[Edit]:
    """Keep the dimension that a reduction runs over, or lose it."""
    if called(call) not in _KEEPING:
        return
    known = _keyword(call, "keepdims")
    if known is None:
        if _axis(call) is not None:
            yield _with(body, call, "keepdims=True", COSTS["keepdims"])
    elif body.code(known.value) == "False":
        yield body.replace(known.value, "True", COSTS["keepdims"])
    else:
        yield _without(body, call, known, COSTS["keepdims"])


def _keyword(call: cst.Call, *names: str) -> cst.Arg | None:
    keyed = (one for one in call.args if one.keyword is not None and one.keyword.value in names)
    return next(keyed, None)


def _axis(call: cst.Call) -> cst.Arg | None:
    positional = [one for one in call.args if one.keyword is None]
    place = 1 if is_module(call) or isinstance(call.func, cst.Name) else 0
    alone = len(positional) == place + 1 and _whole(positional[place].value)
    return _keyword(call, "axis", "dim") or (positional[place] if alone else None)


def _whole(node: Expression) -> bool:
    """Whether a node is an integer, or a tuple of integers."""
    match node:
        case cst.Tuple(elements=elements):
            return all(_whole(one.value) for one in elements)
        case cst.UnaryOperation(expression=held):
            return _whole(held)
    return isinstance(node, cst.Integer)


def _without(body: Body, call: cst.Call, argument: cst.Arg, cost: float) -> Edit:
    """The edit that drops an argument, with the comma that parts it from its neighbour."""
    k = next(k for k, one in enumerate(call.args) if one is argument)
    begin, end = body.inner(argument)
    if k > 0:
        begin = body.inner(call.args[k - 1])[1]
    elif len(call.args) > 1:
        end = body.inner(call.args[1])[0]
    return body.write((begin, end), "", cost, f"drop {body.sign(argument).rstrip(',')}", call)


def _with(body: Body, call: cst.Call, argument: str, cost: float) -> Edit:
    """The edit that adds an argument behind the others."""
    if call.args:
        place, new = body.outer(call.args[-1].value)[1], f", {argument}"
    else:
        place, new = body.text.source.index("(", body.outer(call.func)[1]) + 1, argument
    return body.write((place, place), new, cost, f"add {argument}", call)


@candidates_of("arguments", cst.Call, least=COSTS["arguments"])
def exchanged_arguments(body: Body, call: cst.Call) -> Iterator[Edit]:
    """Two positional arguments exchanged."""
    if called(call) in _PLAIN | {""}:
        return
    values = [one.value for one in call.args if one.keyword is None and not one.star]
    for pair in combinations(values, 2):
        if not any(isinstance(one, (cst.Integer, cst.SimpleString)) for one in pair):
            yield body.exchange(*pair, COSTS["arguments"], call)


@candidates_of("callee", cst.Call, least=COSTS["callee"])
def other_callees(body: Body, call: cst.Call) -> Iterator[Edit]:
    """Another function of the module that takes as many arguments; another method of the object."""
    given = len(call.args)
    if any(one.star or one.keyword for one in call.args) or not isinstance(
        call.func, (cst.Name, cst.Attribute)
    ):
        return
    owner = called(call) if isinstance(call.func, cst.Name) else body.code(call.func.value)
    cost = COSTS["callee"] + 0.4 * is_module(call)
    if owner == "self":
        methods = _takers(_class_of(body), given + 1)
        yield from (body.replace(call.func, f"self.{one}", cost) for one in methods)
    elif is_module(call) or isinstance(call.func, cst.Name):
        for one in _takers(body.text.tree.body, given):
            if one != body.found.name and one not in {"fun", "grad"}:
                yield body.replace(call.func, one, cost)


def _class_of(body: Body) -> Sequence[ast.stmt]:
    name = body.found.name.rpartition(".")[0]
    classes = (one for one in ast.walk(body.text.tree) if isinstance(one, ast.ClassDef))
    return next((one.body for one in classes if name.endswith(one.name)), [])


def _takers(statements: Sequence[ast.stmt], given: int) -> Iterator[str]:
    """The functions that can be called with so many arguments."""
    for one in statements:
        if isinstance(one, ast.FunctionDef) and not one.args.kwonlyargs:
            most, extra = len(one.args.args) + len(one.args.posonlyargs), len(one.args.defaults)
            if most - extra <= given <= most:
                yield one.name


@candidates_of("transpose", cst.Call, least=COSTS["order of axes"])
def orders_of_axes(body: Body, call: cst.Call) -> Iterator[Edit]:
    """Other orders of the axes that a transpose names."""
    if method(call) not in _MOVING:
        return
    items: Sequence[cst.Arg | cst.BaseElement] = call.args
    for group in (one.value for one in call.args):
        if isinstance(group, (cst.Tuple, cst.List)):
            items = group.elements
    numbers = [one.value for one in items if isinstance(one.value, cst.Integer)]
    if len(numbers) > 1:
        span = (body.outer(numbers[0])[0], body.outer(numbers[-1])[1])
        for order in orders([one.value for one in numbers]):
            yield body.write(span, ", ".join(order), COSTS["order of axes"], None, call)


def orders(items: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """All other orders of a few, or those in which two have changed places."""
    if len(items) <= _FEW:
        yield from (one for one in permutations(items) if one != tuple(items))
        return
    for i, j in combinations(range(len(items)), 2):
        new = list(items)
        new[i], new[j] = new[j], new[i]
        yield tuple(new)


@candidates_of("transpose", least=COSTS["order of axes"])
def subscripts(body: Body) -> Iterator[Edit]:
    """Letters of an einsum in another order, within each operand and within the result."""
    for call in body.calls("einsum"):
        string = call.args[0].value if call.args else None
        if isinstance(string, cst.SimpleString):
            begin, old = body.inner(string)[0], body.raw(string)
            for word in re.finditer("[A-Za-z]+", old):
                late = "->" in old[: word.start()]
                cost = COSTS["order of axes"] + (0.0 if late else 0.3)
                for order in map("".join, set(orders(word.group()))):
                    new = old[: word.start()] + order + old[word.end() :]
                    yield body.write((begin, begin + len(old)), new, cost, None, call)
