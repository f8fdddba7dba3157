"""One pass back for the cotangents of every call, and passes forward that are compared with them.

Zeros are added to what goes into every call and to what comes out; the gradient with respect to
them is all cotangents at once. One compiled function then serves all steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax._src import core

from ...backend.arrays import eps as spacing
from ...judge.thresholds import T
from ...naming import called
from ...space.point import Line
from ...subject.outputs import Scalar
from ...subject.providers import MULTIPLE
from ...subject.session import Session
from ..ladder import Numbers, Pass
from .plan import Body, Call, Kind, Planner, coarsest, moves, opened
from .staging import staged
from .walk import Walk, bind, blank

# The cotangents of a call: of its inputs and of its outputs, those that move.
Pair = tuple[list[Any], list[Any]]


@dataclass(frozen=True, slots=True)
class Traced:
    """The function as a jaxpr of the blocks, and the ``weights`` of its outputs."""

    session: Session
    body: Body
    calls: tuple[Call, ...]
    weights: tuple[Any, ...]
    opaque: tuple[str, ...]

    @contextmanager
    def setting(self, *, wide: bool) -> Iterator[None]:
        """In the user's own setting, or with 64-bit numbers, in which products are summed."""
        session = self.session
        with session.library.calling("grad", promoted=wide or session.promoted, deep=True):
            yield

    @property
    def places(self) -> range:
        """The places of all calls but the whole."""
        return range(1, len(self.calls))


@dataclass(slots=True)
class Claimed:
    """The cotangents of each call, and what a gradient that is cut on purpose was cut from.

    ``apart`` is how far the value of a rule's forward pass is from the function's, relative to
    that; ``bent`` how far a rule is from being linear in what it gets from above. ``broken`` are
    calls that return what is no number where everything else is finite. ``sums`` are the magnitudes
    behind each balance in the first passes (``steps``: at the point alone everything may be zero),
    ``whole`` that of the result; ``rows`` are what the last pass said of every iteration of each
    call, ``passes`` those that were made for all this.
    """

    pairs: dict[int, Pair]
    held: dict[int, list[Any]]
    apart: Numbers
    bent: Numbers
    eps: Numbers
    sums: Numbers
    passes: int
    broken: frozenset[int] = frozenset()
    steps: list[Numbers] = field(default_factory=list)
    whole: float = 0.0
    rows: dict[int, Numbers] = field(default_factory=dict)


def traced(session: Session, *, loops: bool) -> Traced:
    """Trace the function at the point; ``loops`` says whether ``while`` loops are looked into."""

    def trace(leaves: Sequence[Any], *args: Any, **kwargs: Any) -> Any:
        call, found = session.outputs_at(args, kwargs), list[Any]()

        def arrays(*moving: Any) -> list[Any]:
            outputs = list(call(list(moving)))
            found[:] = [k for k, o in enumerate(outputs) if isinstance(o, jax.Array) and moves(o)]
            return [outputs[k] for k in found]

        return staged(arrays, leaves), tuple(found)

    closed, chosen = session.caller(trace, "grad", session.working.leaves())
    planner = Planner(called(session.fun), loops)
    body = planner.plan(closed)
    weights = _weights(session, chosen, [v.aval for v in closed.jaxpr.outvars])
    return Traced(session, body, tuple(planner.calls), weights, tuple(planner.opaque))


def _weights(session: Session, chosen: Sequence[int], avals: Sequence[Any]) -> tuple[Any, ...]:
    """The numbers with which the outputs are multiplied: 1 for a scalar, else random ones."""
    if isinstance(session.outputs, Scalar):
        return tuple(np.ones(aval.shape, aval.dtype) for aval in avals)
    lists = session.outputs.cotangents
    firsts = [next((c[k] for c in lists if c[k] is not None), None) for k in chosen]
    return tuple(
        np.zeros(a.shape, a.dtype) if w is None else np.conj(np.asarray(w)).astype(a.dtype)
        for w, a in zip(firsts, avals, strict=True)
    )


