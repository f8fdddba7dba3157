"""``gradproof check``: find the cases, check them one by one, and say what came of each."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import click

from ..plan.effort import LEVELS
from .files import WritingCommand, apart, write_all
from .runs import Run
from .screen import follow, show

HELP = """Check the gradients of the cases that TARGET holds.

A case is a function marked with @gp.case. It takes no arguments and returns the arguments of
gp.check as a dictionary, or a list of such dictionaries.

\b
TARGET is
  path.py           all cases of a file
  package.module    all cases of a module
  path.py:name      one of them (module:name too)

A correct gradient takes one line; any other is reported in full. The last line begins with
"gradproof: " and counts, as in "correct 4, suspect 0, wrong 1, undecided 0, errors 0".
One FILE may be -, standard output; what a person reads then goes to standard error.

\b
Examples:
  gradproof check cases.py
  gradproof check cases.py:network --effort thorough --seed 7
  gradproof check model.py loss.py --json report.json
  gradproof check cases.py --json - | jq '.reports[] | {case, verdict, resolution}'
  gradproof check cases.py --html report.html --junit report.xml

\b
Exit codes, the first that applies:
  130  interrupted by Ctrl-C; what was finished is still reported
    4  internal error: a bug in gradproof
    2  wrong use, or an exception in the code under test
    1  a gradient is wrong or suspect
    3  a gradient is undecided
    0  all are correct
"""


VERBOSE = click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="Report correct gradients in full, too, and every block, finding and note.",
)


_INSTEAD = "in place of what a case says itself."
EFFORT = click.option(
    "--effort", type=click.Choice(list(LEVELS)), help=f"How many evaluations to spend, {_INSTEAD}"
)
SEED = click.option(
    "--seed", type=click.IntRange(min=0), help=f"Seed of the random directions, {_INSTEAD}"
)


def given(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What replaces the cases' own: the options that were given."""
    return {key: value for key, value in wanted.items() if value is not None}


@click.command(cls=WritingCommand, help=HELP, short_help="Check the cases of files and modules.")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@EFFORT
@SEED
@VERBOSE
@click.pass_context
def check(
    context: click.Context,
    /,
    targets: tuple[str, ...],
    verbose: bool,
    files: Mapping[str, str],
    **wanted: Any,
) -> None:
    """Find the cases, check them one by one, and say what came of it."""
    run = Run(targets, given(wanted))
    with apart(files):
        # Asked for at the end: each document is of the moment.
        headline = lambda spent: run.document.headline(spent)  # noqa: E731, PLW0108
        follow(run, partial(show, verbose=verbose), headline)
    write_all(files, run.document)
    context.exit(run.exit_code)
