"""What a case returns: the arguments of one check, or of each in a list."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import UsageError
from ..report.report import Report
from .targets import Case


def needs_arguments(function: Any) -> bool:
    """Whether a function cannot be called without any."""
    try:
        inspect.signature(function).bind()
    except TypeError:
        return True
    return False


def entries_of(case: Case) -> list[tuple[str, dict[str, Any]]]:
    """The arguments of each check, with a label."""
    if needs_arguments(case.function):
        raise UsageError("A case takes no arguments: give those of this function defaults.")
    made = case.function()
    bare = isinstance(made, tuple) and bool(made) and not isinstance(made[0], Mapping)
    if bare or not isinstance(made, list | tuple | Iterator):
        if case.entry is not None:
            raise UsageError(f"The case returns no list: leave out [{case.entry}].")
        return [(case.label, _as_arguments(made))]
    name = case.label if case.entry is None else case.label.removesuffix(f"[{case.entry}]")
    many = [(f"{name}[{i}]", _as_arguments(one)) for i, one in enumerate(made)]
    if not many:
        raise UsageError("The case returns an empty list: there is nothing to check.")
    if case.entry is not None and case.entry >= len(many):
        last = len(many) - 1
        raise UsageError(f"The case has no [{case.entry}]: its list goes from 0 to {last}.")
    return many if case.entry is None else [many[case.entry]]


def _as_arguments(made: Any) -> dict[str, Any]:
    if isinstance(made, Mapping):
        return {str(key): value for key, value in made.items() if key != "name" or value}
    if made is None:
        raise UsageError("The case returns None: did it forget to return?")
    if isinstance(made, Report):
        raise UsageError(
            "The case returns a report: return dict(fun=…, point=…, grad=…) and it is checked."
        )
    raise UsageError(
        f"The case returns a {type(made).__name__}: return the arguments of gp.check as a "
        "dictionary, or a list of such dictionaries."
    )
