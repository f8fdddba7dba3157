"""Places beside the point, and the claims there, as they are: no function is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..backend.registry import outside
from ..records.block import Block
from ..space.point import Working
from .claim import Claim, owned
from .providers import claim as claimed
from .providers import watchable
from .session import Session
from .surroundings import surroundings, written

Moves = Callable[[Block], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Any moves of a block, as a direction of step 1."""

    numbers: NDArray[np.float64]
    entry: ClassVar[None] = None
    ramp: ClassVar[None] = None

    def displace(self, out: NDArray[np.floating], step: float) -> None:
        """Write ``step`` times the moves into a flat array."""
        np.multiply(self.numbers, step, out=out, casting="same_kind")

    def array(self) -> tuple[NDArray[Any], float]:
        """Numbers, and the one that stands for 1."""
        return self.numbers, 1.0


def displace(working: Working, moves: Moves, distance: float) -> None:
    """Put every block at the point plus ``distance`` times its scale times its moves."""
    for block in working.point.blocks:
        place = working.mover(block.index, _Drawn(moves(block)))
        working.copies[block.index] = place(distance * block.scale)


def claims_at(session: Session, first: Any, moves: Moves, distance: float) -> list[Claim] | None:
    """The claims where every block moved, ``distance`` times its scale; None outside the domain.

    ``first`` is what ``fun`` returned at the point. What ``grad`` changes of what ``fun`` reads is
    put back.
    """
    displace(session.working, moves, distance)
    session.caller.where = lambda: "a little beside the point, which is a kink"
    before = {} if watchable(session) is None else surroundings(session.fun)
    try:
        if session.traces:
            session.result()
        made = claimed(session, first)
        return [owned(claim) for claim in made] if before else made
    except Exception as error:
        if not outside(error):
            raise
        return None
    finally:
        for seen in written(before).values():
            seen.exchange()
        session.working.restore()


@contextmanager
def in_own_precision(session: Session) -> Iterator[None]:
    """With parameters and arguments as they were given, where they were promoted."""
    working, tape = session.working, session.caller.tape
    session.working = Working(session.point, promote=False)
    session.working.recording = session.caller.recording
    session.caller.promote(promoted=False)
    try:
        yield
    finally:
        session.working, session.caller.tape = working, tape
        session.caller.promote(promoted=True)
