"""The verdict on one block, from the comparisons that move it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from ..records.block import Block
from ..records.comparison import Comparison
from ..records.judgement import Judgement
from ..records.slope import Smoothness
from ..records.verdict import Ruling, Verdict
from .bands import Bands
from .chance import largest_hidden, largest_within, smallest_proven
from .credible import bar_of, miscounts
from .evidence import Evidence, collect, common, typical
from .scale import measured_against, tells
from .thresholds import T

# What is seen farther away than a block is large says nothing where it is flat.
_HIDDEN = (
    "steps of its own size change the value by less than its round-off, and larger ones not at all"
)


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
    own, shared, small = collect(block, comparisons, rms)
    if not math.isfinite(norm):
        return _NOT_FINITE
    telling = own if own.gaps else shared
    found = measured_against(block, own, norm, value, eps, bands)
    scale, limit = found.gradient, found.limit
    nothing = bool(own.gaps) and not tells(own)
    low = _ratio(_plain(_proven(own, scale), found.rounding), scale)
    entry_noise = max(T.entry_roundoff * eps * norm, found.rounding)
    entry = _worst_entry(own, _scaled(own, entry_noise)) if own.sweep else 0.0
    smallest = _worst_entry(small, [found.rounding] * len(small.gaps)) if small.gaps else 0.0
    error = typical(telling.gaps, telling) if nothing else _error(telling, scale)
    bar = typical(telling.bars, telling)
    every = [shared, own] if own.gaps else [shared]  # others' errors do not blunt its own draws
    roundoff = T.claim_noise * eps * norm
    high = max(min(map(_high, every)), error)
    worst = max(low, entry, smallest)
    verdict, reason = _verdict(worst, high <= limit, bands, block, comparisons)
    if nothing and block.enlarged and verdict.rejects:
        verdict, reason = Verdict.UNDECIDED, _HIDDEN
    opened = _open(verdict, error, bar, high, limit, bands.correct_below * scale)
    of_scale = not verdict.rejects and bands.wrong_above * scale < min(high, limit)
    if of_scale:
        scale = found.natural
    error, bar, high = _ratio(error, scale), _ratio(bar, scale), _ratio(high, scale)
    if verdict is Verdict.UNDECIDED:
        reason += _would_decide(comparisons, value, high)
    if verdict.rejects and low <= bands.correct_below:
        reason = _of_few([c for c in comparisons if c.direction.block == block.index],
                         entry, smallest, bands)  # fmt: skip
        entry = entry or smallest
    return Judgement(
        verdict=verdict,
        error=error,
        bar=bar,
        low=max(low, entry),
        high=high,
        resolution=_ratio(_within(shared, shared.bars), scale) if verdict.rejects else high,
        size=scale,
        draws=len(own.gaps),
        sharp=_ratio(min([_numerical(e, roundoff) for e in every]), scale)
        <= bands.correct_below * (T.blunt if _limited(block, comparisons) else 1.0),
        open=opened,
        zero=of_scale or nothing,
        natural=of_scale,
        reason=reason,
    )


def _of_few(own: Sequence[Comparison], entry: float, smallest: float, bands: Bands) -> str:
    """Why a block is rejected of which only little is wrong."""
    if any([miscounts(c, bands) for c in own]):
        return f"where all its entries move together it is off by {smallest:.1e} of the slope"
    if any([c.kinked for c in own]):
        return f"where its entries move that are at no kink it is off by {smallest:.1e}"
    off, which = (entry, "one entry is") if entry else (smallest, "its smallest entries are")
    return f"{which} off by {off:.1e} of itself, which is little of the whole block"


def _limited(block: Block, comparisons: Sequence[Comparison]) -> bool:
    """Whether kinks and round-off leave no window for a sharper slope."""
    return any([c.slope.limited for c in comparisons if block.index in c.direction.places])


def _error(telling: Evidence, scale: float) -> float:
    """The typical gap. Where all gaps are the same share of their slopes, it is that share.

    A constant factor is then known exactly, and not to the accuracy of a few random draws.
    """
    share = common(telling.gaps, telling.slopes, telling.bars) if telling.slopes else 0.0
    return scale * share if share else typical(telling.gaps, telling)


def _proven(own: Evidence, scale: float) -> float:
    """The smallest error that the gaps prove; one of them alone has to be plain."""
    if not own.gaps:
        return 0.0
    pairs = list(zip(own.gaps, own.bars, strict=True))
    lucky = own.sweep or len([1 for g, b in pairs if g > b]) < 2
    times = T.single_observation if lucky else 1.0
    beyond = [max(g - times * b, 0.0) for g, b in pairs]
    if not any(beyond):
        return 0.0
    if common(own.gaps, own.slopes, own.bars):  # a constant factor leaves nothing to chance
        return scale * min([g / s for g, s in zip(beyond, own.slopes, strict=True) if g > 0 < s])
    return math.hypot(*beyond) if own.sweep else smallest_proven(beyond)


def _plain(error: float, rounding: float) -> float:
    """What is proven of an error, or nothing where it is no more than round-off of the claim."""
    return error if error > rounding else 0.0


def _worst_entry(own: Evidence, roundoff: Sequence[float]) -> float:
    """The largest relative error proven for a single entry: a norm forgets the small ones."""
    return max(
        _ratio(beyond, max(s, b)) if (beyond := g - T.single_observation * b) > noise else 0.0
        for g, b, s, noise in zip(own.gaps, own.bars, own.slopes, roundoff, strict=True)
    )


def _scaled(swept: Evidence, noise: float) -> list[float]:
    """The round-off of each entry: that of the block, less where an entry is in larger units.

    Of 1e-9 and 1e8 neither has round-off at the scale of the other: what they contribute has.
    """
    shares = [claim * step for claim, step in zip(swept.claims, swept.steps, strict=True)]
    norm, most = math.hypot(*swept.claims), max(shares)
    if not norm > 0:
        return [noise] * len(shares)
    return [noise * min(1.0, most / (step * norm)) for step in swept.steps]


def _within(shared: Evidence, bars: Sequence[float]) -> float:
    """The largest error that would not have been noticed, whatever was."""
    return math.hypot(*bars) if shared.sweep else largest_within(tuple(bars), 1 - T.confidence)


def _high(shared: Evidence) -> float:
    """The largest error that the gaps allow, were each slope off by all of its bar.

    Where round-off of the claim is known, gaps are expected of its size, whatever the bars are.
    """
    seen = list(map(float.__add__, shared.gaps, shared.bars))
    if shared.sweep:
        return math.hypot(*seen)
    widths = list(map(max, shared.bars, shared.roundings)) if shared.roundings else shared.bars
    return largest_hidden(seen, 1 - T.confidence, widths)


def _numerical(shared: Evidence, roundoff: float) -> float:
    """The same for the slopes' bars alone: no slope makes the round-off of a claim less.

    A gap beyond its bar and that round-off, though, is somebody's fault, and hides what this block
    adds to it; one draw alone may have met the least of it.
    """
    rounded = [roundoff * moved**0.5 for moved in shared.moved]
    if shared.roundings and any(shared.roundings):  # a resolution that gaps make takes two draws
        several = len(shared.gaps) > 1
        rounded = list(map(max, rounded, shared.roundings)) if several else [0.0]
    every = zip(shared.gaps, shared.bars, rounded, strict=True)
    if all([gap <= max(bar, rounding) for gap, bar, rounding in every]):
        return _within(shared, shared.slope_bars)
    return _high(shared) if shared.sweep or len(shared.gaps) > 1 else math.inf


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


def handed_on(judgement: Judgement, verdict: Verdict) -> Judgement:
    """The judgement of a block that nobody looked at alone, behind an operation at fault."""
    return dataclasses.replace(judgement, verdict=verdict, error=math.nan, bar=math.nan, reason="")


def overruled(judgement: Judgement, ruling: Ruling) -> Judgement:
    """The judgement of a block on which something else decides than its slopes."""
    if not ruling.bar:
        return dataclasses.replace(judgement, verdict=ruling.verdict, reason=ruling.reason)
    known = ruling.error > 0
    error = ruling.error if known else judgement.error
    bar = ruling.bar if known else max(judgement.bar, ruling.bar)
    return dataclasses.replace(
        judgement,
        verdict=ruling.verdict,
        reason=ruling.reason,
        error=error,
        bar=bar,
        low=0.0,  # by slopes
        high=error + bar,
        resolution=bar if known else max(judgement.resolution, error + bar),
    )


# Of a claim with NaN or infinity, unless the function itself is finite on one side at least.
_NOT_FINITE = dataclasses.replace(
    UNKNOWN,
    low=math.inf,
    sharp=True,
    reason="the claimed gradient is not finite, and nor is the function next to the point",
)


def _open(
    verdict: Verdict, error: float, bar: float, high: float, limit: float, near: float
) -> bool:
    """Whether the interval is wide for want of draws, and not for the bars of the slopes."""
    if verdict is Verdict.UNDECIDED:
        return error + bar <= limit
    if verdict is Verdict.SUSPECT:
        return high > limit
    return verdict is Verdict.CORRECT and error - bar > T.near * near


def _verdict(
    low: float, supported: bool, bands: Bands, block: Block, comparisons: Sequence[Comparison]
) -> tuple[Verdict, str]:
    if low > bands.wrong_above:
        return Verdict.WRONG, ""
    if low > bands.correct_below:
        return Verdict.SUSPECT, ""
    moving = [c for c in comparisons if block.index in c.direction.places]
    if supported and not any([miscounts(c, bands) for c in moving]):
        return Verdict.CORRECT, ""
    kinks = [c for c in moving if c.kinked or c.direction.parts[0].even]
    if kinks and all(abs(c.gap) <= bar_of(c) for c in kinks):
        if _each_looked_at(block, moving):
            return Verdict.CORRECT, "at a kink, within the one-sided slopes"
        return Verdict.UNDECIDED, _MIXED
    if any(T.claim_noise * c.claimed_bar > c.slope_bar for c in moving):
        return Verdict.UNDECIDED, "the round-off of the claim itself is too large"
    return Verdict.UNDECIDED, _reason(moving)


def _each_looked_at(block: Block, comparisons: Sequence[Comparison]) -> bool:
    """Whether each entry was compared alone, or with others where nothing is open.

    Along a direction with several kinks, what one of them leaves open hides errors of the others.
    """
    seen: set[int] = set()
    for c in [c for c in comparisons if c.direction.block is not None]:
        part = c.direction.parts[0]
        seen.update(() if part.entry is None else (part.entry,))
        seen.update(() if c.kinked else part.only or ())
    return len(seen) == block.count


def _would_decide(comparisons: Sequence[Comparison], value: float, high: float) -> str:
    """What would make an undecided block a decided one: other values, or other bands."""
    noise = max([c.slope.noise for c in comparisons if math.isfinite(c.slope.noise)], default=0.0)
    reported = ""
    stepped = any([c.slope.stepped for c in comparisons])
    if stepped and T.single[0] * value < noise < T.single[1] * value:
        reported = (
            f"; fun is known to {noise / value:.0e} only, like what was made in float32: "
            "give it all of its data in float64"
        )
    if high < 1:
        reported += f"; wrong_above={_rounded_up(high)} would decide"
    return reported


def _rounded_up(number: float) -> str:
    """With two digits, and not below."""
    exponent = math.floor(math.log10(number)) - 1
    return f"{math.ceil(number / 10.0**exponent) * 10.0**exponent:.1e}"


def _reason(comparisons: Sequence[Comparison]) -> str:
    """Why the numerical side cannot decide, from the way the slopes turned out."""
    seen = {c.slope.smoothness for c in comparisons}
    for smoothness, reason in _REASONS.items():
        if smoothness in seen:
            return reason
    if seen and all(len(c.direction.parts) > 1 for c in comparisons):
        return "it was only moved together with others; a higher effort looks at it alone"
    return "the error bars of the slopes are too wide" if seen else "nothing was measured"


_MIXED = (
    "the point is a kink, where one-sided slopes along many entries at once leave room for wrong "
    "ones; give grad as a function, so that it can be checked beside the kink"
)

_REASONS = {
    Smoothness.NOT_FINITE: "the function is not finite next to the point",
    Smoothness.JUMP: "the function jumps at the point",
    Smoothness.KINK: "the function has a kink at the point",
    Smoothness.UNKNOWN: "the function shows no slope at any step size",
}
