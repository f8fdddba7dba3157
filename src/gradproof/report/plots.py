"""The report as pictures, with matplotlib: one, or a sheet that joins those of a block."""

from __future__ import annotations

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
    from matplotlib.figure import Figure

    return Figure(**options) if "inline" in plt.get_backend() else plt.figure(**options)


def sheet(
    report: Report,
    block: BlockResult | None,
    make: Any,
    *,
    overview: bool,
    layout: str | None = "constrained",
) -> Figure:
    """The overview above the pictures of one block; ``make`` is what makes a figure."""
    rows = (["overview"] if overview else []) + (["block"] if block is not None else [])
    tall = 0.9 + 0.22 * min(len(report.blocks), MOST_BLOCKS)
    heights = [max(tall, 1.6) if row == "overview" else 2.7 for row in rows]
    made: Figure = make(figsize=(10.5, sum(heights) + 0.4), layout=layout)
    parts = made.subfigures(len(rows), 1, height_ratios=heights, squeeze=False)[:, 0]
    for row, part in zip(rows, parts, strict=True):
        if row == "overview":
            draw_overview(part.subplots(), report)
        elif block is not None:
            if overview:
                part.suptitle(shortened(block.name, 80), fontsize="medium")
            for draw, axes in zip(OF_BLOCK.values(), part.subplots(1, 3), strict=True):
                draw(axes, report, block)
            if layout is None:
                part.subplots_adjust(0.07, 0.19, 0.99, 0.88, 0.28)
    return made


def _single(report: Report, block: str | int | None, kind: str, ax: Axes | None) -> Figure:
    if kind == "overview" and block is not None:
        raise UsageError("The overview shows all blocks: leave block out.")
    if kind not in ("overview", *OF_BLOCK):
        raise UsageError(f"kind must be one of overview, {', '.join(OF_BLOCK)}, but is {kind!r}.")
    if ax is None:
        tall = 1.2 + 0.22 * min(len(report.blocks), MOST_BLOCKS) if kind == "overview" else 3.2
        wide = 7 if kind == "overview" else 4.2
        ax = _figure(figsize=(wide, tall), layout="constrained").subplots()
    if kind == "overview":
        draw_overview(ax, report)
    else:
        OF_BLOCK[kind](ax, report, _chosen(report, block))
    made: Any = ax.get_figure()
    return getattr(made, "figure", made)  # type: ignore[no-any-return] # of a part, the whole


def _chosen(report: Report, block: str | int | None) -> BlockResult:
    if block is None and report.blocks:
        return report.ranked[0]
    if isinstance(block, SupportsIndex) and -len(report.blocks) <= index(block) < len(
        report.blocks
    ):
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
