"""A constant factor, or the wrong sign."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..judge.explain import are_most, is_zero, same_number
from ..records.finding import Kind
from .evidence import Evidence, Explanation
from .numbers import measured, name_factor, times
from .places import by_entry
from .rules import rule


@rule("scale", place=20)
def suspect(evidence: Evidence) -> Iterator[Explanation]:
    """``claimed = k · true``."""
    fit = evidence.fit([evidence.claimed])
    if fit is None or is_zero(fit.coefficients, fit.bars):
        return
    factor = 1 / float(fit.coefficients[0])
    bar = float(fit.bars[0]) * factor**2
    corrected = evidence.claimed / factor
    wrong = fit.wrong(corrected)
    chosen = by_entry(wrong, evidence.block)
    nonzero = by_entry(evidence.claimed != 0, evidence.block)
    whole = np.array_equal(chosen, nonzero)
    if not (whole or are_most(chosen, nonzero)):
        return  # it holds for a few large entries; the others are too small to be seen
    yield from alike(evidence, wrong, factor, bar, fit.explained)


def alike(
    evidence: Evidence, wrong: NDArray[np.bool_], factor: float, bar: float, share: float = 1.0
) -> Iterator[Explanation]:
    """All entries that are large enough to be seen are the same multiple of what they should be."""
    chosen = by_entry(wrong, evidence.block)
    nonzero = by_entry(evidence.claimed != 0, evidence.block)
    figure = f"{measured(factor, bar)}, {int(chosen.sum())} of {chosen.size} entries"
    name = evidence.block.name
    which = "every entry" if chosen.all() else "every entry that is not zero"
    if not np.array_equal(chosen, nonzero):
        which = "every entry that is large enough to tell"
    if same_number(factor, -1.0, bar):
        message = f"{name}: {which} has the wrong sign ({figure})."
        yield Explanation(Kind.SIGN, message, share, factor, bar, wrong)
        return
    guess = name_factor(factor, bar, evidence)
    message = f"{name}: {which} is {times(factor)} ({figure})."
    if guess:
        message += f" The factor may be {guess}."
    yield Explanation(Kind.SCALE, message, share, factor, bar, wrong)
