"""The small edits of some functions that might repair them, the likeliest first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from heapq import heappop, heappush
from importlib import import_module
from itertools import pairwise

from ..edit import Edit, applied, overlapping
from ..hints import Hints
from .body import body_of, reduced
from .registry import Rule, candidates_of, rules
from .source import Text, find

__all__ = ["candidates", "candidates_of"]

# The files of generators: to add one is to name it here.
for _name in ("names", "indices", "statements", "calls"):
    import_module(f"{__name__}.{_name}")

# Slips that copied lines share, and in how many places: more of one sort are none.
_COPIED = frozenset({"factor", "name", "reduction", "constant", "unwrap", "axis"})
_MOST = 6
_EVERYWHERE = 0.8

# The least part of its cost that an edit keeps which the diagnosis asks for.
_ASKED = 0.2

# What decides whose turn it is, and the edit.
Waiting = tuple[float, int, int, str, int, Edit]


def candidates(source: str, functions: Sequence[str], hints: Hints) -> Iterator[Edit]:
    """The single edits of some functions' bodies by their cost; nothing is executed.

    They are written as they are asked for: the rules that may write likely ones go first.

    ``functions`` are qualified names: ``"backprop"``, ``"Layer.backward"``,
    ``"make.<locals>.grad"``. A lambda goes by the name that it is assigned to, or by
    ``"<lambda>"``: then all of these count, or only those on ``hints.lines``. Names that the
    text does not hold are passed over. Each edit leaves a text that parses, and no two leave
    the same.

    Raises
    ------
    SyntaxError
        Where the source text itself does not parse.
    """
    text = Text.of(source)
    found = find(text, functions, hints.lines)
    bodies = [body_of(text, one, hints, found) for one in found]
    queue = list[Waiting]()
    seen = {source}
    for rule, only, least in _in_turn(hints):
        while queue and queue[0][0] < least:
            yield from _new(source, queue, seen)
        for body in bodies:
            single = list(rule.edits(body, only))
            for edit in (*single, *_everywhere(source, single)):
                key = (edit.cost, edit.begin, edit.end, edit.new, len(queue))
                heappush(queue, (*key, edit))
    while queue:
        yield from _new(source, queue, seen)


def _in_turn(hints: Hints) -> list[tuple[Rule, bool | None, float]]:
    """The rules, each with the least that one of its edits may cost; the likeliest first.

    Those that the diagnosis may ask for have two turns: with what it asks for, and with the rest.
    """
    asked = bool(hints.factors or hints.terms)
    turns = list[tuple[Rule, bool | None, float]]()
    for rule in rules():
        cheap = _ASKED * rule.least
        if asked and rule.parted:
            turns += [(rule, True, cheap), (rule, False, rule.least)]
        else:
            turns.append((rule, None, cheap if asked and rule.kind == "name" else rule.least))
    suspected = bool(hints.lines)
    least = [(rule, only, reduced(cost) if suspected else cost) for rule, only, cost in turns]
    return sorted(least, key=lambda turn: turn[2])


def _new(source: str, queue: list[Waiting], seen: set[str]) -> Iterator[Edit]:
    """The likeliest edit that waits, unless it leaves a text that was there before."""
    edit = heappop(queue)[-1]
    after = source[: edit.begin] + edit.new + source[edit.end :]
    if after not in seen:
        seen.add(after)
        yield edit


def _everywhere(source: str, edits: Sequence[Edit]) -> Iterator[Edit]:
    """One edit for each change of the same text that can be made in several places."""
    alike = defaultdict[tuple[str, str, str], dict[int, Edit]](dict)
    for edit in edits:
        old = source[edit.begin : edit.end]
        if edit.kind in _COPIED and old.strip():
            alike[edit.kind, old, edit.new].setdefault(edit.begin, edit)
    for group in alike.values():
        places = sorted(group.values(), key=lambda edit: edit.begin)
        if 1 < len(places) <= _MOST and not any(overlapping(*pair) for pair in pairwise(places)):
            yield _joined(source, places)


def _joined(source: str, edits: list[Edit]) -> Edit:
    begin, end = edits[0].begin, edits[-1].end
    shifted = [replace(one, begin=one.begin - begin, end=one.end - begin) for one in edits]
    new = applied(source[begin:end], shifted)
    cost = max(one.cost for one in edits) + _EVERYWHERE
    what = f"{edits[0].what}, in {len(edits)} places"
    return replace(edits[0], end=end, new=new, what=what, cost=round(cost, 4))
