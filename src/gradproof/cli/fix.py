"""``gradproof fix``: check the cases, and look for a repair of each that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from ..progress import ProgressLine
from .check import EFFORT, SEED, given
from .complete import TARGETS
from .files import WritingCommand, apart, summarise, write_all
from .outcomes import Outcome
from .screen import console, follow, say, show

if TYPE_CHECKING:
    from .fixes import Fixes

HELP = """Look for edits that make the wrong gradients of TARGET right.

TARGET is as for `gradproof check`. For each case whose gradient is wrong, the functions that
compute it are edited by one small change at a time (a factor, a sign, a transpose, a name, an axis,
an index, …), each edit is run in another process and compared with slopes that were measured once.
What satisfies them all is checked again along fresh directions and at other points, and shown as a
diff.

Nothing is written without --apply. With it, the first repair of each case is, and the cases after
it are checked with what was written. Code that writes files, connects or starts processes cannot be
tried. An edit is code: `gradproof fix` runs it, in a process that is no sandbox.

With --json the object has fixes, too: case, reason, tried, complete, written, kept, closest, and
fixes (file, diff, edits, report, elsewhere).

\b
Examples:
  gradproof fix cases.py
  gradproof fix cases.py:network --most 1 --seconds 20
  gradproof fix cases.py --apply
  gradproof fix cases.py --json - | jq -r '.fixes[].fixes[0].diff' | patch -p1

\b
Exit codes, the first that applies:
  130  interrupted by Ctrl-C; what was found is still reported
    4  internal error: a bug in gradproof
    2  wrong use, or an exception in the code under test
    1  a gradient is wrong and no repair was found, or it could not be written
    3  a gradient is undecided
    0  all are correct, or have a repair
"""


@click.command(
    cls=WritingCommand, help=HELP, short_help="Look for edits that make a gradient right."
)
@TARGETS
@click.option("--apply", is_flag=True, help="Write the first repair of each case into its file.")
@click.option(
    "--backup",
    default=".orig",
    show_default=True,
    metavar="SUFFIX",
    help="What --apply adds to the name of the file that keeps the original; '' keeps none.",
)
@click.option(
    "--most", type=click.IntRange(min=1), default=3, show_default=True, help="Repairs to show."
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    help="When to stop looking, for each case.",
)
@EFFORT
@SEED
@click.pass_context
def fix(
    context: click.Context,
    /,
    targets: tuple[str, ...],
    apply: bool,
    backup: str,
    most: int,
    seconds: float,
    files: Mapping[str, str],
    **wanted: Any,
) -> None:
    """Check the cases, and look for a repair of each that is wrong."""
    from .fixes import Fixes  # here: `gradproof --help` needs no rich

    fixes = Fixes(targets, given(wanted), most, seconds, backup if apply else None, apply=apply)
    with apart(files):
        follow(fixes.run, partial(_fix_one, fixes), lambda spent: f"{fixes.headline}{spent}")
    summarise(fixes.document)
    write_all(files, fixes.document)
    context.exit(fixes.exit_code)


def _fix_one(fixes: Fixes, outcome: Outcome) -> None:
    from .fixes import show as show_suggestions

    show(outcome)
    with ProgressLine(lambda: fixes.run.doing):
        fixed = fixes.fix_one(outcome)
    if fixed.suggestions is not None:
        show_suggestions(console(), fixed.suggestions)
    for line in filter(None, (fixed.refusal, fixed.change)):
        say(line)
