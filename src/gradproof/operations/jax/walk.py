"""A jaxpr that is run equation by equation where it holds rules, and as it is everywhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax._src import core

from .plan import Body, opened

# By the place of a call, whatever is given to it or comes back: trees of arrays.
Trees = Mapping[int, Any]
Found = tuple[list[Any], dict[int, Any]]
# Makes a call: its place, its equation, its inputs and what is given; returns its outputs and what
# is to be kept. Inside of loops what is given and kept is stacked.
Visit = Callable[[int, Any, list[Any], Any], tuple[list[Any], Any]]


def bind(equation: Any, inputs: Sequence[Any]) -> list[Any]:
    """Make one call as JAX makes it."""
    made = equation.primitive.get_bind_params(equation.params)
    functions, params = made if isinstance(made, tuple) else ((), made)  # a pair before 0.10
    outputs = equation.primitive.bind(*functions, *inputs, **params)
    return list(outputs) if equation.primitive.multiple_results else [outputs]


@dataclass(frozen=True, slots=True)
class Walk:
    """Runs a body, and shows every call of a rule to ``visit``."""

    visit: Visit

    def run(self, body: Body, inputs: Sequence[Any], given: Trees) -> Found:
        """The outputs, and what was kept of each call."""
        variables = (*body.jaxpr.constvars, *body.jaxpr.invars)
        known = dict(zip(variables, (*body.consts, *inputs), strict=True))
        kept: dict[int, Any] = {}

        def read(variable: Any) -> Any:
            return variable.val if isinstance(variable, core.Literal) else known[variable]

        for i, equation in enumerate(body.jaxpr.eqns):
            ins = [read(v) for v in equation.invars]
            if i in body.rules:
                place = body.rules[i]
                arrays = [jnp.asarray(x) for x in ins]
                outs, kept[place] = self.visit(place, equation, arrays, given[place])
            elif i in body.bodies:
                outs, more = self._inside(equation, body.bodies[i], ins, given)
                kept |= more
            else:
                outs = bind(equation, ins)
            known.update(zip(equation.outvars, outs, strict=True))
        return [read(v) for v in body.jaxpr.outvars], kept

    def _inside(self, equation: Any, bodies: Sequence[Body], ins: list[Any], given: Trees) -> Found:
        name, params = equation.primitive.name, equation.params
        here = {place: given[place] for body in bodies for place in body.calls}
        if name == "scan":
            return self._scan(params, bodies[0], ins, here)
        if name == "cond":
            return self._cond(bodies, ins, here)
        if name == "while":
            return self._while(params, bodies[0], ins, here)
        run = partial(self.run, bodies[0])
        if "prevent_cse" in params:
            run = jax.checkpoint(run, prevent_cse=params["prevent_cse"], policy=params["policy"])  # type: ignore[assignment]
        return run(ins, here)

    def _scan(self, params: Any, body: Body, ins: list[Any], given: Trees) -> Found:
        first, count = params["num_consts"], params["num_carry"]
        consts, start, rows = ins[:first], ins[first : first + count], ins[first + count :]

        def step(carry: Any, row: Any) -> Any:
            outs, kept = self.run(body, [*consts, *carry, *row[0]], row[1])
            return outs[:count], (outs[count:], kept)

        carry, (stacked, kept) = jax.lax.scan(
            step, start, (rows, given), params["length"], params["reverse"], params["unroll"]
        )
        return [*carry, *stacked], kept

    def _cond(self, bodies: Sequence[Body], ins: list[Any], given: Trees) -> Found:
        """What is kept of the branches that were not taken is zero."""
        index, operands = ins[0], ins[1:]
        nothing = {
            place: zeros
            for body in bodies
            for place, zeros in blank(
                jax.eval_shape(lambda b=body: self.run(b, operands, given)[1])
            ).items()
        }

        def branch(body: Body, operands: Any, given: Trees) -> Found:
            outs, kept = self.run(body, operands, given)
            return outs, nothing | kept

        branches = [partial(branch, body) for body in bodies]
        return jax.lax.switch(index, branches, operands, given)  # type: ignore[no-any-return]

    def _while(self, params: Any, body: Body, ins: list[Any], given: Trees) -> Found:
        """Of the calls in a loop of unknown length the last iteration is kept."""
        split = params["cond_nconsts"], params["cond_nconsts"] + params["body_nconsts"]
        asking, consts, start = ins[: split[0]], ins[split[0] : split[1]], ins[split[1] :]

        def going(state: Any) -> Any:
            jaxpr, own = opened(params["cond_jaxpr"])
            return core.eval_jaxpr(jaxpr, own, *asking, *state)[0]

        def step(both: Any) -> Any:
            on = going(both[0])  # several under vmap, some of which have ended
            outs, kept = self.run(body, [*consts, *both[0]], given)
            pairs = zip(outs, both[0], strict=True)
            return [_where(on, new, old) for new, old in pairs], kept

        start = [jnp.asarray(x) for x in start]
        none = blank(jax.eval_shape(lambda: step((start, None))[1]))
        found = jax.lax.while_loop(lambda both: going(both[0]).any(), step, (start, none))
        return list(found[0]), found[1]


def _where(on: Any, new: Any, old: Any) -> Any:
    return jnp.where(on.reshape(on.shape + (1,) * (new.ndim - on.ndim)), new, old)


def blank(shapes: Any, lengths: tuple[int, ...] = ()) -> Any:
    """A tree of zeros, stacked by the lengths of loops."""
    return jax.tree_util.tree_map(lambda s: jnp.zeros((*lengths, *s.shape), s.dtype), shapes)
