"""A candidate's gradient held against slopes that were measured before: no evaluation more."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..engine.compare import compare
from ..engine.loop import Run
from ..engine.state import State, reclaimed, update
from ..judge.thresholds import T
from ..records.comparison import Comparison
from ..records.direction import Direction
from ..records.verdict import Verdict
from ..space.directions import RMS
from ..subject.claim import Claim, owned
from ..subject.obtain import call_grad
from ..subject.session import Session

# Slopes along directions through a wrong block alone, measured to the end, that a candidate has
# to satisfy: what hides in two of them by chance shows in the check that confirms a repair.
_DRAWS = 2

# A block is as wrong as before where a gap is so many times what it may be, and what is not known.
_PLAINLY = 10.0

# Two gradients that agree to so many digits are the same one, computed in another order.
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Held:
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
class Bench:
    """A finished check whose slopes are sharp enough to hold other gradients against them.

    Of the code as it stands ``claims`` are what it claims, and ``wrong`` the blocks in which that
    is wrong; ``sizes`` are the norms of the blocks' gradients as the slopes tell them.
    """

    session: Session
    state: State
    first: Any
    beside: Direction
    values: tuple[float, ...] = ()
    claims: tuple[Claim, ...] = ()
    wrong: frozenset[int] = frozenset()
    sizes: tuple[float, ...] = ()

    @classmethod
    def of(cls, run: Run) -> Bench:
        """Measure what is missing; from then on ``fun`` is only called to see that it stays."""
        session, state = run.session, run.state
        for block in session.point.blocks:
            if state.judgements[block.index].verdict is not Verdict.CORRECT:
                for _ in range(_DRAWS):
                    alone = state.setting.alone(block.index, state.drawn)
                    state = update(state, compare(session, state, alone, T.known_well))
        beside = state.setting.joint(range(len(session.point.blocks)), state.drawn)
        bench = cls(session, state, session.result(), beside)
        bench.values = bench.look()
        bench.sizes = tuple(judgement.size for judgement in state.judgements)
        bench.claims = tuple(map(owned, bench.claim()))
        bench.wrong = bench.hold().wrong
        return bench

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
        spread = max(*(p.scatter for p in self.session.projections), 1e-12 * scale)
        return bool(np.allclose(now, self.values, rtol=0, atol=spread, equal_nan=True))

    def claim(self) -> list[Claim]:
        """What the code as it now stands claims: one call of the gradient."""
        return call_grad(self.session, self.first)

    def hold(self) -> Held:
        """Call the gradient once and judge it; nothing is measured."""
        made = self.claim()
        errors = [self._plain_error(made, block) for block in sorted(self.wrong)]
        if errors and all(errors):  # the usual end of a candidate, and cheaper than all judgements
            return Held(self.wrong | self._changed(made), tuple(errors), "")
        compared = [(c, self.session.line(c.direction)) for c in self.state.comparisons]
        along = [made[c.projection].along(line) for c, line in compared]
        judgements = reclaimed(self.state, made, along).judgements
        wrong = frozenset(k for k, j in enumerate(judgements) if j.verdict is not Verdict.CORRECT)
        return Held(wrong, tuple(j.error for j in judgements), "" if wrong else self._mark(made))

    def _changed(self, made: Sequence[Claim]) -> frozenset[int]:
        """The blocks whose gradients are not what they were, by more than they may be."""
        return frozenset(
            block.index
            for block in self.session.point.blocks
            for new, old in zip(made, self.claims, strict=True)
            if not self._alike(new, old, block.index)
        )

    def _alike(self, new: Claim, old: Claim, block: int) -> bool:
        apart = np.linalg.norm(np.ravel(new.gradients[block] - old.gradients[block]))
        return bool(apart <= self.state.bands[block].correct_below * old.norms[block])

    def _plain_error(self, made: Sequence[Claim], block: int) -> float:
        """The relative error of a block that plainly is wrong, by its last slopes; or zero."""
        alone = [c for c in self.state.comparisons if c.direction.block == block]
        return max((self._plain_gap(made, c, block) for c in alone[-_DRAWS:]), default=0.0)

    def _plain_gap(self, made: Sequence[Claim], known: Comparison, block: int) -> float:
        part, claim = known.direction.parts[0], made[known.projection]
        if not part.whole or known.kinked:
            return 0.0
        gap = abs(claim.along(self.session.line(known.direction)) - known.slope.value)
        unit = max(claim.norms[block], self.sizes[block]) * part.step * RMS
        least = known.slope_bar + self.state.bands[block].wrong_above * unit
        return gap / unit if unit > 0 and _PLAINLY * least < gap < math.inf else 0.0

    def _mark(self, claims: Sequence[Claim]) -> str:
        """Alike for gradients that are alike to many digits of their block's norm."""
        told = hashlib.blake2b(digest_size=16)
        for claim in claims:
            for gradient, size in zip(claim.gradients, self.sizes, strict=True):
                unit = size if size > 0 and math.isfinite(size) else 1.0
                # Zero is added because a zero that has a sign has other bytes.
                told.update((np.round(np.asarray(gradient) / unit, _DIGITS) + 0.0).tobytes())
        return told.hexdigest()
