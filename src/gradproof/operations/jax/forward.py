"""Forward mode: every call by itself, along the tangent that the function's own pass gives it.

With ``x`` what goes into a call at the point and ``x'`` its tangent,

    D(t) = ⟨r, out(x + t x')⟩ - t ⟨r, out'⟩

has slope 0 for random ``r`` exactly where the tangent ``out'`` of its outputs is right. What is
wrong before it is not seen: it changes ``x'`` only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...backend.arrays import eps as spacing
from ...space.point import Line
from ...subject.session import Session
from ..ladder import Pass, Passes
from ..measured import MOST, limits_of, measured, sharpness
from ..verdicts import Judged
from .passes import Claimed, Traced, apart_from
from .plan import Call, Kind, held, moves, transpose_of
from .source import Place, of_jax
from .walk import Walk, bind

_LEAST = 1e-3  # the size of tangents of inputs that are zero

# What goes into a call and what comes out of it, and the tangents of what moves among these.
Edges = tuple[list[Any], list[Any], list[Any], list[Any]]


def pushed(model: Traced, line: Line) -> tuple[Claimed, Callable[[float], Pass]]:
    """The tangents of all calls, and what one pass of each of them says, by step."""
    edges, zeros = _edges(model, line), np.zeros(len(model.calls))
    rng = np.random.default_rng(model.session.asked.options.seed)
    weights = {k: [_random(rng, o) for o in filter(moves, e[1])] for k, e in edges.items()}
    claim = Claimed(
        {k: ([], found) for k, found in weights.items()}, {}, zeros.copy(), zeros.copy(),
        zeros + spacing("float64"), zeros.copy(), passes=1,
    )  # fmt: skip
    for place, found in weights.items():
        claim.eps[place] = max([claim.eps[place], *(spacing(str(r.dtype)) for r in found)])

    def all_of_them(edges: Any, weights: Any, t: Any) -> Any:
        return {k: alone(model.calls[k], edges[k], weights[k], t) for k in edges}

    with model.setting(wide=True):
        compiled = jax.jit(all_of_them)

    def at(t: float) -> Pass:
        with model.setting(wide=True):
            found = compiled(edges, weights, t)
        rows = zeros[:, None] + np.zeros(4)
        for place, numbers in found.items():
            rows[place] = np.asarray(numbers)
        if len(claim.steps) < 2:
            claim.steps.append(rows[:, 2])
            claim.sums = np.max(claim.steps, axis=0)
        if t == 0:
            claim.apart = np.array([apart_from(row[3], row[2]) for row in rows])
        return Pass(rows[:, 0], rows[:, 1])

    return claim, at


def _edges(model: Traced, line: Line) -> dict[int, Edges]:
    """What goes in and out of all calls at the point, with the tangents along a direction.

    Cuts are left out: whether they matter is not seen in a call alone.
    """
    chosen = [k for k in model.places if model.calls[k].kind is not Kind.CUT]

    def keep(place: int, equation: Any, ins: list[Any], given: Any) -> Any:  # noqa: ARG001
        outs = bind(equation, ins)
        return outs, (ins, outs)

    def kept(leaves: Any) -> Any:
        found = Walk(keep).run(model.body, leaves, dict.fromkeys(model.places, ()))[1]
        return {k: found[k] for k in chosen}

    def both(leaves: Any, tangents: Any) -> Any:
        values, moved = jax.jvp(kept, (leaves,), (tangents,))
        return {
            k: (*values[k], *(_moving(*pair) for pair in zip(values[k], moved[k], strict=True)))
            for k in chosen
        }

    with model.setting(wide=False):
        return jax.jit(both)(model.session.working.leaves(), line.tangents())  # type: ignore[no-any-return]


def _moving(values: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
    return [v for x, v in zip(values, tangents, strict=True) if moves(x)]


def one_way(session: Session, call: Call, ins: Sequence[Any]) -> Judged:
    """The verdict on the forward mode of one call at some inputs, along random tangents."""
    call, rng = replace(call, loops=()), np.random.default_rng(session.asked.options.seed)
    moving = [k for k, x in enumerate(ins) if k >= call.alone and moves(x)]
    before = [_random(rng, ins[k]) * (jnp.abs(ins[k]).mean() + _LEAST) for k in moving]

    def run(*arrays: Any) -> list[Any]:
        given = list(ins)
        for k, array in zip(moving, arrays, strict=True):
            given[k] = array
        return [o for o in bind(call.equation, given) if moves(o)]

    before = [t.astype(ins[k].dtype) for k, t in zip(moving, before, strict=True)]
    outs, after = jax.jvp(run, [ins[k] for k in moving], before)
    weights = [_random(rng, o) for o in outs]
    tangents = dict(zip(moving, before, strict=True))
    still = [tangents.get(k, jnp.zeros_like(x)) for k, x in enumerate(ins) if moves(x)]
    edges = (list(ins), outs, still, after)
    compiled = jax.jit(lambda t: alone(call, edges, weights, t))

    def at(t: float) -> Pass:
        numbers = np.asarray(compiled(t))
        return Pass(numbers[:1], numbers[1:2])

    sums = np.asarray(compiled(0.0))[2:3]
    eps = np.array([max(spacing(str(o.dtype)) for o in outs)])
    limits = [limits_of(session, float(eps[0]))]
    return measured(Passes(at, MOST), sums, eps, sharpness(session), limits)[1][0]


def transposed(call: Call, ins: Sequence[Any]) -> Place:
    """The user's rule by which a primitive in the derivative of a call is transposed."""
    moving = [k for k, x in enumerate(ins) if k >= call.alone and moves(x)]

    def run(*arrays: Any) -> list[Any]:
        given = list(ins)
        for k, array in zip(moving, arrays, strict=True):
            given[k] = array
        return bind(call.equation, given)

    def push(*tangents: Any) -> Any:
        return jax.jvp(run, tuple(ins[k] for k in moving), tangents)[1]

    jaxpr = jax.make_jaxpr(push)(*(ins[k] for k in moving)).jaxpr
    return next((rule for rule in _transposes(jaxpr) if not of_jax(rule)), call.transpose)


