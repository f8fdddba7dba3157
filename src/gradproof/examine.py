"""One examination: measure what the plan asks for, judge, and freeze it all into a report."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from .callsite import call_in_source
from .compose import compose
from .errors import UsageError
from .inquiry import find_lines, inquire
from .judge.bands import bands, round_off
from .plan.effort import effort as level
from .report.report import Report
from .scan import scan
from .space.point import Point
from .stage import Stage
from .subject.gradient import Gradient
from .subject.guards import generators_restored
from .subject.prepare import beside, prepare
from .trial import Trial
from .waiting import Waiting

# Where the point sits on a kink, the gradient is checked this far beside it, in units of each
# block's scale: many windows away from the kink, yet the same neighbourhood.
_BESIDE = 0.01


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller of any check may ask for."""

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] | None = None
    effort: str = "standard"
    seed: int = 0
    correct_below: float | None = None
    wrong_above: float | None = None
    name: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """What a check was asked: enough to ask again, as long as the functions live."""

    fun: Callable[..., Any]
    where: Point
    grad: Any
    wishes: Wishes


@dataclass(slots=True)
class Played:
    """A check that has been measured: at the point, and beside it if there was a kink."""

    trial: Trial
    moved: Trial | None
    stage: Stage

    @property
    def last(self) -> Trial:
        """Where it was decided."""
        return self.moved or self.trial


def examine(fun: Callable[..., Any], where: Point, grad: Any, wishes: Wishes) -> Report:
    """Check whatever claims the gradient of ``fun`` at a point."""
    task, title = Task(fun, where, grad, wishes), str(wishes.name) if wishes.name else named(fun)
    stage = Stage(title)
    with generators_restored(), where.session(), Waiting(lambda: str(stage), stage.spent):
        report = _examined(task, stage)
    origin = None if report.ok else task
    return dataclasses.replace(report, reproduce=call_in_source(report.seed), origin=origin)


def _examined(task: Task, stage: Stage) -> Report:
    began = time.perf_counter()
    played = play(task, stage)
    last, spent = played.last, played.trial.subject.evaluations
    chosen = last.effort
    if any(j.verdict in chosen.scan for j in last.judgements):
        stage.start(last, "what is wrong", max(chosen.expected(task.where.blocks), chosen.inquire))
    findings, lines = inquire(last), find_lines(last)
    scan(last, chosen.scan)
    return compose(
        played.trial, played.moved, findings, lines, spent, task.wishes.effort, stage.title,
        time.perf_counter() - began,
    )  # fmt: skip


def play(task: Task, stage: Stage) -> Played:
    """Measure until the verdict stands, without asking why."""
    where, wishes = task.where, task.wishes
    seed, chosen = int(wishes.seed), level(wishes.effort)
    limits = tuple(
        bands(block.dtype, wishes.correct_below, wishes.wrong_above) for block in where.blocks
    )
    args, kwargs = tuple(wishes.args), wishes.kwargs or {}
    subject = prepare(task.fun, where, task.grad, args, kwargs, seed, round_off)
    subject.notes[:0] = wishes.notes
    most = chosen.expected(where.blocks)

    def run(subject: Gradient, doing: str) -> Trial:
        trial = stage.start(Trial(subject, limits, chosen, seed), doing, most)
        trial.run()
        return trial

    trial = run(subject, "slopes")
    if subject.spoiled(trial.flat()):
        trial = run(subject, "slopes once more")
    moved = None
    if trial.kink and subject.movable:
        moved = run(_beside(trial), "slopes beside the kink")
        trial.sweep()
    return Played(trial, moved, stage)


def _beside(trial: Trial) -> Gradient:
    """What is checked, a little way from a kink, where the gradient is unique.

    At the kink itself every entry of a small block is held against its one-sided slopes.
    """
    subject = trial.subject
    direction = trial.screen().joint(range(len(subject.point.blocks)))
    return beside(subject, direction, _BESIDE, round_off)


def named(fun: Any) -> str:
    """What a function is called in a report."""
    return str(getattr(fun, "__name__", type(fun).__name__))


def validate(fun: Any, wishes: Wishes) -> None:
    """Raise ``UsageError`` for what is plainly not meant, before anything is called."""
    args: Any = wishes.args
    kwargs: Any = wishes.kwargs
    seed: Any = wishes.seed
    if not callable(fun):
        raise UsageError(
            f"fun must be a function of the point, but is a {type(fun).__name__}: "
            "the order is gp.check(fun, point, grad=...)."
        )
    if not isinstance(args, tuple | list):
        raise UsageError(
            f"args must be a tuple of further arguments, but is a {type(args).__name__}: "
            "write args=(X,) for a single one."
        )
    if kwargs is not None and not (
        isinstance(kwargs, Mapping) and all(isinstance(key, str) for key in kwargs)
    ):
        raise UsageError(
            "kwargs must be a mapping from names to values, but is "
            f"{'one whose keys are not all text' if isinstance(kwargs, Mapping) else ''}"
            f"{'' if isinstance(kwargs, Mapping) else f'a {type(kwargs).__name__}'}."
        )
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise UsageError(f"seed must be an integer that is not negative, but is {seed!r}.")
