"""Assertions for tests: a gradient that is not right fails the test, with the report."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, Literal

from .api.check import check
from .api.layout import Layout
from .calling import public
from .errors import GradientError, UsageError
from .naming import what
from .plan.effort import Level
from .records.verdict import Verdict
from .report.report import Report

Undecided = Literal["fail", "warn"]


class UndecidedWarning(UserWarning):
    """A gradient could neither be proven right nor wrong; the message is the report."""


class UnreadReportWarning(UserWarning):
    """A test made a check and did not look at its report, which is not correct."""


@public("gp.testing.assert_gradient(fun, point, grad=...)")
def assert_gradient(
    fun: Callable[..., Any],
    point: Any,
    *,
    grad: Any = None,
    hess: Any = None,
    hessp: Callable[..., Any] | None = None,
    order: Literal[1, 2] = 1,
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    effort: Level = "standard",
    seed: int = 0,
    correct_below: float | None = None,
    wrong_above: float | None = None,
    name: str | None = None,
    surrogate: Callable[..., Any] | None = None,
    tolerance: float | None = None,
    layout: Layout | None = None,
    bounds: Any = None,
    jac_sparsity: Any = None,
    tangent: Any = None,
    residuals: Callable[..., Any] | None = None,
    undecided: Undecided = "fail",
) -> Report:
    """Check a claimed gradient, and fail unless it is right.

    Parameters
    ----------
    fun, point, grad, hess, hessp, order, args, kwargs
        As for ``gp.check``.
    effort, seed, correct_below, wrong_above, name, surrogate, tolerance, layout, bounds,
    jac_sparsity, tangent, residuals
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
    _validate(undecided)
    report = check(
        fun, point, grad=grad, hess=hess, hessp=hessp, order=order, args=args, kwargs=kwargs,
        effort=effort, seed=seed, correct_below=correct_below, wrong_above=wrong_above, name=name,
        surrogate=surrogate, tolerance=tolerance, layout=layout, bounds=bounds,
        jac_sparsity=jac_sparsity, tangent=tangent, residuals=residuals,
    )  # fmt: skip
    return _asserted(report, undecided)


@public("gp.testing.assert_correct(report)")
def assert_correct(report: Report, undecided: Undecided = "fail") -> Report:
    """Fail unless a report says that the gradient is right, whichever check it comes from.

    Parameters
    ----------
    report : Report
        What ``gp.check_module``, ``gp.check_vjp`` or any other check has returned.
    undecided : {"fail", "warn"}
        As for ``assert_gradient``.

    Returns
    -------
    Report
        The same report.

    Raises
    ------
    GradientError
        As ``assert_gradient`` raises it.
    UsageError
        Where ``report`` is no report, or ``undecided`` neither of the two.

    Examples
    --------
    >>> import numpy as np
    >>> import gradproof as gp
    >>> report = gp.check_vjp(np.sin, lambda x, g: g * np.cos(x), np.ones(3))
    >>> gp.testing.assert_correct(report).verdict
    <Verdict.CORRECT: 'correct'>

    """
    __tracebackhide__ = True
    given: Any = report
    if not isinstance(given, Report):
        raise UsageError(
            f"assert_correct takes the report of a check, but got {what(given)}: "
            "write assert_correct(gp.check_vjp(...)), or use assert_gradient(fun, point, ...)."
        )
    _validate(undecided)
    return _asserted(report, undecided)


def _asserted(report: Report, undecided: Undecided) -> Report:
    """Raise what speaks against a report, or warn at the line that called the caller of this."""
    __tracebackhide__ = True
    found = objection(report, undecided, lambda: report.message)
    if isinstance(found, UndecidedWarning):
        warnings.warn(found, stacklevel=4)
    elif found is not None:
        raise found
    return report


def _validate(undecided: Any) -> None:
    """Raise ``UsageError`` for anything but "fail" and "warn"."""
    if undecided not in ("fail", "warn"):
        raise UsageError(f"undecided must be 'fail' or 'warn', but is {undecided!r}.")


def objection(
    report: Report, undecided: str, message: Callable[[], str]
) -> GradientError | UndecidedWarning | None:
    """What speaks against letting a test pass: the caller raises it, or warns.

    It is not raised here, so that pytest's plugin can raise it where its user called; the
    ``message`` of most reports is never read.
    """
    if report.ok:
        return None
    if report.verdict is Verdict.UNDECIDED and undecided == "warn":
        return UndecidedWarning(message())
    return GradientError(message(), report)
