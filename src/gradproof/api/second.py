"""Claims of second derivatives: what a check is asked, and where it makes no sense."""

from __future__ import annotations

from typing import Any

from ..backend.registry import framework_of
from ..engine.second import examine_second
from ..engine.stated import Claims
from ..errors import UsageError
from ..naming import what
from ..report.report import Report
from ..space.point import Point
from ..subject.asked import Options
from ..subject.second import OwnGradient
from .callsite import call_in_source
from .information import recognised
from .starts import floats


def checked_second(
    fun: Any, point: Any, grad: Any, hess: Any, hessp: Any, options: Options, residuals: Any = None
) -> Report:
    """The report of a gradient, its Hessian and the products of that."""
    if hessp is not None and not callable(hessp):
        raise UsageError(
            f"hessp must be a function of (point, vector), but is {what(hessp)}: "
            "a matrix is passed as hess=."
        )
    if isinstance(hess, str) or hasattr(hess, "get_matrix"):
        raise UsageError(
            f"hess is {hess if isinstance(hess, str) else type(hess).__name__!r}, an approximation "
            "that SciPy makes by itself: there is no claim to check. Pass a function or a matrix."
        )
    where = Point(floats(point))
    complex_ = [block.name for block in where.blocks if block.is_complex]
    if complex_:
        raise UsageError(
            f"{complex_[0]} is complex: the Hessian is checked in real parameters. Pass its real "
            "and its imaginary part as two arrays."
        )
    own = next((f for leaf in where.tree.leaves if (f := framework_of(leaf)) is not None), None)
    if grad is None and own is not None and "reverse" in own.about.modes:
        grad = OwnGradient(own, where, fun)
    claims = Claims(fun, where, None if grad is False else grad, hess, hessp, options)
    report = examine_second(claims, call_in_source(int(options.seed)))
    return report if residuals is None else recognised(report, claims, residuals)
