"""Wrong on one side of a branch: where the parameter is negative, or where it is positive."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..judge.explain import are_most, same_number
from ..records.finding import Kind
from .evidence import Evidence, Explanation
from .numbers import measured
from .rules import rule


@rule("branch", place=30)
def suspect(evidence: Evidence) -> Iterator[Explanation]:
    """``claimed = k · true`` where the parameter has one sign, right where it has the other."""
    if evidence.block.is_complex:
        return  # a complex parameter has no sign
    if evidence.fit([evidence.claimed]) is not None:
        return  # one factor for all would do as well: the other side is too small to be seen
    for words, side in (("negative", evidence.point < 0), ("positive", evidence.point > 0)):
        part = np.where(side, evidence.claimed, 0.0)
        if side.all() or np.count_nonzero(part) < 2:  # one entry is no side
            continue
        found = evidence.multiple(part, known=evidence.claimed - part)
        if found is None:
            continue
        fit, factor, bar = found
        wrong = fit.wrong(np.where(side, evidence.claimed / factor, evidence.claimed))
        if not are_most(wrong, part != 0):
            continue  # it holds for a few large entries of that side
        how = "the wrong sign" if same_number(factor, -1, bar) else "a wrong factor"
        message = (
            f"{evidence.block.name}: where the parameter is {words} the claim has {how} "
            f"({measured(factor, bar)}, {int(wrong.sum())} of {wrong.size} entries); elsewhere it "
            "is right."
        )
        yield Explanation(Kind.BRANCH, message, fit.explained, factor, bar, wrong)
