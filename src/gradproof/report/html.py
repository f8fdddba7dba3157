"""The report as a fragment of HTML, for notebooks."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from ..naming import place
from ..records.finding import Finding
from ..records.verdict import Verdict
from .operations import Branch, module_tree, source
from .pictures import picture
from .report import BlockResult, Report
from .wording import COLOURS, figure, relative_error, shape, with_bar

_MOST_BLOCKS = 100


def fragment(report: Report) -> str:
    """A heading, the findings, the table of blocks and plots; every name is escaped."""
    blocks = report.ranked
    rows = "".join(_row(block) for block in blocks[:_MOST_BLOCKS])
    more = len(blocks) - _MOST_BLOCKS
    return (
        f"<div><p><b>{escape(report.name)}</b>: {_badge(report.verdict)}, "
        f"{escape(report.sentence)}<br>"
        f"difference {figure(report.difference)} · resolution {figure(report.resolution)} · "
        f"{report.evaluations} evaluations · seed {report.seed}</p>"
        f"{_again(report)}"
        f"{_list(_found(finding) for finding in report.findings)}"
        f"{f'<p>{escape(report.next_step)}</p>' if report.next_step else ''}"
        f"{_tree(module_tree(report.operations)) if report.operations else ''}"
        "<table><thead><tr><th>block</th><th>shape</th><th>verdict</th>"
        f"<th>relative error</th><th>resolution</th></tr></thead><tbody>{rows}</tbody></table>"
        f"{f'<p>and {more} more blocks</p>' if more > 0 else ''}"
        f"{_list(map(escape, report.remarks))}{_pictures(report)}</div>"
    )


def _again(report: Report) -> str:
    if not report.reproduce:
        return ""
    return f"<p>Run it again: <code>{escape(report.reproduce)}</code></p>"


def _pictures(report: Report) -> str:
    """The overview, and what was measured of the worst block; nothing without matplotlib."""
    worst = report.ranked[0] if report.blocks else None
    drawn = [picture(report)] if len(report.blocks) > 1 else []
    drawn += [picture(report, worst, "block")] if worst is not None else []
    return "".join(f'<div style="max-width: 60em">{svg}</div>' for svg in drawn if svg)


def _found(finding: Finding) -> str:
    """A finding with the line of code under it."""
    if finding.line is None:
        return escape(finding.message)
    where = place(finding.line.file, finding.line.number)
    code = f"<pre>{escape(where)}\n{escape(finding.line.text)}</pre>"
    return f"{escape(finding.message)}{code}"


def _tree(branch: Branch) -> str:
    """The operations by module, unfolded where something is not right."""
    calls = "".join(
        f"<li><code>{escape(call.name)}</code>{f', call {call.call}' if call.call > 1 else ''}: "
        f"{_badge(call.verdict)} {with_bar(call.error, call.bar)} "
        f"<small>{escape(source(call))}</small></li>"
        for call in branch.calls
    )
    inner = "".join(f"<li>{_tree(child)}</li>" for child in branch.branches.values())
    opened = "" if branch.verdict is Verdict.CORRECT else " open"
    name = f"<code>{escape(branch.name)}</code>" if branch.name else "operations"
    return (
        f"<details{opened}><summary>{name}: {_badge(branch.verdict)}, {branch.count} calls"
        f"</summary><ul>{calls}{inner}</ul></details>"
    )


def _row(block: BlockResult) -> str:
    return (
        f"<tr><td><code>{escape(block.name)}</code></td><td>{shape(block)}</td>"
        f"<td>{_badge(block.verdict)}</td><td>{relative_error(block)}</td>"
        f"<td>{figure(block.resolution)}</td></tr>"
    )


def _badge(verdict: Verdict) -> str:
    return f'<b style="color:{COLOURS[verdict]}">{verdict}</b>'


def _list(items: Iterable[str]) -> str:
    listed = "".join(f"<li>{item}</li>" for item in items)
    return f"<ul>{listed}</ul>" if listed else ""
