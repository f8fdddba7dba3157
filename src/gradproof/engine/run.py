"""One examination: measure what the plan asks for, judge, and freeze it all into a report."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..judge.bands import bands, round_off
from ..plan.effort import effort as level
from ..progress import ProgressLine
from ..report.report import Report
from ..space.point import Point
from ..subject.asked import Asked, Options, named
from ..subject.gradient import Gradient
from ..subject.guards import generators_restored
from ..subject.prepare import beside, prepare
from .explain import find_lines, inquire
from .scan import scan
from .session import Trial
from .stage import Stage
from .summary import compose

# Where the point sits on a kink, the gradient is checked this far beside it, in units of each
# block's scale: many windows away from the kink, yet the same neighbourhood.
_BESIDE = 0.01


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


def examine(fun: Callable[..., Any], where: Point, grad: Any, options: Options) -> Report:
    """Check whatever claims the gradient of ``fun`` at a point."""
    task = Asked(fun, where, grad, options)
    stage = Stage(str(options.name) if options.name else named(fun))
    with generators_restored(), where.session(), ProgressLine(lambda: str(stage), stage.spent):
        report = _examined(task, stage)
    origin = None if report.ok else task
    return dataclasses.replace(report, origin=origin)


def _examined(task: Asked, stage: Stage) -> Report:
    began = time.perf_counter()
    played = play(task, stage)
    last, spent = played.last, played.trial.subject.evaluations
    chosen = last.effort
    if any(j.verdict in chosen.scan for j in last.judgements):
        stage.start(last, "what is wrong", max(chosen.expected(task.where.blocks), chosen.inquire))
    findings, lines = inquire(last), find_lines(last)
    scan(last, chosen.scan)
    return compose(
        played.trial, played.moved, findings, lines, spent, task.options.effort, stage.title,
        time.perf_counter() - began,
    )  # fmt: skip


def play(task: Asked, stage: Stage) -> Played:
    """Measure until the verdict stands, without asking why."""
    where, options = task.where, task.options
    seed, chosen = int(options.seed), level(options.effort)
    limits = tuple(
        bands(block.dtype, options.correct_below, options.wrong_above) for block in where.blocks
    )
    args, kwargs = tuple(options.args), options.kwargs or {}
    subject = prepare(task.fun, where, task.grad, args, kwargs, seed, round_off)
    subject.notes[:0] = options.notes
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
