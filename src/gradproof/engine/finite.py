"""A claim that is not finite is wrong wherever the function is, on one side of the point at least.

At a kink, too: ``w / |w|`` has a value at 0 that serves, and NaN is none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ..judge.thresholds import T
from ..plan.setting import Setting
from ..records.direction import Direction
from ..subject.session import Session


def not_finite(session: Session, setting: Setting) -> frozenset[int]:
    """The blocks whose claim is not finite where it should be: a few evaluations, no slope."""
    finite = set(setting.finite)
    blocks = [block.index for block in setting.blocks if block.index not in finite]
    if not (blocks and session.finite):
        return frozenset()
    if not all([p.claim.fits(block) for p in session.projections for block in blocks]):
        return frozenset(blocks)
    if _reaches(session, setting.joint(blocks, 0)):
        return frozenset(blocks)
    return frozenset([b for b in blocks if any(_reaches(session, d) for d in _ways(setting, b))])


def _ways(setting: Setting, block: int) -> Iterator[Direction]:
    """At the corner of a domain only steps of one sign lead into it."""
    yield setting.alone(block, 0)
    yield setting.together([block], 0)


def _reaches(session: Session, direction: Direction) -> bool:
    """Whether the function is finite on one of the two sides."""
    line = session.line(direction)
    sides = [session.evaluate(line, distance) for distance in (T.beside, -T.beside)]
    line.back()
    return any([_all_finite(numbers) for numbers in sides])


def _all_finite(numbers: Sequence[float]) -> bool:
    return all([math.isfinite(float(number)) for number in numbers])
