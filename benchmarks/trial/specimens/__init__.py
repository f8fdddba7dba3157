"""The specimens of the trial: functions with right and with wrong gradients, by family."""

from __future__ import annotations

from collections.abc import Iterable

from ..specimen import Specimen
from . import (
    alarms,
    detail,
    edges,
    errors,
    given,
    hidden,
    infinite,
    low,
    near,
    optima,
    peers,
    planted,
    powers,
    rectified,
    rounded,
    shared,
    shrunk,
    sizes,
    small,
    special,
    steps,
    ties,
    unsteady,
)

ALL: tuple[Specimen, ...] = (
    *planted.ALL_PLANTED,
    *peers.ALL_PEERS,
    *alarms.ALL_ALARMS,
    *errors.ALL_ERRORS,
    *sizes.ALL_SIZES,
)
# Families that came later. They are gradproof's own tests: the comparison with the other checkers
# and its page are of the families above, since each of its figures needs all of them to run.
FURTHER: tuple[Specimen, ...] = (
    *steps.ALL_STEPS,
    *powers.ALL_POWERS,
    *ties.ALL_TIES,
    *given.ALL_GIVEN,
    *infinite.ALL_INFINITE,
    *low.ALL_LOW,
    *near.ALL_NEAR,
    *edges.ALL_EDGES,
    *small.ALL_SMALL,
    *unsteady.ALL_UNSTEADY,
    *optima.ALL_OPTIMA,
    *detail.ALL_DETAIL,
    *rectified.ALL_RECTIFIED,
    *shrunk.ALL_SHRUNK,
    *shared.ALL_SHARED,
    *rounded.ALL_ROUNDED,
    *hidden.ALL_HIDDEN,
    *special.ALL_SPECIAL,
)
FAMILIES: tuple[str, ...] = tuple(dict.fromkeys(specimen.family for specimen in ALL))


def select(families: Iterable[str] | None = None, most: int | None = None) -> tuple[Specimen, ...]:
    """The specimens of some families, those of at most so many real coordinates."""
    chosen = FAMILIES if families is None else tuple(families)
    unknown = sorted(set(chosen) - set(FAMILIES))
    if unknown:
        raise ValueError(f"There is no family {unknown[0]!r}: there are {', '.join(FAMILIES)}.")
    some = (specimen for specimen in ALL if specimen.family in chosen)
    return tuple(s for s in some if most is None or s.make().size <= most)


__all__ = ["ALL", "FAMILIES", "FURTHER", "select"]
