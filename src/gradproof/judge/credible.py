"""A claim meets a slope: whether they differ, and whether a sharper slope would help."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..records.comparison import Comparison
from ..records.slope import Slope, Smoothness
from .bands import Bands
from .thresholds import T


def bar_of(comparison: Comparison) -> float:
    """The bar of a gap: that of the slope, and the noise of the claim."""
    if comparison.slope.smoothness is Smoothness.UNKNOWN:
        return math.inf  # nothing at all was seen above the noise
    return comparison.slope_bar + T.claim_noise * comparison.claimed_bar


def disagrees(comparison: Comparison, bands: Bands) -> bool:
    """Whether claim and slope differ by more than their bars and the correct band explain."""
    allowed = bar_of(comparison) + bands.correct_below * abs(comparison.claimed)
    return abs(comparison.gap) > allowed


def same_claim(one: Comparison, other: Comparison) -> bool:
    """Whether two claims along one direction are the same, next to their gaps from the slope."""
    return abs(one.claimed - other.claimed) <= T.same_claim * max(abs(one.gap), abs(other.gap))


# How sharp a slope has to be


def sharp_enough(unit: float, bands: Bands) -> float:
    """The bar along one direction that resolves ``correct_below``, given the gradient's size."""
    return T.sharp * bands.correct_below * unit


def flat_enough(bend: float, bands: Bands) -> float:
    """The bar with which a slope is zero beside what it becomes one scale away."""
    return T.sharp * bands.wrong_above * bend


def amid_noise(claimed: float, slope: float, error: float, unit: float, bands: Bands) -> bool:
    """Whether what scatters around a slope may be called noise, as the claim does.

    Claims of its size, ``unit``, have to stand out of it, and the slope is to be the claim up to an
    error that may pass.
    """
    apart = abs(claimed - slope) - bands.correct_below * unit
    return apart <= error <= T.tells * unit


def rejected_by_shape(claimed: float, slope: Slope) -> bool:
    """Whether what rejects a claim scatters by more than noise: it may average over waves."""
    scattered = slope.error * slope.window > T.shape * slope.noise
    return scattered and abs(claimed - slope.value) > slope.error


def known_enough(
    claimed: float, slope: float, error: float, floor: float, share: float = T.known
) -> bool:
    """Whether nothing would be won by a sharper slope.

    Either the disagreement is known to a ``share`` of itself, or slope and claim are both zero
    within the bar, and the bar is below ``floor``, which is at the scale of the function's value.
    """
    plain = error <= share * abs(claimed - slope)
    return plain or max(abs(claimed), abs(slope)) <= error <= floor


def may_be_small(eps: float, bands: Bands) -> bool:
    """Whether a claim of a precision says anything about entries that its bands do not reach."""
    return T.entry_roundoff * eps < bands.correct_below


# At a kink


def beyond_choice(
    comparison: Comparison, entries: Sequence[Comparison], bands: Bands, *, lone: bool
) -> bool:
    """Whether a claim at a kink is none that any rule for the kink could give.

    A lone parameter's claim has to lie between the one-sided slopes. Behind several kinks at
    once that is too strict: a backward pass picks a side for each, and no move of a single
    entry may ever pass through that combination. Its magnitude is still bounded by those of
    the block's other ``entries``.
    """
    if not comparison.kinked:
        return False
    if lone:
        return disagrees(comparison, bands)
    reach = max((abs(c.slope.value) + c.slope.error) / c.direction.parts[0].step for c in entries)
    return abs(comparison.claimed) > T.beyond_excuse * reach * comparison.direction.parts[0].step


def miscounts(comparison: Comparison, bands: Bands) -> bool:
    """Whether a claim in an array is wrong along a direction in which tied entries stay tied.

    It may give a tie (the largest of a cell, say) to any of them, or share it out, but not give it
    more than once. Where that direction has a kink of its own nothing is known.
    """
    even = comparison.direction.parts[0].even
    return even and not comparison.kinked and disagrees(comparison, bands)


# Where windows disagree with each other


def contradicted(
    claimed: float, slope: Slope, slope_wide: float, bar_wide: float, size: float
) -> bool:
    """Whether a claim that a narrow window rejects is what a wide one shows, beyond accident.

    A function that moves in steps, as ``log(1 - A)`` does where ``A`` is next to 1, is flat
    between them, which is no more its derivative than a tread is a staircase's. ``size`` is that of
    such claims: along a direction that happens to show little of one the bar is judged by it.
    """
    if bar_wide > T.tells * max(abs(slope_wide), size):
        return False  # it may be oscillation that looks like noise, and averages to nothing
    gap = abs(claimed - slope.value)
    return abs(claimed - slope_wide) <= bar_wide <= T.tells * gap and gap > slope.error


def unresolved(
    claimed: float, slope: Slope, largest: float, nearest: float, rounding: float
) -> bool:
    """Whether a claim is so steep that no step is small enough to tell waves from noise.

    By the ``nearest`` step at which noise would show the function would move as far as it
    scatters; ``largest`` is the magnitude of its values, ``rounding`` one of numbers of the size of
    the block: what scatters by those is no wave.
    """
    least = max(T.rough * largest, T.entry_roundoff * rounding)
    return least < slope.noise < abs(claimed) * nearest


def outstepped(
    claimed: float, slope: Slope, slope_wide: float, bar_wide: float, step: float
) -> bool:
    """Whether a slope of a function that moves in steps says nothing about a claim.

    A wide window allows the claim, and either rejects the slope, or shows steps (of ``step``)
    that the claim would not have reached where the function was flat. Where arguments are
    rounded inside, small entries move before large ones do, so that a narrow window looks as
    straight as any other.
    """
    if abs(claimed - slope_wide) > bar_wide:
        return False
    rejected = abs(slope.value - slope_wide) > bar_wide + slope.error
    return rejected or (slope.value == 0 and abs(claimed) * slope.window < step)


def shown_by(claimed: float, slope: Slope, chord: float, bar: float = 0.0) -> bool:
    """Whether the chord of wide steps is the claim rather than a slope that rejects it."""
    return claimed != 0 and abs(chord - claimed) < T.nearer * abs(claimed - slope.value) + bar


def hidden_by(jump: float, *, smooth: float, gap: float, rounding: float) -> bool:
    """Whether a gap changes the value of a function that does not jump ``smooth`` by less than one.

    By no more than the bar of values that are rounded to such jumps. These are no higher than what
    a few numbers, of which ``rounding`` is one, are rounded by.
    """
    return gap * smooth <= T.rounded_to * jump <= T.rounded_to * T.roundings_seen * rounding


def is_small(step: float, largest: float) -> bool:
    """Whether a step is no larger than those of the coarsest format in use, bfloat16."""
    return step <= T.coarsest * largest
