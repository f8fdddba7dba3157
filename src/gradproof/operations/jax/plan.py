"""A jaxpr as it is to be run: which equations are rules of somebody's, and which hold some.

A rule is an operation with derivatives of its own: ``custom_vjp``, ``custom_jvp``, a linear solve
or call with a transpose by hand, a primitive whose rules stand outside JAX, ``stop_gradient``. All
other primitives are JAX's, and run as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import jax.numpy as jnp
from jax.interpreters import ad

from ...backend.arrays import eps as spacing
from .source import NOWHERE, Place, described, frames, meant, of_jax, outermost, rule_place


class Kind(StrEnum):
    """Where the derivatives of an operation come from."""

    VJP = "custom_vjp_call"
    JVP = "custom_jvp_call"
    SOLVE = "custom_linear_solve"
    LINEAR = "linear_call"
    CUT = "stop_gradient"
    OWN = "primitive"
    WHOLE = "whole"


# Equations that hold others, by the name of the parameter.
_CALLS = {
    "jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr", "core_call": "call_jaxpr",
    "call": "call_jaxpr", "remat2": "jaxpr", "checkpoint": "jaxpr", "scan": "jaxpr",
    "custom_vmap_call": "call", "while": "body_jaxpr", "cond": "branches",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """One rule that is called, or the ``WHOLE``: what JAX does between the calls.

    ``rule`` is where its derivatives are written, ``transpose`` where the reverse mode is, if that
    is a rule of its own. ``path`` and ``called`` the functions of the
    user's in which the call was made, and the line. ``loops`` are the lengths of the loops around
    it, outermost first; ``meant`` says that a gradient is cut on purpose, ``own`` that a rule is
    the user's.
    """

    kind: Kind
    name: str
    rule: Place
    path: str
    called: Place
    count: int
    loops: tuple[int, ...]
    equation: Any
    meant: bool = False
    transpose: Place = NOWHERE
    own: bool = True

    @property
    def fixed(self) -> int:
        """So many inputs come first that JAX takes as constants, or refuses to differentiate."""
        params = self.equation.params
        if self.kind in (Kind.VJP, Kind.JVP):
            return int(params["num_consts"])
        if self.kind is Kind.LINEAR:
            return int(params["num_callee_consts"] + params["num_res"])
        return 0

    @property
    def alone(self) -> int:
        """So many inputs stay as they are where the call is looked at by itself.

        What the solution of a linear system closes over belongs to the matrix: it cannot move
        without that.
        """
        several = self.kind is Kind.SOLVE
        return sum(self.equation.params["const_lengths"]) if several else self.fixed

    @property
    def edges(self) -> tuple[list[Any], list[Any]]:
        """The types of what moves among the inputs and the outputs."""
        ins, outs = ([v.aval for v in vs] for vs in (self.equation.invars, self.equation.outvars))
        return self.taken(ins), [a for a in outs if moves(a)]

    def taken(self, ins: Sequence[Any]) -> list[Any]:
        """Those of the inputs that have cotangents."""
        return [x for x in ins[self.fixed :] if moves(x)]


@dataclass(frozen=True, slots=True)
class Body:
    """A jaxpr with its constants; by the place of an equation the rule, or the bodies inside.

    ``rules`` holds places among all calls, ``calls`` are all that are made in the body.
    """

    jaxpr: Any
    consts: tuple[Any, ...]
    rules: dict[int, int]
    bodies: dict[int, tuple[Body, ...]]

    @property
    def calls(self) -> list[int]:
        """The places of all calls inside, at any depth."""
        inside = [place for bodies in self.bodies.values() for b in bodies for place in b.calls]
        return [*self.rules.values(), *inside]


@dataclass(slots=True)
class Planner:
    """Finds all calls of a jaxpr, in the order of execution.

    ``loops`` says whether to look into ``while`` loops, which have no reverse mode; ``opaque`` are
    things like ``shard_map`` that hold calls and are not looked into.
    """

    title: str
    loops: bool
    calls: list[Call] = field(default_factory=list)
    opaque: list[str] = field(default_factory=list)
    _here: Place = NOWHERE  # the function itself
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def plan(self, closed: Any) -> Body:
        """The plan of the whole, which is the first call."""
        whole = Call(Kind.WHOLE, self.title, NOWHERE, "", NOWHERE, 1, (), closed.jaxpr)
        self.calls.append(whole)
        body = self._body(closed, [], ())
        self.calls[0] = replace(whole, rule=self._here, called=self._here)
        return body

    def _body(self, closed: Any, above: list[Place], loops: tuple[int, ...]) -> Body:
        jaxpr, consts = opened(closed)
        body = Body(jaxpr, consts, {}, {})
        for i, equation in enumerate(jaxpr.eqns):
            stack = [*above, *frames(equation)]
            self._here = self._here if self._here.file else outermost(equation)
            if kind := kind_of(equation):
                body.rules[i] = len(self.calls)
                self.calls.append(self._call(kind, equation, stack, loops))
            elif inside := self._inside(equation):
                length = equation.params.get("length") if _name(equation) == "scan" else None
                deeper = loops if length is None else (*loops, length)
                found = tuple(self._body(j, stack, deeper) for j in inside)
                if any(b.rules or b.bodies for b in found):
                    body.bodies[i] = found
            elif any(map(holds_rules, held(equation))):
                name = _name(equation)
                self.opaque.append(f"{name} in {stack[-1].name}" if stack else name)
        return body

    def _inside(self, equation: Any) -> tuple[Any, ...]:
        name = _name(equation)
        if name not in _CALLS or (name == "while" and not self.loops):
            return ()
        found = equation.params[_CALLS[name]]
        return tuple(found) if name == "cond" else (found,)

    def _call(self, kind: Kind, equation: Any, stack: list[Place], loops: tuple[int, ...]) -> Call:
        name, rule, transpose = _named(kind, equation)
        # The first is the function itself, if not under vmap, which takes branches apart.
        itself = bool(stack) and stack[0].name == self._here.name
        path = ".".join(place.name for place in stack[itself:])
        called = stack[-1] if stack else NOWHERE
        self._counts[name, path] += 1
        count = self._counts[name, path]
        own = not (of_jax(rule) and of_jax(transpose))
        if of_jax(rule):  # the line to look at is that of the call
            rule = Place(rule.name, called.file, called.line)
        cut = kind is Kind.CUT and meant(equation)
        return Call(kind, name, rule, path, called, count, loops, equation, cut, transpose, own)


def opened(closed: Any) -> tuple[Any, tuple[Any, ...]]:
    """A jaxpr and its constants."""
    return (closed.jaxpr, tuple(closed.consts)) if hasattr(closed, "consts") else (closed, ())


def held(equation: Any) -> list[Any]:
    """The jaxprs among the parameters of an equation."""
    values = equation.params.values()
    several = [v if isinstance(v, tuple | list) else (v,) for v in values]
    return [opened(v)[0] for vs in several for v in vs if hasattr(v, "eqns")]


def holds_rules(jaxpr: Any) -> bool:
    """Whether there is a rule in a jaxpr, at any depth."""
    return any(kind_of(e) or any(map(holds_rules, held(e))) for e in jaxpr.eqns)


def coarsest(jaxpr: Any) -> float:
    """The spacing of 1.0 in the coarsest type of all that moves in a jaxpr, at any depth."""
    found = [0.0]
    for equation in jaxpr.eqns:
        avals = [v.aval for v in equation.outvars]
        found += [spacing(str(a.dtype)) for a in avals if hasattr(a, "dtype") and moves(a)]
        found += map(coarsest, held(equation))
    return max(found)


def kind_of(equation: Any) -> Kind | None:
    """What kind of rule an equation is, if it is one."""
    name = _name(equation)
    if name in (Kind.VJP, Kind.JVP, Kind.SOLVE, Kind.LINEAR, Kind.CUT):
        return Kind(name)
    return Kind.OWN if own_rules(equation.primitive) else None


def own_rules(primitive: Any) -> tuple[Place, Place] | None:
    """The rules of a primitive forward and transposed, where one of them is not JAX's."""
    known = (ad.primitive_jvps, ad.primitive_transposes)
    places = [rule_place(rules.get(primitive)) for rules in known]
    return None if all(map(of_jax, places)) else (places[0], places[1])


