"""Rejections by the slope of a tread: between two jumps beside the point, which rounding made.

``log(1 - A)`` where ``A`` is next to 1 stands still between the roundings of ``1 - A``, while other
terms go on smoothly: what is measured there is their slope alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from ..judge.credible import leaves_line
from ..judge.thresholds import T
from ..records.comparison import Comparison
from ..records.verdict import Ruling, Verdict
from ..slopes import steps
from ..slopes.sampler import Sampler
from ..subject.session import Session
from .compare import sampler
from .state import State

_FEW = 3

_WORDS = (
    "fun jumps next to the point, as what is rounded does, and between two jumps its slope is not "
    "that of wider steps; a stable formula or a higher precision would decide"
)


def on_treads(session: Session, state: State, rejected: Iterable[int]) -> dict[int, Ruling]:
    """Blocks of which all that rejects their claim is the slope of a tread.

    Where the first few are on none, the jumps of a value that all blocks move are not looked for in
    the others.
    """
    found: dict[int, Ruling] = {}
    for tried, index in enumerate(rejected):
        if tried >= _FEW and not found:
            break
        known = [c for c in state.against.get(index, ()) if not c.kinked]
        apart = sorted(known, key=lambda c: abs(c.gap))
        if any([index in state.learned.memories[c.projection].steps.settled for c in apart]):
            continue  # no wider window allows the claim
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
        found = any(
            leaves_line(comparison.claimed, slope, rests.chord)
            and not steps.bends(sampled, slope, rests)
            and steps.jumps(sampled, slope, rests)
            and _says_nothing(sampled, comparison)
            for rests in steps.rests(sampled, slope)
        )
    line.back()
    return found


def _says_nothing(sampled: Sampler, comparison: Comparison) -> bool:
    """Whether a wider window allows the claim, and rejects the tread or is far nearer to the claim.

    The bars of windows full of steps are wide.
    """
    claimed, slope = comparison.claimed, comparison.slope
    for wide in steps.wider(sampled, slope, stepped=True):
        apart, from_tread = abs(claimed - wide.slope), abs(slope.value - wide.slope)
        nearer = claimed != 0 and apart < T.nearer * from_tread  # who claims nothing rounds nothing
        rejected = nearer or from_tread > wide.bar + slope.error
        if apart <= wide.bar and rejected:
            return True
    return False
