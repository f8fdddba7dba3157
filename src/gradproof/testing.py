"""Assertions for tests: a gradient that is not right fails the test, with the report."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

from .check import check
from .errors import GradientError, UsageError
from .records.verdict import Verdict
from .report.report import Report

# By this name unittest knows the frames that it leaves out of a failure.
__unittest = True


class UndecidedWarning(UserWarning):
    """A gradient could neither be proven right nor wrong; the message is the report."""


def assert_gradient(
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
    undecided: str = "fail",
) -> Report:
    """Check a claimed gradient, and fail unless it is right.

    Parameters
    ----------
    fun, point, grad, args, kwargs, effort, seed, correct_below, wrong_above, name
        As for ``gp.check``.
    undecided : {"fail", "warn"}
        What becomes of a verdict that says neither right nor wrong. A test that proves nothing
        should not pass unnoticed, so it fails, or warns with an ``UndecidedWarning``.

    Returns
    -------
    Report
        The report of ``gp.check``.

    Raises
    ------
    GradientError
        Where the gradient is wrong or suspect, or where the verdict is undecided. It is an
        ``AssertionError``, so that unittest counts a failure; its message is the report.
    UsageError
        Where the call has no answer; the sentence says what to change.

    Notes
    -----
    Exceptions raised by ``fun`` or ``grad`` surface unchanged, with a note that says where.

    Examples
    --------
    >>> import unittest
    >>> import numpy as np
    >>> import gradproof.testing
    >>> class TestCost(unittest.TestCase):
    ...     def test_gradient(self):
    ...         gradproof.testing.assert_gradient(
    ...             lambda w: float(w @ w), np.ones(3), grad=lambda w: 2 * w
    ...         )
    >>> unittest.TestResult().wasSuccessful()
    True

    """
    __tracebackhide__ = True
    if undecided not in ("fail", "warn"):
        raise UsageError(f"undecided must be 'fail' or 'warn', but is {undecided!r}.")
    report = check(
        fun,
        point,
        grad=grad,
        args=args,
        kwargs=kwargs,
        effort=effort,
        seed=seed,
        correct_below=correct_below,
        wrong_above=wrong_above,
        name=name,
    )
    found = objection(report, undecided, report.message)
    if isinstance(found, UndecidedWarning):
        warnings.warn(found, stacklevel=2)
    elif found is not None:
        raise found
    return report


def objection(
    report: Report, undecided: str, message: str
) -> GradientError | UndecidedWarning | None:
    """What speaks against letting a test pass: the caller raises it, or warns.

    It is not raised here, so that a traceback ends in the function that the user called.
    """
    if report.ok:
        return None
    if report.verdict is Verdict.UNDECIDED and undecided == "warn":
        return UndecidedWarning(message)
    return GradientError(message, report)
