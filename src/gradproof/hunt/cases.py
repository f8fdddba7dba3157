"""Cases with parameters: a function whose defaults are spaces is a hunt."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import UsageError
from ..report.report import Report
from .cover import Planner
from .family import Family
from .result import Found, Hunt
from .run import Limits
from .search import hunted
from .source import hints
from .target import CaseTarget, Target
from .trying import full

MENU_TRIES = 200  # of `gradproof check` and of tests: the menu, as far as it goes in a second or so


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a case is hunted; without numbers its menu alone is tried."""

    tries: int | None = None
    seconds: float | None = None
    workers: int = 1
    executor: str | None = None
    journal: str | None = None
    examples: str | None = None

    def limits(self, seed: int) -> Limits:
        """How far to go."""
        if self.tries is None and self.seconds is None:
            return Limits(MENU_TRIES, None, seed, menu=True)
        return Limits(self.tries, self.seconds, seed)


def defaults_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The defaults of a function's parameters."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}


def is_hunt(function: Callable[..., Any]) -> bool:
    """Whether a case has spaces in the places of defaults."""
    given = defaults_of(function)
    return bool(given) and Family(given).varies


def hunt_case(
    function: Callable[..., Any], label: str, given: Mapping[str, Any], wanted: Wanted
) -> tuple[Hunt, Report | None]:
    """The hunt for a case, and where nothing was found the report at an ordinary choice.

    ``given`` replaces what the case returns; its ``seed`` is that of the hunt.
    """
    missing = [p.name for p in inspect.signature(function).parameters.values()
               if p.default is inspect.Parameter.empty and p.kind is not p.VAR_KEYWORD]  # fmt: skip
    if missing:
        raise UsageError(f"The case needs a space for {missing[0]}: {missing[0]}=gp.arrays((3,)).")
    target = CaseTarget(function, Family(defaults_of(function)), label, given)
    return hunt_target(target, int(given.get("seed", 0)), wanted)


def hunt_target(target: Target, seed: int, wanted: Wanted) -> tuple[Hunt, Report | None]:
    """The hunt for a target, and where nothing was found the report at an ordinary choice."""
    hunt = hunted(
        target, wanted.limits(seed), workers=wanted.workers, executor=wanted.executor,
        journal=wanted.journal, examples=wanted.examples,
    )  # fmt: skip
    return hunt, None if hunt.found else ordinary(target, seed, hunt)


def ordinary(target: Target, seed: int, hunt: Hunt) -> Report | None:
    """The report at the first ordinary choice that can be checked, with what else was tried."""
    planner = Planner(target.family, hints(target.code()), seed)
    for one in planner.batch(8):
        report = full(target, one.values, seed)
        if report is not None:
            said = (
                f"Tried at {hunt.tries} choices of its parameters, {hunt.skipped} of them skipped."
            )
            return replace(report, name=target.name, notes=(*report.notes, said))
    return None


def report_of(found: Found, label: str) -> Report:
    """The report of what was found, named after its case and what is special about it."""
    return replace(found.report, name=f"{label} ({found.cause})")


_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def seconds_of(text: str | float) -> float:
    """``30s``, ``10m``, ``2h`` or a number of seconds.

    Raises
    ------
    UsageError
        For anything else.

    """
    match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*(s|m|min|h|)\s*", str(text))
    if match is None or not float(match[1]) > 0:
        raise UsageError(f"A time is written as 30s, 10m or 2h, and not as {text!r}.")
    return float(match[1]) * _UNITS[match[2]]
