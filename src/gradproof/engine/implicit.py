"""Derivatives through a solver: the solution solves, and ``F_x · dx/dθ + F_θ = 0``.

The residual is the function and θ the point, while x stays where it is: the slopes are those of
``F_θ``. The claim is ``−F_x · (dx/dθ · t)``, itself a measured slope of the residual along the
claimed direction of the solution. So no solver is called again, and its tolerance makes no noise.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ..backend import arrays
from ..backend.registry import home
from ..diagnose.implicit import mistaken
from ..judge.bands import bands
from ..judge.thresholds import T
from ..records.claim_result import ClaimResult
from ..records.finding import Finding, Kind
from ..records.verdict import Verdict, worst
from ..report.report import BlockResult, Report
from ..slopes.measure import measure
from ..slopes.sampler import Sampler
from ..space import tree
from ..space.point import Point, Working
from ..subject.asked import Asked, Options, named
from ..subject.guards import generators_restored
from ..subject.providers import Products
from ..subject.second import Array, flat
from .examine import examine
from .slopes_of import Counted

_SMALL = 48  # so many numbers of x, and of theta, are moved one by one to find out why


@dataclass(frozen=True, slots=True)
class Implicit:
    """What is asked: ``residual(x, θ)``, ``solve(θ)``, and for each claim ``dx/dθ · t``.

    ``claims`` have by name a function ``tangent(solution, θ, t, *args)`` that returns the claimed
    change of the solution, all its numbers in a row.
    """

    solve: Callable[..., Any]
    claims: Mapping[str, Callable[..., Array]]
    where: Point
    options: Options
    counted: Counted

    @property
    def residual(self) -> Callable[..., Any]:
        """The residual; its calls are counted."""
        return self.counted

    def spent(self) -> int:
        """Evaluations of the residual so far."""
        return self.counted.count

    def call(self, function: Callable[..., Any], *before: Any) -> Any:
        """A function at θ itself, on copies."""
        params = Working(self.where, promote=False).tree()
        return function(*before, params, *self.options.args, **(self.options.kwargs or {}))


@dataclass(frozen=True, slots=True)
class Solution:
    """What the solver returned, as a point that can be moved in any direction."""

    point: Point

    @property
    def size(self) -> float:
        """The norm of all its numbers; 1 where they are zero."""
        return float(np.linalg.norm(self.numbers)) or 1.0

    @property
    def numbers(self) -> Array:
        """All its numbers in a row."""
        return flat([self.point.host(block.index) for block in self.point.blocks])

    def moved(self, row: Array, step: float) -> Any:
        """The solution plus a multiple of a direction, in its own types."""
        found, start = [], 0
        for block in self.point.blocks:
            like = self.point.leaf(block.index)
            numbers = arrays.flat(self.point.host(block.index)).astype(np.float64)
            part = numbers + step * row[start : start + block.count]
            found.append(home(like).array(part, like))
            start += block.count
        return self.point.assemble(found)


def examine_implicit(asked: Implicit, reproduce: str = "") -> Report:
    """One report with a verdict on the solver and one on each claimed derivative."""
    began = time.perf_counter()
    with generators_restored(), asked.where.session():
        solution = Solution(Point(asked.call(asked.solve), root="x"))
        solved = _solved(asked, solution)
        looked = [_looked(asked, solution, solved, name) for name in asked.claims]
    return _whole(asked, solution, solved, looked, (time.perf_counter() - began, reproduce))


@dataclass(frozen=True, slots=True)
class Solved:
    """How far the residual is from zero, as a share of what it becomes when x moves by its size."""

    share: float
    bar: float

    @property
    def verdict(self) -> Verdict:
        """Whether it is a solution, if perhaps one to a tolerance."""
        return Verdict.CORRECT if self.share <= T.solution else Verdict.WRONG


def _solved(asked: Implicit, solution: Solution) -> Solved:
    """The residual at the solution beside its slope along a random direction of x."""
    numbers = solution.numbers
    row = np.random.default_rng(int(asked.options.seed)).normal(size=numbers.shape)
    row *= solution.size / np.linalg.norm(row)
    calls = Calls(lambda step: _rows(asked.call(asked.residual, solution.moved(row, step))))
    here = calls(0.0)
    apart = float(np.linalg.norm(here))
    if not np.isfinite(apart):
        return Solved(np.inf, 0.0)
    slopes = np.array([calls.slope(k) for k in range(len(here))])
    size, noise = float(np.linalg.norm(slopes[:, 0])), float(np.linalg.norm(slopes[:, 2]))
    share = max(apart - T.residual_bars * noise, 0.0)
    return Solved(share / (size or 1.0), noise / (size or 1.0))


@dataclass(frozen=True, slots=True)
class Looked:
    """A claimed derivative beside the residual and, where they disagree, beside the solver."""

    name: str
    report: Report
    beside: Report | None
    why: str = ""


def _looked(asked: Implicit, solution: Solution, solved: Solved, name: str) -> Looked:
    report = _settled(_derivative(asked, solution, name), solved)
    if report.ok and solved.verdict is Verdict.CORRECT:
        return Looked(name, report, None)
    why = _why(asked, solution, name) if report.verdict.rejects else ""
    return Looked(name, report, _beside(asked, solution, name), why)


def _settled(report: Report, solved: Solved) -> Report:
    """What cannot be told: at a kink, and beyond the accuracy of the solution.

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
    calls = Calls(lambda step: _rows(function(step)), scale)
    return np.array([calls.slope(k)[0] for k in range(len(calls(0.0)))])


