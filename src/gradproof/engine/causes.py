"""Where a Hessian is wrong and why: its columns are measured, and rules are held to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..diagnose.columns import Array, Case, Cause, Columns, Indices, Region
from ..diagnose.second import causes
from ..records.block import Block
from ..records.finding import Finding, Kind
from ..subject.second import Matrix, Rows, pair_name, spans
from .choice import measured
from .loop import Run

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
    if claimed.dense is not None and not np.isfinite(claimed.dense).all():
        return Causes((_not_finite(run, claimed.dense, name),))
    columns = measured(run, rows, claimed, rejected)
    if not np.isfinite(columns.claimed).all():
        return Causes((_not_finite(run, columns.claimed, name),) if columns.complete else ())
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
    """Pairs of which every entry was measured, and none is off; with the largest error."""
    places, off, every = spans(run.session.point), columns.off(), _everywhere(columns)
    inside = [np.flatnonzero((every >= p.start) & (every < p.stop)) for p in places]
    for a, b in rejected:
        chosen = np.ix_(inside[a], inside[b])
        whole = all(len(inside[k]) == places[k].stop - places[k].start for k in (a, b))
        if not whole or off[chosen].any():
            continue
        gaps, bars, true = (
            float(np.linalg.norm(found[chosen]))
            for found in (columns.gaps, columns.bars, columns.measured)
        )
        yield (a, b), (gaps + bars) / true if true else 0.0


def _everywhere(columns: Columns) -> Indices:
    """The coordinates of the rows and columns among all of the point."""
    found = columns.coordinates
    return np.arange(len(columns.claimed)) if found is None else found


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


def _because(run: Run, cases: Sequence[tuple[Case, Cause]], name: str) -> Finding:
    """One sentence for all regions with the same cause."""
    first = cases[0][1]
    text = first.text
    if first.of is not None:
        of = [cause.of for _, cause in cases if cause.of is not None]
        chosen = _everywhere(cases[0][0].columns)[np.unique(np.concatenate(of))]
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


def _at_fault(case: Case) -> tuple[Indices, Indices]:
    """The entries at fault among all coordinates."""
    rows, cols = case.at_fault
    every = _everywhere(case.columns)
    return every[rows], every[cols]


def _place(run: Run, case: Case, name: str) -> tuple[str, tuple[tuple[int, ...], ...] | None]:
    """The pair of blocks that a region belongs to, and its entries where they are few."""
    blocks, places = run.session.point.blocks, spans(run.session.point)
    rows, cols = _at_fault(case)
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
    every = _everywhere(columns)
    for row, column in zip(*(index.tolist() for index in case.at_fault), strict=True):
        i, j, k = int(every[row]), int(every[column]), order[column]
        step = columns.moved[column, k]
        true, bar = columns.measured[row, k] / step, columns.bars[row, k] / abs(step)
        said = columns.claimed[row, column]
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
    if case.columns.sampled:
        return f"{name}, where it was looked at,"
    if len(blocks) == 1:
        return _inside(run, case, name)
    every = _everywhere(case.columns)
    rows, cols = every[case.region.rows], every[case.region.columns]
    first = [_within(places, rows, k) for k in range(len(blocks))]
    second = [_within(places, cols, k) for k in range(len(blocks))]
    if sum(first) == sum(second) == 1:
        a, b = first.index(True), second.index(True)
        pair = pair_name(blocks[a], blocks[b], name)
        if len(rows) < blocks[a].count or len(cols) < blocks[b].count:
            pair += _part(rows - places[a].start, cols - places[b].start, blocks[a], blocks[b])
        return pair + (" and its mirror image" if case.region.both else "")
    if all(first) and all(second):
        return name
    touched = [b.name for b, one, two in zip(blocks, first, second, strict=True) if one or two]
    return f"{name} between {' and '.join(touched)}"


def _part(rows: Indices, cols: Indices, a: Block, b: Block) -> str:
    """Some rows and columns of a pair of blocks."""
    if len(a.shape) > 1 or len(b.shape) > 1:
        return " in part"
    of = [ranges(i) for i, block in ((rows, a), (cols, b)) if block.shape]
    return f"[{', '.join(of)}]"


def _inside(run: Run, case: Case, name: str) -> str:
    """A region of a lone block."""
    (block,), every = run.session.point.blocks, _everywhere(case.columns)
    rows, cols = every[case.region.rows], every[case.region.columns]
    whole = len(rows) == block.count
    if case.square and whole and not case.region.diagonal:
        return name
    if len(block.shape) > 1:
        first = list(_index(run, *(int(index[0]) for index in _at_fault(case))))
        more = case.at_fault[0].size - 1
        return f"{name}{first}" + (f" and {more} more of its entries" if more else "")
    if case.region.diagonal:
        return f"the diagonal of {name}" + ("" if whole else f" at {ranges(rows)}")
    mirrored = " and its mirror image" if case.region.both else ""
    return f"{name}[{ranges(rows)}, {ranges(cols)}]{mirrored}"


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
