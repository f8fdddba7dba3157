"""One rule by itself, at the inputs and with the gradient from above of the real pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...backend.jax import BACKEND
from ...space.point import Point
from ...subject.asked import Asked, Options
from ...subject.providers import Autodiff
from ..located import Around, Question
from .passes import Claimed
from .plan import Call, Kind, moves
from .walk import bind


@dataclass(frozen=True, slots=True)
class Real:
    """What went into a call at the point, and what came to it ``above``.

    Of a call in a loop it is the iteration to which the largest gradients come.
    """

    inputs: list[Any]
    above: list[Any]


def real(place: int, call: Call, inputs: Sequence[Any], claim: Claimed) -> Real:
    """The call as it was made in the pass."""
    row = int(np.argmax(claim.rows[place][:, 2])) if place in claim.rows else 0
    above = claim.pairs[place][1]
    return Real([_row(x, call, row) for x in inputs], [_row(c, call, row) for c in above])


def question(
    place: int, call: Call, real: Real, options: Options, flows: Sequence[frozenset[int]]
) -> Question | None:
    """What a check of it alone is asked: ``⟨gradient from above, outputs⟩`` of its inputs.

    ``flows`` are the blocks behind each of these.
    """
    fixed, above = real.inputs, real.above
    names = dict(zip(_names(call), range(len(fixed)), strict=True))
    moving = {
        name: k
        for name, k in names.items()
        if k >= call.alone and moves(fixed[k]) and fixed[k].size
    }
    if not moving or not all(bool(jnp.isfinite(fixed[k]).all()) for k in moving.values()):
        return None

    def outputs(arrays: Sequence[Any]) -> list[Any]:
        ins = list(fixed)
        for k, array in zip(moving.values(), arrays, strict=True):
            ins[k] = array
        return [o for o in bind(call.equation, ins) if moves(o)]

    def fun(inputs: Mapping[str, Any]) -> Any:
        pairs = zip(above, outputs([inputs[name] for name in moving]), strict=True)
        return sum(jnp.sum((c * o).real.astype(jnp.float64)) for c, o in pairs)

    def watched(around: Around) -> list[Any]:
        if call.kind is not Kind.VJP:  # no statement of the user's makes a gradient there
            return [None] * len(moving)
        _, pull = jax.vjp(lambda *arrays: outputs(arrays), *(fixed[k] for k in moving.values()))
        return list(around(lambda: pull(above)))

    fun.__name__ = call.name
    where = Point({name: fixed[k] for name, k in moving.items()}, root=f"{call.name}.inputs")
    limits = (options.correct_below, options.wrong_above)
    asked = Options((), None, options.effort, options.seed, *limits, call.name)
    through = {name: flows[k] for name, k in moving.items()}
    return Question(place, Asked(fun, where, Autodiff(BACKEND), asked), watched, through)


def _row(array: Any, call: Call, row: int) -> Any:
    """What belongs to one iteration of the loops around a call."""
    inner = array.shape[len(call.loops) :]
    return array.reshape(-1, *inner)[row] if call.loops else array


def _names(call: Call) -> list[str]:
    """The names of the arguments of a rule's function, as far as JAX knows them."""
    params, count = call.equation.params, len(call.equation.invars)
    if call.kind not in (Kind.VJP, Kind.JVP):
        known = call.alone if call.kind is Kind.SOLVE else count
        return [f"argument {k}" if k < known else f"b[{k - known}]" for k in range(count)]
    key = "fwd_jaxpr_thunk" if call.kind is Kind.VJP else "call_jaxpr"
    info = params[key].debug_info if call.kind is Kind.VJP else params[key].jaxpr.debug_info
    consts = [f"closed over {k}" for k in range(params["num_consts"])]
    names = [*consts, *(info.arg_names or ())]
    usable = len(names) == count and len(set(names)) == count
    return names if usable else [f"argument {k}" for k in range(count)]
