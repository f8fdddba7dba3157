"""How much to spend: the levels of effort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..errors import UsageError
from ..records.block import Block
from ..records.verdict import Verdict

Level = Literal["quick", "standard", "thorough", "sweep"]


@dataclass(frozen=True, slots=True)
class Effort:
    """The limits of one level.

    ``joint`` directions move all blocks at once; ``own`` directions one block. Beyond
    ``sharpen`` evaluations nothing is measured again only to see smaller errors; beyond
    ``name`` no more blocks are singled out. Blocks of at most ``sweep`` coordinates are
    measured entry by entry where random directions leave a doubt; all blocks are, whatever
    their size, where ``always`` is set. A wrong block is looked into (which entries, why) as
    long as fewer than ``inquire`` evaluations were spent, with at most ``locate`` slopes; where
    ``vain`` entries are wrong, each in its own way, no more are looked for. Where the verdict of
    the whole is one of ``scan``, one direction is measured at more steps.
    """

    joint: int
    own: int
    most: int
    sharpen: int
    name: int
    sweep: int
    inquire: int
    locate: int
    vain: int = 0
    scan: tuple[Verdict, ...] = ()
    always: bool = False

    def expected(self, blocks: Sequence[Block]) -> int:
        """About how many evaluations it takes at most until the verdict stands."""
        if self.always:
            return PER_WINDOW * sum(block.count for block in blocks)
        return max(self.name, self.sharpen)


# A slope costs so many evaluations at least, those of one window; along an entry about which there
# is a doubt it takes about this many.
PER_WINDOW = 8
PER_ENTRY = 20

# Up to this many blocks are singled out one by one; more are halved until one is left. While
# something is wrong and no block is named, this many times the evaluations are allowed.
ONE_BY_ONE = 12
UNNAMED = 5

# Boxes that all disagree after so many halvings: the fault is everywhere; so many entries, spread
# over it, then stand for all.
EVERYWHERE = 8
SAMPLE = 8
MIXED = 3  # fewer different entries do not say that all are wrong
ORDER = (0, 4, 2, 6, 1, 5, 3, 7)  # of them: the first few are spread over it as well

# Entry by entry a check may go so many times as far; farther at a kink, where that is all there is.
SWEPT = 2
AT_KINK = 3

# Where zeros and ties are looked at one by one, so many directions through all other entries.
GENERIC = 2

# Claims beside a kink: so many random shifts after the structured ones, in which so many blocks
# lead; so many rounds of further ones where something is open.
RANDOM_SHIFTS = 8
LEADING = 8
ROUNDS = 2

_DOUBTFUL = tuple(verdict for verdict in Verdict if verdict is not Verdict.CORRECT)

LEVELS = {
    "quick": Effort(joint=2, own=1, most=4, sharpen=0, name=150, sweep=8, inquire=0, locate=0),
    "standard": Effort(
        joint=2, own=2, most=8, sharpen=150, name=200, sweep=16, inquire=1000, locate=120, vain=3,
        scan=_DOUBTFUL,
    ),
    "thorough": Effort(
        joint=3, own=3, most=16, sharpen=1500, name=3000, sweep=64, inquire=10_000, locate=400,
        scan=tuple(Verdict),
    ),
    "sweep": Effort(
        joint=2, own=1, most=4, sharpen=0, name=0, sweep=0, inquire=1000, locate=120,
        scan=_DOUBTFUL, always=True,
    ),
}  # fmt: skip


def effort(name: str) -> Effort:
    """The level of a name."""
    try:
        return LEVELS[name]
    except (KeyError, TypeError):
        raise UsageError(f"effort must be one of {', '.join(LEVELS)}, but is {name!r}.") from None
