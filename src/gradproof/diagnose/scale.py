"""A constant factor, or the wrong sign."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..judge.explain import are_most, same_number
from ..judge.thresholds import T
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
    figure = measured(factor, bar)
    if chosen.size > 1:
        figure += f", {int(chosen.sum())} of {chosen.size} entries"
    name = evidence.block.name
    which = "every entry" if chosen.all() else "every entry that is not zero"
    if chosen.size == 1:
        which = "the claim"
    elif not np.array_equal(chosen, nonzero):
        which = "every entry that is large enough to tell"
    if same_number(factor, -1.0, bar):
        kind, message = Kind.SIGN, f"{name}: {which} has the wrong sign ({figure})."
    else:
        kind, message = Kind.SCALE, f"{name}: {which} is {times(factor)} ({figure})."
        if guess := name_factor(factor, bar, evidence):
            message += f" The factor may be {guess}."
    yield Explanation(kind, message, share, factor, bar, wrong)


@rule("scale-and-rest", place=140, measures=True)
def suspect_with_rest(evidence: Evidence) -> Iterator[Explanation]:
    """``claimed = k · true`` up to a small rest, for a factor that comes from a slip."""
    evidence.need(_ENOUGH)
    claimed = evidence.project(evidence.claimed)
    if len(claimed) < _ENOUGH or not (claimed @ claimed > 0):
        return
    inverse = float(claimed @ evidence.slopes / (claimed @ claimed))
    rest = float(np.linalg.norm(evidence.slopes - inverse * claimed))
    share = rest / float(np.linalg.norm(evidence.slopes) or 1.0)
    known_to = rest / float(np.linalg.norm(evidence.gaps) or 1.0)
    if not inverse or known_to > T.small_rest:
        return
    factor = 1 / inverse
    bar = abs(factor) * share
    slips = (2.0, 0.5, -1.0)
    plain = next((x for x in slips if abs(factor - x) <= T.residual_bars * bar), None)
    guess = "" if plain is not None else name_factor(factor, bar, evidence)
    if plain is None and not guess:
        return
    how = "the wrong sign" if plain == -1.0 else f"{measured(factor, bar)} times what it should be"
    message = (
        f"{evidence.block.name}: it {'has' if plain == -1.0 else 'is'} {how}; a discrepancy of "
        f"{share:.1g} of the gradient remains."
    )
    if guess:
        message += f" The factor may be {guess}."
    kind = Kind.SIGN if plain == -1.0 else Kind.SCALE
    yield Explanation(kind, message, 1 - known_to, factor, bar)


_ENOUGH = 3  # slopes
