"""A function as a jaxpr of what moves: whatever does not depend on that is computed at once.

``jax.make_jaxpr`` makes a tracer of every intermediate value. Rules that close over some (a mask
that was made in the function, say) then fail when they are called later, although they work under
``jax.grad``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax._src import core

_current: Any = core.set_current_trace


class _Staged(core.Trace):
    """Hands on to the trace of a jaxpr what has to do with its arguments, and runs the rest."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, inner: Any, outer: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._inner, self._outer = inner, outer
        self.requires_low = inner.requires_low

    def _for(self, values: Sequence[Any]) -> Any:
        return self._inner if any(isinstance(v, core.Tracer) for v in values) else self._outer

    def stage_value(self, val: Any) -> Any:
        return val if isinstance(val, core.Tracer) else self._outer.stage_value(val)

    def cur_qdd(self, x: Any) -> Any:
        return self._for([x]).cur_qdd(x)

    def process_call(self, *args: Any, **more: Any) -> Any:
        return self._chosen(args).process_call(*args, **more)

    def process_custom_jvp_call(self, *args: Any, **more: Any) -> Any:
        return self._chosen(args).process_custom_jvp_call(*args, **more)

    def process_custom_vjp_call(self, *args: Any, **more: Any) -> Any:
        return self._chosen(args).process_custom_vjp_call(*args, **more)

    def process_shard_map(self, *args: Any, **more: Any) -> Any:
        return self._chosen(args).process_shard_map(*args, **more)

    def _chosen(self, args: Sequence[Any]) -> Any:
        several = (a if isinstance(a, list | tuple) else (a,) for a in args)
        return self._for([x for a in several for x in a])

    def process_primitive(self, primitive: Any, tracers: Any, params: Any, /) -> Any:
        trace = self._for(tracers)
        with _current(trace):
            return trace.process_primitive(primitive, tracers, params)


def staged(function: Callable[..., list[Any]], leaves: Sequence[Any]) -> Any:
    """The jaxpr of a function of some arrays."""
    outer = core.trace_ctx.trace

    def run(*moving: Any) -> list[Any]:
        with _current(_Staged(core.trace_ctx.trace, outer)):
            return function(*moving)

    return jax.make_jaxpr(run)(*leaves)
