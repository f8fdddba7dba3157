"""Functions that move in steps: when a slope that denies a claim is not to be trusted.

Steps come from rounding inside the function, of its arguments (a kernel in bfloat16) or of what it
computes (``log(1 - A)`` where ``A`` is next to 1), or they are the function (``floor``). Between
two steps it is flat, which is no more its derivative than a tread is a staircase's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from ..judge.compare import NARROW, contradicted, is_small, outstepped
from ..records.slope import Slope
from ..slopes.sampler import Sampler
from ..slopes.search import LEVELS, PILOT, WIDEST
from ..slopes.window import SYMMETRIC

# Half-widths of the windows that may deny a narrow one.
_WIDE = (1e-2, 1e-1)

# A function that is flat in a window so wide has a slope of zero, whatever wider ones show.
_PIECE = 1e-6
_TOLD = 4.0  # roundings of a value: less may well be flat
_ROUNDINGS = 16  # of its arguments in their own precision: a window is flat for no other reason


class Doubt(Enum):
    """What there is to be said against a slope that denies a claim."""

    NONE = auto()
    SLOPE = auto()  # this slope says nothing
    NARROW = auto()  # no narrow window of this function says anything


@dataclass(slots=True)
class Quantisation:
    """What is known of the steps of one projection.

    ``stepped``: whether it moves in steps at the smallest scale, if at all; ``step`` the largest
    of the smallest ones seen, ``settled`` the blocks for which wide windows had nothing to say.
    """

    stepped: bool | None = None
    step: float = 0.0
    settled: set[int] = field(default_factory=set)

    def doubt(
        self, sampler: Sampler, claimed: float, slope: Slope, block: int, eps: float
    ) -> Doubt:
        """Look at a slope along a block that denies a claim; ``eps`` is the block's precision."""
        stepped = self._is_stepped(sampler, slope)
        if claimed != 0 and not (stepped or slope.window < NARROW):
            return Doubt.NONE
        if slope.value == 0 and abs(claimed) * slope.window < self.step:
            return Doubt.SLOPE  # the claim would not have reached the next step
        piece = max(_PIECE, _ROUNDINGS * eps)
        told = abs(slope.value) * piece > _TOLD * sampler.roundoff  # so small a step would show it
        if claimed == 0 and told and sampler.window(SYMMETRIC, piece).levels == 1:
            return Doubt.SLOPE  # flat, but for the jumps beside the point
        if block in self.settled:
            return Doubt.NONE
        found = self._in_wide_windows(sampler, claimed, slope, stepped=stepped)
        if found is Doubt.NONE:
            self.settled.add(block)
        return found

    def _in_wide_windows(
        self, sampler: Sampler, claimed: float, slope: Slope, *, stepped: bool
    ) -> Doubt:
        """Whether one of them allows what a window that is narrow, or flat, denies."""
        wide = (*_WIDE, WIDEST) if stepped else _WIDE
        for half_width in (w for w in wide if w > slope.window):
            window = sampler.window(SYMMETRIC, half_width)
            if not window.finite:
                continue
            if contradicted(claimed, slope, window.slope, window.bar()):
                return Doubt.NARROW
            step = window.step if is_small(window.step, sampler.largest) else 0.0
            if stepped:
                self.step = max(self.step, step)
                if outstepped(claimed, slope, window.slope, window.bar(), step):
                    return Doubt.SLOPE
        return Doubt.NONE

    def _is_stepped(self, sampler: Sampler, slope: Slope) -> bool:
        """Looked at once, unless a slope tells."""
        if slope.value == 0:
            return True
        if slope.has_pilot:
            self.stepped = slope.stepped or bool(self.stepped)
        if self.stepped is None:
            self.stepped = sampler.window(SYMMETRIC, PILOT).levels < LEVELS
        return self.stepped
