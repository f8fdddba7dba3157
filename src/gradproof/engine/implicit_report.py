"""From the verdicts on a solver and its derivatives to one report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..judge.bands import bands
from ..judge.thresholds import T
from ..records.claim_result import ClaimResult
from ..records.finding import Finding, Kind
from ..records.verdict import Verdict, worst
from ..report.report import BlockResult, Report
from .solution import Implicit, Looked, Solution, Solved


def whole(
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
