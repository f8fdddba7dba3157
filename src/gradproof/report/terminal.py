"""The report in a terminal: rich lays it out, names are text and never markup."""

from __future__ import annotations

import io
import sys
from collections import Counter
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..letters import fitted
from ..naming import place
from ..progress import is_terminal
from ..records.finding import SourceLine
from ..records.verdict import Verdict
from . import operations
from .report import Report
from .wording import COLOURS, figure, printable, relative_error, shape

STYLES = {verdict: f"bold {colour}" for verdict, colour in COLOURS.items()}

_NARROW = 72  # columns; below it the shapes and the bars are left out
_MOST_FINDINGS = 12
_MOST_BLOCKS = 20
_FEW = 8  # rows up to which blocks that are right are shown as well
_MOST_NOTES = 8


def render(
    report: Report, width: int = 80, *, verbose: bool = False, breaking: bool = True
) -> RenderableType:
    """The whole report as something rich can print; a narrow one leaves out what it can.

    The lines for machines and for the clipboard, the last ones, are broken to the width only on
    request: a console that crops would lose their ends.
    """
    whole: dict[str, Any] = {} if breaking else {"no_wrap": True, "overflow": "ignore"}
    most = len(report.findings) if verbose else _MOST_FINDINGS
    parts: list[RenderableType] = [_headline(report, report.sentence)]
    for finding in report.findings[:most]:
        parts.append(_indented(Text(finding.message)))
        if finding.line is not None:
            parts.append(_source(finding.line))
    if len(report.findings) > most:
        parts.append(_indented(Text(f"and {len(report.findings) - most} more findings")))
    if report.operations:
        parts.append(operations.table(report.operations, verbose=verbose))
    if report.blocks:
        parts.append(_table(report, narrow=width < _NARROW, verbose=verbose))
    notes = report.remarks
    if not verbose and len(notes) > _MOST_NOTES:
        notes = [*notes[:_MOST_NOTES], f"and {len(notes) - _MOST_NOTES} more notes"]
    parts += [_indented(Text(note, style="dim")) for note in notes]
    parts += [Text(line, style="dim") for line in _bands(report)] if verbose else []
    if report.next_step:
        parts.append(Text(report.next_step))
    parts.append(_cost(report))
    if report.reproduce:
        parts.append(Text(f"again: {printable(report.reproduce)}", **whole))
    parts.append(Text(report.headline, "bold", **whole))
    return Group(*parts)


def show(console: Console, report: Report, *, verbose: bool = False) -> None:
    """Print a report, or the one line that a right gradient takes."""
    if report.ok and not verbose:
        console.print(_brief(report), soft_wrap=True)
        for finding in report.findings:
            console.print(_indented(Text(finding.message)))
    else:
        text = _to_text(report, console, verbose=verbose)
        console.file.write(f"{text}\n")


def _brief(report: Report) -> Text:
    cost = f"{report.evaluations} evaluations, {report.seconds:.2f} s"
    return _headline(report, f"resolution {figure(report.resolution)}, {cost}")


def plain(report: Report, width: int | None = None, *, verbose: bool = False) -> str:
    """The report without colours, at a given width or as wide as a pipe is taken for."""
    console = Console(file=io.StringIO(), force_jupyter=False, width=width, color_system=None)
    return _to_text(report, console, verbose=verbose)


def for_stdout(report: Report) -> str:
    """The report as ``print`` should show it: coloured only in a terminal that wants colour."""
    if not is_terminal(sys.stdout):
        return fitted(plain(report))
    width = Console(force_jupyter=False).width
    console = Console(file=io.StringIO(), force_jupyter=False, width=width, force_terminal=True)
    return fitted(_to_text(report, console))


def _to_text(report: Report, console: Console, *, verbose: bool = False) -> str:
    with console.capture() as capture:
        shown = render(report, console.width, verbose=verbose, breaking=False)
        console.print(shown, highlight=False, crop=False)
    return "\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n"))


def _source(line: SourceLine) -> Group:
    """The line of the user's code, as compilers show it."""
    where = Text(f"{place(line.file, line.number)}, in {line.function}", style="dim")
    return Group(_indented(where, 4), _indented(Text(line.text), 6))


def _indented(text: Text, columns: int = 2) -> Padding:
    return Padding(text, (0, 0, 0, columns), expand=False)


def _headline(report: Report, more: str) -> Text:
    verdict = (report.verdict.upper(), STYLES[report.verdict])
    return Text.assemble((printable(report.name), "bold"), ": ", verdict, f", {more}")


def _cost(report: Report) -> Text:
    calls = f" ({report.inquiry} to explain it)" if report.inquiry else ""
    calls += f" + {report.gradient_calls} of the gradient" if report.gradient_calls else ""
    return Text(
        f"{report.evaluations} evaluations{calls}, {report.seconds:.2f} s, "
        f"effort {report.effort}, seed {report.seed}"
    )


def _bands(report: Report) -> list[str]:
    """The thresholds that were used, once for each kind of block."""
    used = {(b.dtype, b.correct_below, b.wrong_above): None for b in report.blocks}
    return [
        f"{dtype}: correct below {below:g}, wrong above {above:g}" for dtype, below, above in used
    ]


def _table(report: Report, *, narrow: bool, verbose: bool) -> Table:
    blocks = report.ranked
    doubtful = sum(block.verdict is not Verdict.CORRECT for block in blocks)
    # Of blocks that are wrong because of an operation a few will do.
    doubtful = 0 if any(o.verdict.rejects for o in report.operations) else doubtful
    most = len(blocks) if verbose else min(max(_FEW, doubtful), _MOST_BLOCKS)
    table = Table(box=None, pad_edge=False, padding=(0, 1 if narrow else 2, 0, 0))
    table.add_column("block", overflow="fold", min_width=8)
    if not narrow:
        table.add_column("shape", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("error" if narrow else "relative error", justify="right", no_wrap=narrow)
    table.add_column("resol." if narrow else "resolution", justify="right", no_wrap=True)
    for block in blocks[:most]:
        table.add_row(
            Text(block.name),
            *([] if narrow else [Text(shape(block))]),
            Text(block.verdict, style=STYLES[block.verdict]),
            Text(figure(block.error) if narrow else relative_error(block)),
            Text(figure(block.resolution)),
        )
    if rest := blocks[most:]:
        counts = Counter(str(block.verdict) for block in rest)
        listed = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        table.caption, table.caption_justify = f"and {len(rest)} more blocks: {listed}", "left"
    return table
