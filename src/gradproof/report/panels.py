"""Single pictures of a report, each drawn into axes."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from ..records.finding import Kind
from ..records.measured import Measured
from ..records.verdict import Verdict
from .grid import Fold
from .report import BlockResult, Report
from .wording import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_RIGHT, _WRONG = COLOURS[Verdict.CORRECT], COLOURS[Verdict.WRONG]
_UNKNOWN, _EXPLAINED = "#bbbbbb", "#0072b2"

MOST_BLOCKS = 40  # rows of the overview
_NEAREST, _FARTHEST = 1e-10, 1.0  # steps shown
_LOWEST = 1e-17  # relative disagreements below are drawn there: a logarithm has no zero

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

_NOTHING = {
    False: "moved together with\nother blocks only",
    True: "claim or slope\nis not a finite number",
}

# Findings that do not say which entries are at fault.
_ELSEWHERE = {
    Kind.MODES, Kind.NOT_LINEAR, Kind.LAYOUT, Kind.KINK, Kind.NONDETERMINISTIC, Kind.STATEFUL,
    Kind.SPECIAL_POINT,
}  # fmt: skip


def overview(ax: Axes, report: Report) -> None:
    """Relative errors with their bars, and the smallest that would have been noticed."""
    blocks = report.ranked[:MOST_BLOCKS]
    places = np.arange(len(blocks))
    for place, block in zip(places, blocks, strict=True):
        if np.isfinite(block.error):
            error, colour = np.array(block.error), COLOURS[block.verdict]
            ends = np.maximum([error - block.bar, error + block.bar], _LOWEST)
            ax.plot(ends, [place, place], color=colour, linewidth=1.2)
            ax.plot(np.maximum(error, _LOWEST), place, "o", color=colour, markersize=5)
        if np.isfinite(block.resolution):
            ax.plot(max(block.resolution, _LOWEST), place, "|", color="#777777", markersize=9)
    ax.set_xscale("log")
    _shade(ax, blocks)
    ax.set_yticks(places, [shortened(b.name) for b in blocks])
    label = "relative error ± bar;  | resolution: the smallest error that would have been noticed"
    more = len(report.blocks) - len(blocks)
    label += f"  (and {more} more blocks)" if more else ""
    ax.set(xlabel=label, ylim=(len(blocks) - 0.4, -0.6))
    ax.set_title(f"{shortened(report.name, 80)}: {report.verdict}", loc="left")
    _plain(ax)


def _shade(ax: Axes, blocks: list[BlockResult]) -> None:
    """The bands, where all blocks have the same."""
    bands = {(b.correct_below, b.wrong_above) for b in blocks}
    if len(bands) != 1:
        return
    ((below, above),) = bands
    left, right = ax.get_xlim()
    left, right = min(left, below / 100), max(right, above * 100)
    ax.set_xlim(left, right)
    ax.axvspan(left, below, color=_RIGHT, alpha=0.08, linewidth=0)
    ax.axvspan(below, above, color=COLOURS[Verdict.SUSPECT], alpha=0.10, linewidth=0)
    ax.axvspan(above, right, color=_WRONG, alpha=0.08, linewidth=0)


def _steps(ax: Axes, report: Report, block: BlockResult) -> None:
    """How far claim and central difference are apart, against the step."""
    shown = next((m for m in (block.measured or _shared(report)) if m.steps and _known(m)), None)
    if shown is None:
        _nothing(ax, _NOTHING[bool(block.measured)])
        return
    size = max(abs(shown.slope), abs(shown.claimed)) or 1.0
    grid = np.geomspace(_NEAREST, _FARTHEST, 61)
    band = np.maximum(_explained(shown, grid) / size, _LOWEST)
    ax.fill_between(grid, _LOWEST, band, color=_EXPLAINED, alpha=0.15, linewidth=0)
    ax.plot(grid, band, color=_EXPLAINED, linewidth=0.8)
    steps, differences = np.array(shown.steps).T
    heights = np.maximum(np.abs(shown.claimed - differences) / size, _LOWEST)
    marker, colour = ("s", _WRONG) if shown.off else ("o", _RIGHT)
    ax.plot(steps, heights, marker, color=colour, markersize=4)
    lowest = max(min(heights.min(), band.min()) / 10, _LOWEST)
    ax.set(xscale="log", yscale="log", xlim=(_NEAREST, _FARTHEST))
    ax.set(ylim=(lowest, max(heights.max(), 1.0) * 10), ylabel="|claimed − difference|, relative")
    ax.set_xlabel("step, in units of the block's size")
    _plain(ax, "disagreement against step")


def _shared(report: Report) -> list[Measured]:
    """What several blocks showed together, as far as it speaks for all of them."""
    return [m for m in report.measured if not m.off]


def _known(m: Measured) -> bool:
    """Whether there is anything to draw: a claim and a slope, with their bars."""
    return all(map(math.isfinite, (m.claimed, m.claimed_bar, m.slope, m.slope_bar)))


def _explained(shown: Measured, steps: Any) -> Any:
    """What noise, curvature and the bars of slope and claim explain at each step."""
    bars = shown.slope_bar + shown.claimed_bar
    with np.errstate(over="ignore"):
        return bars + shown.noise / steps + abs(shown.curvature) * steps**2


def _entries(ax: Axes, report: Report, block: BlockResult) -> None:
    """Claimed against measured derivatives, with their bars."""
    alone = [m for m in block.measured if _known(m)]
    alone = [m for m in alone if m.entry is not None] or alone  # never two units in one picture
    shown = alone or [m for m in _shared(report) if _known(m) and not block.measured]
    if not shown:
        _nothing(ax, _NOTHING[bool(block.measured)])
        return
    ends = [value for m in shown for value in (*_sides(m), m.claimed)]
    pad = 0.06 * (max(ends) - min(ends) or abs(ends[0]) or 1.0)
    low, high = min(ends) - pad, max(ends) + pad
    ax.plot([low, high], [low, high], color="#999999", linewidth=0.8, zorder=0)
    for entries, off in product((True, False), (False, True)):
        some = [m for m in shown if (m.entry is not None) is entries and m.off is off]
        if some:
            _cloud(ax, some, entries=entries, off=off)
    worst = next((m for m in shown if m.entry and m.off), None)
    if worst is not None and worst.entry is not None:
        label, place = str(list(worst.entry)), (worst.slope, worst.claimed)
        ax.annotate(label, place, (4, 3), textcoords="offset points", fontsize="x-small")
    ax.legend(fontsize="x-small", frameon=False)
    ax.ticklabel_format(useOffset=False)
    ax.set(xlabel="measured" if alone else "measured, all blocks together", ylabel="claimed")
    _plain(ax, "claimed against measured")


def _cloud(ax: Axes, some: list[Measured], *, entries: bool, off: bool) -> None:
    word = "entries" if entries else "random directions"
    ax.errorbar(
        [m.slope for m in some],
        [m.claimed for m in some],
        xerr=np.transpose([_reach(m) for m in some]),
        yerr=[m.claimed_bar for m in some],
        fmt="o" if entries else "D",
        color=_WRONG if off else _RIGHT,
        markersize=4,
        linewidth=0.8,
        label=f"{word} {'off' if off else 'that agree'} ({len(some)})",
    )


def _sides(m: Measured) -> tuple[float, float]:
    """The slope, or both one-sided slopes of a kink, the smaller first."""
    if m.left is None or m.right is None:
        return m.slope, m.slope
    return min(m.left, m.right), max(m.left, m.right)


def _reach(m: Measured) -> tuple[float, float]:
    """How far what was measured reaches to both sides of where it is drawn."""
    low, high = _sides(m)
    return m.slope - low + m.slope_bar, high - m.slope + m.slope_bar


def _map(ax: Axes, report: Report, block: BlockResult) -> None:
    """Which entries are at fault, the last axis across and all others down."""
    from matplotlib.colors import ListedColormap
    from matplotlib.ticker import FixedLocator, MaxNLocator

    fold = Fold(block.shape)
    share, known = _shares(report, block, fold)
    colours = ListedColormap([_UNKNOWN, _RIGHT, _WRONG])
    state = np.where(known, np.where(share > 0, 2, 1), 0)
    ax.imshow(state, cmap=colours, vmin=0, vmax=2, aspect="auto", interpolation="nearest",
              alpha=np.where(state == 1, 0.35, 1.0),
              extent=(-0.5, fold.columns - 0.5, fold.rows - 0.5, -0.5))  # fmt: skip
    for axis, length in ((ax.xaxis, fold.columns), (ax.yaxis, fold.rows)):
        axis.set_major_locator(
            MaxNLocator(5, integer=True) if length > 5 else FixedLocator(range(length))
        )
    if len(block.shape) > 1:
        down = "first axis" if len(block.shape) == 2 else "other axes"
        ax.set(xlabel="last axis", ylabel=down)
    else:
        ax.set(xlabel="entry", yticks=[])
    _plain(ax, _title(share, known, fold))


def _shares(report: Report, block: BlockResult, fold: Fold) -> tuple[Any, Any]:
    """The share of each cell that is wrong, and where that is known."""
    share, known = np.zeros(fold.cells), np.ones(fold.cells, bool)
    if block.verdict is Verdict.CORRECT:
        return share, known
    finding = next((f for f in report.about(block) if f.kind not in _ELSEWHERE), None)
    if finding is not None and finding.grid is not None:
        return np.array(finding.grid), known
    if finding is not None and finding.entries is not None:
        return fold.marked(finding.entries).astype(float), known
    if finding is not None and finding.kind is not Kind.UNEXPLAINED:
        return np.ones(fold.cells), known
    entries = {m.entry: m.off for m in block.measured if m.entry is not None and _known(m)}
    wrong = fold.marked(entry for entry, off in entries.items() if off)
    if block.verdict is Verdict.UNDECIDED:  # inside such bars an entry is not proven right
        return wrong * 1.0, wrong
    return wrong * 1.0, fold.marked(entries)


def _title(share: Any, known: Any, fold: Fold) -> str:
    if not known.any():
        return "map: which entries is not known"
    which = "no entry wrong" if not (share > 0).any() else "entries at fault"
    which = "every entry at fault" if (share[known] == 1).all() and known.all() else which
    rest = "" if known.all() else ", grey: not measured"
    pooled = "" if fold.cells == (fold.rows, fold.columns) else " (pooled)"
    return f"map: {which}{rest}{pooled}"


OF_BLOCK = {"steps": _steps, "entries": _entries, "map": _map}


def _plain(ax: Axes, title: str = "") -> None:
    from matplotlib.ticker import FuncFormatter, NullLocator

    if title:
        ax.set_title(title, fontsize="small", loc="left")
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize="small")
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set_fontsize("small")
        if axis.get_scale() == "log":
            axis.set_minor_locator(NullLocator())
            axis.set_major_formatter(FuncFormatter(_power))


def _power(number: float, _: int) -> str:
    exponent = round(float(np.log10(number))) if number > 0 else 0
    return "10" + str(exponent).translate(_RAISED)


def _nothing(ax: Axes, sentence: str) -> None:
    ax.text(0.5, 0.5, sentence, ha="center", va="center", transform=ax.transAxes, fontsize="small")
    ax.set_axis_off()


def shortened(name: str, most: int = 40) -> str:
    """Names are text: a dollar sign is no mathematics, half a surrogate no letter."""
    name = name.encode("utf-8", "backslashreplace").decode()
    short = name if len(name) <= most else f"{name[: most // 2]}…{name[-most // 2 :]}"
    return short.replace("$", r"\$")
