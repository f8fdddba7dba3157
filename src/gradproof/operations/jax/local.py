"""One rule by itself, at the inputs and with the gradient from above of the real pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def question(
    place: int, call: Call, inputs: Sequence[Any], claim: Claimed, options: Options
) -> Question | None:
    """What a check of it alone is asked: ``⟨gradient from above, outputs⟩`` of its inputs.

    Of a call in a loop it is the iteration to which the largest gradients come.
    """
    row = int(np.argmax(claim.rows[place][:, 2]))
    fixed = [_row(x, call, row) for x in inputs]
    above = [_row(c, call, row) for c in claim.pairs[place][1]]
    names = dict(zip(_names(call), range(len(fixed)), strict=True))
    moving = {name: k for name, k in names.items() if moves(fixed[k]) and fixed[k].size}
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
        _, pull = jax.vjp(lambda *arrays: outputs(arrays), *(fixed[k] for k in moving.values()))
        return list(around(lambda: pull(above)))

    fun.__name__ = call.name
    where = Point({name: fixed[k] for name, k in moving.items()}, root=f"{call.name}.inputs")
    limits = (options.correct_below, options.wrong_above)
    asked = Options((), None, options.effort, options.seed, *limits, call.name)
    return Question(place, Asked(fun, where, Autodiff(BACKEND), asked), watched)


def _row(array: Any, call: Call, row: int) -> Any:
    """What belongs to one iteration of the loops around a call."""
    inner = array.shape[len(call.loops) :]
    return array.reshape(-1, *inner)[row] if call.loops else array


def _names(call: Call) -> list[str]:
    """The names of the arguments of a rule's function, as far as JAX knows them."""
    params, count = call.equation.params, len(call.inputs)
    if call.kind not in (Kind.VJP, Kind.JVP):
        return [f"argument {k}" for k in range(count)]
    key = "fwd_jaxpr_thunk" if call.kind is Kind.VJP else "call_jaxpr"
    info = params[key].debug_info if call.kind is Kind.VJP else params[key].jaxpr.debug_info
    consts = [f"closed over {k}" for k in range(params["num_consts"])]
    names = [*consts, *(info.arg_names or ())]
    usable = len(names) == count and len(set(names)) == count
    return names if usable else [f"argument {k}" for k in range(count)]
