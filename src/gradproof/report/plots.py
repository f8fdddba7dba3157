"""The report as pictures, with matplotlib: one, or a sheet that joins those of a block."""

from __future__ import annotations

from contextlib import suppress
from operator import index
from typing import TYPE_CHECKING, Any, SupportsIndex

from ..errors import UsageError
from .panels import MOST_BLOCKS, OF_BLOCK, shortened
from .panels import overview as draw_overview
from .report import BlockResult, Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot(report: Report, block: str | int | None, kind: str | None, ax: Axes | None) -> Figure:
    """What ``Report.plot`` draws."""
    _require()
    if kind is None and ax is not None:
        raise UsageError("ax is for a single picture: say which with kind=.")
    if kind is not None:
        return _single(report, block, kind, ax)
    chosen = _chosen(report, block) if block is not None or report.blocks else None
    return sheet(report, chosen, _figure, overview=block is None)


def _figure(**options: Any) -> Figure:
    """A figure that ``plt.show()`` shows.

    A notebook shows what a cell returns, and all figures of pyplot besides: there it is shown once.
    """
    from matplotlib import pyplot as plt

    from .figures import Picture

    if "inline" in plt.get_backend():
        return Picture(**options)
    return plt.figure(FigureClass=Picture, **options)


def sheet(
    report: Report,
    block: BlockResult | None,
    make: Any,
    *,
    overview: bool,
    layout: str | None = "constrained",
) -> Figure:
    """The overview above the pictures of one block; ``make`` is what makes a figure."""
    heights = [max(0.9 + _rows(report), 1.6)] if overview else []
    heights += [2.7] if block is not None else []
    made: Figure = make(figsize=(10.5, sum(heights) + 0.4), layout=layout)
    parts = made.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    if overview:
        draw_overview(parts[0].subplots(), report)
    if block is not None:
        if overview:
            parts[-1].suptitle(shortened(block.name, 80), fontsize="medium")
        for draw, axes in zip(OF_BLOCK.values(), parts[-1].subplots(1, 3), strict=True):
            draw(axes, report, block)
        if layout is None:
            parts[-1].subplots_adjust(0.07, 0.19, 0.99, 0.88, 0.28)
    return made


def _rows(report: Report) -> float:
    """How high the rows of the overview are together."""
    return 0.22 * min(len(report.blocks), MOST_BLOCKS)


def _single(report: Report, block: str | int | None, kind: str, ax: Axes | None) -> Figure:
    if kind == "overview" and block is not None:
        raise UsageError("The overview shows all blocks: leave block out.")
    if kind not in ("overview", *OF_BLOCK):
        raise UsageError(f"kind must be one of overview, {', '.join(OF_BLOCK)}, but is {kind!r}.")
    size = (4.2, 3.2) if kind != "overview" else (7, 1.2 + _rows(report))
    if ax is None:
        ax = _figure(figsize=size, layout="constrained").subplots()
    if kind == "overview":
        draw_overview(ax, report)
    else:
        OF_BLOCK[kind](ax, report, _chosen(report, block))
    made: Any = ax.get_figure()
    return getattr(made, "figure", made)  # type: ignore[no-any-return] # of a part, the whole


def _chosen(report: Report, block: str | int | None) -> BlockResult:
    if block is None and report.blocks:
        return report.ranked[0]
    if isinstance(block, SupportsIndex):
        with suppress(IndexError):
            return report.blocks[index(block)]
    for one in report.blocks:
        if block == one.name:
            return one
    listed = ", ".join(b.name for b in report.blocks[:8]) or "none"
    raise UsageError(f"There is no block {block!r}: the report has {listed}.")


def _require() -> None:
    try:
        import matplotlib as mpl  # noqa: F401
    except ImportError:
        raise UsageError(
            "Plots need matplotlib: pip install 'gradproof[report]' brings it."
        ) from None
