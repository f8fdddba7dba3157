"""The check: measure what the plan asks for, judge, and freeze it all into a report."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any

from .compose import compose
from .errors import UsageError
from .inquiry import find_lines, inquire
from .judge.bands import bands, round_off
from .plan.effort import effort as level
from .report.report import Report
from .space.point import Point
from .subject.guards import generators_restored
from .subject.prepare import beside, prepare
from .trial import Trial

# Where the point sits on a kink, the gradient is checked this far beside it, in units of each
# block's scale: many windows away from the kink, yet the same neighbourhood.
_BESIDE = 0.01


def check(
    fun: Callable[..., Any],
    point: Any,
    *,
    grad: Any = None,
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    effort: str = "standard",
    seed: int = 0,
    correct_below: float | None = None,
    wrong_above: float | None = None,
    name: str | None = None,
) -> Report:
    """Check a claimed gradient against slopes of the function itself.

    Parameters
    ----------
    fun : callable
        ``fun(point, *args, **kwargs)`` returns a real scalar.
    point : pytree
        The parameters: dicts, lists, tuples, named tuples, dataclasses registered with
        optree, bare arrays or Python floats, of float64, float32, float16, longdouble or
        complex type. Integer, boolean and empty leaves and None are left as they are, and
        named in the report. A single array is a point too.
    grad : callable, pytree or True
        The claimed gradient: a function of the same arguments, a pytree already computed
        (like ``point``; a mapping may say ``dW1`` for ``W1`` and may hold more than is
        asked), or True where ``fun`` returns ``(value, gradient)``. For a complex parameter
        ``z = x + iy`` it is ``∂f/∂x + i ∂f/∂y``, the direction of steepest ascent.
    args, kwargs : tuple, mapping
        Further arguments of ``fun`` and of ``grad``.
    effort : {"standard", "quick", "thorough", "sweep"}
        How many evaluations to spend; ``sweep`` measures every entry.
    seed : int
        Seed of the random directions; it is printed in the report.
    correct_below, wrong_above : float, optional
        The bands of relative error, in place of those for the parameters' precision
        (1e-7 and 1e-5 for float64).
    name : str, optional
        What to call this check in reports.

    Returns
    -------
    Report
        ``verdict``, ``ok``, ``difference``, ``resolution``, ``evaluations``, ``blocks``,
        ``findings``; nothing is printed or raised on the way.

    Raises
    ------
    UsageError
        Where the call has no answer; the sentence says what to change.

    Exceptions raised by ``fun`` or ``grad`` surface unchanged, with a note that says where.

    Examples
    --------
    >>> import numpy as np
    >>> import gradproof as gp
    >>> def cost(w, x):
    ...     return float(np.sum(np.tanh(w * x)))
    >>> def backprop(w, x):
    ...     return x / np.cosh(w * x) ** 2
    >>> rng = np.random.default_rng(0)
    >>> report = gp.check(cost, rng.normal(size=5), grad=backprop, args=(rng.normal(size=5),))
    >>> report.verdict
    <Verdict.CORRECT: 'correct'>

    """
    _validate(fun, grad, args, kwargs, seed)
    seed = int(seed)
    began = time.perf_counter()
    chosen = level(effort)
    where = Point(point)
    limits = tuple(bands(block.dtype, correct_below, wrong_above) for block in where.blocks)
    with generators_restored():
        subject = prepare(fun, where, grad, tuple(args), kwargs or {}, seed, round_off)
        trial = Trial(subject, limits, chosen, seed)
        trial.run()
        if subject.spoiled(trial.flat()):
            trial = Trial(subject, limits, chosen, seed)
            trial.run()
        moved = _go_beside(trial) if trial.kink and subject.movable else None
        spent = subject.evaluations
        findings = inquire(moved or trial)
        lines = find_lines(moved or trial)
    title = str(name) if name else str(getattr(fun, "__name__", type(fun).__name__))
    return compose(trial, moved, findings, lines, spent, effort, title, time.perf_counter() - began)


def _go_beside(trial: Trial) -> Trial:
    """The same check a little way from a kink, where the gradient is unique.

    At the kink itself every entry of a small block is held against its one-sided slopes.
    """
    subject = trial.subject
    direction = trial.screen().joint(range(len(subject.point.blocks)))
    moved = Trial(
        beside(subject, direction, _BESIDE, round_off), trial.bands, trial.effort, trial.seed
    )
    moved.run()
    trial.sweep()
    return moved


def _validate(fun: Any, grad: Any, args: Any, kwargs: Any, seed: Any) -> None:
    if not callable(fun):
        raise UsageError(
            f"fun must be a function of the point, but is a {type(fun).__name__}: "
            "the order is gp.check(fun, point, grad=...)."
        )
    if grad is None or grad is False:
        raise UsageError(
            "There is no claimed gradient to check: pass grad=, a function of the same "
            "arguments, a gradient already computed, or True if fun returns (value, gradient)."
        )
    if not isinstance(args, tuple | list):
        raise UsageError(
            f"args must be a tuple of further arguments, but is a {type(args).__name__}: "
            "write args=(X,) for a single one."
        )
    if kwargs is not None and not (
        isinstance(kwargs, Mapping) and all(isinstance(key, str) for key in kwargs)
    ):
        raise UsageError(
            "kwargs must be a mapping from names to values, but is "
            f"{'one whose keys are not all text' if isinstance(kwargs, Mapping) else ''}"
            f"{'' if isinstance(kwargs, Mapping) else f'a {type(kwargs).__name__}'}."
        )
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise UsageError(f"seed must be an integer that is not negative, but is {seed!r}.")
