"""``check_grad`` with the arguments of ``scipy.optimize.check_grad``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .check import check
from .errors import UsageError
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
    rng: int | None = None,
    seed: int | None = None,
    effort: str = "standard",
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
    rng, seed : int, optional
        Seed of the random directions.
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
        ``direction`` is neither (``UsageError``), or the gradient has another shape.

    """
    if direction not in ("all", "random"):
        raise UsageError(f"direction must be 'all' or 'random', but is {direction!r}.")
    given = rng if rng is not None else seed
    report = check(
        func, x0, grad=grad, args=args, seed=0 if given is None else given, effort=effort
    )
    found = Difference(report.distance)
    found.report = report
    return found
