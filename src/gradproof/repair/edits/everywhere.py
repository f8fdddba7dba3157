"""The same change at all places of a function: lines that were copied share their slips."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from ..edit import Edit, Kind, applied, overlapping
from . import costs

_KINDS = frozenset({Kind.FACTOR, Kind.NAME, Kind.REDUCTION, Kind.CONSTANT, Kind.UNWRAP, Kind.AXIS})
_MOST = 6  # places; more of one sort are no slip


def everywhere(source: str, edits: Sequence[Edit]) -> Iterator[Edit]:
    """One edit for each change of the same text that can be made in several places."""
    alike = defaultdict[tuple[Kind, str, str], dict[int, Edit]](dict)
    for edit in edits:
        old = source[edit.begin : edit.end]
        if edit.kind in _KINDS and old.strip():
            alike[edit.kind, old, edit.new].setdefault(edit.begin, edit)
    for group in alike.values():
        if 1 < len(group) <= _MOST:
            yield from _joined(source, sorted(group.values(), key=lambda edit: edit.begin))


def _joined(source: str, edits: list[Edit]) -> Iterator[Edit]:
    if any(overlapping(one, other) for one, other in pairwise(edits)):
        return
    begin, end = edits[0].begin, edits[-1].end
    shifted = [replace(one, begin=one.begin - begin, end=one.end - begin) for one in edits]
    new = applied(source[begin:end], shifted)
    cost = max(one.cost for one in edits) + costs.EVERYWHERE
    what = f"{edits[0].what}, in {len(edits)} places"
    yield replace(edits[0], end=end, new=new, what=what, cost=round(cost, 4))
