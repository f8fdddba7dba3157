"""How all calls of a function are measured and judged at once, whatever its framework."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..backend.arrays import eps as spacing
from ..judge.bands import Bands, bands
from ..judge.thresholds import BANDS, T
from ..records.direction import Direction, Part
from ..records.verdict import Verdict
from ..slopes.ladder import START
from ..slopes.window import SYMMETRIC
from ..space.point import Line
from ..subject.session import Session
from .ladder import Balance, Numbers, Passes, balances
from .verdicts import Judged, judged

# The step of the first passes beside the point.
FIRST_STEP = float(SYMMETRIC.nodes[0]) * START

# Passes forward: the point, and so many windows of eight. They are more where something is not
# decided, as near kinks.
MOST, KINKED = 1 + 4 * 8, 1 + 7 * 8


def line_of(session: Session, still: frozenset[int] = frozenset()) -> Line:
    """The direction in which everything moves that does not stay still."""
    blocks = [block for block in session.point.blocks if block.index not in still]
    parts = tuple(Part(block.index, block.scale) for block in blocks)
    return session.line(Direction(parts, session.asked.options.seed, 0))


def limits_of(session: Session, eps: float) -> Bands:
    """The bands of the precision in which a claim is computed here, its spacing of 1.0 ``eps``."""
    blocks = () if session.promoted else session.point.blocks
    coarsest = max([eps, *(session.point.eps(block.index) for block in blocks)])
    options = session.asked.options
    dtype = next((d for d in BANDS if spacing(d) >= coarsest), "bfloat16")
    return bands(dtype, options.correct_below, options.wrong_above)


def sharpness(session: Session) -> float:
    """How well each slope has to be known beside the size of what it belongs to."""
    return T.sharp * limits_of(session, 0.0).correct_below


def measured(
    passes: Passes,
    sums: Numbers,
    eps: Numbers,
    sharp: float,
    limits: Sequence[Bands],
    changed: Callable[[int, Balance], Balance] = lambda _, balance: balance,
) -> tuple[list[Balance], list[Judged]]:
    """The balance of each call and its verdict; ``changed`` sets right what is known of some."""

    def all_of_them() -> tuple[list[Balance], list[Judged]]:
        found = [changed(k, b) for k, b in enumerate(balances(passes, sums, eps, sharp))]
        return found, [judged(b, limits[k]) for k, b in enumerate(found)]

    found, results = all_of_them()
    if any(result.verdict is Verdict.UNDECIDED for result in results):
        passes.most = KINKED
        found, results = all_of_them()
    return found, results