class Calls:
    """The residuals at steps along one direction, each evaluated once."""

    def __init__(self, function: Callable[[float], Array], scale: float = 1.0) -> None:
        self._function = function
        self._known: dict[float, Array] = {}
        self._scale = scale

    def __call__(self, step: float) -> Array:
        """The residuals at one step."""
        if step not in self._known:
            self._known[step] = self._function(step)
        return self._known[step]

    def slope(self, k: int) -> tuple[float, float, float]:
        """The slope of one residual, its bar, and the noise of an evaluation."""
        sampler = Sampler(lambda step: float(self(step)[k]), self._scale)
        size = float(np.linalg.norm(self(0.0)))

        def enough(value: float, error: float) -> bool:
            return error <= T.residual_rounding * abs(value) or abs(value) <= error <= (
                T.roundoff * size
            )

        found = measure(sampler, enough, scale=self._scale)
        return found.value, found.error, found.noise


def _derivative(asked: Implicit, solution: Solution, name: str) -> Report:
    """The residual by θ, at the same x, beside what the claimed derivative makes of it by x."""
    here = solution.moved(np.zeros_like(solution.numbers), 0.0)

    def fun(theta: Any, *args: Any, **kwargs: Any) -> Array:
        return _rows(asked.residual(here, theta, *args, **kwargs))

    def jvp(theta: Any, tangent: Any, *args: Any, **kwargs: Any) -> Array:
        row = asked.claims[name](solution, theta, tangent, *args, **kwargs)
        size = float(np.linalg.norm(row))
        if not size or not np.isfinite(size):
            return np.full_like(fun(theta, *args, **kwargs), 0.0 if size == 0 else np.nan)
        calls = Calls(
            lambda step: _rows(asked.residual(solution.moved(row, step), theta, *args, **kwargs)),
            solution.size / size,
        )
        return -np.array([calls.slope(k)[0] for k in range(len(calls(0.0)))])

    options = replace(asked.options, name=asked.options.name or named(asked.solve))
    return examine(Asked(fun, asked.where, Products(None, jvp, (name, name), fixed=True), options))


def _beside(asked: Implicit, solution: Solution, name: str) -> Report:
    """The claimed derivative beside slopes of the solver itself, to tell who is at fault."""

    def fun(theta: Any, *args: Any, **kwargs: Any) -> Array:
        return _rows(asked.solve(theta, *args, **kwargs))

    def jvp(theta: Any, tangent: Any, *args: Any, **kwargs: Any) -> Array:
        return asked.claims[name](solution, theta, tangent, *args, **kwargs)

    claim, options = Products(None, jvp, (name, name)), replace(asked.options, effort="quick")
    return examine(Asked(fun, asked.where, claim, options))


