"""The report as a fragment of HTML, for notebooks."""

from __future__ import annotations

from html import escape

from ..records.verdict import Verdict
from .report import BlockResult, Report, figure

_COLOURS = {
    Verdict.CORRECT: "#00795a",
    Verdict.SUSPECT: "#a86f00",
    Verdict.WRONG: "#b84f00",
    Verdict.UNDECIDED: "#2b7fb0",
}

_MOST_BLOCKS = 100


def fragment(report: Report) -> str:
    """A heading, the findings and the table of blocks; every name is escaped."""
    blocks = report.ranked
    rows = "".join(_row(block) for block in blocks[:_MOST_BLOCKS])
    more = len(blocks) - _MOST_BLOCKS
    return (
        f"<div><p><b>{escape(report.name)}</b>: {_badge(report.verdict)}, "
        f"{escape(report.verdict.sentence)}<br>"
        f"difference {figure(report.difference)} · resolution {figure(report.resolution)} · "
        f"{report.evaluations} evaluations · seed {report.seed}</p>"
        f"{_listed([f.message for f in report.findings])}"
        "<table><thead><tr><th>block</th><th>shape</th><th>verdict</th>"
        f"<th>relative error</th><th>resolution</th></tr></thead><tbody>{rows}</tbody></table>"
        f"{f'<p>and {more} more blocks</p>' if more > 0 else ''}"
        f"{_listed(report.remarks)}</div>"
    )


def _row(block: BlockResult) -> str:
    shape = "×".join(map(str, block.shape)) or "scalar"
    return (
        f"<tr><td><code>{escape(block.name)}</code></td><td>{shape}</td>"
        f"<td>{_badge(block.verdict)}</td><td>{figure(block.error)} ± {figure(block.bar)}</td>"
        f"<td>{figure(block.resolution)}</td></tr>"
    )


def _badge(verdict: Verdict) -> str:
    return f'<b style="color:{_COLOURS[verdict]}">{verdict}</b>'


def _listed(sentences: list[str]) -> str:
    if not sentences:
        return ""
    return "<ul>" + "".join(f"<li>{escape(s)}</li>" for s in sentences) + "</ul>"
