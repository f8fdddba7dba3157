"""Derivatives through a solver: the solution solves, and ``F_x · dx/dθ + F_θ = 0``.

The residual is the function and θ the point, while x stays where it is: the slopes are those of
``F_θ``. The claim is ``−F_x · (dx/dθ · t)``, itself a measured slope of the residual along the
claimed direction of the solution. So no solver is called again, and its tolerance makes no noise.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..diagnose.implicit import mistaken
from ..judge.thresholds import T
from ..naming import called
from ..records.finding import Kind
from ..records.verdict import Verdict, worst
from ..report.report import BlockResult, Report
from ..space.point import Point, Working
from ..subject.asked import Asked
from ..subject.guards import generators_restored
from ..subject.providers import Products
from ..subject.second import Array
from .examine import examine
from .implicit_report import whole
from .solution import Calls, Implicit, Looked, Solution, Solved, rows_of

_SMALL = 48  # so many numbers of x, and of theta, are moved one by one to find out why


def examine_implicit(asked: Implicit, reproduce: str = "") -> Report:
    """One report with a verdict on the solver and one on each claimed derivative."""
    began = time.perf_counter()
    with generators_restored(), asked.where.session():
        solution = Solution(Point(asked.call(asked.solve), root="x"))
        solved = _solved(asked, solution)
        looked = [_looked(asked, solution, solved, name) for name in asked.claims]
    return whole(asked, solution, solved, looked, (time.perf_counter() - began, reproduce))


def _solved(asked: Implicit, solution: Solution) -> Solved:
    """The residual at the solution beside its slope along a random direction of x."""
    numbers = solution.numbers
    row = np.random.default_rng(int(asked.options.seed)).normal(size=numbers.shape)
    row *= solution.size / np.linalg.norm(row)
    calls = Calls(lambda step: rows_of(asked.call(asked.residual, solution.moved(row, step))))
    here = calls(0.0)
    apart = float(np.linalg.norm(here))
    if not np.isfinite(apart):
        return Solved(np.inf, 0.0)
    slopes = np.array([calls.slope(k) for k in range(len(here))])
    size, noise = float(np.linalg.norm(slopes[:, 0])), float(np.linalg.norm(slopes[:, 2]))
    share = max(apart - T.residual_bars * noise, 0.0)
    return Solved(share / (size or 1.0), noise / (size or 1.0))


def _looked(asked: Implicit, solution: Solution, solved: Solved, name: str) -> Looked:
    report = _settled(_derivative(asked, solution, name), solved)
    if report.ok and solved.verdict is Verdict.CORRECT:
        return Looked(name, report, None)
    why = _why(asked, solution, name) if report.verdict.rejects else ""
    return Looked(name, report, _beside(asked, solution, name), why)


def _settled(report: Report, solved: Solved) -> Report:
    """What cannot be known: at a kink, and beyond the accuracy of the solution.

    Beside a kink the solution would be another one.
    """
    kinked = any(finding.kind is Kind.KINK for finding in report.findings)
    blocks = [_doubted(block, solved, kinked=kinked) for block in report.blocks]
    doubted = {
        b.name for b, old in zip(blocks, report.blocks, strict=True) if b.verdict != old.verdict
    }
    findings = tuple(f for f in report.findings if f.block not in doubted or f.kind is Kind.KINK)
    verdict = worst([b.verdict for b in blocks])
    return replace(report, blocks=tuple(blocks), verdict=verdict, findings=findings)


def _doubted(block: BlockResult, solved: Solved, *, kinked: bool) -> BlockResult:
    if not block.verdict.rejects:
        return block
    if kinked:
        return replace(block, verdict=Verdict.UNDECIDED, reason=_AT_KINK)
    if block.error <= T.solution_reach * solved.share:
        return replace(block, verdict=Verdict.UNDECIDED, reason=_TOLERANCE)
    return block


_AT_KINK = "the residual has a kink at the point; move theta a little"

_TOLERANCE = "it is off by no more than the solution itself may be; solve to a smaller tolerance"


def _why(asked: Implicit, solution: Solution, name: str) -> str:
    """What formula the claim has, where the matrices are small enough to be measured."""
    where, numbers = asked.where, solution.numbers
    count = sum(block.count for block in where.blocks)
    if max(len(numbers), count) > _SMALL:
        return ""

    def pushed(t: float, e: Array) -> Any:
        return asked.call(asked.residual, solution.moved(e, t))

    by_x = [_slopes(partial(pushed, e=e), solution.size) for e in np.eye(len(numbers))]
    theta = Solution(where)
    still = solution.moved(np.zeros_like(numbers), 0.0)
    args, kwargs = asked.options.args, asked.options.kwargs or {}
    by_theta, claimed = [], []

    def moved(t: float, e: Array) -> Any:
        return asked.residual(still, theta.moved(e, t), *args, **kwargs)

    for e in np.eye(count):
        by_theta.append(_slopes(partial(moved, e=e), theta.size))
        tangent = theta.moved(e - theta.numbers, 1.0)
        params = Working(where, promote=False).tree()
        claimed.append(asked.claims[name](solution, params, tangent, *args, **kwargs))
    columns = [np.column_stack(found) for found in (claimed, by_x, by_theta)]
    if columns[1].shape[0] != columns[1].shape[1]:
        return ""
    return mistaken(*columns)


def _slopes(function: Callable[[float], Any], scale: float) -> Array:
    """The slopes of all residuals along one direction."""
    calls = Calls(lambda step: rows_of(function(step)), scale)
    return np.array([calls.slope(k)[0] for k in range(len(calls(0.0)))])


def _derivative(asked: Implicit, solution: Solution, name: str) -> Report:
    """The residual by θ, at the same x, beside what the claimed derivative makes of it by x."""
    here = solution.moved(np.zeros_like(solution.numbers), 0.0)

    def fun(theta: Any, *args: Any, **kwargs: Any) -> Array:
        return rows_of(asked.residual(here, theta, *args, **kwargs))

    def jvp(theta: Any, tangent: Any, *args: Any, **kwargs: Any) -> Array:
        row = asked.claims[name](solution, theta, tangent, *args, **kwargs)
        size = float(np.linalg.norm(row))
        if not size or not np.isfinite(size):
            return np.full_like(fun(theta, *args, **kwargs), 0.0 if size == 0 else np.nan)
        calls = Calls(
            lambda step: rows_of(asked.residual(solution.moved(row, step), theta, *args, **kwargs)),
            solution.size / size,
        )
        return -np.array([calls.slope(k)[0] for k in range(len(calls(0.0)))])

    options = replace(asked.options, name=asked.options.name or called(asked.solve))
    return examine(Asked(fun, asked.where, Products(None, jvp, (name, name), fixed=True), options))


def _beside(asked: Implicit, solution: Solution, name: str) -> Report:
    """The claimed derivative beside slopes of the solver itself, to tell who is at fault."""

    def fun(theta: Any, *args: Any, **kwargs: Any) -> Array:
        return rows_of(asked.solve(theta, *args, **kwargs))

    def jvp(theta: Any, tangent: Any, *args: Any, **kwargs: Any) -> Array:
        return asked.claims[name](solution, theta, tangent, *args, **kwargs)

    claim, options = Products(None, jvp, (name, name)), replace(asked.options, effort="quick")
    return examine(Asked(fun, asked.where, claim, options))
