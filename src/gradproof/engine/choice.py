"""Which coordinates of a wrong Hessian are looked at: all, or those that seem to be at fault.

Of some coordinates the rows and columns are a smaller matrix, whose entries are those of the whole.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..diagnose.columns import Columns, Indices
from ..judge.thresholds import T
from ..subject.second import Array, Matrix, Rows, flat, spans
from .columns import Ladder, draw, entry
from .loop import Run

_ALL = 48  # so many coordinates are all looked at
_SOME = 24  # otherwise so many, or
_OTHERS = 8  # so many beside the suspects
_LEAST = 4  # of each block at least
_ROWS = 2000  # so many rows are watched along a random direction,
_RUN = 8  # so many of them neighbours
_DRAWS = 2


def measured(run: Run, rows: Rows, claimed: Matrix, rejected: Sequence[tuple[int, int]]) -> Columns:
    """The columns of the blocks at fault, or of some of their coordinates."""
    session, point = run.session, run.session.point
    ladder = Ladder(session, rows)
    blocks = sorted({b for pair in rejected for b in pair})
    chosen, sampled = _chosen(run, ladder, claimed, blocks)
    every = len(chosen) == len(rows.weights)
    made = [ladder.product(entry(session, int(j)), chosen) for j in chosen]
    moved = np.column_stack([tangent[chosen] for tangent, _, _ in made])
    found, bars = (np.column_stack([one[i] for one in made]) for i in (1, 2))
    stored = claimed.stored
    return Columns(
        claimed=_part(claimed, chosen, len(rows.weights)),
        moved=moved,
        measured=found,
        bars=bars,
        lone=np.arange(len(chosen)),
        x=flat([point.host(b.index) for b in point.blocks])[chosen],
        g=(ladder.centre / rows.weights)[chosen],
        stored=None if stored is None else stored[np.ix_(chosen, chosen)],
        shapes=tuple(block.shape for block in point.blocks) if every else (),
        coordinates=None if every else chosen,
        sampled=sampled,
    )


def _part(claimed: Matrix, chosen: Indices, size: int) -> Array:
    """The claimed rows and columns of some coordinates."""
    if claimed.dense is not None:
        return claimed.dense[np.ix_(chosen, chosen)]
    made = []
    for j in chosen:
        unit = np.zeros(size)
        unit[j] = 1.0
        made.append(np.asarray(claimed.dot(unit)).reshape(-1)[chosen])
    return np.column_stack(made)


def _chosen(
    run: Run, ladder: Ladder, claimed: Matrix, blocks: Sequence[int]
) -> tuple[Indices, bool]:
    """All coordinates of the blocks, or the suspects and some others; whether those are many."""
    places = spans(run.session.point)
    every = np.concatenate([np.arange(places[b].start, places[b].stop) for b in blocks])
    if len(every) <= _ALL:
        return every, False
    watched = every if len(every) <= _ROWS else _watched(run, ladder, claimed, blocks, every)
    suspects = np.zeros(0, int)
    for b in blocks:
        for k in range(_DRAWS):
            suspects = np.union1d(suspects, _off(run, ladder, claimed, b, k, watched))
    few = len(suspects) <= _ALL // 2
    if few and len(suspects):
        # Rows at fault; the columns are others where the error is not symmetric.
        for b in blocks:
            suspects = np.union1d(suspects, _column(run, ladder, claimed, b, suspects))
    each = max(_LEAST, (_OTHERS if few else _SOME) // len(blocks))
    others = [_thinned(np.arange(places[b].start, places[b].stop), each) for b in blocks]
    sample = suspects if few else suspects[:_SOME]  # neighbours, since those go together
    return np.unique(np.concatenate([sample, *others])), not few


def _off(
    run: Run,
    ladder: Ladder,
    claimed: Matrix,
    block: int,
    number: int,
    rows: Indices,
    only: Sequence[int] | None = None,
) -> Indices:
    """The rows that are off along a random direction."""
    tangent, found, bars = ladder.product(draw(run.session, block, number, only), rows)
    made = np.asarray(claimed.dot(tangent)).reshape(-1)[rows]
    rounding = T.residual_rounding * np.maximum(np.abs(found), np.abs(made))
    return rows[~(np.abs(made - found) <= T.residual_bars * bars + rounding)]


def _column(run: Run, ladder: Ladder, claimed: Matrix, block: int, rows: Indices) -> list[int]:
    """A coordinate of a block along which a row is off, by halving; none where there is none."""
    start = spans(run.session.point)[block].start
    members = np.arange(run.session.point.blocks[block].count)
    row = rows[:1]
    if not len(_off(run, ladder, claimed, block, 0, row)):
        return []
    while len(members) > 1:
        half = members[: len(members) // 2]
        wrong_half = len(_off(run, ladder, claimed, block, 0, row, half.tolist()))
        members = half if wrong_half else members[len(members) // 2 :]
    return [int(start + members[0])]


def _watched(
    run: Run, ladder: Ladder, claimed: Matrix, blocks: Sequence[int], every: Indices
) -> Indices:
    """The rows that are off most at a glance, and runs of neighbours."""
    apart = np.zeros(len(ladder.centre))
    for b in blocks:
        tangent, seen = ladder.glance(draw(run.session, b, 0))
        made = np.asarray(claimed.dot(tangent)).reshape(-1)
        apart = np.maximum(apart, np.abs(made - seen) * ladder.rows.weights)
    worst = every[np.argsort(-apart[every])[: _ROWS // 2]]
    return np.union1d(worst, _runs(every))


def _runs(members: Indices) -> Indices:
    """Short runs of neighbours, spread evenly: those are likely to go together."""
    starts = np.linspace(0, len(members) - _RUN, _ROWS // 2 // _RUN).astype(int)
    return np.asarray(members[np.unique(np.add.outer(starts, np.arange(_RUN)))])


def _thinned(members: Indices, most: int) -> Indices:
    """So many of them, spread evenly."""
    if len(members) <= most:
        return members
    return np.asarray(members[np.linspace(0, len(members) - 1, most).astype(int)])
