"""Only some entries are wrong: which, and what they have in common."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..judge.explain import is_discrepant, is_ratio_apart, pattern, ratio_bar
from ..plan.locate import Located
from ..records.comparison import Comparison
from ..records.finding import Kind
from . import scale
from .evidence import Evidence, Explanation
from .numbers import measured, multiple
from .places import Mask, by_entry, describe
from .rules import rule


@rule("entries", place=120, measures=True)
def suspect(evidence: Evidence) -> Iterator[Explanation]:
    """The entries that locating found; the numbers at them say more."""
    located = evidence.where()
    discrepant = [c for c in located.sample if is_discrepant(c)]
    ratios = [c.claimed / c.slope.value if c.slope.value else np.inf for c in discrepant]
    factor = pattern(ratios, [ratio_bar(c) for c in discrepant])
    if located.entries:
        wrong = np.zeros(evidence.block.count, dtype=bool)
        wrong[list(located.entries)] = True
        if factor and len(discrepant) > 1 and _are_all(evidence, located):
            yield from scale.alike(evidence, wrong, factor, min(map(ratio_bar, discrepant)))
        elif not by_entry(wrong, evidence.block).all():
            yield _named(evidence, wrong, factor, located)
    elif located.slices and discrepant:
        yield _in_slices(evidence, located, factor, f"{len(discrepant)} of {len(located.sample)}")


def _are_all(evidence: Evidence, located: Located) -> bool:
    """Whether every entry was measured, and all whose error would be seen are wrong."""
    swept = located.complete and len(located.sample) == evidence.block.count > 1
    return swept and all(is_discrepant(c) for c in located.sample if is_ratio_apart(c))


def _named(evidence: Evidence, wrong: Mask, factor: float | None, located: Located) -> Explanation:
    """Entries each of which was seen to be wrong."""
    kind, words = _kind(evidence, wrong, factor)
    bar = None
    if kind is Kind.ENTRIES and factor is None and (found := _of_parameter(evidence, located)):
        factor, bar = found
        how = "has too much" if factor > 0 else "lacks"
        words = f"the claim {how} {measured(abs(factor), bar)} times the parameter there."
        kind = Kind.PARAMETER_TERM
    message = f"{describe(wrong, evidence.block, evidence.point)}: {words}"
    if located.complete:
        message += " Everything else agrees with fun within the error bars."
    return Explanation(kind, message, 1.0 if located.complete else 0.0, factor, bar, wrong)


def _of_parameter(evidence: Evidence, located: Located) -> tuple[float, float] | None:
    """The multiple of the parameter that is too much in all wrong entries, and its bar."""
    ratios, bars = [], []
    for c in filter(is_discrepant, located.sample):
        part = c.direction.parts[0]
        value = evidence.point[part.entry or 0] * part.step
        if not value:
            return None
        ratios.append(c.gap / value)
        bars.append((c.slope_bar + c.claimed_bar) / abs(value))
    factor = pattern(ratios, bars) if len(ratios) > 1 else None
    return None if factor is None else (factor, min(bars))


def _in_slices(
    evidence: Evidence, located: Located, factor: float | None, share: str
) -> Explanation:
    """Large slices that hold all of the error; their entries are named only if that is proven.

    It is where one factor for all of them explains the slopes of the whole block.
    """
    inside = _inside(evidence, located)
    kind, words = _kind(evidence, inside, factor)
    where = describe(inside, evidence.block, evidence.point)
    if factor:
        corrected = np.where(inside, evidence.claimed / factor, evidence.claimed)
        fit = evidence.fit([], known=corrected)
        if fit is not None:
            wrong = fit.wrong(corrected)
            return Explanation(kind, f"{where}: {words}", fit.explained, factor, None, wrong)
    message = f"All of the error is in {where} ({share} sampled entries there are wrong): {words}"
    return Explanation(kind, message, 1.0, factor)


def _inside(evidence: Evidence, located: Located) -> Mask:
    """The coordinates in the slices: in any of those of one axis, in all of several axes."""
    grid = np.indices(evidence.block.axes).reshape(len(evidence.block.axes), -1)
    chosen = [grid[axis] == index for axis, index in located.slices]
    alike = len({axis for axis, _ in located.slices}) == 1
    return np.asarray(np.any(chosen, axis=0) if alike else np.all(chosen, axis=0))


def _kind(evidence: Evidence, wrong: Mask, factor: float | None) -> tuple[Kind, str]:
    claimed = evidence.claimed[wrong]
    repeated = _repeated(evidence, wrong)
    if repeated and factor is not None:
        return Kind.ROW_SCALE, (
            f"the claim is {multiple(factor)}, just where {repeated} holds an index more than once."
        )
    if repeated:
        return Kind.MISSING_ACCUMULATION, (
            f"these are the indices that {repeated} holds more than once: their contributions "
            "overwrite each other where they should add up."
        )  # fmt: skip
    if not claimed.any():
        return Kind.ZERO, "the claim is zero there, but fun changes with it."
    how = "the claim is wrong there."
    if factor is not None:
        how = f"the claim is {multiple(factor)}."
    point = evidence.point
    if wrong.sum() > 1 and any(np.array_equal(wrong, side) for side in (point < 0, point > 0)):
        return Kind.BRANCH, how
    return Kind.ENTRIES, how


def _repeated(evidence: Evidence, wrong: Mask) -> str:
    """The integer argument whose repeated values are just the wrong rows."""
    chosen: Mask = by_entry(wrong, evidence.block)
    if chosen.ndim == 0:
        return ""
    rows: Mask = np.asarray(chosen.reshape(chosen.shape[0], -1).any(axis=1))
    for name, array in evidence.arguments.items():
        if array.dtype.kind not in "iu" or not array.size:
            continue
        values, counts = np.unique(array, return_counts=True)
        inside = (values >= 0) & (values < rows.size)
        again = values[inside & (counts > 1)]
        proper = again.size and inside.all() and again.size < rows.size
        if proper and np.array_equal(np.flatnonzero(rows), again):
            return name
    return ""


def sampled(evidence: Evidence, most: int = 4) -> str:
    """The sampled entries as a short table in words, for a fault that nobody explains."""
    comparisons: tuple[Comparison, ...] = evidence.where().sample
    wrong = sum(map(is_discrepant, comparisons))
    rows = []
    for c in sorted(comparisons, key=lambda c: -abs(c.gap))[:most]:
        part = c.direction.parts[0]
        assert part.entry is not None
        entry = part.entry // 2 if evidence.block.is_complex else part.entry
        index = str([int(i) for i in np.unravel_index(entry, evidence.block.shape)])
        if evidence.block.is_complex:
            index += ".imag" if part.entry % 2 else ".real"
        slope, bar = c.slope.value / part.step, c.slope_bar / part.step
        ratio = f", ratio {c.claimed / c.slope.value:.6g}" if c.slope.value else ""
        rows.append(
            f"{index} claimed {c.claimed / part.step:.6g}, numerical {slope:.6g} ± {bar:.0e}{ratio}"
        )
    return f"{wrong} of {len(comparisons)} sampled entries are wrong: " + "; ".join(rows)
