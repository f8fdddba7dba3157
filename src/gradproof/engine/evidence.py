"""Which comparisons of a check its report keeps, in what form, and how the step matters."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ..judge.credible import disagrees
from ..records.block import Block
from ..records.comparison import Comparison
from ..records.measured import Measured
from ..records.slope import Slope
from ..records.verdict import Verdict, severity, worst
from ..slopes.window import BAR, SYMMETRIC
from ..subject.session import Session
from .loop import Run
from .state import State

# Comparisons of one block that a report keeps, those that disagree most.
_MOST = 400


def gather(state: State, block: Block | None) -> tuple[Measured, ...]:
    """The comparisons of one block on its own, or of all blocks together: worst first.

    The one that speaks most against the claim comes with all its steps.
    """
    found = _of(state, block)
    if not found:
        return ()
    ranked, leading = sorted(found, key=_telling, reverse=True)[:_MOST], _leading(found)
    blocks = state.setting.blocks
    return tuple([
        _measured(c, blocks, off=disagrees(c, state.limits(c.direction)), steps=c is leading)
        for c in ranked
    ])  # fmt: skip


def _leading(found: Sequence[Comparison]) -> Comparison | None:
    drawn = [c for c in found if c.direction.parts[0].entry is None]
    return max(drawn or found, key=_telling, default=None)


def _of(state: State, block: Block | None) -> list[Comparison]:
    """Of a block's comparisons, those of the projection for which it is worst."""
    if block is None:
        return [c for c in state.comparisons if c.direction.block is None]
    leading, index = state.judged[block.index].leading, block.index
    return [
        c
        for c in state.comparisons
        if c.direction.block == index and c.projection == leading and _is_plain(c)
    ]


def _is_plain(comparison: Comparison) -> bool:
    """Whether a whole block moved, or one entry: anything else was for locating only."""
    part = comparison.direction.parts[0]
    return part.whole or part.entry is not None


def _telling(comparison: Comparison) -> float:
    """By how many bars claim and slope are apart."""
    bar = comparison.slope_bar + comparison.claimed_bar
    if not math.isfinite(bar) or not math.isfinite(comparison.gap):
        return -1.0
    return abs(comparison.gap) / bar if bar > 0 else math.inf if comparison.gap else 0.0


def _measured(
    comparison: Comparison, blocks: Sequence[Block], *, off: bool, steps: bool
) -> Measured:
    part, slope = comparison.direction.parts[0], comparison.slope
    lone = len(comparison.direction.parts) == 1 and part.entry is not None
    unit = part.step if lone else 1.0
    pairs = tuple(sorted(_central(comparison))) if steps else ()
    noise = BAR * _noise(slope) / 2**0.5
    return Measured(
        draw=comparison.direction.draw,
        entry=_index(blocks[part.block], part.entry) if lone else None,
        claimed=comparison.claimed / unit,
        claimed_bar=comparison.claimed_bar / unit,
        slope=slope.value / unit,
        slope_bar=comparison.slope_bar / unit,
        off=off,
        left=None if slope.left is None else slope.left / unit,
        right=None if slope.right is None else slope.right / unit,
        steps=tuple((t, difference / unit) for t, difference in pairs),
        noise=noise / unit,
        curvature=_curvature(pairs, slope.window, noise) / unit,
    )


def _noise(slope: Slope) -> float:
    """The noise of one evaluation; where it was not measured alone, what the window scattered."""
    if not math.isfinite(slope.error):
        return slope.noise
    return max(slope.noise, slope.error * slope.window / (BAR * SYMMETRIC.amplification))


def _index(block: Block, entry: int | None) -> tuple[int, ...]:
    assert entry is not None
    return tuple(int(i) for i in np.unravel_index(entry, block.axes))


def _central(comparison: Comparison) -> Iterator[tuple[float, float]]:
    """Central differences of each window that reaches to both sides: ``(step, difference)``."""
    for taken, found in comparison.samples:
        steps, values = taken.tolist(), found.tolist()  # few: NumPy takes longer
        half = len(steps) // 2
        if half and (min(steps[:half]) <= 0 or max(steps[-half:]) >= 0):
            continue
        for k in range(half):
            right, left = steps[k], steps[-1 - k]
            difference = (values[k] - values[-1 - k]) / (right - left)
            if math.isfinite(difference):
                yield (right - left) / 2, difference


def _curvature(pairs: Sequence[tuple[float, float]], window: float, noise: float) -> float:
    """The coefficient of ``t**2`` in the central differences of the window that was believed.

    With what ``noise / t`` may hide of it.
    """
    inside = [pair for pair in pairs if window / 8 < pair[0] <= 1.01 * window]  # steps are rounded
    if len(inside) < 2:
        return 0.0
    mean = sum([t * t for t, _ in inside]) / len(inside)
    spread = sum([(t * t - mean) ** 2 for t, _ in inside])
    if not spread > 0:
        return 0.0
    found = sum([(t * t - mean) * d for t, d in inside]) / spread
    hidden = noise * math.hypot(*[(t * t - mean) / t for t, _ in inside]) / spread
    return found + math.copysign(hidden, found)


# Steps in units of the block's size. None is wider than what the check itself has
# measured: beyond it the function may raise, and a picture is not worth that.
_STEPS = (1e-4, 1e-6, 1e-8, 1e-10)


def scanned(run: Run, verdicts: tuple[Verdict, ...]) -> Run:
    """The run with a plateau, or a valley, along the direction that speaks most against the claim.

    Measured only where the verdict of the whole is one of ``verdicts``; the samples are added to
    those of the comparison.
    """
    state = run.state
    if not state.comparisons or worst(j.verdict for j in state.judgements) not in verdicts:
        return run
    chosen = _leading(_of(state, _first_rejected(state))) or _leading(_of(state, None))
    if chosen is None or not math.isfinite(chosen.slope.value):
        return run
    more = replace(chosen, samples=(*chosen.samples, *_pairs(run.session, chosen)))
    compared = tuple([more if c is chosen else c for c in state.comparisons])
    return replace(run, state=replace(state, comparisons=compared))


def _first_rejected(state: State) -> Block:
    """The block with the worst verdict, and of these the one with the largest error."""
    judgements = state.judgements
    return min(
        state.setting.blocks,
        key=lambda b: (severity(judgements[b.index].verdict), -judgements[b.index].error),
    )


def _pairs(session: Session, chosen: Comparison) -> list[tuple[np.ndarray, np.ndarray]]:
    line, found = session.line(chosen.direction), []
    with session.caller.many():
        for step in _STEPS:
            ends = np.array([step, -step])
            values = [float(session.evaluate(line, t)[chosen.projection]) for t in ends.tolist()]
            found.append((ends, np.array(values)))
    line.back()
    return found