def _named(kind: Kind, equation: Any) -> tuple[str, Place, Place]:
    """What the operation is called, and the places of the rules by which it is differentiated.

    The second is that of reverse mode, where it does not follow from the first.
    """
    params, back = equation.params, transpose_of(equation)
    match kind:
        case Kind.VJP:
            return _function(params, "fwd_jaxpr_thunk"), rule_place(params["bwd"]), NOWHERE
        case Kind.JVP:
            rule = rule_place(params["jvp_jaxpr_fun"])
            return _function(params, "jvp_jaxpr_fun"), rule, NOWHERE
        case Kind.SOLVE:
            return "custom_linear_solve", described(params["jaxprs"].solve.jaxpr), back
        case Kind.LINEAR:
            return "linear_call", described(params["callee"].jaxpr), back
        case Kind.CUT:
            return "stop_gradient", NOWHERE, NOWHERE
    return _name(equation), (own_rules(equation.primitive) or (NOWHERE,))[0], back


def transpose_of(equation: Any) -> Place:
    """The rule by which a linear operation is transposed."""
    match _name(equation):
        case Kind.SOLVE:
            solve = equation.params["jaxprs"].transpose_solve
            return NOWHERE if solve is None else described(solve.jaxpr)
        case Kind.LINEAR:
            return rule_place(equation.params["transpose_thunk"])
    return rule_place(ad.primitive_transposes.get(equation.primitive))


def _function(params: Any, rule: str) -> str:
    """The name of the function that has a rule: the user's, where JAX has wrapped it."""
    place = described(params["call_jaxpr"].jaxpr)
    by_gradient = place.name == "wrapped_fun"  # of custom_gradient
    inner = rule_place(params[rule]) if by_gradient else place
    return place.name if of_jax(inner) else inner.name


def _name(equation: Any) -> str:
    return str(equation.primitive.name)


def moves(aval: Any) -> bool:
    """Whether what has this type moves continuously."""
    return bool(jnp.issubdtype(aval.dtype, jnp.inexact))
