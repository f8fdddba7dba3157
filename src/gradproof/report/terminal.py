"""The report in a terminal: rich lays it out, names are text and never markup."""

from __future__ import annotations

import io
import sys

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..records.verdict import Verdict, severity
from .report import BlockResult, Report, figure

# Okabe and Ito's palette (2008) is told apart by colour-blind readers; the word says it too.
_STYLES = {
    Verdict.CORRECT: "bold #009e73",
    Verdict.SUSPECT: "bold #e69f00",
    Verdict.WRONG: "bold #d55e00",
    Verdict.UNDECIDED: "bold #56b4e9",
}

_MOST_BLOCKS = 20
_MOST_NOTES = 8


def render(report: Report) -> RenderableType:
    """The whole report as something rich can print at any width."""
    parts: list[RenderableType] = [_headline(report), _summary(report)]
    parts += [Padding(Text(f.message), (0, 0, 0, 2)) for f in report.findings]
    parts.append(_table(report))
    parts += [Padding(Text(note, style="dim"), (0, 0, 0, 2)) for note in _notes(report)]
    return Group(*parts)


def plain(report: Report, width: int) -> str:
    """The report without colours, at a given width."""
    return _to_text(report, width=width, color_system=None, force_terminal=False)


def for_stdout(report: Report) -> str:
    """The report as ``print`` should show it: coloured only in a terminal that wants colour."""
    if not sys.stdout.isatty():
        return _to_text(report, width=None, color_system=None, force_terminal=False)
    return _to_text(report, width=Console().width, color_system="auto", force_terminal=True)


def _to_text(
    report: Report, *, width: int | None, color_system: str | None, force_terminal: bool
) -> str:
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        color_system=color_system,  # type: ignore[arg-type]
        force_terminal=force_terminal,
        highlight=False,
        soft_wrap=False,
    )
    console.print(render(report))
    return out.getvalue().rstrip("\n")


def _headline(report: Report) -> Text:
    line = Text()
    line.append(report.name, style="bold")
    line.append(": ")
    line.append(report.verdict.upper(), style=_STYLES[report.verdict])
    line.append(f", {report.verdict.sentence}")
    return line


def _summary(report: Report) -> Text:
    calls = f" + {report.gradient_calls} gradient" if report.gradient_calls else ""
    return Text(
        f"difference {figure(report.difference)} · resolution {figure(report.resolution)} · "
        f"{report.evaluations} evaluations{calls} · {report.seconds:.2f} s · "
        f"effort {report.effort} · seed {report.seed}"
    )


def _table(report: Report) -> Table:
    blocks = sorted(report.blocks, key=lambda b: (severity(b.verdict), -b.error))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("block", overflow="fold", min_width=8)
    table.add_column("shape", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("relative error", justify="right")
    table.add_column("resolution", justify="right", no_wrap=True)
    for block in blocks[:_MOST_BLOCKS]:
        table.add_row(
            Text(block.name),
            Text("×".join(map(str, block.shape)) or "scalar"),
            Text(block.verdict, style=_STYLES[block.verdict]),
            Text(_error(block)),
            Text(figure(block.resolution)),
        )
    if len(blocks) > _MOST_BLOCKS:
        rest = blocks[_MOST_BLOCKS:]
        table.caption = f"and {len(rest)} more blocks, none worse than {rest[0].verdict}"
        table.caption_justify = "left"
    return table


def _error(block: BlockResult) -> str:
    text = f"{figure(block.error)} ± {figure(block.bar)}"
    return text + (" of the value" if block.zero else "")


def _notes(report: Report) -> list[str]:
    reasons = [f"{b.name}: {b.reason}." for b in report.blocks if b.reason]
    left = [f"{name} {reason}: not differentiated." for name, reason in report.left_alone]
    notes = [*report.notes, *reasons, *left]
    if len(notes) > _MOST_NOTES:
        notes = [*notes[:_MOST_NOTES], f"and {len(notes) - _MOST_NOTES} more notes"]
    return notes
