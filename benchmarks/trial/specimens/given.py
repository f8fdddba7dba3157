"""Given: claims at kinks that are arrays, computed before, and cannot be asked for beside the kink.

The functions, points and claims are those of other families, where the claim is a function.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from ..specimen import Problem, Specimen
from . import alarms, ties

FAMILY = "given"


def _given(specimens: Iterable[Specimen]) -> Iterator[Specimen]:
    for specimen in specimens:
        make = functools.partial(_as_arrays, specimen.make)
        yield replace(specimen, name=f"{specimen.name}, as arrays", family=FAMILY, make=make)


def _as_arrays(make: Callable[[], Problem]) -> Problem:
    return replace(make(), given=True)


ALL_GIVEN: tuple[Specimen, ...] = tuple(
    _given((*alarms.kinks_at_the_point(), *alarms.pooling_ties(), *ties.ALL_TIES))
)
