"""A factor of its own for each row, or for each column."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..judge.explain import is_ratio_known, pattern, ratio_bar, same_number
from ..judge.thresholds import T
from ..records.finding import Kind
from .evidence import Evidence, Explanation, Flat
from .rules import rule

_SAMPLED = 5  # slices in which a constant factor is looked for
_ALL = 40  # slices that are all measured


@rule("rows", place=130, measures=True)
def suspect(evidence: Evidence) -> Iterator[Explanation]:
    """``claimed[i, …] = r_i · true[i, …]`` along some axis."""
    axes = evidence.block.axes
    if sum(length > 1 for length in axes) < 2:
        return
    for axis, length in enumerate(evidence.block.shape):
        if length > 1 and not _is_refuted(evidence, axis):
            yield from _along(evidence, axis, length)


def _is_refuted(evidence: Evidence, axis: int) -> bool:
    """Whether two entries with the same index along an axis have different factors."""
    known: dict[int, tuple[float, float]] = {}
    for c in evidence.where().sample:
        entry = c.direction.parts[0].entry
        if entry is None or not is_ratio_known(c):
            continue
        index = int(np.unravel_index(entry, evidence.block.axes)[axis])
        factor, bar = c.claimed / c.slope.value, ratio_bar(c)
        first, other = known.setdefault(index, (factor, bar))
        if not same_number(factor, first, bar + other):
            return True
    return False


def _along(evidence: Evidence, axis: int, length: int) -> Iterator[Explanation]:
    factors: dict[int, tuple[float, float]] = {}
    for index in sorted({(2 * k + 1) * length // (2 * _SAMPLED) for k in range(_SAMPLED)}):
        factor = _factor(evidence, axis, index, draws=2)
        if factor is None:
            return
        factors[index] = factor
    if all(same_number(factor, 1.0, bar) for factor, bar in factors.values()):
        return
    kind = Kind.ROW_SCALE if axis == 0 else Kind.COLUMN_SCALE
    what = {0: "row", 1: "column"}.get(axis, f"slice of axis {axis}")
    message = f"every {what} has a factor of its own"
    if length > _ALL:
        listed = ", ".join(f"{_written(f)} for index {i}" for i, (f, _) in factors.items())
        message = f"{message}: {listed}. (Found in all of {len(factors)} sampled.)"
        yield Explanation(kind, f"{evidence.block.name}: {message}", 0.0)
        return
    for index in range(length):
        if index not in factors:
            factors[index] = _factor(evidence, axis, index, draws=1) or (1.0, 0.0)
    numbers = np.array([factors[i][0] for i in range(length)])
    shape = [-1 if a == axis else 1 for a in range(len(evidence.block.axes))]
    spread = np.broadcast_to(numbers.reshape(shape), evidence.block.axes).reshape(-1)
    if spread.all():
        listed = ", ".join(map(_written, numbers[:6])) + (", …" if length > 6 else "")
        message = f"{message}: {listed}.{_proportional(numbers, evidence)}"
        yield from evidence.corrected(kind, evidence.claimed / spread, message)


def _written(factor: float) -> str:
    """A factor with the digits in which it differs from 1."""
    return f"1{factor - 1:+.2g}" if 0 < abs(factor - 1) < T.slight else f"{factor:.6g}"


def _factor(evidence: Evidence, axis: int, index: int, draws: int) -> tuple[float, float] | None:
    """The factor of one slice and its bar; None where it has none."""
    box = [(0, length) for length in evidence.block.axes]
    box[axis] = (index, index + 1)
    found: list[tuple[float, float]] = []
    for _ in range(draws):
        comparison = evidence.probe(box=tuple(box))
        if abs(comparison.slope.value) <= comparison.slope_bar:
            return (1.0, 0.0) if abs(comparison.claimed) <= comparison.slope_bar else None
        ratio = comparison.claimed / comparison.slope.value
        bar = abs(ratio) * comparison.slope_bar / abs(comparison.slope.value)
        found.append((ratio, bar))
    (first, bar), (last, other) = found[0], found[-1]
    return found[0] if same_number(first, last, bar + other) else None


def _proportional(factors: Flat, evidence: Evidence) -> str:
    """An argument or a block to which the factors are proportional, or inversely so."""
    candidates = {**evidence.arguments, evidence.block.name: evidence.point}
    for name, array in candidates.items():
        flat = np.asarray(array, dtype=float).reshape(-1) if array.dtype.kind in "fiu" else None
        if flat is None or flat.size != factors.size or not flat.all():
            continue
        for ratios, words in ((factors / flat, ""), (factors * flat, "one over ")):
            if pattern(list(ratios)) is not None and np.ptp(flat) > 0:
                return f" They are proportional to {words}{name}."
    return ""
