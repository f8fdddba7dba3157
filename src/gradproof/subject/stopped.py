"""Paths that the gradient is meant not to know: ``stop_gradient``, and how a check respects it.

The function under test moves along such a path although its gradient does not. So a check holds
what went through ``stop_gradient`` at the values that it had at the point.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from ..backend.registry import framework_of, home
from ..errors import UsageError
from ..space import tree


@dataclass(slots=True)
class Tape:
    """What went through ``stop_gradient`` at the point, in the order of the calls."""

    values: list[Any] = field(default_factory=list)
    recording: bool = True
    played: int = 0

    def next(self, value: Any) -> Any:
        """Keep a value at the point; hand out the one that was kept elsewhere."""
        framework = framework_of(value)
        if framework is not None and framework.stopped(value, kept=True) is None:
            raise UsageError(
                "gp.stop_gradient was called inside a compiled function, where its value cannot be "
                "held: check the function uncompiled, for JAX under jax.disable_jit()."
            )
        if self.recording:
            # A copy: what was cut off may be an alias of a parameter, which moves.
            self.values.append(home(value).copy(value, promote=False))
            return value
        if self.played >= len(self.values):
            raise UsageError(
                f"gp.stop_gradient was called {len(self.values)} times at the point and more often "
                "beside it: it has to be called in the same way everywhere."
            )
        self.played += 1
        return self.values[self.played - 1]


_TAPE: ContextVar[Tape | None] = ContextVar("tape", default=None)


@contextmanager
def held(tape: Tape) -> Iterator[None]:
    """Around one evaluation of the function under test."""
    tape.played = 0
    token = _TAPE.set(tape)
    try:
        yield
    finally:
        _TAPE.reset(token)


def stop_gradient(value: Any) -> Any:
    """Use a value as a constant, on purpose: its gradient is cut, and a check accepts that.

    Parameters
    ----------
    value : array or pytree of arrays
        NumPy, torch or JAX. Call it outside compiled functions.

    Returns
    -------
    array or pytree of arrays
        The same values: detached for torch, through ``jax.lax.stop_gradient`` for JAX. While a
        check evaluates the function beside the point, those that were seen at the point.

    Examples
    --------
    >>> import numpy as np
    >>> import gradproof as gp
    >>> def fun(w):
    ...     return float(np.sum(w * gp.stop_gradient(np.exp(w))))
    >>> gp.check(fun, np.ones(3), grad=np.exp).ok
    True

    """
    leaves = tree.flatten(value, "value")
    tape = _TAPE.get()
    stopped = [home(leaf).stopped(leaf) for leaf in leaves.leaves]
    return leaves.unflatten(stopped if tape is None else [tape.next(leaf) for leaf in stopped])
