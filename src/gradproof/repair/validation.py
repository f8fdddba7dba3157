"""A candidate's gradient compared with slopes that were measured before: no evaluation more.

All that repairs need of a check stands here: to make it again, to compare its slopes with another
claim, and to check what was found along fresh directions and at other points.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import optree

from ..engine.compare import compare
from ..engine.examine import examine
from ..engine.loop import check
from ..engine.state import State, reclaimed, update
from ..engine.watch import Watch
from ..judge.thresholds import T
from ..records.block import Block
from ..records.comparison import Comparison
from ..records.direction import Direction, Part
from ..records.verdict import Verdict
from ..report.report import Report
from ..space.directions import RMS
from ..space.point import Point, Working
from ..subject.asked import Asked
from ..subject.claim import Claim, owned
from ..subject.obtain import call_grad
from ..subject.session import Session

# Slopes along directions through a wrong block alone, measured to the end, that a candidate has
# to satisfy: what hides in two of them by chance shows in the check that confirms a repair.
_DRAWS = 2

# The draws of these directions: away from those of any check.
_FAR_DRAW = 1 << 21

# Where a fix is checked too: so far along random directions, in units of each block's scale.
_ELSEWHERE = (0.3, -0.2)

PLACES = 1 + len(_ELSEWHERE)
"""At how many points a fix is checked."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one gradient: for each block whether it is right, and its relative error.

    ``wrong`` are the blocks that are not (where some plainly are not, any that has changed counts
    as one more), ``error`` is the largest error, ``mark`` what right gradients have in common that
    are the same but for round-off.
    """

    wrong: frozenset[int]
    errors: tuple[float, ...]
    mark: str

    @property
    def right(self) -> bool:
        """Whether every block agrees with its slopes."""
        return not self.wrong

    @property
    def error(self) -> float:
        """The largest relative error of a block."""
        return max(self.errors, default=0.0)


@dataclass(slots=True)
class Validator:
    """A finished check whose slopes are sharp enough to compare other gradients with them.

    Of the code as it stands ``claims`` are what it claims, and ``wrong`` the blocks in which that
    is wrong.
    """

    session: Session
    state: State
    first: Any
    beside: Direction
    values: tuple[float, ...] = ()
    claims: tuple[Claim, ...] = ()
    wrong: frozenset[int] = frozenset()

    @classmethod
    def of(cls, asked: Asked, name: str) -> Self:
        """Check again, measure what is missing; then ``fun`` is only called to see it stays."""
        run = check(asked, Watch(name))
        session, state = run.session, run.state
        for block in session.point.blocks:
            if state.judgements[block.index].verdict is not Verdict.CORRECT:
                for _ in range(_DRAWS):
                    alone = state.setting.alone(block.index, state.drawn)
                    state = update(state, compare(session, state, alone, T.known_well))
        beside = state.setting.joint(range(len(session.point.blocks)), state.drawn)
        made = cls(session, state, session.result(), beside)
        made.values = made.look()
        made.claims = tuple(map(owned, made.claim()))
        made.wrong = made.judge().wrong
        return made

    @property
    def blocks(self) -> Sequence[Block]:
        """The blocks of the point."""
        return self.session.point.blocks

    def look(self) -> tuple[float, ...]:
        """Values of ``fun`` at the point and beside it, which an edit must not change."""
        line = self.session.line(self.beside)
        found = [float(v) for t in (0.0, 1.0, -0.5) for v in self.session.evaluate(line, t)]
        line.back()
        return tuple(found)

    def keeps_fun(self) -> bool:
        """Whether ``fun`` is what it was."""
        now = np.array(self.look())
        scale = np.abs(self.values).max(initial=np.finfo(float).tiny)
        spread = max(*(p.scatter for p in self.session.projections), T.same_fun * scale)
        return bool(np.allclose(now, self.values, rtol=0, atol=spread, equal_nan=True))

    def claim(self) -> list[Claim]:
        """What the code as it now stands claims: one call of the gradient."""
        return call_grad(self.session, self.first)

    def judge(self) -> Judged:
        """Call the gradient once and judge it; nothing is measured."""
        made = self.claim()
        errors = [self._plain_error(made, block) for block in sorted(self.wrong)]
        if errors and all(errors):  # the usual end of a candidate, and cheaper than all judgements
            return Judged(self.wrong | self._changed(made), tuple(errors), "")
        compared = [(c, self.session.line(c.direction)) for c in self.state.comparisons]
        along = [made[c.projection].along(line) for c, line in compared]
        judgements = reclaimed(self.state, made, along).judgements
        wrong = frozenset(k for k, j in enumerate(judgements) if j.verdict is not Verdict.CORRECT)
        return Judged(wrong, tuple(j.error for j in judgements), "" if wrong else self._mark(made))

    def _changed(self, made: Sequence[Claim]) -> frozenset[int]:
        """The blocks whose gradients are not what they were, by more than they may be."""
        changed = set[int]()
        for new, old in zip(made, self.claims, strict=True):
            for k, (one, other) in enumerate(zip(new.gradients, old.gradients, strict=True)):
                least = self.state.bands[k].correct_below * old.norms[k]
                if not np.linalg.norm(np.ravel(one - other)) <= least:
                    changed.add(k)
        return frozenset(changed)

    def _plain_error(self, made: Sequence[Claim], block: int) -> float:
        """The relative error of a block that plainly is wrong, by its last slopes; or zero."""
        alone = [c for c in self.state.comparisons if c.direction.block == block]
        return max((self._plain_gap(made, c, block) for c in alone[-_DRAWS:]), default=0.0)

    def _plain_gap(self, made: Sequence[Claim], known: Comparison, block: int) -> float:
        part, claim = known.direction.parts[0], made[known.projection]
        if not part.whole or known.kinked:
            return 0.0
        gap = abs(claim.along(self.session.line(known.direction)) - known.slope.value)
        unit = max(claim.norms[block], self.state.judgements[block].size) * part.step * RMS
        least = known.slope_bar + self.state.bands[block].wrong_above * unit
        return gap / unit if unit > 0 and T.as_wrong * least < gap < math.inf else 0.0

    def _mark(self, claims: Sequence[Claim]) -> str:
        """Alike for gradients that are alike to many digits of their block's norm."""
        digest = hashlib.blake2b(digest_size=16)
        for claim in claims:
            for gradient, known in zip(claim.gradients, self.state.judgements, strict=True):
                unit = known.size if 0 < known.size < math.inf else 1.0
                # Zero is added because a zero that has a sign has other bytes.
                digest.update(
                    (np.round(np.asarray(gradient) / unit, T.same_digits) + 0.0).tobytes()
                )
        return digest.hexdigest()


