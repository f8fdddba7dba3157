"""Rejections by a slope that roundings inside the function hide from every window.

``log(1 - A)`` where ``A`` is next to 1, or ``log(1 + exp(z)) - z``, stands still between roundings
of numbers that are far larger than the value, while other terms go on smoothly: what is measured
there is their slope alone. A little farther away the roundings show.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import partial

import numpy as np

from ..judge.credible import hidden_by, shown_by
from ..records.block import Block
from ..records.comparison import Comparison
from ..records.slope import Slope
from ..records.verdict import Ruling, Verdict
from ..slopes import steps
from ..slopes.sampler import Sampler
from ..subject.session import Session
from .compare import sampler
from .state import State

_EPS = 2.0**-52
_FEW = 3
_WIDE = 3e-2
_NEAREST, _FARTHER = 1e-3, 3.0  # steps in units of the block's size, and from one to the next

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
        if any([index in state.learned.memories[c.projection].steps.settled for c in known]):
            continue  # no wider window allows the claim
        apart = sorted(known, key=lambda c: abs(c.gap), reverse=True)
        block = state.setting.blocks[index]
        if apart and all(_is_on_tread(session, state, c, block) for c in apart):
            found[index] = Ruling(Verdict.UNDECIDED, _WORDS)
    return found


def _is_on_tread(session: Session, state: State, comparison: Comparison, block: Block) -> bool:
    """Whether the function jumps farther away, by more than the gap would change it before.

    Jumps of any height where wide steps show what is claimed, else those of roundings. Of what is
    flat, or moves in steps everywhere, wide steps were looked at before.
    """
    gap, slope = abs(comparison.gap), comparison.slope
    if slope.value != 0 and slope.window >= steps.FAR:
        return False
    line, rounding = session.line(comparison.direction), _EPS * max(1.0, block.scale)
    values = partial(session.evaluate, line)
    sampled = sampler(session, comparison.direction, line, values, comparison.projection)
    line.ready()
    with session.caller.many():
        seen = slope.value == 0 or state.learned.memories[comparison.projection].steps.stepped
        shown = not seen and shown_by(comparison.claimed, slope, steps.chord(sampled, _WIDE))
        hides = partial(hidden_by, gap=gap, rounding=math.inf if shown else rounding)
        small = hidden_by(rounding, smooth=_NEAREST, gap=gap, rounding=rounding)
        farthest = block.scale / comparison.direction.parts[0].step if small else 2 * _WIDE
        found = (small or shown) and any(
            hides(rounding if math.isnan(height) and slope.value == 0 else height, smooth=smooth)
            for smooth, height in _jumps(sampled, comparison.claimed, slope, farthest)
        )
    line.back()
    return found


def _jumps(
    sampled: Sampler, claimed: float, slope: Slope, farthest: float
) -> Iterator[tuple[float, float]]:
    """How high the function jumps farther and farther away, and how far it did not till there.

    NaN where its domain ends.
    """
    smooth, far = min(slope.window, _NEAREST), _NEAREST
    while far < farthest:
        height = float(np.fmax(steps.jump(sampled, far), steps.jump(sampled, -far)))
        chord = math.nan if far > _WIDE else steps.chord(sampled, far)  # farther away it bends
        if math.isnan(height + chord) or shown_by(claimed, slope, chord, height / far):
            yield smooth, height
        smooth, far = far, far * _FARTHER
