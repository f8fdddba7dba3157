"""Where a Hessian is wrong and why: its columns are measured, and rules are held to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..diagnose.second import Array, Case, Cause, Columns, Indices, Region, causes
from ..judge.thresholds import T
from ..records.block import Block
from ..records.finding import Finding, Kind
from ..subject.second import Matrix, Rows, flat, pair_name, spans
from .columns import Ladder, draw, entry
from .loop import Run

_ALL = 48  # so many columns are all measured
_SOME = 12  # of more, so many
_DRAWS = 2
_OPERATOR = 64  # an operator of so many columns is written out
_LISTED = 12
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Causes:
    """What is wrong, in sentences, and the largest errors of pairs that turned out to be right.

    A pair that was read together with others is right where each of its entries is.
    """

    findings: tuple[Finding, ...] = ()
    right: Mapping[tuple[int, int], float] = field(default_factory=dict)


def found_causes(
    run: Run, rows: Rows, claimed: Matrix, rejected: Sequence[tuple[int, int]], name: str = "hess"
) -> Causes:
    """One finding for each cause; where none is known, for each region at fault."""
    dense = written_out(claimed, len(rows.weights))
    if dense is None:
        return Causes()
    if not np.isfinite(dense).all():
        return Causes((_not_finite(run, dense, name),))
    columns = _measured(run, rows, dense, claimed.stored, rejected)
    known: dict[tuple[Kind, str], list[tuple[Case, Cause]]] = {}
    unknown: list[Case] = []
    for case, cause in causes(columns):
        if cause is None:
            unknown.append(case)
        else:
            known.setdefault((cause.kind, cause.text), []).append((case, cause))
    made = [_because(run, cases, name) for cases in known.values()]
    made += [_unexplained(run, _together(unknown), name)] if unknown else []
    return Causes(tuple(made), dict(_right(run, columns, rejected)))


def _right(
    run: Run, columns: Columns, rejected: Sequence[tuple[int, int]]
) -> Iterator[tuple[tuple[int, int], float]]:
    places, off = spans(run.session.point), columns.off()[:, : len(columns.lone)]
    for a, b in rejected:
        inside = (columns.lone >= places[b].start) & (columns.lone < places[b].stop)
        if inside.sum() < places[b].stop - places[b].start or off[places[a]][:, inside].any():
            continue
        chosen = np.flatnonzero(inside)
        gaps, bars, true = (
            float(np.linalg.norm(whole[places[a]][:, chosen]))
            for whole in (columns.gaps, columns.bars, columns.measured)
        )
        yield (a, b), (gaps + bars) / true if true else 0.0


def _together(cases: Sequence[Case]) -> Case:
    """One region of several that nothing explains."""
    if len(cases) == 1:
        return cases[0]
    every = [i for case in cases for i in (case.region.rows, case.region.columns)]
    members = np.unique(np.concatenate(every))
    return Case(cases[0].columns, Region(members, members))


def _not_finite(run: Run, dense: Array, name: str) -> Finding:
    """The entries that are no numbers."""
    rows, cols = np.nonzero(~np.isfinite(dense))
    blocks, pairs = run.session.point.blocks, zip(rows, cols, strict=True)
    a, b = _pair(run, int(rows[0]), int(cols[0]))
    block = name if len(blocks) == 1 else pair_name(a, b, name)
    entries = tuple(_index(run, int(i), int(j)) for i, j in pairs) if len(rows) <= _LISTED else None
    first = list(_index(run, int(rows[0]), int(cols[0])))
    where = f", {block}{first or ''} among them" if dense.size > 1 else ""
    text = f"{len(rows)} of {dense.size} entries of {name} are not finite{where}."
    return Finding(Kind.NOT_FINITE, block, text, entries=entries if len(blocks) == 1 else None)


def written_out(claimed: Matrix, size: int) -> Array | None:
    """The matrix entry by entry, or None where that is too much."""
    if claimed.dense is not None or size > _OPERATOR:
        return claimed.dense
    return np.column_stack([np.asarray(claimed.dot(e)).reshape(-1) for e in np.eye(size)])


def _measured(
    run: Run, rows: Rows, dense: Array, stored: Any, rejected: Sequence[tuple[int, int]]
) -> Columns:
    """The columns of the blocks at fault; of large ones some, and random combinations of all."""
    session, places = run.session, spans(run.session.point)
    ladder = Ladder(session, rows)
    blocks = sorted({b for pair in rejected for b in pair})
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
        dense, moved, measured, bars, np.array(lone), x, ladder.centre / rows.weights, stored,
        tuple(block.shape for block in point.blocks),
    )  # fmt: skip


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


def _because(run: Run, cases: Sequence[tuple[Case, Cause]], name: str) -> Finding:
    """One sentence for all regions with the same cause."""
    first = cases[0][1]
    text = first.text
    if first.of is not None:
        chosen = np.unique(np.concatenate([cause.of for _, cause in cases if cause.of is not None]))
        text = text.replace("{}", _coordinates(run, chosen))
    titles = [_title(run, case, name) for case, _ in cases]
    title = ", ".join(titles[:_NAMED])
    title += f" and {len(titles) - _NAMED} more" if len(titles) > _NAMED else ""
    block, entries = _place(run, cases[0][0], name)
    entries = entries if len(cases) == 1 and first.kind is Kind.ENTRIES else None
    several = len(titles) > 1 or cases[0][0].region.both
    text = f"{title} {_plural(text) if several else text}."
    return Finding(first.kind, block, text, entries=entries, factor=first.factor)


def _plural(text: str) -> str:
    """The sentence about several."""
    for one, more in (("is ", "are "), ("has ", "have "), ("lacks ", "lack ")):
        text = more + text.removeprefix(one) if text.startswith(one) else text
    return text.replace("its", "their").replace("it should", "they should")


def _unexplained(run: Run, case: Case, name: str) -> Finding:
    block, entries = _place(run, case, name)
    count = case.at_fault[0].size
    if count == 1:
        return Finding(Kind.ENTRIES, block, f"{_worst(run, case, name)}.", entries=entries)
    where = f"at {_listed(entries)}" if entries else f"in {count} of its entries"
    kind = Kind.ENTRIES if entries else Kind.UNEXPLAINED
    title = block if entries else _title(run, case, name)
    return Finding(
        kind, block, f"{title} is off {where}: {_worst(run, case, name)}.", entries=entries
    )


def _listed(entries: Sequence[tuple[int, ...]]) -> str:
    listed = [str(list(index)) for index in entries[:_NAMED]]
    return ", ".join(listed) + (
        f" and {len(entries) - _NAMED} more" if len(entries) > _NAMED else ""
    )


def _place(run: Run, case: Case, name: str) -> tuple[str, tuple[tuple[int, ...], ...] | None]:
    """The pair of blocks that a region belongs to, and its entries where they are few."""
    blocks, places = run.session.point.blocks, spans(run.session.point)
    rows, cols = case.at_fault
    firsts = {_block(places, int(i)) for i in rows}
    seconds = {_block(places, int(j)) for j in cols}
    a, b = min(firsts), min(seconds)
    block = name if len(blocks) == 1 else pair_name(blocks[a], blocks[b], name)
    inside = firsts == {a} and seconds == {b}
    if not inside or len(rows) > _LISTED or not (blocks[a].shape or blocks[b].shape):
        return block, None
    return block, tuple(sorted(_index(run, i, j) for i, j in zip(rows, cols, strict=True)))


def _block(places: Sequence[slice], coordinate: int) -> int:
    return next(k for k, place in enumerate(places) if coordinate < place.stop)


def _pair(run: Run, row: int, column: int) -> tuple[Block, Block]:
    blocks, places = run.session.point.blocks, spans(run.session.point)
    return blocks[_block(places, row)], blocks[_block(places, column)]


def _index(run: Run, row: int, column: int) -> tuple[int, ...]:
    """An entry as an index into the block of its pair."""
    blocks, places = run.session.point.blocks, spans(run.session.point)
    found: list[int] = []
    for coordinate in (int(row), int(column)):
        k = _block(places, coordinate)
        index = np.unravel_index(coordinate - places[k].start, blocks[k].shape or (1,))
        found += [int(i) for i in index] if blocks[k].shape else []
    return tuple(found)


def _worst(run: Run, case: Case, name: str) -> str:
    """The worst entry: claimed and measured."""
    columns, best, text = case.columns, -1.0, ""
    places = spans(run.session.point)
    order = {j: k for k, j in enumerate(columns.lone.tolist())}
    for i, j in zip(*(index.tolist() for index in case.at_fault), strict=True):
        k = order[j]
        step = columns.moved[j, k]
        true, bar = columns.measured[i, k] / step, columns.bars[i, k] / abs(step)
        said = columns.claimed[i, j]
        share = abs(said - true) / (abs(true) + abs(said) + bar)
        if share > best:
            best, index = share, list(_index(run, i, j))
            pair = "" if len(places) == 1 else pair_name(*_pair(run, i, j), name)
            where = f"{pair or name}{index or ''}"
            text = f"{where} is {said:.8g}, the gradient changes by "
            text += f"{true:.8g} ± {bar:.1g}"
    return text


def _title(run: Run, case: Case, name: str) -> str:
    """A region as a person would write it."""
    blocks, places = run.session.point.blocks, spans(run.session.point)
    rows, cols = case.region.rows, case.region.columns
    mirrored = " and its mirror image" if case.region.both else ""
    if len(blocks) == 1:
        if case.square and len(rows) == len(case.claimed):
            return name
        if case.region.diagonal and len(blocks[0].shape) == 1:
            every = "" if len(rows) == len(case.claimed) else f" at {ranges(rows)}"
            return f"the diagonal of {name}{every}"
        if len(blocks[0].shape) != 1:
            first = list(_index(run, *(index[0] for index in case.at_fault)))
            more = case.at_fault[0].size - 1
            return f"{name}{first}" + (f" and {more} more of its entries" if more else "")
        return f"{name}[{ranges(rows)}, {ranges(cols)}]{mirrored}"
    first = [_within(places, rows, k) for k in range(len(blocks))]
    second = [_within(places, cols, k) for k in range(len(blocks))]
    if sum(first) == sum(second) == 1:
        pair = pair_name(blocks[first.index(True)], blocks[second.index(True)], name)
        return pair + mirrored
    if all(first) and all(second):
        return name
    touched = [b.name for b, one, two in zip(blocks, first, second, strict=True) if one or two]
    return f"{name} between {' and '.join(touched)}"


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
