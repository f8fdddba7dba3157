"""``check_grad`` with the arguments of ``scipy.optimize.check_grad``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .api.check import check
from .api.options import function_given
from .errors import UsageError
from .naming import is_function, what
from .plan.effort import Level
from .report.report import Report


class Difference(float):
    """``‖claimed − numerical‖``, a float; ``report`` says how it was found and what is wrong."""

    report: Report


def check_grad(
    func: Callable[..., Any],
    grad: Callable[..., Any],
    x0: Any,
    *args: Any,
    epsilon: float | None = None,  # noqa: ARG001 - steps set themselves
    direction: str = "all",
    rng: Any = None,
    seed: Any = None,
    effort: Level = "standard",
) -> Difference:
    """Check a gradient function, as ``scipy.optimize.check_grad`` does.

    Parameters
    ----------
    func, grad : callable
        ``func(x0, *args)`` returns a real scalar, ``grad(x0, *args)`` an array like ``x0``.
    x0 : array
        The point.
    *args
        Further arguments of both.
    direction : {"all", "random"}
        Accepted; either way a few random directions through all entries are measured.
    rng, seed : int, Generator or RandomState, optional
        Seed of the random directions; one is drawn from a generator.
    epsilon
        Accepted and not needed: steps set themselves.
    effort : str
        As for ``gp.check``; ``"sweep"`` measures every entry, so that the norm is exact.

    Returns
    -------
    Difference
        The Euclidean norm of claimed less numerical gradient, as a float. ``.report`` is the
        report, with the verdict, which needs no tolerance, and the findings.

    Raises
    ------
    ValueError
        ``direction`` is neither (``UsageError``).

    """
    for role, function in (("func", func), ("grad", grad)):
        function_given(role, function, "check_grad(func, grad, x0)")
    if is_function(x0):
        raise UsageError(f"x0 is {what(x0)}, and no array: write check_grad(func, grad, x0).")
    if direction not in ("all", "random"):
        raise UsageError(f"direction must be 'all' or 'random', but is {direction!r}.")
    chosen = _seed(rng if rng is not None else seed)
    report = check(func, _floating(x0), grad=grad, args=args, seed=chosen, effort=effort)
    found = Difference(report.distance)
    found.report = report
    return found


def _floating(x0: Any) -> Any:
    """An array of floating-point numbers, as SciPy makes of lists and integers."""
    array = np.asarray(x0)
    return array if array.dtype.kind in "fc" else array.astype(float)


def _seed(given: Any) -> int:
    """An integer from whatever SciPy takes: a generator draws one, others seed a generator."""
    if given is None:
        return 0
    if given is np.random or isinstance(given, np.random.RandomState):
        return int(given.randint(2**31 - 1))
    if isinstance(given, int | np.integer) or not _seeds(given):
        return given  # type: ignore[no-any-return]
    return int(np.random.default_rng(given).integers(2**31))


def _seeds(given: Any) -> bool:
    """Whether it is a generator or something else that seeds one."""
    known = np.random.Generator | np.random.BitGenerator | np.random.SeedSequence
    return isinstance(given, known | Sequence | np.ndarray) and not isinstance(given, str)