def _transposes(jaxpr: Any) -> Iterator[Place]:
    """The rules by which the equations of a jaxpr are transposed."""
    for equation in jaxpr.eqns:
        yield transpose_of(equation)
        for inside in held(equation):
            yield from _transposes(inside)


def alone(call: Call, edges: Edges, weights: Sequence[Any], t: Any) -> Any:
    """``⟨r, out⟩``, ``t ⟨r, out'⟩``, the magnitudes behind them; how far ``out`` is from before."""
    ins, outs, before, after = edges

    def outputs(*ins: Any) -> list[Any]:
        return [o for o in bind(call.equation, ins) if moves(o)]

    run: Any = outputs
    for _ in call.loops:
        run = jax.vmap(run)
    tangents = iter(before)
    moved = [(x + t * next(tangents)).astype(x.dtype) if moves(x) else x for x in ins]
    found = run(*moved)
    given = sum(_dot(r, o) for r, o in zip(weights, found, strict=True))
    taken = sum(_dot(r, v) for r, v in zip(weights, after, strict=True))
    apart = sum(_dot(jnp.abs(r), jnp.abs(o - b)) for r, o, b in zip(
        weights, found, filter(moves, outs), strict=True
    ))  # fmt: skip
    size = sum(_dot(jnp.abs(r), jnp.abs(o)) for r, o in zip(weights, found, strict=True))
    return jnp.stack([given, t * taken, size, apart])


def _dot(weight: Any, array: Any) -> Any:
    wide = jnp.promote_types(array.dtype, jnp.float64)
    return jnp.sum((weight * array.astype(wide)).real)


def _random(rng: Any, like: Any) -> Any:
    numbers = rng.standard_normal(like.shape)
    if jnp.issubdtype(like.dtype, jnp.complexfloating):
        numbers = numbers + 1j * rng.standard_normal(like.shape)
    return np.asarray(numbers, like.dtype)
