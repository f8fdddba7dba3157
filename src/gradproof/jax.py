"""``check_grads`` with the arguments of ``jax.test_util.check_grads``."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from .api.options import checked_own, validate
from .backend.jax import BACKEND
from .errors import GradientError, UsageError
from .naming import called, what
from .plan.effort import Level
from .records.verdict import Verdict
from .subject.asked import Options
from .subject.providers import Autodiff


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: Any = 1,
    modes: Sequence[str] = ("fwd", "rev"),
    atol: float | None = None,  # noqa: ARG001 - error bars are measured
    rtol: float | None = None,
    eps: float | None = None,  # noqa: ARG001 - steps set themselves
    *,
    effort: Level = "standard",
    seed: int = 0,
) -> None:
    """Check JAX's derivatives of ``f``, as ``jax.test_util.check_grads`` does.

    Parameters
    ----------
    f : callable
        ``f(*args)`` returns an array or any container of arrays.
    args : tuple
        Arguments, any pytrees; their floating-point arrays are checked.
    order : int
        2 also checks the derivatives of ``f``'s gradient along a fixed cotangent, and so on.
    modes : sequence of {"fwd", "rev"}
        Forward mode, reverse mode or both. A mode that ``f`` does not have is left out where
        the other is asked for too.
    rtol : float, optional
        A relative error of a block that may pass: both bands of ``gp.check``.
    atol, eps
        Accepted and not needed: error bars and steps are measured.
    effort, seed
        As for ``gp.check``.

    Raises
    ------
    GradientError
        An ``AssertionError``, as JAX raises; its message is the report, ``.report`` holds it.
    UsageError
        Where an argument has no meaning.

    Notes
    -----
    An undecided check gives a warning that holds the report: nothing was found wrong. Where a block
    is undecided that may be off by all of its gradient, it raises as a wrong one does.

    """
    __tracebackhide__ = True
    if hasattr(args, "dtype"):
        raise UsageError(f"args must be a tuple of arguments, but is {what(args)}: write (x,).")
    chosen = [modes] if isinstance(modes, str) else list(modes)
    if not chosen or set(chosen) - {"fwd", "rev"}:
        raise UsageError(f"modes must be 'fwd', 'rev' or both, but is {modes!r}.")
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise UsageError(f"order must be a positive integer, but is {order!r}.")
    point = jax.tree_util.tree_map(_array, tuple(args))
    function, title, rtol = f, called(f), rtol or None
    for level in range(1, order + 1):
        name = title if level == 1 else f"{title}, order {level}"
        options = Options(effort=effort, seed=seed, correct_below=rtol, wrong_above=rtol, name=name)
        validate(function, options)
        claim = Autodiff(BACKEND, reverse="rev" in chosen, forward="fwd" in chosen)
        report = checked_own(function, point, claim, options, "args")
        report.raise_if_wrong()
        if not report.supported:
            raise GradientError(report.message, report)
        if report.verdict is Verdict.UNDECIDED:
            warnings.warn(report.message, stacklevel=2)
        function = _gradient(function)


def _array(leaf: Any) -> Any:
    """Floats and NumPy arrays as JAX would see them."""
    return (
        jnp.asarray(leaf) if isinstance(leaf, float | complex) or hasattr(leaf, "dtype") else leaf
    )


def _gradient(f: Any) -> Any:
    """The gradient of ``f`` along cotangents of alternating size, as a function."""

    def gradient(*args: Any) -> Any:
        def inexact(*moving: Any) -> Any:
            return f(*moving)

        outputs, vjp = jax.vjp(inexact, *args)
        return vjp(jax.tree_util.tree_map(_weights, outputs))

    return gradient


def _weights(output: Any) -> Any:
    """A fixed cotangent without symmetries: 1, 1.5, 2, 1, … with alternating signs."""
    count = jnp.arange(output.size, dtype=jnp.int32)
    numbers = (1 + (count % 3) / 2) * (1 - 2 * (count % 2))
    return numbers.reshape(output.shape).astype(output.dtype)
