"""The report in a terminal: rich lays it out, names are text and never markup."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..records.finding import Line
from ..records.verdict import Verdict
from .report import BlockResult, Report, figure

# Okabe and Ito's palette (2008) is told apart by colour-blind readers; the word says it too.
STYLES = {
    Verdict.CORRECT: "bold #009e73",
    Verdict.SUSPECT: "bold #e69f00",
    Verdict.WRONG: "bold #d55e00",
    Verdict.UNDECIDED: "bold #56b4e9",
}

_NARROW = 60  # columns; below it the shapes and the bars are left out
_MOST_FINDINGS = 12
_MOST_BLOCKS = 20
_MOST_NOTES = 8


def render(report: Report, width: int = 80) -> RenderableType:
    """The whole report as something rich can print; a narrow one leaves out what it can."""
    parts: list[RenderableType] = [_headline(report), _summary(report)]
    for finding in report.findings[:_MOST_FINDINGS]:
        parts.append(_indented(Text(finding.message)))
        if finding.line is not None:
            parts.append(_source(finding.line))
    if len(report.findings) > _MOST_FINDINGS:
        parts.append(_indented(Text(f"and {len(report.findings) - _MOST_FINDINGS} more findings")))
    parts.append(_table(report, narrow=width < _NARROW))
    parts += [_indented(Text(note, style="dim")) for note in _notes(report)]
    return Group(*parts)


def plain(report: Report, width: int) -> str:
    """The report without colours, at a given width."""
    return _to_text(report, Console(file=io.StringIO(), width=width, color_system=None))


def for_stdout(report: Report) -> str:
    """The report as ``print`` should show it: coloured only in a terminal that wants colour."""
    if not sys.stdout.isatty():
        return _to_text(report, Console(file=io.StringIO(), color_system=None))
    width = Console().width
    return _to_text(report, Console(file=io.StringIO(), width=width, force_terminal=True))


def _to_text(report: Report, console: Console) -> str:
    with console.capture() as capture:
        console.print(render(report, console.width), highlight=False)
    return "\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n"))


def _source(line: Line) -> Group:
    """The line of the user's code, as compilers show it."""
    where = Text(f"{_near(line.file)}:{line.number}, in {line.function}", style="dim")
    text = Text(line.text)
    return Group(
        Padding(where, (0, 0, 0, 4), expand=False), Padding(text, (0, 0, 0, 6), expand=False)
    )


def _near(file: str) -> str:
    """A path as seen from here, if it is below."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


def _indented(text: Text) -> Padding:
    return Padding(text, (0, 0, 0, 2), expand=False)


def _headline(report: Report) -> Text:
    line = Text()
    line.append(report.name, style="bold")
    line.append(": ")
    line.append(report.verdict.upper(), style=STYLES[report.verdict])
    line.append(f", {report.verdict.sentence}")
    return line


def _summary(report: Report) -> Text:
    calls = f" ({report.inquiry} to explain it)" if report.inquiry else ""
    calls += f" + {report.gradient_calls} of the gradient" if report.gradient_calls else ""
    return Text(
        f"difference {figure(report.difference)}, resolution {figure(report.resolution)}\n"
        f"{report.evaluations} evaluations{calls}, {report.seconds:.2f} s, "
        f"effort {report.effort}, seed {report.seed}"
    )


def _table(report: Report, *, narrow: bool) -> Table:
    blocks = report.ranked
    table = Table(box=None, pad_edge=False, padding=(0, 1 if narrow else 2, 0, 0))
    table.add_column("block", overflow="fold", min_width=8)
    if not narrow:
        table.add_column("shape", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("error" if narrow else "relative error", justify="right", no_wrap=narrow)
    table.add_column("resol." if narrow else "resolution", justify="right", no_wrap=True)
    for block in blocks[:_MOST_BLOCKS]:
        shape = [] if narrow else [Text("×".join(map(str, block.shape)) or "scalar")]
        table.add_row(
            Text(block.name),
            *shape,
            Text(block.verdict, style=STYLES[block.verdict]),
            Text(figure(block.error) if narrow else _error(block)),
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
    notes = report.remarks
    if len(notes) <= _MOST_NOTES:
        return notes
    return [*notes[:_MOST_NOTES], f"and {len(notes) - _MOST_NOTES} more notes"]
