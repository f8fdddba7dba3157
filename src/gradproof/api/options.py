"""What every public check does: look at what was asked, check, and say how to ask again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import iscoroutinefunction, isgeneratorfunction
from numbers import Integral, Real
from typing import Any

import numpy as np

from ..engine.examine import examine
from ..errors import UsageError
from ..judge.bands import bands
from ..naming import called, what
from ..plan.effort import effort
from ..report.report import Report
from ..space.point import Point
from ..subject.asked import Asked, Options
from ..subject.providers import Autodiff
from .callsite import call_in_source


def checked(fun: Callable[..., Any], where: Point, grad: Any, options: Options) -> Report:
    """The report of a check, with the user's own call of it."""
    return examine(Asked(fun, where, grad, options), call_in_source(int(options.seed)))


def checked_own(
    func: Callable[..., Any], arguments: tuple[Any, ...], claim: Autodiff, options: Options,
    root: str,
) -> Report:  # fmt: skip
    """The report of a check of what a framework itself says of ``func(*arguments)``."""

    def fun(point: tuple[Any, ...]) -> Any:
        return func(*point)

    where = Point(arguments, claim.framework.chosen(arguments), root=root)
    return checked(fun, where, claim, options)


def validate(fun: Any, options: Options, example: str = "gp.check(fun, point, grad=...)") -> None:
    """Raise ``UsageError`` for what is plainly not meant, before anything is called."""
    args: Any = options.args
    kwargs: Any = options.kwargs
    seed: Any = options.seed
    if not callable(fun):
        raise UsageError(
            f"fun must be a function of the point, but is {what(fun)}: the order is {example}."
        )
    plain("fun", fun)
    if not isinstance(args, tuple | list):
        raise UsageError(
            f"args must be a tuple of further arguments, but is {what(args)}: "
            "write args=(X,) for a single one."
        )
    if kwargs is not None:
        found = "" if isinstance(kwargs, Mapping) else what(kwargs)
        if not found and not all(isinstance(key, str) for key in kwargs):
            found = "one whose keys are not all text"
        if found:
            raise UsageError(f"kwargs must be a mapping from names to values, but is {found}.")
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise UsageError(f"seed must be an integer that is not negative, but is {seed!r}.")
    tolerance: Any = options.tolerance
    if tolerance is not None and not (isinstance(tolerance, Real) and 0 < float(tolerance) < 1):
        raise UsageError(f"tolerance must be a number between 0 and 1, but is {tolerance!r}.")
    effort(options.effort)
    bands("float64", options.correct_below, options.wrong_above)


def gradient_given(grad: Any) -> None:
    """Raise ``UsageError`` for text, and functions that return none, where a gradient belongs."""
    if isinstance(grad, str | bytes):
        raise UsageError(
            f"grad must be a function or a gradient, but is the text {grad!r}: pass the function "
            "itself, or leave grad out where a framework differentiates."
        )
    if callable(grad):
        plain("grad", grad)


def plain(role: str, function: Any) -> None:
    """Raise ``UsageError`` for a class, and for functions that return no value when called."""
    kind = "async " if iscoroutinefunction(function) else ""
    kind = "generator " if isgeneratorfunction(function) else kind
    if kind:
        write = "write def for async def" if kind == "async " else "write return for yield"
        raise UsageError(f"{role} is the {kind}function {called(function)}: {write}.")
    if isinstance(function, type) and not issubclass(function, float | complex | np.generic):
        has_apply = f", or {function.__name__}.apply" if hasattr(function, "backward") else ""
        raise UsageError(
            f"{role} is the class {function.__name__}, and no function: pass an instance that can "
            f"be called, or one of its methods{has_apply}."
        )


def function_given(role: str, function: Any, form: str = "") -> None:
    """Raise ``UsageError`` for what should be a function and is none, with how it is called."""
    if not callable(function):
        write = f": write {form}" if form else ""
        raise UsageError(f"{role} must be a function, but is {what(function)}{write}.")
    plain(role, function)
