"""All that is looked for, the simplest first."""

from __future__ import annotations

from ..forms import DERIVATIVES
from .factors import (
    IDENTITY,
    OTHERS,
    added,
    another,
    derived_at_another,
    derived_elsewhere,
    derived_twice,
    diagonal,
    lacking,
)
from .orders import accumulated, celled, overwritten, reordered
from .question import Blocks, Found
from .scales import moved, nearly, scaled
from .search import Looking, Search, each

LOOKS: tuple[Looking, ...] = (
    scaled,
    each(accumulated),
    overwritten,
    each(reordered),
    lacking(IDENTITY),
    lacking(DERIVATIVES),
    each(derived_elsewhere),
    each(diagonal),
    each(celled),
    nearly,
    each(derived_twice, "fc"),
    lacking(OTHERS),
    each(another),
    each(derived_at_another, "f"),
    each(added, "fc"),
    moved,
)
"""The first that holds is what is reported."""


def look(search: Search, blocks: Blocks) -> Found | None:
    """The first edit of one value that makes all of some blocks right."""
    search.open = blocks
    for search.forward in (False, True):
        for one in LOOKS:
            for found in one(search):
                return found
    search.tried = (*search.tried, blocks)
    return None
