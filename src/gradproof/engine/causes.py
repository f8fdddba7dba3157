"""Where a Hessian is wrong and why: its columns are measured, and rules are held to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..diagnose.second import Array, Case, Cause, Columns, Indices, explain, regions
from ..judge.thresholds import T
from ..records.finding import Finding, Kind
from ..subject.second import Matrix, Rows, flat, pair_name, spans
from .columns import Ladder, draw, entry
from .loop import Run

_ALL = 48  # so many columns are all measured
_SOME = 12  # of more, so many
_DRAWS = 2
_OPERATOR = 64  # an operator of so many columns is written out
_ROWS = 400
_LISTED = 12


def found_causes(
    run: Run, rows: Rows, claimed: Matrix, rejected: Sequence[tuple[int, int]]
) -> list[Finding]:
    """One finding for each region at fault; for pairs without one, what was measured."""
    dense = _written_out(claimed, len(rows.weights))
    if dense is None or not np.isfinite(dense).all():
        return []
    columns = _measured(run, rows, dense, claimed.stored, rejected)
    made = []
    for region in regions(columns):
        case = Case(columns, region)
        made.append(_finding(run, case, explain(case)))
    return made


def _written_out(claimed: Matrix, size: int) -> Array | None:
    if claimed.dense is not None or size > _OPERATOR:
        return claimed.dense
    return np.column_stack([np.asarray(claimed.dot(e)).reshape(-1) for e in np.eye(size)])


def _measured(
    run: Run, rows: Rows, dense: Array, stored: Any, rejected: Sequence[tuple[int, int]]
) -> Columns:
    """The columns of the blocks at fault; of large ones some, and random combinations of all."""
    session, places = run.session, spans(run.session.point)
    ladder = Ladder(session, rows)
    blocks = sorted({b for _, b in rejected})
    lone: list[int] = []
    made: list[tuple[Array, Array, Array]] = []
    drawn: list[tuple[Array, Array, Array]] = []
    for b in blocks:
        count = session.point.blocks[b].count
        chosen: Sequence[int] = range(count)
        if count > _ALL:
            draws = [ladder.product(draw(session, b, k, 0), 1.0) for k in range(_DRAWS)]
            drawn += draws
            chosen = _spread(_suspects(dense, draws, places[b]), count, _SOME)
        for j in chosen:
            lone.append(places[b].start + j)
            made.append(ladder.product(entry(session, lone[-1]), 1.0))
    every = [*made, *drawn]
    moved, measured, bars = (np.column_stack([one[i] for one in every]) for i in range(3))
    point = session.point
    x = flat([point.host(b.index) for b in point.blocks])
    return Columns(
        dense, moved, measured, bars, np.array(lone), x, ladder.centre / rows.weights, stored
    )


def _suspects(dense: Array, drawn: Sequence[tuple[Array, Array, Array]], place: slice) -> Indices:
    """The rows of a block that are off: the same columns are, if the true matrix is symmetric."""
    off = np.zeros(len(dense), bool)
    for moved, measured, bars in drawn:
        off |= np.abs(dense @ moved - measured) > T.residual_bars * bars
    return np.flatnonzero(off[place])


def _spread(suspects: Indices, count: int, some: int) -> list[int]:
    """The suspects, where they are few, and others beside them."""
    if len(suspects) > 2 * some:
        suspects = suspects[np.linspace(0, len(suspects) - 1, some).astype(int)]
    others = np.linspace(0, count - 1, some).astype(int)
    return sorted({*suspects.tolist(), *others.tolist()})


def _finding(run: Run, case: Case, cause: Cause | None) -> Finding:
    rows, cols = case.columns.guilty()
    inside = case.mask[rows, cols]
    rows, cols = rows[inside], cols[inside]
    name, title = _name(run, case)
    if cause is not None:
        text = cause.text
        if cause.of is not None:
            text = text.replace("{}", _coordinates(run, cause.of))
        return Finding(cause.kind, name, f"{title} {text}.", factor=cause.factor)
    worst = _worst(case, rows, cols)
    few = len(rows) <= _LISTED
    entries = tuple(zip(rows.tolist(), cols.tolist(), strict=True)) if few else None
    kind = Kind.ENTRIES if few else Kind.UNEXPLAINED
    which = f"at {_listed(rows, cols)}" if few else f"in {len(rows)} entries"
    return Finding(kind, name, f"{title} is off {which}: {worst}.", entries=entries)


def _listed(rows: Indices, cols: Indices) -> str:
    pairs = [f"[{i}, {j}]" for i, j in zip(rows.tolist(), cols.tolist(), strict=True)]
    return ", ".join(pairs[:4]) + (f" and {len(pairs) - 4} more" if len(pairs) > 4 else "")


def _worst(case: Case, rows: Indices, cols: Indices) -> str:
    """The worst entry: claimed and measured."""
    columns, best = case.columns, (-1.0, "")
    order = {j: k for k, j in enumerate(columns.lone.tolist())}
    for i, j in zip(rows.tolist(), cols.tolist(), strict=True):
        k = order[j]
        step = columns.moved[j, k]
        true, bar, said = (
            columns.measured[i, k] / step,
            columns.bars[i, k] / abs(step),
            columns.claimed[i, j],
        )
        share = abs(said - true) / (abs(true) + bar)
        if share > best[0]:
            best = (
                share,
                f"entry [{i}, {j}] is {said:.8g}, the gradient changes by {true:.8g} ± {bar:.1g}",
            )
    return best[1]


def _name(run: Run, case: Case) -> tuple[str, str]:
    """The pair of blocks that a region belongs to, and how a person would say it."""
    blocks, places = run.session.point.blocks, spans(run.session.point)
    rows, cols = case.region.rows, case.region.columns
    if len(blocks) == 1:
        whole = case.square and len(rows) == len(case.claimed)
        return "hess", "hess" if whole else f"hess[{ranges(rows)}, {ranges(cols)}]"
    first = [_within(places, rows, k) for k in range(len(blocks))]
    second = [_within(places, cols, k) for k in range(len(blocks))]
    a, b = first.index(True), second.index(True)
    name = pair_name(blocks[a], blocks[b])
    if sum(first) + sum(second) == 2:
        return name, name + (" and its mirror image" if case.region.both else "")
    every = case.square and all(first)
    touched = ", ".join(block.name for block, on in zip(blocks, first, strict=True) if on)
    return name, "hess" if every else f"hess for {touched}"


def _within(places: Sequence[slice], members: Indices, block: int) -> bool:
    return bool(((members >= places[block].start) & (members < places[block].stop)).any())


def ranges(members: Indices) -> str:
    """Indices as a person writes them: ``0:3, 5``."""
    parts = np.split(members, np.flatnonzero(np.diff(members) > 1) + 1)
    found = [str(p[0]) if len(p) == 1 else f"{p[0]}:{p[-1] + 1}" for p in parts]
    return found[0] if len(found) == 1 else "[" + ", ".join(found) + "]"


def _coordinates(run: Run, chosen: Indices) -> str:
    """Coordinates by the names of their blocks."""
    names = []
    for block, place in zip(run.session.point.blocks, spans(run.session.point), strict=True):
        inside = chosen[(chosen >= place.start) & (chosen < place.stop)] - place.start
        if len(inside) == block.count:
            names.append(block.name)
        elif len(inside):
            names.append(f"{block.name}[{ranges(inside)}]")
    return " and ".join(names)