def check_again(asked: Asked, session: Session, seed: int) -> list[Report]:
    """The code as it now stands checked along fresh directions, there and at other points."""
    far = [_moved(session.point, t, seed, _FAR_DRAW + k) for k, t in enumerate(_ELSEWHERE)]
    return [
        examine(replace(asked, where=where, options=replace(asked.options, seed=seed + k)))
        for k, where in enumerate([asked.where, *far], 1)
    ]


def _moved(point: Point, distance: float, seed: int, draw: int) -> Point:
    """Another point, some way along a random direction through all blocks."""
    working = Working(point, promote=False)
    parts = tuple(Part(block.index, block.scale) for block in point.blocks)
    working.line(Direction(parts, seed, draw)).move(distance)
    return point.at(working.tree(fresh=True))


def check_smaller(asked: Asked, length: int) -> list[Report]:
    """The code as it now stands, where all axes of a length are by one shorter; none without any.

    What the functions take from their module stays as long as it is.
    """
    cuts = 0

    def cut(leaf: Any) -> Any:
        nonlocal cuts
        shape = getattr(leaf, "shape", ())
        if length not in shape:
            return leaf
        cuts += 1
        return leaf[tuple(slice(n - (n == length)) for n in shape)]

    tree = Working(asked.where, promote=False).tree(fresh=True)
    where = Point(optree.tree_map(cut, tree), root=asked.where.root)
    args = tuple(optree.tree_map(cut, one) for one in asked.options.args)
    cutting = replace(asked, where=where, options=replace(asked.options, args=args))
    return [examine(cutting)] if cuts else []