def _rows(found: Any) -> Array:
    """All numbers that a function returned, in a row."""
    return flat([home(leaf).host(leaf) for leaf in tree.leaves(found)])


def _whole(
    asked: Implicit,
    solution: Solution,
    solved: Solved,
    looked: Sequence[Looked],
    about: tuple[float, str],
) -> Report:
    """All verdicts in one report."""
    claims = [ClaimResult("solve", "residual", solved.verdict)]
    findings = list(_about_solution(solved))
    blocks = [_solution_block(asked, solution, solved)]
    for one in looked:
        claims.append(ClaimResult(one.name, "residual", one.report.verdict))
        if one.beside is not None:
            claims.append(ClaimResult(one.name, "solve", one.beside.verdict))
        findings += [*_blame(one, solved), *[_named(f, one.name) for f in one.report.findings]]
        blocks += [replace(b, name=f"{one.name} by {b.name}") for b in one.report.blocks]
    reports = [one.report for one in looked]
    seconds, reproduce = about
    return replace(
        reports[0],
        verdict=worst([solved.verdict, *[r.verdict for r in reports]]),
        evaluations=asked.spent(),
        gradient_calls=sum(r.gradient_calls for r in reports),
        inquiry=sum(r.inquiry for r in reports),
        seconds=seconds,
        blocks=tuple(blocks),
        findings=tuple(dict.fromkeys(findings)),
        claims=tuple(claims),
        notes=("; ".join(map(str, claims)) + ".", *_tolerance(solved), *reports[0].notes),
        reproduce=reproduce,
        modes=(),
    )


def _named(finding: Finding, name: str) -> Finding:
    """A finding about a block of theta as one about the derivative by it."""
    if finding.block is None:
        return finding
    block = f"{name} by {finding.block}"
    message = finding.message
    if message.startswith(finding.block):
        message = block + message.removeprefix(finding.block)
    return replace(finding, block=block, message=message.replace(_AGREES, _AGREES_HERE))


_AGREES, _AGREES_HERE = "agrees with fun", "agrees with residual"


def _solution_block(asked: Implicit, solution: Solution, solved: Solved) -> BlockResult:
    block = solution.point.blocks[0]
    limits = bands(block.dtype, asked.options.correct_below, asked.options.wrong_above)
    return BlockResult(
        "residual", (len(solution.numbers),), block.dtype, solved.verdict, solved.share, solved.bar,
        solved.share + solved.bar, limits.correct_below, T.solution,
    )  # fmt: skip


def _about_solution(solved: Solved) -> list[Finding]:
    if solved.verdict is Verdict.CORRECT:
        return []
    text = (
        f"solve does not solve residual: at its solution the residual is {solved.share:.2g} of "
        "what it becomes when x moves by its own size. Does it stop early, or belong to another "
        "equation?"
    )
    return [Finding(Kind.NOT_SOLVED, None, text)]


def _tolerance(solved: Solved) -> list[str]:
    if solved.share <= T.solution_well:
        return []
    return [f"The solution is good to about {solved.share:.1g} of itself."]


def _blame(one: Looked, solved: Solved) -> list[Finding]:
    """Whether the derivative is at fault, or the residual that it was compared with."""
    if one.beside is None or one.report.ok:
        return []
    if one.beside.ok and solved.verdict is not Verdict.CORRECT:
        text = (
            f"{one.name} is the derivative of solve, but not that of a solution of residual: "
            "residual is another equation than the one that is solved."
        )
    elif one.report.verdict.rejects and one.beside.verdict.rejects:
        text = f"{one.name} is wrong: neither residual nor slopes of solve agree with it"
        text += f"; {one.why}." if one.why else "."
    else:
        return []
    return [Finding(Kind.IMPLICIT, None, text)]
