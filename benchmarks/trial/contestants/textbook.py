"""The textbook's check: every entry, one step of 1e-7, one figure."""

from __future__ import annotations

from ..contestant import Answer, Verdict
from ..specimen import Problem
from .answering import answering, installed


class Textbook:
    """Central differences of every entry against the claim, after Ng (2017)."""

    name = "textbook"
    names_blocks = False
    names_entries = False
    names_cause = False
    rule = (
        "|g - n| / (|g| + |n|): at most 1e-7 passes, above 1e-5 (or not a number) accuses, what "
        "lies between 'needs a look' and counts as undecided (Ng, Neural Networks and Deep "
        "Learning, 2017; step 1e-7)"
    )

    def version(self) -> str | None:
        return installed("gradproof")  # where the textbook's method is written down

    @answering
    def judge(self, problem: Problem) -> Answer:
        from gradproof.errors import UsageError
        from gradproof.textbook import Band, gradient_check

        try:
            result = gradient_check(
                problem.fun, problem.params, problem.grad, args=problem.args, quiet=True
            )
        except UsageError as refusal:
            return Answer(Verdict.CANNOT, note=str(refusal))
        verdicts = {
            Band.CORRECT: Verdict.PASSES,
            Band.LOOK: Verdict.UNDECIDED,
            Band.WRONG: Verdict.ACCUSES,
        }
        return Answer(verdicts[result.band], note=f"{result.difference:.3g}")
