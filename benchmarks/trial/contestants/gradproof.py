"""gradproof.check at its defaults."""

from __future__ import annotations

import ast
from typing import Any

from ..contestant import Answer, Verdict
from ..specimen import Problem
from .answering import answering, installed


class Gradproof:
    """One call; the report says everything that the trial asks for."""

    name = "gradproof"
    names_blocks = True
    names_entries = True
    names_cause = True
    take_arrays = True
    rule = (
        "verdict of gp.check: wrong and suspect reject, undecided is undecided "
        "(docs/explanation/verdicts.md); block, entries and cause are those of the first finding "
        "about each rejected block, but for the one that tells of a kink"
    )

    def version(self) -> str | None:
        return installed("gradproof")

    @answering
    def judge(self, problem: Problem) -> Answer:
        import gradproof as gp

        try:
            report = gp.check(problem.fun, problem.params, grad=claimed(problem), args=problem.args)
        except gp.UsageError as refusal:
            return Answer(Verdict.CANNOT, note=str(refusal))
        rejected = (gp.Verdict.WRONG, gp.Verdict.SUSPECT)
        blocks = [b.name for b in report.blocks if b.verdict in rejected]
        if report.verdict in rejected:
            verdict = Verdict.ACCUSES
        else:
            verdict = Verdict.PASSES if report.ok else Verdict.UNDECIDED
        first = _first_of_each(report.findings, blocks)
        return Answer(
            verdict,
            blocks=tuple(_key(name) for name in blocks),
            entries={_key(n): f.entries for n, f in first.items() if f.entries is not None},
            cause=next((str(first[name].kind) for name in blocks if name in first), None),
            note=report.headline,
        )


def claimed(problem: Problem) -> Any:
    """The gradient as it is handed over: a function, or arrays."""
    if not problem.given:
        return problem.grad
    params = {name: array.copy() for name, array in problem.params.items()}
    return problem.grad(params, *problem.args)


def _first_of_each(findings: Any, blocks: list[str]) -> dict[str, Any]:
    """The first finding about each rejected block: what a reader takes for the cause."""
    first: dict[str, Any] = {}
    for finding in findings:
        if finding.block in blocks and str(finding.kind) != "kink":
            first.setdefault(finding.block, finding)
    return first


def _key(name: str) -> str:
    """``W1`` of ``params['W1']``."""
    return str(ast.literal_eval(name[name.index("[") + 1 : -1]))
