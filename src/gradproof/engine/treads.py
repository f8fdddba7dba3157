"""Rejections by a slope that roundings inside the function hide from every window.

``log(1 - A)`` where ``A`` is next to 1, or ``log(1 + exp(z)) - z``, stands still between roundings
of numbers that are far larger than the value, while other terms go on smoothly: what is measured
there is their slope alone. A little farther away the roundings show.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial

from ..judge.credible import below_roundings, is_rounding, shown_by
from ..judge.thresholds import T
from ..records.comparison import Comparison
from ..records.verdict import Ruling, Verdict
from ..slopes import steps
from ..slopes.sampler import Sampler
from ..subject.session import Session
from .compare import sampler
from .state import State

_EPS = 2.0**-52
_FEW = 3
_WIDE = 3e-2
_NEAREST, _FARTHER = 1e-3, 6.0  # steps in units of the block's size, and from one to the next

_WORDS = (
    "fun is rounded inside: a little farther away its values scatter by more than what is claimed "
    "would change them; a stable formula or a higher precision would decide"
)


def on_treads(session: Session, state: State, rejected: Iterable[int]) -> dict[int, Ruling]:
    """Blocks of which all that rejects their claim is less than the roundings beside the point.

    Where the first few are not, the others are not looked at.
    """
    found: dict[int, Ruling] = {}
    for tried, index in enumerate(rejected):
        if tried >= _FEW and not found:
            break
        known = [c for c in state.against.get(index, ()) if not c.kinked]
        apart = sorted(known, key=lambda c: abs(c.gap), reverse=True)
        rounding = _EPS * max(1.0, state.setting.blocks[index].scale)
        if apart and all(_is_on_tread(session, c, rounding) for c in apart):
            found[index] = Ruling(Verdict.UNDECIDED, _WORDS)
    return found


def _is_on_tread(session: Session, comparison: Comparison, rounding: float) -> bool:
    """Whether values farther away jump so much that its gap would not show before they do.

    Jumps of any height where wide steps show what is claimed, else those of roundings.
    """
    gap, slope = abs(comparison.gap), comparison.slope
    if slope.window >= steps.FAR:
        return False
    line = session.line(comparison.direction)
    values = partial(session.evaluate, line)
    sampled = sampler(session, comparison.direction, line, values, comparison.projection)
    line.ready()
    smooth, jumps = 0.0, 0.0
    with session.caller.many():
        shown = shown_by(comparison.claimed, slope, steps.chord(sampled, _WIDE))
        if shown or below_roundings(gap * _NEAREST, T.roundings_seen * rounding):
            farthest = 2 * _WIDE if shown else 1.0
            smooth, jumps = _jumps(sampled, min(slope.window, _NEAREST), farthest)
    line.back()
    if math.isnan(jumps) and slope.value == 0:  # flat to the end of the domain
        jumps = rounding
    return (shown or is_rounding(jumps, rounding)) and below_roundings(gap * smooth, jumps)


def _jumps(sampled: Sampler, smooth: float, farthest: float) -> tuple[float, float]:
    """How far the function is smooth, and what its values scatter beyond; NaN where it ends."""
    far = _NEAREST
    while far < farthest:
        seen = [steps.jumpiness(sampled, step) for step in (far, -far)]
        if any(seen):
            known = [one for one in seen if not math.isnan(one)]
            return smooth, max(known, default=math.nan)
        smooth, far = far, far * _FARTHER
    return smooth, 0.0
