"""Calls: exchanged arguments, another function; the letters and axes of a transpose."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import combinations, permutations

import libcst as cst

from ..edit import Edit
from .body import Body
from .costs import COSTS
from .registry import candidates_of
from .shapes import called, is_module, method

_MOVING = frozenset({"transpose", "swapaxes", "moveaxis", "permute"})

# Calls whose arguments nobody confuses.
_PLAIN = frozenset({"reshape", "at", "astype", "einsum", "zeros", "ones", "range", "isinstance"})
_FEW = 3  # axes of which all orders are tried; of more, two are exchanged


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
