"""A constant factor, or the wrong sign."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..judge.explain import are_most, same_number
from ..records.finding import Kind
from .evidence import Evidence, Explanation
from .numbers import measured, name_factor, times
from .places import by_entry
from .rules import rule


@rule("scale", place=20)
def suspect(evidence: Evidence) -> Iterator[Explanation]:
    """``claimed = k · true``."""
    found = evidence.multiple(evidence.claimed)
    if found is None:
        return
    fit, factor, bar = found
    wrong = fit.wrong(evidence.claimed / factor)
    nonzero = by_entry(evidence.claimed != 0, evidence.block)
    if are_most(by_entry(wrong, evidence.block), nonzero):
        # Otherwise it holds for a few large entries; the others are too small to be seen.
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
        kind, message = Kind.SIGN, f"{name}: {which} has the wrong sign ({figure})."
    else:
        kind, message = Kind.SCALE, f"{name}: {which} is {times(factor)} ({figure})."
        if guess := name_factor(factor, bar, evidence):
            message += f" The factor may be {guess}."
    yield Explanation(kind, message, share, factor, bar, wrong)
