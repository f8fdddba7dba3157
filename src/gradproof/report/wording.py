"""Numbers, shapes, places and colours as every renderer shows them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..records.verdict import Verdict

if TYPE_CHECKING:
    from .report import BlockResult

# Okabe and Ito's (2008), distinguished by colour-blind readers; the word stands beside the colour.
COLOURS = {
    Verdict.CORRECT: "#009e73",
    Verdict.SUSPECT: "#e69f00",
    Verdict.WRONG: "#d55e00",
    Verdict.UNDECIDED: "#56b4e9",
}


def figure(number: float) -> str:
    """A relative error as it is printed: two digits, or what it is instead of a number."""
    if math.isnan(number):
        return "unknown"
    return "unlimited" if math.isinf(number) else f"{number:.1e}" if number else "0"


def share(number: float) -> str:
    """A relative error in per cent, where that is short."""
    return f"{100 * number:.3g} %" if 1e-4 <= number < 1e4 else figure(number)


def printable(name: str) -> str:
    """A name on one line, without what would command a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def with_bar(error: float, bar: float) -> str:
    """An error with its bar; unknown where neither is a number that is finite."""
    if not math.isfinite(error) and not math.isfinite(bar):
        return "unknown"
    return f"{figure(error)} ± {figure(bar)}"


def relative_error(block: BlockResult) -> str:
    """The error of a block with its bar, and what it is relative to."""
    text = with_bar(block.error, block.bar)
    return text + (" of its natural scale" if block.natural and text != "unknown" else "")


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: all of a few, else the first three and how many more there are."""
    if len(names) > _MOST_LISTED:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return ", ".join(names)


_MOST_LISTED = 4


def shape(block: BlockResult) -> str:
    """The shape of a block as it is printed."""
    return "×".join(map(str, block.shape)) or "scalar"
