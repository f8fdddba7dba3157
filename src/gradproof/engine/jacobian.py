"""A wrong Jacobian, by outputs and parameters: each evaluation returns all outputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import arrays
from ..backend.registry import home, outside
from ..diagnose.diagnosis import diagnose
from ..diagnose.evidence import Evidence
from ..diagnose.numbers import times
from ..judge.explain import pattern
from ..judge.thresholds import T
from ..plan.effort import PER_WINDOW
from ..records.block import Block
from ..records.comparison import Comparison
from ..records.direction import Direction, Part
from ..records.finding import Finding, Kind
from ..records.slope import Slope, Smoothness
from ..slopes.measure import measure
from ..slopes.sampler import Sampler, Taken
from ..space.directions import vector
from ..space.point import Line
from ..subject.providers import Jacobian, dense, raw_gradient
from ..subject.session import Session

Flat = NDArray[np.float64]
Mask = NDArray[np.bool_]

_MOST_COLUMNS = 60  # parameters of a block that are moved one by one
_LARGEST = 20_000  # entries of a Jacobian that are looked at
_LISTED = 4


@dataclass(frozen=True, slots=True)
class Measured:
    """Claimed and measured entries, outputs down and parameters across, and the error bars."""

    claimed: Flat
    true: Flat
    bars: Flat
    shape: tuple[int, ...]
    outputs: tuple[int, ...]
    stored: Mask | None = None  # the entries that a sparse one has places for

    @property
    def wrong(self) -> Mask:
        """The entries that are wrong beyond their bars."""
        room = T.residual_bars * self.bars + T.residual_rounding * np.abs(self.true)
        return np.asarray(np.abs(self.claimed - self.true) > room)

    def factor(self, chosen: Mask) -> float | None:
        """The one number by which all of some entries are too large, if there is one."""
        known = chosen & (np.abs(self.true) > self.bars)
        if (chosen & ~known & self.wrong).any() or not known.any():
            return None
        ratios = self.claimed[known] / self.true[known]
        bars = np.abs(ratios) * self.bars[known] / np.abs(self.true[known])
        return pattern(list(ratios), list(bars))


def explained(session: Session, block: Block, spent: int) -> Finding | None:
    """What is wrong of the Jacobian of one block; None where it is too large, or all of it is."""
    found = _measured(session, block, spent)
    if found is None or not found.wrong.any():
        return None
    name = "jac" if len(session.point.blocks) == 1 else f"jac[{block.name}]"
    if found.stored is not None:
        missed = found.wrong & ~found.stored
        alone = not (found.wrong & found.stored).any()
        if missed.any() and (alone or session.grad.stored is not None):
            return _pattern(found, block, name, missed)
    whole = _as_one(found, name)
    if whole is not None and whole.kind not in _PARTIAL:
        return dataclasses.replace(whole, block=block.name)
    for finding in (*_lines(found, block, name, 0), *_lines(found, block, name, 1)):
        return finding
    return _entries(found, block, name)


_PARTIAL = {Kind.ENTRIES, Kind.UNEXPLAINED, Kind.ROW_SCALE, Kind.COLUMN_SCALE, Kind.ZERO,
            Kind.BRANCH}  # fmt: skip


def _measured(session: Session, block: Block, spent: int) -> Measured | None:
    grad = session.grad
    if not isinstance(grad, Jacobian) or block.is_complex:
        return None
    output = np.asarray(home(first := session.result()).host(first))
    if output.dtype.kind != "f" or output.size * block.count > _LARGEST:
        return None
    claimed = grad.blocks(session.point, raw_gradient(session), output.shape)[block.index]
    matrix = arrays.flat(dense(claimed)).astype(float).reshape(output.size, block.count)
    if not np.isfinite(matrix).all() or not np.isfinite(output).all():
        return None
    if block.count * PER_WINDOW + spent > T.unexplained and not _in_some_rows(
        session, block, matrix, output
    ):
        return None
    if block.count > _MOST_COLUMNS:
        return None
    columns = []
    for entry in range(block.count):
        step = session.point.entry_scale(block.index, entry)
        part = Part(block.index, step, entry=entry)
        columns.append(column(session, Direction((part,), 0, 0), output) / step)
    values, shape = np.array(columns), (*output.shape, *block.shape)
    stored = _stored(claimed) if hasattr(claimed, "tocsr") else grad.stored
    return Measured(matrix, values[:, :, 0].T, values[:, :, 1].T, shape, output.shape, stored)


def _stored(sparse: Any) -> Mask:
    """The entries that a sparse matrix has places for, those that hold a zero too."""
    pattern = sparse.tocsr().tocoo()
    found = np.zeros(pattern.shape, bool)
    found[pattern.row, pattern.col] = True
    return found


def _in_some_rows(session: Session, block: Block, matrix: Flat, output: Flat) -> bool:
    """Whether only some outputs are wrong, along one direction through all of the block."""
    part = Part(block.index, block.scale)
    slopes = column(session, Direction((part,), 0, _DRAW), output)
    moved = np.empty(block.count)
    vector(part, block.axes, 0, _DRAW).displace(moved, block.scale)
    expected = matrix @ moved
    room = T.residual_bars * slopes[:, 1] + T.residual_rounding * np.abs(slopes[:, 0])
    wrong = np.abs(expected - slopes[:, 0]) > room
    return bool(wrong.any() and not wrong.all())


_DRAW = 1 << 22


def column(session: Session, direction: Direction, output: Flat) -> Flat:
    """The slopes of all outputs along a direction, with their bars: a row for each."""
    line, part = session.line(direction), direction.parts[0]
    taken, flat = line.taken if part.entry is not None else None, output.reshape(-1).astype(float)
    line.ready()
    with session.caller.many():
        found = [_slope(session, line, k, flat, taken) for k in range(flat.size)]
    line.back()
    return np.array(found)


def _slope(
    session: Session, line: Line, k: int, here: Flat, taken: Taken | None
) -> tuple[float, float]:
    def values(t: float) -> tuple[float, ...]:
        if t not in line.values:
            if session.copying:
                session.working.restore()
            line.move(t)
            line.values[t] = _outputs(session, here.size)
        return line.values[t]

    sampler = Sampler(values, pick=k, centre=float(here[k]), taken=taken)
    slope = measure(
        sampler, lambda value, error: error <= max(T.known_well * abs(value), T.residual_rounding)
    )
    return (slope.value, slope.error) if np.isfinite(slope.value) else (0.0, np.inf)


def _outputs(session: Session, size: int) -> tuple[float, ...]:
    """All numbers that the function returns; none where it has left its domain."""
    try:
        made = session.result()
    except Exception as error:
        if not outside(error):
            raise
        return (np.nan,) * size
    return tuple(np.asarray(home(made).host(made), float).reshape(-1).tolist())


def _as_one(found: Measured, name: str) -> Finding | None:
    """What the rules for any block say of the whole matrix, from what is measured already."""
    if not np.isfinite(found.bars).all():
        return None
    true, bars = found.true.reshape(-1), found.bars.reshape(-1)
    block = Block(0, name, found.shape, "float64", true.size, 1.0)

    def look(direction: Direction) -> Comparison:
        moved = np.empty(true.size)
        vector(direction.parts[0], block.axes, direction.seed, direction.draw).displace(moved, 1.0)
        slope = Slope(float(moved @ true), float(np.abs(moved) @ bars), 0, 0.0, Smoothness.SMOOTH)
        return Comparison(direction, float(moved @ found.claimed.reshape(-1)), 0.0, slope)

    evidence = Evidence(
        block=block, claimed=found.claimed.reshape(-1), point=np.zeros(true.size), others={},
        right=frozenset(), shapes={}, arguments={}, draws=[], measure=look, slopes_left=0, seed=0,
    )  # fmt: skip
    with np.errstate(all="ignore"):
        return diagnose(evidence, measuring=False)


def _lines(found: Measured, block: Block, name: str, axis: int) -> Iterator[Finding]:
    """Whole rows or columns with a factor each: ``output [0]``, ``column 1``."""
    wrong = found.wrong
    lines = np.flatnonzero(wrong.any(axis=1 - axis))
    if len(lines) == wrong.shape[axis] and len(lines) > 1:
        return
    factors: list[float] = []
    for line in lines.tolist():
        chosen = np.zeros_like(wrong)
        chosen[(line, slice(None)) if axis == 0 else (slice(None), line)] = True
        nonzero = chosen & ((found.claimed != 0) | wrong)
        factor = found.factor(chosen)
        if factor is None or not wrong[nonzero].all() or nonzero.sum() < 2:
            return
        factors.append(factor)
    names = [_title(found, line, axis) for line in lines[:_LISTED].tolist()]
    said = "; ".join(f"{title} {_how(f)}" for title, f in zip(names, factors, strict=False))
    more = f"; and {len(lines) - _LISTED} more" if len(lines) > _LISTED else ""
    alike = pattern(factors)
    kind = Kind.ROW_SCALE if axis == 0 else Kind.COLUMN_SCALE
    if alike is not None:
        kind = Kind.SIGN if abs(alike + 1) <= T.same_number else Kind.SCALE
    yield Finding(
        kind, block.name, f"{name}: {said}{more}. Everything else is right.", _indices(found),
        factor=alike, explained=1.0,
    )  # fmt: skip


def _title(found: Measured, line: int, axis: int) -> str:
    """How a row or a column is written, by its index among the outputs or the parameters."""
    outputs = found.outputs if axis == 0 else found.shape[len(found.outputs) :]
    index = [int(i) for i in np.unravel_index(line, outputs)] if outputs else []
    if axis == 0:
        return f"output {index}"
    inside = ", ".join([*(":" for _ in found.outputs), *map(str, index)])
    return f"column {line} ([{inside}])"


def _how(factor: float) -> str:
    if abs(factor + 1) <= T.same_number:
        return "has the wrong sign"
    return "is zero, and should not be" if not factor else f"is {times(factor)}"


def _pattern(found: Measured, block: Block, name: str, left_out: Mask) -> Finding:
    """Entries that a sparse Jacobian has no place for."""
    places = _indices(found, left_out)
    said = ", ".join(str(list(index)) for index in places[:_LISTED])
    more = f" and {len(places) - _LISTED} more" if len(places) > _LISTED else ""
    entries, are = ("entry", "is") if len(places) == 1 else ("entries", "are")
    return Finding(
        Kind.SPARSITY, block.name,
        f"{name}: its sparsity pattern has no place for {entries} {said}{more}, which {are} not "
        "zero: what output k depends on belongs into row k. Everything else is right.",
        places, explained=1.0,
    )  # fmt: skip


def _entries(found: Measured, block: Block, name: str) -> Finding | None:
    """Single entries."""
    wrong = found.wrong
    if wrong.all() and wrong.size > 1:
        return None
    factor = found.factor(wrong)
    places = _indices(found)
    rows, columns = np.nonzero(wrong)
    said = [
        f"{list(index)} is {found.claimed[i, j]:.6g} and should be {found.true[i, j]:.6g} "
        f"± {found.bars[i, j]:.0e}"
        for index, i, j in zip(places[:_LISTED], rows, columns, strict=False)
    ]
    more = f"; and {len(places) - _LISTED} more" if len(places) > _LISTED else ""
    text = f"{name}: entry " if len(places) == 1 else f"{name}: entries "
    ratio = "" if factor is None else f" ({_how(factor).removeprefix('is ')})"
    rest = "Everything else is right."
    return Finding(
        Kind.ENTRIES, block.name, f"{text}{'; '.join(said)}{more}{ratio}. {rest}",
        places, factor=factor, explained=1.0,
    )  # fmt: skip


def _indices(found: Measured, chosen: Mask | None = None) -> tuple[tuple[int, ...], ...]:
    mask = found.wrong if chosen is None else chosen
    every: Sequence[Sequence[int]] = np.argwhere(mask.reshape(found.shape)).tolist()
    return tuple(tuple(index) for index in every)
