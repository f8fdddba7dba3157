"""The colours of the verdicts: Okabe and Ito's (2008), distinguished by colour-blind readers.

The word stands beside the colour everywhere.
"""

from __future__ import annotations

from ..records.verdict import Verdict

COLOURS = {
    Verdict.CORRECT: "#009e73",
    Verdict.SUSPECT: "#e69f00",
    Verdict.WRONG: "#d55e00",
    Verdict.UNDECIDED: "#56b4e9",
}
UNKNOWN = "#bbbbbb"
EXPLAINED = "#0072b2"
