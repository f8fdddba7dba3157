"""The verdict on one block, from the comparisons that move it.

Comparisons that move the block alone say how wrong it is; those that move others with it
can only acquit. At a kink every one-sided slope, and all between them, is a valid claim.
"""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..records.block import Block
from ..records.comparison import Comparison
from ..records.judgement import Judgement
from ..records.slope import Smoothness
from ..records.verdict import Verdict
from .bands import CONFIDENCE, Bands
from .chance import largest_hidden, smallest_proven
from .compare import CLAIM_NOISE, ENTRY_ROUNDOFF, bar_of

# Ratios along several directions that agree this well are one and the same ratio.
_SAME_RATIO = 0.01

# A gap beyond its bar, and so near to the band, may be a larger one that two draws nearly missed.
_NEAR = 0.1

# Bars are ten standard errors from four degrees of freedom: one slope in 1,700 is beyond its
# bar by chance, one in 140,000 beyond three. A gap that stands alone has to be that plain.
_LONE_OBSERVATION = 3.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one block's comparisons show, per unit of its gradient's norm along a direction.

    A ``sweep`` measured every coordinate, one by one, so nothing is left to chance.
    """

    gaps: tuple[float, ...]
    bars: tuple[float, ...]
    claims: tuple[float, ...]
    slopes: tuple[float, ...]
    slope_bars: tuple[float, ...]
    sweep: bool = False


def judge(
    block: Block,
    comparisons: Sequence[Comparison],
    *,
    norm: float,
    value: float,
    eps: float,
    bands: Bands,
    rms: float,
) -> Judgement:
    """Judge one block.

    ``norm`` is the Euclidean norm of its claimed gradient and ``eps`` the spacing of 1.0 in
    its precision, ``value`` the magnitude of the function, ``rms`` that of one coordinate of
    a direction of step 1.
    """
    moving = [c for c in comparisons if c.direction.part(block.index) is not None]
    alone = [c for c in moving if c.direction.block == block.index]
    own, shared = _evidence(block, alone, rms), _evidence(block, moving, rms)
    if own.sweep:
        shared = own
    size, zero = _size(block, own, norm, value)
    if not math.isfinite(norm):
        return _not_finite(own)
    telling = own if own.gaps else _supporting(shared)
    error, bar = _error(telling, size), _typical(telling.bars, telling)
    low = _proven(own, size)
    high = _hidden(shared, [g + b for g, b in zip(shared.gaps, shared.bars, strict=True)])
    error, bar, low, high = (_ratio(x, size) for x in (error, bar, low, high))
    entry = _worst_entry(own, ENTRY_ROUNDOFF * eps * norm) if own.sweep and not zero else 0.0
    small = 0.0 if own.sweep else _small(block, alone, rms)
    verdict, reason = _verdict(max(low, entry, small), high, bands, moving)
    if verdict in (Verdict.WRONG, Verdict.SUSPECT) and low <= bands.correct_below:
        entry, which = (entry, "one entry is") if entry else (small, "its smallest entries are")
        reason = f"{which} off by {entry:.1e} of itself, which is little of the whole block"
    low = max(low, entry)
    # What round-off of the claim showed may be all there is, or hide as much again.
    rejected = verdict in (Verdict.WRONG, Verdict.SUSPECT)
    shown = shared.bars if rejected else list(map(max, shared.gaps, shared.bars))
    resolution = _ratio(_hidden(shared, shown), size)
    # Where the claim's own round-off is what limits the resolution, more slopes do not help.
    # A gap beyond its bar, though, is somebody's fault, and hides what this block adds to it.
    numerical = [
        gap if gap > total else own_bar
        for gap, total, own_bar in zip(shared.gaps, shared.bars, shared.slope_bars, strict=True)
    ]
    sharp = _ratio(_hidden(shared, numerical), size) <= bands.correct_below
    return Judgement(
        verdict=verdict,
        error=error,
        bar=bar,
        low=low,
        high=high,
        resolution=resolution,
        size=size,
        draws=len(own.gaps),
        sharp=sharp,
        open=_open(verdict, error, bar, high, bands),
        zero=zero,
        reason=reason,
    )


def _evidence(block: Block, comparisons: Sequence[Comparison], rms: float) -> Evidence:
    """Collect what counts; a full sweep of the block replaces everything else."""
    entries = {
        part.entry: c
        for c in comparisons
        if (part := c.direction.part(block.index)) is not None and part.entry is not None
    }
    if len(entries) == block.count and all(math.isfinite(bar_of(c)) for c in entries.values()):
        return _scaled(block, list(entries.values()), 1.0, sweep=True)
    return _scaled(block, [c for c in comparisons if _informs(c, block)], rms, sweep=False)


def _scaled(
    block: Block, comparisons: Sequence[Comparison], rms: float, *, sweep: bool
) -> Evidence:
    units = [rms * c.direction.part(block.index).step for c in comparisons]  # type: ignore[union-attr]
    pairs = list(zip(comparisons, units, strict=True))
    return Evidence(
        gaps=tuple(abs(c.gap) / unit for c, unit in pairs),
        bars=tuple(bar_of(c) / unit for c, unit in pairs),
        claims=tuple(abs(c.claimed) / unit for c, unit in pairs),
        slopes=tuple(abs(c.slope.value) / unit for c, unit in pairs),
        slope_bars=tuple(c.slope_bar / unit for c, unit in pairs),
        sweep=sweep,
    )


def _informs(comparison: Comparison, block: Block) -> bool:
    """Whether a random direction says anything about the block.

    At a kink it does not: with several kinks at the point, a valid choice at each of them
    can lie outside the one-sided slopes along a direction that mixes them.
    """
    part = comparison.direction.part(block.index)
    return (
        part is not None
        and part.whole
        and not comparison.kinked
        and math.isfinite(bar_of(comparison))
    )


def _size(block: Block, own: Evidence, norm: float, value: float) -> tuple[float, bool]:
    """The norm of the true gradient, as far as it is known; else the scale of the value.

    The claim's own norm serves where claim and truth are alike, and where they differ by a
    constant factor.
    """
    # A function that is zero wherever it was looked at has no scale but the smallest number.
    zero = max(value / block.scale, sys.float_info.min)
    told = any(s > b for s, b in zip(own.slopes, own.bars, strict=True))
    if told and own.sweep:
        return _typical(own.slopes, own), False
    factor = _common(own.claims, own.slopes) if told else 0.0
    if factor:
        return norm / factor, False
    if not told and any(g > b for g, b in zip(own.gaps, own.bars, strict=True)):
        return zero, True
    if own.gaps and told and _typical(own.gaps, own) > norm / 2:
        return _typical(own.slopes, own), False
    seen = not own.gaps or told or norm > _typical(own.bars, own)
    return (norm, False) if seen and norm > 0 else (zero, True)


def _common(numbers: Sequence[float], others: Sequence[float]) -> float:
    """The ratio that all pairs share, or 0 where they share none."""
    ratios = [n / o for n, o in zip(numbers, others, strict=True) if o > 0]
    if len(ratios) < 2 or max(ratios) - min(ratios) > _SAME_RATIO * min(ratios):
        return 0.0
    return sum(ratios) / len(ratios)


def _typical(numbers: Sequence[float], evidence: Evidence) -> float:
    """Root mean square over random draws; over a sweep, the norm of the vector of entries."""
    if not numbers:
        return math.inf
    total = math.hypot(*numbers)
    return total if evidence.sweep else total / math.sqrt(len(numbers))


def _supporting(shared: Evidence) -> Evidence:
    """Of the comparisons that moved other blocks too, those that agree.

    A gap beyond its bar may be any block's fault, and says nothing about this one. Nor do slopes
    that others contribute to: they are left out.
    """
    pairs = sorted(zip(shared.gaps, shared.bars, strict=True))
    agreeing = [pair for pair in pairs if pair[0] <= pair[1]] or pairs[:1]
    return dataclasses.replace(
        shared,
        gaps=tuple(gap for gap, _ in agreeing),
        bars=tuple(bar for _, bar in agreeing),
        slopes=(),
    )


def _error(telling: Evidence, size: float) -> float:
    """The typical gap. Where all gaps are the same share of their slopes, it is that share.

    A constant factor is then told exactly, and not to the accuracy of a few random draws.
    """
    share = _common(telling.gaps, telling.slopes) if telling.slopes else 0.0
    return size * share if share else _typical(telling.gaps, telling)


def _proven(own: Evidence, size: float) -> float:
    pairs = list(zip(own.gaps, own.bars, strict=True))
    lucky = own.sweep or sum(g > b for g, b in pairs) < 2
    beyond = [max(g - (_LONE_OBSERVATION * b if lucky else b), 0.0) for g, b in pairs]
    if _common(own.gaps, own.slopes):  # a constant factor leaves nothing to chance
        return size * min(g / s for g, s in zip(beyond, own.slopes, strict=True) if s > 0)
    return math.hypot(*beyond) if own.sweep else smallest_proven(beyond)


def _worst_entry(own: Evidence, roundoff: float) -> float:
    """The largest relative error proven for a single entry: a norm forgets the small ones."""
    return max(
        _ratio(beyond, max(s, b)) if (beyond := g - _LONE_OBSERVATION * b) > roundoff else 0.0
        for g, b, s in zip(own.gaps, own.bars, own.slopes, strict=True)
    )


def _small(block: Block, alone: Sequence[Comparison], rms: float) -> float:
    """The same for the smallest entries of a block, moved together."""
    subsets = [c for c in alone if c.direction.parts[0].only and math.isfinite(bar_of(c))]
    return _worst_entry(_scaled(block, subsets, rms, sweep=False), 0.0) if subsets else 0.0


def _hidden(shared: Evidence, shown: Sequence[float]) -> float:
    return math.hypot(*shown) if shared.sweep else _largest(tuple(shown))


@lru_cache(maxsize=256)
def _largest(shown: tuple[float, ...]) -> float:
    """Asked several times for the same bars."""
    return largest_hidden(shown, 1 - CONFIDENCE)


def _ratio(number: float, size: float) -> float:
    if number == 0:
        return 0.0
    return number / size if size > 0 else math.inf


# Of a block that nobody has looked at.
UNKNOWN = Judgement(
    verdict=Verdict.UNDECIDED, error=math.inf, bar=math.inf, low=0.0, high=math.inf,
    resolution=math.inf, size=math.inf, draws=0, sharp=False, open=False, zero=False,
    reason="nothing was measured",
)  # fmt: skip


def least_error(block: Block, comparison: Comparison, norm: float) -> float:
    """The smallest relative error of a block that a gap can come from, where all entries move.

    Along equal steps the errors of all entries may add up: Cauchy and Schwarz's inequality.
    """
    shown = max(abs(comparison.gap) - bar_of(comparison), 0.0)
    return _ratio(shown, comparison.direction.parts[0].step * block.count**0.5 * norm)


def miscounted(judgement: Judgement, least: float) -> Judgement:
    """The judgement of a block whose claim does not add up where its entries move together."""
    return dataclasses.replace(
        judgement,
        verdict=Verdict.WRONG,
        error=least,
        bar=math.inf,
        low=least,
        high=math.inf,
        draws=max(judgement.draws, 1),
        reason="fun is smooth where all its entries move together, and the claim does not add up",
    )


def _not_finite(own: Evidence) -> Judgement:
    """A claim with NaN or infinity: wrong where the slope exists, else nobody can tell."""
    nothing = math.inf
    return Judgement(
        verdict=Verdict.WRONG if own.gaps else Verdict.UNDECIDED,
        error=nothing,
        bar=nothing,
        low=nothing,
        high=nothing,
        resolution=nothing,
        size=nothing,
        draws=len(own.gaps),
        sharp=True,
        open=False,
        zero=False,
        reason="the claimed gradient is not finite",
    )


def _open(verdict: Verdict, error: float, bar: float, high: float, bands: Bands) -> bool:
    """Whether the interval is wide for want of draws, and not for the bars of the slopes."""
    if verdict is Verdict.UNDECIDED:
        return error + bar <= bands.wrong_above
    if verdict is Verdict.SUSPECT:
        return high > bands.wrong_above
    return verdict is Verdict.CORRECT and error - bar > _NEAR * bands.correct_below


def _verdict(
    low: float, high: float, bands: Bands, comparisons: Sequence[Comparison]
) -> tuple[Verdict, str]:
    if low > bands.wrong_above:
        return Verdict.WRONG, ""
    if low > bands.correct_below:
        return Verdict.SUSPECT, ""
    if high <= bands.wrong_above:
        return Verdict.CORRECT, ""
    kinks = [c for c in comparisons if c.kinked]
    if kinks and all(abs(c.gap) <= bar_of(c) for c in kinks):
        return Verdict.CORRECT, "at a kink, within the one-sided slopes"
    if any(CLAIM_NOISE * c.claimed_bar > c.slope_bar for c in comparisons):
        return Verdict.UNDECIDED, "the round-off of the claim itself is too large"
    return Verdict.UNDECIDED, _reason(comparisons)


def _reason(comparisons: Sequence[Comparison]) -> str:
    """Why the numerical side cannot tell, from the way the slopes turned out."""
    seen = {c.slope.smoothness for c in comparisons}
    for smoothness in (
        Smoothness.NOT_FINITE,
        Smoothness.JUMP,
        Smoothness.KINK,
        Smoothness.UNKNOWN,
    ):
        if smoothness in seen:
            return _REASONS[smoothness]
    if seen and all(len(c.direction.parts) > 1 for c in comparisons):
        return "it was only moved together with others; a higher effort looks at it alone"
    return "the error bars of the slopes are too wide" if seen else "nothing was measured"


_REASONS = {
    Smoothness.NOT_FINITE: "the function is not finite next to the point",
    Smoothness.JUMP: "the function jumps at the point",
    Smoothness.KINK: "the function has a kink at the point",
    Smoothness.UNKNOWN: "the function shows no slope at any step size",
}
