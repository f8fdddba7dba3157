"""Pictures for pages: small SVG that takes its colours from the page around it."""

from __future__ import annotations

import io
import re
import warnings
from typing import Any

from . import drawn
from .report import BlockResult, Report

# The ink in which matplotlib draws lines and letters, so that it can be found again.
_INK = "#010203"

_STYLE: dict[Any, str] = {
    "svg.fonttype": "none",  # letters stay letters
    "text.color": _INK, "axes.labelcolor": _INK, "axes.edgecolor": _INK, "xtick.color": _INK,
    "ytick.color": _INK, "figure.facecolor": "none", "axes.facecolor": "none",
    "savefig.facecolor": "none", "legend.facecolor": "none", "font.family": "sans-serif",
}  # fmt: skip

_NUMBER = re.compile(r"-?\d+\.\d+")
_TAG = re.compile(r"<[^>]*>")
_HEAD = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_SIZE = re.compile(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"')
# Marks that nothing refers to, the choice of a font, and rules that would hold for the whole page.
_UNUSED = re.compile(r' id="[\w.]+_\d+"|font-family: [^;"]*;? ?')
_STYLESHEET = re.compile(r"<style.*?</style>", re.DOTALL)


def picture(report: Report, block: BlockResult | None = None, mark: str = "") -> str:
    """The overview of a report, or the pictures of one of its blocks.

    Without matplotlib the overview is drawn more plainly, and that of a block is empty.

    Pictures of one page need a ``mark`` each: what refers to a part of a picture by its name finds
    the first on the page, which may be hidden.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        return drawn.overview(report) if block is None else ""
    from .plots import sheet

    with (
        rc_context({**_STYLE, "svg.hashsalt": f"{mark} {block and block.name}"}),
        warnings.catch_warnings(),
    ):
        # The letters are the browser's, which has more of them than matplotlib's own font.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        # A layout engine takes most of the time, which matters where blocks are many.
        layout = "constrained" if block is None else None
        made = sheet(report, block, Figure, overview=block is None, layout=layout)
        out = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        made.savefig(out, format="svg", metadata=nothing)
    return _slim(out.getvalue())


def _slim(svg: str) -> str:
    """Without the head and what a screen cannot show, in the page's own ink."""
    svg = _STYLESHEET.sub("", _HEAD.sub("", svg))
    return re.sub(r"\s*\n\s*", " ", _TAG.sub(_slim_tag, _SIZE.sub(r"\1", svg, count=1)))


def _slim_tag(tag: re.Match[str]) -> str:
    """A tag alone: the letters between tags are names and numbers that somebody reads."""
    short = _NUMBER.sub(_rounded, _UNUSED.sub("", tag.group()))
    return short.replace(_INK, "currentColor")


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number.group()):.1f}".removesuffix(".0")
