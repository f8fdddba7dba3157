"""Rejections by the slope of a tread: between two jumps beside the point, which rounding made.

``log(1 - A)`` where ``A`` is next to 1 stands still between the roundings of ``1 - A``, while other
terms go on smoothly: what is measured there is their slope alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from ..judge.credible import leaves_line
from ..records.comparison import Comparison
from ..records.verdict import Ruling, Verdict
from ..slopes import steps
from ..slopes.sampler import Sampler
from ..subject.session import Session
from .compare import sampler
from .state import State

_WORDS = (
    "fun jumps next to the point, as what is rounded does, and between two jumps its slope is not "
    "that of wider steps; a stable formula or a higher precision would decide"
)


def on_treads(session: Session, state: State, rejected: Iterable[int]) -> dict[int, Ruling]:
    """Blocks of which all that rejects their claim is the slope of a tread."""
    found = {}
    for index in rejected:
        known = [c for c in state.against.get(index, ()) if not c.kinked]
        apart = sorted(known, key=lambda c: abs(c.gap))
        if apart and all(_is_on_tread(session, state, c) for c in apart):
            found[index] = Ruling(Verdict.UNDECIDED, _WORDS)
    return found


def _is_on_tread(session: Session, state: State, comparison: Comparison) -> bool:
    """Whether wide steps leave the line of a slope by a jump.

    A function that is flat, or moves in steps everywhere, was looked at before.
    """
    k, slope = comparison.projection, comparison.slope
    if slope.value == 0 or slope.window >= steps.FAR or state.learned.memories[k].steps.stepped:
        return False
    line = session.line(comparison.direction)
    values = partial(session.evaluate, line)
    sampled = sampler(session, comparison.direction, line, values, k)
    line.ready()
    with session.caller.many():
        right, left = steps.rests(sampled, slope)
        found = (
            leaves_line(comparison.claimed, slope, (right - left) / (2 * steps.FAR))
            and steps.jumps(sampled, slope, right, left)
            and _says_nothing(sampled, comparison)
        )
    line.back()
    return found


def _says_nothing(sampled: Sampler, comparison: Comparison) -> bool:
    """Whether a wider window rejects the tread and allows the claim."""
    claimed, slope = comparison.claimed, comparison.slope
    allowed = [
        wide
        for wide in steps.wider(sampled, slope, stepped=True)
        if abs(claimed - wide.slope) <= wide.bar
    ]
    return any([abs(slope.value - wide.slope) > wide.bar + slope.error for wide in allowed])
