"""Marking the functions that a command or a test runner should check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ..errors import UsageError
from ..naming import what

Function = TypeVar("Function", bound=Callable[..., Any])

_MARK = "__gradproof_case__"


def case(function: Function) -> Function:
    """Mark a function that returns the arguments of ``gp.check``.

    It returns a mapping of them (``fun`` and ``point`` by name as well), or a list of such
    mappings. ``gradproof check path.py`` then finds and checks it. Where its parameters have spaces
    as defaults (``x=gp.arrays((3,))``) it is a hunt: ``gradproof check`` tries their menu, and
    ``gradproof hunt`` searches on.

    Examples
    --------
    >>> import gradproof as gp
    >>> @gp.case
    ... def parabola():
    ...     return dict(fun=lambda x: float(x @ x), point=[1.0, 2.0], grad=lambda x: 2 * x)

    """
    if not callable(function):
        raise UsageError(
            "gp.case marks a function that returns the arguments of a check, but got "
            f"{what(function)}: write @gp.case above def."
        )
    setattr(function, _MARK, True)
    return function


def is_case(candidate: Any) -> bool:
    """Whether something was marked with ``case``."""
    return callable(candidate) and getattr(candidate, _MARK, False) is True
