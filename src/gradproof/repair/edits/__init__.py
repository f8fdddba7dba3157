"""The small edits of some functions that might repair them, the likeliest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..edit import Edit
from ..hints import MODULE, Hints, Shape
from .accumulation import accumulations, statements
from .arguments import arguments, unwrapped, wrapped
from .axis import axes
from .body import Body, body
from .check import Change, check, result
from .comparison import comparisons
from .constant import constants
from .einsum import subscripts
from .everywhere import everywhere
from .factor import factors
from .find import Text, find
from .index import indices
from .name import names
from .operators import operators
from .reduction import reductions
from .sign import signs
from .term import terms
from .transpose import transposes

__all__ = ["MODULE", "Hints", "Shape", "edits"]

_FAMILIES: tuple[Callable[[Body], Iterator[Edit]], ...] = (
    factors,
    constants,
    signs,
    operators,
    transposes,
    subscripts,
    names,
    axes,
    reductions,
    comparisons,
    terms,
    indices,
    accumulations,
    statements,
    arguments,
    unwrapped,
    wrapped,
)


def edits(source: str, functions: Sequence[str], hints: Hints) -> list[Edit]:
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
    best = dict[Change, Edit]()
    for one in found:
        for edit in _of(body(text, one, hints, found)):
            key = result(source, edit)
            if key not in best or edit.cost < best[key].cost:
                best[key] = edit
    return sorted(best.values(), key=lambda edit: (edit.cost, edit.begin, edit.end, edit.new))


def _of(known: Body) -> Iterator[Edit]:
    """The edits of one function that change something and leave Python."""
    judge, source = check(known), known.text.source
    single = [edit for family in _FAMILIES for edit in family(known)]
    for edit in (*single, *everywhere(source, single)):
        if source[edit.begin : edit.end] != edit.new and judge.parses(edit):
            yield edit
