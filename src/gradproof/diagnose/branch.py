"""Wrong on one side of a branch: where the parameter is negative, or where it is positive."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..judge.explain import is_zero, same_number
from ..records.finding import Kind
from .evidence import Evidence, Explanation
from .numbers import measured
from .rules import rule


@rule("branch", place=30)
def suspect(evidence: Evidence) -> Iterator[Explanation]:
    """``claimed = k · true`` where the parameter has one sign, right where it has the other."""
    if len(evidence.block.axes) > len(evidence.block.shape):
        return  # a complex parameter has no sign
    if evidence.fit([evidence.claimed]) is not None:
        return  # one factor for all would do as well: the other side is too small to be seen
    for words, side in (("negative", evidence.point < 0), ("positive", evidence.point > 0)):
        part = np.where(side, evidence.claimed, 0.0)
        if side.all() or not part.any():
            continue
        fit = evidence.fit([part], known=evidence.claimed - part)
        if fit is None or is_zero(fit.coefficients, fit.bars):
            continue
        factor = 1 / float(fit.coefficients[0])
        bar = float(fit.bars[0]) * factor**2
        corrected = np.where(side, evidence.claimed / factor, evidence.claimed)
        wrong = fit.wrong(corrected)
        how = "the wrong sign" if same_number(factor, -1, bar) else "a wrong factor"
        yield Explanation(
            Kind.BRANCH,
            f"{evidence.block.name}: where the parameter is {words} the claim has {how} "
            f"({measured(factor, bar)}, {int(wrong.sum())} of {wrong.size} entries); elsewhere it "
            "is right.",
            fit.explained,
            factor,
            bar,
            wrong,
        )
