"""From a report of a wrong gradient to edits that make it right: ``gradproof.suggest_fixes``."""

from __future__ import annotations

from ..calling import public
from ..errors import UsageError
from ..naming import what
from ..report.report import Report
from ..subject.asked import Asked
from .fix import Suggestions


@public("gp.suggest_fixes(report)")
def suggest_fixes(report: Report, *, most: int = 3, seconds: float = 60.0) -> Suggestions:
    """Look for small edits of the code under which a wrong gradient becomes right.

    The functions that compute the gradient, and those of their modules that they call, are edited
    (a factor, a sign, a transpose, a name, an axis, an index, …). The edited code is run in
    processes of its own, and what agrees with the measured slopes is checked again along fresh
    directions and at two other points. No file is written, and ``fun`` stays what it is.

    Parameters
    ----------
    report : Report
        What ``gp.check`` or a relative of it returned in this process.
    most : int
        How many repairs to look for.
    seconds : float
        When to stop.

    Returns
    -------
    Suggestions
        A list of ``Fix``, the likeliest first, each with ``diff``, ``edits``, ``report`` (the
        check of the repaired code), ``elsewhere`` (the same at other points) and ``apply()``,
        which alone writes the file. It is empty where nothing was found, or there is nothing to
        repair: then ``reason`` is a sentence, and ``closest`` the nearest miss, if there is one.
        ``tried`` counts the edits; ``complete`` is False where the time was up.

    Raises
    ------
    UsageError
        Where there is no source to edit: the report was loaded, pickled or copied, the gradient
        is an array, or the functions are not written in a file; where libcst is missing, or the
        system cannot fork a process, as Windows.

    Examples
    --------
    >>> import gradproof as gp
    >>> from gradproof.demo.network import article_test_case, broken_backprop, cost
    >>> X, Y, params = article_test_case()
    >>> report = gp.check(cost, params, grad=broken_backprop, args=(X, Y))
    >>> [fix] = gp.suggest_fixes(report, most=1)
    >>> print(fix.report.verdict)
    correct

    """
    validate(report, most, seconds)
    if not report.verdict.rejects:
        return Suggestions(reason=f"The gradient is {report.verdict}: there is nothing to repair.")
    from .session import Session  # here: most checks need no repair, and libcst may be missing

    return Session(report, float(seconds)).suggestions(most)


def validate(report: object, most: object, seconds: object) -> None:
    """Raise ``UsageError`` for what is plainly not meant."""
    if not isinstance(report, Report):
        raise UsageError(f"report must be what gp.check returned, but is {what(report)}.")
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise UsageError(f"most must be a positive integer, but is {most!r}.")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise UsageError(f"seconds must be a positive number, but is {seconds!r}.")
    if report.verdict.rejects and not isinstance(report.origin, Asked):
        raise UsageError(
            "This report was loaded, pickled or copied (or it is about forces, a manifold or a "
            "pattern) and does not hold the functions that it is about: call suggest_fixes on what "
            "gp.check returned."
        )
