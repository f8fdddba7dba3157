"""The overview of a report as SVG, without matplotlib: what a page shows where there is none."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from ..records.verdict import Verdict
from .report import BlockResult, Report
from .wording import COLOURS

_MOST = 40  # rows
_LOWEST = 1e-17  # relative errors below are drawn there: a logarithm has no zero
_NAMES, _WIDTH, _ROW, _TOP, _BOTTOM = 190.0, 840.0, 20.0, 26.0, 44.0  # in units of the picture
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def overview(report: Report) -> str:
    """Relative errors with their bars, and the smallest that would have been noticed."""
    blocks = report.ranked[:_MOST]
    axis = _Axis(blocks)
    height = _TOP + _ROW * len(blocks) + _BOTTOM
    parts = [*_shades(axis, blocks), *_ticks(axis, len(blocks))]
    for place, block in enumerate(blocks):
        parts += _row(axis, block, _TOP + _ROW * (place + 0.5))
    more = len(report.blocks) - len(blocks)
    label = "relative error ± bar;  | resolution: the smallest error that would have been noticed"
    label += f"  (and {more} more blocks)" if more else ""
    middle = (_NAMES + _WIDTH) / 2
    parts += [
        _text(_NAMES, _TOP - 10, f"{report.name}: {report.verdict}"[:90], size=13),
        _text(middle, height - 8, label, anchor="middle"),
    ]
    return (
        f'<svg viewBox="0 0 {_WIDTH + 20:g} {height:g}" xmlns="http://www.w3.org/2000/svg">'
        f"{''.join(parts)}</svg>"
    )


class _Axis:
    """A logarithmic axis that holds all figures of some blocks, and both bands."""

    def __init__(self, blocks: list[BlockResult]) -> None:
        shown = [n for b in blocks for n in (b.error, b.error + b.bar, b.resolution)]
        shown += [n for b in blocks for n in (b.correct_below / 100, b.wrong_above * 100)]
        known = [max(n, _LOWEST) for n in shown if math.isfinite(n)] or [1.0]
        self.low = math.floor(math.log10(min(known)))
        self.high = max(math.ceil(math.log10(max(known))), self.low + 1)

    def place(self, number: float) -> float:
        """Where a figure stands."""
        share = (math.log10(max(number, _LOWEST)) - self.low) / (self.high - self.low)
        return _NAMES + (_WIDTH - _NAMES) * min(max(share, 0.0), 1.0)

    @property
    def powers(self) -> range:
        """The powers of ten that are named."""
        return range(self.low, self.high + 1, max(1, (self.high - self.low) // 9))


def _shades(axis: _Axis, blocks: list[BlockResult]) -> Iterator[str]:
    """The bands, where all blocks have the same."""
    bands = {(b.correct_below, b.wrong_above) for b in blocks}
    if len(bands) != 1:
        return
    ((below, above),) = bands
    edges = [_NAMES, axis.place(below), axis.place(above), _WIDTH]
    colours = [COLOURS[v] for v in (Verdict.CORRECT, Verdict.SUSPECT, Verdict.WRONG)]
    for left, right, colour in zip(edges, edges[1:], colours, strict=False):
        yield (
            f'<rect x="{left:.1f}" y="{_TOP:g}" width="{right - left:.1f}" '
            f'height="{_ROW * len(blocks):g}" fill="{colour}" opacity="0.1"/>'
        )


def _ticks(axis: _Axis, rows: int) -> Iterator[str]:
    """The axis below the rows, with its powers of ten."""
    base = _TOP + _ROW * rows
    yield _line(_NAMES, base, _WIDTH, base, "currentColor", 1)
    for power in axis.powers:
        place = axis.place(10.0**power)
        yield _line(place, base, place, base + 4, "currentColor", 1)
        yield _text(place, base + 17, f"10{str(power).translate(_RAISED)}", anchor="middle")


def _row(axis: _Axis, block: BlockResult, y: float) -> Iterator[str]:
    """A block: its name, its error with the bar, and its resolution as a tick."""
    name = block.name if len(block.name) <= 28 else f"{block.name[:13]}…{block.name[-14:]}"
    yield _text(_NAMES - 8, y + 4, name, anchor="end")
    if math.isfinite(block.error):
        colour, at = COLOURS[block.verdict], axis.place(block.error)
        bar = block.bar if math.isfinite(block.bar) else 0.0
        ends = axis.place(block.error - bar), axis.place(block.error + bar)
        yield _line(ends[0], y, ends[1], y, colour, 1.6)
        yield f'<circle cx="{at:.1f}" cy="{y:g}" r="3.6" fill="{colour}"/>'
    if math.isfinite(block.resolution):
        at = axis.place(block.resolution)
        yield _line(at, y - 6, at, y + 6, "#777777", 1.4)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{colour}" stroke-width="{width:g}"/>'
    )


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = 11) -> str:
    shown = escape(text.encode("utf-8", "backslashreplace").decode())
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f'fill="currentColor">{shown}</text>'
    )
