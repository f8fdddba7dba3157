"""A hunt from what was asked to what was found: limits, journal, and who makes the tries."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from numbers import Integral, Real
from typing import Any

from ..errors import UsageError
from .family import Family
from .journal import Journal, with_journal
from .pool import processes
from .replay import Replay
from .result import Hunt
from .run import Limits, Runner, Search, in_this_process
from .target import POINT, Target
from .workers import Workers


def arguments_of(
    point: Any, options: Mapping[str, Any] | None, more: Mapping[str, Any]
) -> dict[str, Any]:
    """All that may vary: the point and the settings, from wherever they were given."""
    clash = sorted(set(options or ()) & set(more))
    if clash:
        raise UsageError(f"{clash[0]} is given twice: by keyword and in options=.")
    if POINT in (options or ()):
        raise UsageError("A setting cannot be called point: wrap fun in a function of its own.")
    return {POINT: point, **(options or {}), **more}


def hunted(
    target: Target,
    limits: Limits,
    *,
    workers: int = 1,
    executor: str | None = None,
    journal: Any = None,
    examples: str | None = None,
) -> Hunt:
    """The hunt for a target, by whoever is asked to make the tries.

    Below the folder ``examples`` Hypothesis keeps what was found, to be tried first another time.
    """
    require_spaces(target.family)
    asked_for: Any = workers
    if isinstance(asked_for, bool) or not isinstance(asked_for, Integral) or asked_for == 0:
        raise UsageError(f"workers must be a number of processes, but is {workers!r}.")
    kept = None if journal is None else Journal.of(journal, target, limits.seed)
    with ExitStack() as stack:
        if kept is not None:
            stack.callback(kept.close)
        runner: Runner = in_this_process(target, limits.seed)
        if workers != 1 or executor is not None:
            count = processes(int(workers), executor)
            runner = stack.enter_context(Workers(target, limits.seed, count, executor)).run
        runner = with_journal(kept, runner)
        if examples is None:
            return Search(target, limits, runner).run()
        known = Replay(examples, target.name, target.family)
        hunt = Search(target, limits, runner, known.values).run()
        if not hunt.interrupted:
            known.update([found.values for found in hunt.found])
        return hunt


def checked_limits(tries: Any, seconds: Any, seed: Any) -> Limits:
    """The limits of a hunt; ``UsageError`` where there are none, or no numbers."""
    if tries is None and seconds is None:
        raise UsageError("A hunt without an end: pass tries= or seconds=.")
    if tries is not None and (
        isinstance(tries, bool) or not isinstance(tries, Integral) or tries < 1
    ):
        raise UsageError(f"tries must be a positive integer or None, but is {tries!r}.")
    if seconds is not None and (
        isinstance(seconds, bool) or not isinstance(seconds, Real) or not float(seconds) > 0
    ):
        raise UsageError(f"seconds must be a positive number, but is {seconds!r}.")
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise UsageError(f"seed must be an integer that is not negative, but is {seed!r}.")
    return Limits(
        None if tries is None else int(tries),
        None if seconds is None else float(seconds),
        int(seed),
    )


def require_spaces(family: Family) -> None:
    """Refuse a hunt in which nothing varies."""
    if not family.varies:
        raise UsageError(
            "Nothing varies here: pass a space such as gp.arrays((3,)) for the point or a setting; "
            "a single point is checked with gp.check."
        )
