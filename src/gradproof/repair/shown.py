"""Repairs on a terminal: each as a diff, with the proof below it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style
from rich.text import Text

from .fix import Fix, Miss, Suggestions

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def show(console: Console, suggestions: Suggestions) -> None:
    """Print repairs, or why there are none."""
    for part in _parts(suggestions):
        if isinstance(part, str):
            _diff(console, part)
        else:
            console.print(part)


def _parts(suggestions: Suggestions) -> Iterator[Text | str]:
    """What is printed, piece by piece; what is only text is a diff."""
    for number, fix in enumerate(suggestions, 1):
        which = "A repair" if len(suggestions) == 1 else f"Repair {number} of {len(suggestions)}"
        yield Text.assemble((which, "bold"), ": ", fix.what)
        yield fix.diff
        yield Text(f"{proof(fix)}\n")
    if not suggestions:
        yield Text(suggestions.reason)
        if suggestions.closest is not None:
            yield from _nearest(suggestions.closest)


def proof(fix: Fix) -> str:
    """The verdict on the repaired code, in a sentence."""
    there = ", ".join(str(report.verdict) for report in fix.elsewhere)
    text = (
        f"With it the gradient is {fix.report.verdict} along fresh directions "
        f"(difference {fix.report.difference:.1e}, resolution {fix.report.resolution:.1e})"
    )
    return f"{text}; at other random points: {there}." if there else f"{text}."


def _nearest(miss: Miss) -> Iterator[Text | str]:
    wrong = ", ".join(miss.wrong)
    yield Text(f"The nearest miss ({miss.what}) leaves {wrong} wrong, off by {miss.error:.2g}:")
    yield miss.diff


def _diff(console: Console, text: str) -> None:
    """A unified diff in the usual colours, else as it is, so that `patch` can read it."""
    lines = [Segment(f"{line}\n", _style(line)) for line in text.split("\n")[:-1]]
    # Not as a text: that would make spaces of tabs.
    console.print(Segments(lines), end="", soft_wrap=True)


def _style(line: str) -> Style | None:
    style = "bold" if line.startswith(("---", "+++")) else _COLOURS.get(line[:1])
    return None if style is None else Style.parse(style)