def claimed(model: Traced) -> Claimed:
    """The cotangents of all calls, from passes forward and back at the point.

    There are two, the second from another multiple of the gradient at the end: each rule has to
    return the same multiple.
    """
    shapes = {place: model.calls[place].edges for place in model.places}

    def value(taps: Any, leaves: Any, factor: Any) -> Any:
        outs, kept = Walk(partial(_add, model.calls)).run(model.body, leaves, taps)
        pairs = zip(model.weights, outs, strict=True)
        return sum((_dot(w * factor.astype(o.dtype), o) for w, o in pairs), 0.0), kept

    def both(leaves: Any, factor: Any) -> Any:
        taps = {place: blank(shape, model.calls[place].loops) for place, shape in shapes.items()}
        return jax.grad(value, argnums=(0, 1), has_aux=True)(taps, leaves, factor)

    with model.setting(wide=False):
        leaves, compiled = model.session.working.leaves(), jax.jit(both)
        (cotangents, gradients), kept = compiled(leaves, np.float32(1))
        (scaled, _), _ = compiled(leaves, np.float32(MULTIPLE.factor))
    pairs = {0: (list(gradients), [jnp.asarray(w) for w in model.weights]), **cotangents}
    count = len(model.calls)
    eps = np.array([_spacing(pairs[k]) for k in range(count)])
    eps[0] = max(*eps, coarsest(model.body.jaxpr))
    sound = frozenset(place for place in model.places if np.all(kept[place][1]))
    apart, bent = np.zeros((2, count))
    for place in model.places:
        apart[place] = _apart(kept[place][0])
        loops = len(model.calls[place].loops)
        bent[place] = _bent(pairs[place], scaled[place], loops, T.cotangents * eps[place])
    held = {place: kept[place][2] for place in model.places}
    broken = _broken(pairs, sound)
    return Claimed(pairs, held, apart, bent, eps, np.zeros(count), passes=2, broken=broken)


def _broken(pairs: Mapping[int, Pair], sound: frozenset[int]) -> frozenset[int]:
    """The calls that return what is no number; if it is none of them, what is between them does.

    Only those count whose values are ``sound`` and to which nothing but numbers comes from above.
    """
    finite = {k: [_finite(side) for side in pair] for k, pair in pairs.items()}
    found = frozenset(k for k in sound if finite[k] == [False, True])
    spread = not all(all(sides) for sides in finite.values())
    return found or frozenset({0} if spread else ())


def _finite(arrays: Sequence[Any]) -> bool:
    return all(bool(np.isfinite(np.asarray(a)).all()) for a in arrays)


def _bent(pair: Pair, scaled: Pair, loops: int, rounding: float) -> float:
    """How far a rule is from giving back the multiple of what it gave, if it got a multiple.

    Each iteration of the loops around it counts by itself.
    """
    above, back = (_multiple(scaled[side], pair[side], loops) for side in (1, 0))
    worst = float(np.max(back, initial=0.0, where=above <= rounding))
    return worst if worst > rounding else 0.0


def _multiple(scaled: Sequence[Any], plain: Sequence[Any], loops: int) -> Numbers:
    """How far, in each iteration, some cotangents are from the multiple of others; 0 if NaN."""
    worst = np.zeros(1)
    for one, other in zip(scaled, plain, strict=True):
        rows = (int(np.prod(other.shape[:loops])), -1)
        wanted = MULTIPLE.factor * np.asarray(other).reshape(rows)
        apart = np.abs(np.asarray(one).reshape(rows) - wanted).max(axis=1, initial=0.0)
        size = np.abs(wanted).max(axis=1, initial=0.0)
        worst = np.maximum(worst, np.nan_to_num(apart / np.where(size > 0, size, 1.0)))
    return worst


def _apart(gaps: Any) -> float:
    """How far two values of a call are apart, relative to one of them."""
    return apart_from(*np.asarray(gaps, np.float64).reshape(-1, 2).sum(axis=0))


def apart_from(apart: float, size: float) -> float:
    """A distance relative to a size, if there is one."""
    return float(apart / size) if size else float(apart)


def _spacing(pair: Pair) -> float:
    """The spacing of 1.0 in the coarsest of some cotangents."""
    found = [spacing(str(c.dtype)) for cotangents in pair for c in cotangents]
    return max([spacing("float64"), *found])


def _add(calls: Sequence[Call], place: int, equation: Any, ins: list[Any], tap: Any) -> Any:
    """A call in the pass that is differentiated; it goes on with the function's own value."""
    before, after = map(iter, tap)
    first = calls[place].fixed
    ins = [*ins[:first], *(x + next(before) if moves(x) else x for x in ins[first:])]
    outs = bind(equation, ins)
    plain = _plain(calls[place], ins)
    gap = jnp.zeros(2)
    if plain is not None:
        pairs = zip(plain, outs, strict=True)
        missing = [_difference(q, o) if moves(o) else None for q, o in pairs]
        off = _total(m for m in missing if m is not None)
        gap = jnp.stack([off, _total(filter(moves, plain))])
        outs = [o if m is None else o + m for o, m in zip(outs, missing, strict=True)]
    kept = [jax.lax.stop_gradient(o) for o in outs] if calls[place].meant else []
    sound = jnp.array([jnp.isfinite(x).all() for x in (*ins, *outs) if moves(x)]).all()
    return [o + next(after) if moves(o) else o for o in outs], (gap, sound, kept)


