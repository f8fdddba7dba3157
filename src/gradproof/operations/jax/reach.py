"""Which blocks flow into a call: the gradients of these go through it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jax._src import core

from .plan import Body, Kind, moves

Blocks = frozenset[int]

_NONE: Blocks = frozenset()


def reached(body: Body) -> dict[int, list[Blocks]]:
    """By the place of a call, for each of its inputs, the blocks of which something gets there."""
    found: dict[int, list[Blocks]] = {}
    _run(body, [frozenset([k]) for k in range(len(body.jaxpr.invars))], found)
    return found


def _run(body: Body, inputs: Sequence[Blocks], found: dict[int, list[Blocks]]) -> list[Blocks]:
    known: dict[Any, Blocks] = dict(zip(body.jaxpr.invars, inputs, strict=True))

    def read(variable: Any) -> Blocks:
        return _NONE if isinstance(variable, core.Literal) else known.get(variable, _NONE)

    for i, equation in enumerate(body.jaxpr.eqns):
        ins = [read(v) for v in equation.invars]
        if i in body.rules:
            before = found.get(body.rules[i], [_NONE] * len(ins))
            found[body.rules[i]] = [a | b for a, b in zip(before, ins, strict=True)]
        outs = _inside(equation, body.bodies[i], ins, found) if i in body.bodies else None
        cut = equation.primitive.name == Kind.CUT
        through = _NONE if cut else _NONE.union(*ins)
        for k, variable in enumerate(equation.outvars):
            there = through if outs is None else outs[k]
            known[variable] = there if moves(variable.aval) else _NONE
    return [read(v) for v in body.jaxpr.outvars]


def _inside(
    equation: Any, bodies: Sequence[Body], ins: list[Blocks], found: dict[int, list[Blocks]]
) -> list[Blocks]:
    name, params = equation.primitive.name, equation.params
    if name == "cond":
        several = [_run(body, ins[1:], found) for body in bodies]
        return [_NONE.union(*pair) for pair in zip(*several, strict=True)]
    if name == "scan":
        first = params["num_consts"]
        return _again(bodies[0], ins, first, params["num_carry"], found)
    if name == "while":
        ins, first = ins[params["cond_nconsts"] :], params["body_nconsts"]
        return _again(bodies[0], ins, first, len(ins) - first, found)
    return _run(bodies[0], ins, found)


def _again(
    body: Body, ins: list[Blocks], first: int, count: int, found: dict[int, list[Blocks]]
) -> list[Blocks]:
    """A loop, until nothing new comes round."""
    ins = list(ins)
    while True:
        outs = _run(body, ins, found)
        carried = [ins[first + k] | outs[k] for k in range(count)]
        if carried == ins[first : first + count]:
            return outs
        ins[first : first + count] = carried
