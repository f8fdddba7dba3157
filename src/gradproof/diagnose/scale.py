"""A constant factor, or the wrong sign."""

from __future__ import annotations

from collections.abc import Iterator

from ..judge.explain import same_number
from ..records.finding import Kind
from .evidence import Evidence, Explanation
from .numbers import measured, name_factor, times


def suspect(evidence: Evidence) -> Iterator[Explanation]:
    """``claimed = k · true``."""
    fit = evidence.fit([evidence.claimed])
    if fit is None or fit.coefficients[0] == 0:
        return
    factor = 1 / fit.coefficients[0]
    bar = fit.bars[0] * factor**2
    count, wrong = evidence.block.count, evidence.claimed != 0
    figure = f"{measured(factor, bar)}, {int(wrong.sum())} of {count} entries"
    name = evidence.block.name
    if same_number(factor, -1.0, bar):
        message = f"{name}: every entry has the wrong sign ({figure})."
        yield Explanation(Kind.SIGN, message, fit.explained, factor, bar, wrong)
        return
    guess = name_factor(factor, bar, evidence)
    which = "every entry" if wrong.all() else "every entry that is not zero"
    message = f"{name}: {which} is {times(factor)} ({figure})."
    if guess:
        message += f" The factor may be {guess}."
    yield Explanation(Kind.SCALE, message, fit.explained, factor, bar, wrong)
