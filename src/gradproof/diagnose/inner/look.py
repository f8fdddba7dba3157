"""All that is looked for, the simplest first."""

from __future__ import annotations

from ..forms import DERIVATIVES, rearranged, summed_up
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
from .orders import accumulated, celled, formed, overwritten
from .question import Blocks, Found
from .scales import moved, nearly, repeated, scaled
from .search import Looking, Search, each

LOOKS: tuple[Looking, ...] = (
    scaled,
    repeated,
    each(accumulated),
    overwritten,
    each(formed(rearranged)),
    lacking(IDENTITY),
    lacking(DERIVATIVES),
    each(diagonal),
    each(celled),
    each(formed(summed_up), "fc"),
    each(derived_elsewhere),
    nearly,
    each(derived_twice, "fc"),
    lacking(OTHERS),
    each(another),
    moved,
    each(derived_at_another, "f"),
    each(added, "fc"),
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


def shared_factor(search: Search, blocks: Blocks) -> Found | None:
    """The value that makes all of some blocks as many times too large as they are."""
    search.open = blocks
    for search.forward in (False, True):
        for found in scaled(search):
            return found
    return None
