"""Subscripts of an einsum: letters of one operand, or of the result, in another order."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..edit import Edit, Kind
from . import costs
from .body import Body
from .transpose import orders


def subscripts(body: Body) -> Iterator[Edit]:
    """Exchange letters within each operand and within the result."""
    for call in body.of(cst.Call):
        name = call.func.attr if isinstance(call.func, cst.Attribute) else call.func
        if isinstance(name, cst.Name) and name.value == "einsum" and call.args:
            first = call.args[0].value
            if isinstance(first, cst.SimpleString):
                yield from _reordered(body, call, first)


def _reordered(body: Body, call: cst.Call, string: cst.SimpleString) -> Iterator[Edit]:
    begin, end = body.inner(string)
    old = body.text.source[begin:end]
    start = 0
    for k, character in enumerate(old):
        if not character.isalpha():
            start = k + 1
        elif k + 1 < len(old) and not old[k + 1].isalpha():
            letters = old[start : k + 1]
            result = "->" in old[:start]
            for order in set(orders(letters)):
                new = old[:start] + "".join(order) + old[k + 1 :]
                cost = costs.AXES if result else costs.AXES + 0.3
                yield body.write((begin, end), new, Kind.TRANSPOSE, cost, None, call)