def _plain(call: Call, ins: Sequence[Any]) -> list[Any] | None:
    """What the function itself returns, where a rule has a forward pass of its own."""
    if call.kind not in (Kind.VJP, Kind.JVP):
        return None
    jaxpr, consts = opened(call.equation.params["call_jaxpr"])
    return core.eval_jaxpr(jaxpr, consts, *map(jax.lax.stop_gradient, ins))


def _difference(one: Any, other: Any) -> Any:
    """How far two values are apart, as constants; 0 where both are infinite, say."""
    apart = jnp.where(one == other, jnp.zeros_like(one), one - other)
    return jax.lax.stop_gradient(jnp.where(jnp.isnan(apart) & jnp.isnan(other), 0, apart))


def _total(arrays: Any) -> Any:
    return sum((jnp.abs(jnp.nan_to_num(a)).sum() for a in arrays), 0.0)


def _dot(cotangent: Any, array: Any) -> Any:
    return jnp.sum(cotangent * array).real


def replayed(model: Traced, claim: Claimed, line: Line) -> Callable[[float], Pass]:
    """A function of the step: one pass forward at the point plus so much of the direction."""
    given = {place: (*claim.pairs[place], claim.held[place]) for place in model.places}

    def forward(leaves: Any, given: Any, ends: Pair) -> Any:
        outs, kept = Walk(partial(_weigh, model.calls)).run(model.body, leaves, given)
        return {0: _products(ends, leaves, outs), **kept}

    with model.setting(wide=True):
        compiled = jax.jit(forward)

    def at(t: float) -> Pass:
        line.move(t)
        try:
            with model.setting(wide=True):
                found = compiled(model.session.working.leaves(), given, claim.pairs[0])
        finally:
            line.back()
        claim.rows = {k: np.asarray(v, np.float64).reshape(-1, 3) for k, v in found.items()}
        rows = np.array([claim.rows[k].sum(axis=0) for k in range(len(model.calls))])
        inside = rows[1:].sum(axis=0)
        if len(claim.steps) < 2:
            claim.whole = float(rows[0, 2])
            rows[0, 2] += inside[2]
            claim.steps.append(rows[:, 2])
            claim.sums = np.max(claim.steps, axis=0)
        # What goes into a call comes out of what is between the calls, and the other way round.
        return Pass(
            np.array([rows[0, 0] + inside[1], *rows[1:, 0]]),
            np.array([rows[0, 1] + inside[0], *rows[1:, 1]]),
        )

    return at


def _weigh(calls: Sequence[Call], place: int, equation: Any, ins: list[Any], given: Any) -> Any:
    """A call in a pass forward: what goes in and comes out, in products with its cotangents."""
    before, after, held = given
    outs = list(held) or bind(equation, ins)
    return outs, _products((before, after), calls[place].taken(ins), outs)


def _products(pair: Pair, ins: Sequence[Any], outs: Sequence[Any]) -> Any:
    """``⟨c_out, out⟩``, ``⟨c_in, in⟩`` and the sum of all magnitudes, in double precision."""
    taken = [_product(c, x) for c, x in zip(pair[0], ins, strict=True)]
    given = [_product(c, x) for c, x in zip(pair[1], filter(moves, outs), strict=True)]
    nothing = jnp.zeros(2)
    one, other = sum(given, nothing), sum(taken, nothing)
    return jnp.stack([one[0], other[0], one[1] + other[1]])


def _product(cotangent: Any, array: Any) -> Any:
    """The inner product, and the sum of the magnitudes behind it."""
    wide = jnp.promote_types(cotangent.dtype, jnp.float64)
    terms = cotangent.astype(wide) * array.astype(wide)
    return jnp.stack([jnp.sum(terms.real), jnp.sum(jnp.abs(terms))])


def captured(model: Traced, wanted: Sequence[int]) -> Mapping[int, list[Any]]:
    """What went into some calls at the point; of one in a loop, in every iteration."""
    chosen = frozenset(wanted)

    def keep(place: int, equation: Any, ins: list[Any], given: Any) -> Any:  # noqa: ARG001
        return bind(equation, ins), ins if place in chosen else []

    nothing: dict[int, Any] = dict.fromkeys(model.places, ())
    with model.setting(wide=False):
        found = jax.jit(lambda leaves: Walk(keep).run(model.body, leaves, nothing)[1])(
            model.session.working.leaves()
        )
    return {place: found[place] for place in wanted}
