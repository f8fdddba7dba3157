"""The small edits of some functions that might repair them, the likeliest first."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from itertools import pairwise

import libcst as cst

from ..edit import Edit, applied, overlapping
from ..hints import Hints
from . import costs
from .body import Body, body_of
from .registry import candidates_of, generated
from .source import Span, Text, find

__all__ = ["candidates", "candidates_of"]

# The files of generators: to add one is to name it here. Of edits with the same effect and cost
# the one of the first file counts.
for _name in (
    "factors", "constants", "operators", "transposes", "names", "indices", "statements", "calls",
):  # fmt: skip
    import_module(f"{__name__}.{_name}")

# Slips that copied lines share, and in how many places: more of one sort are none.
_COPIED = frozenset({"factor", "name", "reduction", "constant", "unwrap", "axis"})
_MOST = 6


def candidates(source: str, functions: Sequence[str], hints: Hints) -> list[Edit]:
    """The single edits of some functions' bodies, sorted by cost; nothing is executed.

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
    best = dict[int, Edit]()
    for one in found:
        body = body_of(text, one, hints, found)
        spans, single = _statements(body), list(generated(body))
        for edit in (*single, *_everywhere(source, single)):
            if source[edit.begin : edit.end] == edit.new or not _parses(source, spans, edit):
                continue
            # Edits that leave the same text are the same one.
            key = hash(source[: edit.begin] + edit.new + source[edit.end :])
            if key not in best or edit.cost < best[key].cost:
                best[key] = edit
    return sorted(best.values(), key=lambda edit: (edit.cost, edit.begin, edit.end, edit.new))


def _statements(body: Body) -> list[Span]:
    """The spans of the simple statements, and of the whole that is parsed where none will do."""
    kinds = (kind for kind in body.kinds if issubclass(kind, cst.BaseSmallStatement))
    return [*(body.inner(node) for node in body.of(*kinds)), body.found.piece]


def _parses(source: str, spans: Sequence[Span], edit: Edit) -> bool:
    """Whether the smallest part of the text by which an edit can be judged still is Python."""
    changed = edit.begin, edit.end
    begin, end = next(
        span
        for span in spans
        if span[0] <= edit.begin and edit.end <= span[1] and (edit.new or changed != span)
    )
    try:
        ast.parse(source[begin : edit.begin] + edit.new + source[edit.end : end])
    except (SyntaxError, ValueError):
        return False
    return True


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
    cost = max(one.cost for one in edits) + costs.EVERYWHERE
    what = f"{edits[0].what}, in {len(edits)} places"
    return replace(edits[0], end=end, new=new, what=what, cost=round(cost, 4))
