"""A jaxpr as it is to be run: which equations are rules of somebody's, and which hold some.

A rule is an operation with derivatives of its own: ``custom_vjp``, ``custom_jvp``, a linear solve
or call with a transpose by hand, a primitive whose rules stand outside JAX, ``stop_gradient``. All
other primitives are JAX's, and run as they are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import jax.numpy as jnp
from jax.interpreters import ad

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

    ``rule`` is where its derivatives are written, ``path`` and ``called`` the functions of the
    user's in which the call was made, and the line. ``loops`` are the lengths of the loops around
    it, outermost first; ``meant`` says that a gradient is cut on purpose.
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

    @property
    def inputs(self) -> list[Any]:
        """The types of what goes in."""
        return [v.aval for v in self.equation.invars]

    @property
    def outputs(self) -> list[Any]:
        """The types of what comes out."""
        return [v.aval for v in self.equation.outvars]


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

    ``loops`` says whether to look into ``while`` loops, which have no reverse mode.
    """

    title: str
    loops: bool
    calls: list[Call] = field(default_factory=list)
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
        return body

    def _inside(self, equation: Any) -> tuple[Any, ...]:
        name = _name(equation)
        if name not in _CALLS or (name == "while" and not self.loops):
            return ()
        found = equation.params[_CALLS[name]]
        return tuple(found) if name == "cond" else (found,)

    def _call(self, kind: Kind, equation: Any, stack: list[Place], loops: tuple[int, ...]) -> Call:
        name, rule = _named(kind, equation)
        # The first is the function itself, if not under vmap, which takes branches apart.
        itself = bool(stack) and stack[0].name == self._here.name
        path = ".".join(place.name for place in stack[itself:])
        called = stack[-1] if stack else NOWHERE
        self._counts[name, path] += 1
        count = self._counts[name, path]
        if of_jax(rule) and (kind is Kind.CUT or not rule.file):
            rule = Place(rule.name, called.file, called.line)
        cut = kind is Kind.CUT and meant(equation)
        return Call(kind, name, rule, path, called, count, loops, equation, cut)


def opened(closed: Any) -> tuple[Any, tuple[Any, ...]]:
    """A jaxpr and its constants."""
    return (closed.jaxpr, tuple(closed.consts)) if hasattr(closed, "consts") else (closed, ())


def kind_of(equation: Any) -> Kind | None:
    """What kind of rule an equation is, if it is one."""
    name = _name(equation)
    if name in (Kind.VJP, Kind.JVP, Kind.SOLVE, Kind.LINEAR, Kind.CUT):
        return Kind(name)
    return Kind.OWN if own_rules(equation.primitive) else None


def own_rules(primitive: Any) -> list[Place]:
    """The derivative rules of a primitive that are not JAX's."""
    known = (ad.primitive_jvps, ad.primitive_transposes)
    rules = [rules[primitive] for rules in known if primitive in rules]
    return [place for place in map(rule_place, rules) if not of_jax(place)]


def _named(kind: Kind, equation: Any) -> tuple[str, Place]:
    """What the operation is called, and the place of the rule by which it is differentiated."""
    params = equation.params
    match kind:
        case Kind.VJP:
            return _function(params, "fwd_jaxpr_thunk"), rule_place(params["bwd"])
        case Kind.JVP:
            return _function(params, "jvp_jaxpr_fun"), rule_place(params["jvp_jaxpr_fun"])
        case Kind.SOLVE:
            jaxprs = params["jaxprs"]
            inside = jaxprs.transpose_solve or jaxprs.solve
            return "custom_linear_solve", described(inside.jaxpr)
        case Kind.LINEAR:
            return "linear_call", described(params.get("transpose"))
        case Kind.CUT:
            return "stop_gradient", NOWHERE
    return _name(equation), own_rules(equation.primitive)[0]


def _function(params: Any, rule: str) -> str:
    """The name of the function that has a rule: the user's, where JAX has wrapped it."""
    told = described(params["call_jaxpr"].jaxpr)
    inner = rule_place(params[rule]) if told.name == "wrapped_fun" else told  # custom_gradient
    return told.name if of_jax(inner) else inner.name


def _name(equation: Any) -> str:
    return str(equation.primitive.name)


def moves(aval: Any) -> bool:
    """Whether what has this type moves continuously."""
    return bool(jnp.issubdtype(aval.dtype, jnp.inexact))
