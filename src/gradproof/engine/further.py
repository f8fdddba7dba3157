"""A second look at what a solver's tolerance may explain: with the tolerance cut a hundredfold.

What shrinks with it is the solver's error; what stays is the gradient's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from ..backend.registry import outside
from ..judge.thresholds import T
from ..records.comparison import Comparison
from ..records.verdict import Ruling, Verdict
from ..subject import providers
from ..subject.claim import Claim
from ..subject.session import Session
from ..subject.tightened import named, tightened
from .compare import compare
from .state import State, with_claims

# Once more where the first cut leaves a little too much of the solver's error.
_CUTS = {1e-2: "a hundredth", 1e-4: "a ten-thousandth"}


def solved_further(
    session: Session, state: State, lines: Mapping[int, Comparison]
) -> dict[int, Ruling | None]:
    """What becomes of the gaps of some blocks: a ruling, or None where the gradient is wrong.

    Blocks of which it cannot be known are left out.
    """
    if not all(isinstance(c, Claim) for c in state.claims):
        return {}
    centres = [projection.centre for projection in session.projections]
    found: dict[int, Ruling | None] = {}
    left = dict(lines)
    for cut, words in _CUTS.items():
        if not left:
            break
        try:
            said = _look(session, state, left, cut, words)
            found |= said
            left = {i: lines[i] for i, ruling in said.items() if _is_open(ruling)}
        except Exception as error:
            if not outside(error):
                raise
            break  # a solver that refuses so small a tolerance
        finally:
            for projection, centre in zip(session.projections, centres, strict=True):
                projection.centre = centre
    return found


def _is_open(ruling: Ruling | None) -> bool:
    return ruling is not None and ruling.verdict is Verdict.UNDECIDED


def _look(
    session: Session, state: State, lines: Mapping[int, Comparison], cut: float, words: str
) -> dict[int, Ruling | None]:
    """The same gaps with other tolerances."""
    function, found = providers.watchable(session), dict[int, Ruling | None]()
    with tightened(cut, session.fun, function) as calls:
        values = session.here()
        if not calls() or values == tuple(p.centre for p in session.projections):
            return {}  # the solver is out of reach, or does not go by its tolerance
        for projection, value in zip(session.projections, values, strict=True):
            projection.centre = value
        before, made = calls(), _claimed(session)
        further = calls() > before or not named(function)  # or it is out of reach in the claim
        there = with_claims(state, made)
        for i, first in lines.items():
            again = compare(session, there, first.direction, only=first.projection).made[0]
            said = _said(state, i, first, again, words)
            if said is not None:
                found[i] = said
            elif further and _stays(first, again):
                found[i] = None
    return found


def _claimed(session: Session) -> list[Claim]:
    products = isinstance(session.grad, providers.Products)
    return providers.claim(session, session.result() if products else None)


def _said(
    state: State, index: int, first: Comparison, again: Comparison, part: str
) -> Ruling | None:
    """That the gap shrank, and to what."""
    size = abs(again.slope.value)
    left = abs(again.gap) + again.slope_bar
    if not size or not math.isfinite(left) or left > T.solver_shrinks * abs(first.gap):
        return None
    share, before = left / size, abs(first.gap) / size
    sure = share <= state.bands[index].wrong_above
    words = (
        f"off by {before:.1e} as fun is solved, and by {abs(again.gap) / size:.1e} with {part} of "
        "the tolerance: the error is the solver's"
    )
    return Ruling(Verdict.CORRECT if sure else Verdict.UNDECIDED, words, share)


def _stays(first: Comparison, again: Comparison) -> bool:
    """Whether the gap is as large with a smaller tolerance."""
    return abs(again.gap) - again.slope_bar > T.gradient_stays * abs(first.gap)
