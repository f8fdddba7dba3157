"""``gradproof check``: find the cases, check them one by one, and say what came of each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import click

from ..errors import UsageError
from ..hunt.cases import Wanted, seconds_of
from ..plan.effort import LEVELS
from .complete import TARGETS
from .files import WritingCommand, apart, summarise, write_all
from .limit import Limit
from .runs import Run
from .screen import end, follow, show

HELP = """Check the gradients of the cases that TARGET holds.

A case is a function marked with @gp.case. It takes no arguments and returns the arguments of
gp.check as a dictionary, or a list of such dictionaries.

\b
TARGET is
  path.py           all cases of a file
  package.module    all cases of a module
  path.py:name      one of them (module:name too)
  path.py:name[1]   of a case that returns a list one entry, as it is printed
  folder            all files in it, and below, that define a case

A correct gradient takes one line; any other is reported in full. The last line begins with
"gradproof: " and counts, as in "correct 4, suspect 0, wrong 1, undecided 0, errors 0".
One FILE may be -, standard output; what a person reads then goes to standard error. Where
$GITHUB_STEP_SUMMARY names a file, a table of the run in Markdown is added to it.

\b
Examples:
  gradproof check cases.py
  gradproof check cases.py:network --effort thorough --seed 7
  gradproof check tests --time-limit 2m -n 4
  gradproof check model.py loss.py --json report.json
  gradproof check cases.py --json - | jq '.reports[] | {case, verdict, resolution}'
  gradproof check cases.py --html report.html --junit report.xml

\b
Exit codes, the first that applies:
  130  interrupted by Ctrl-C; what was finished is still reported
    4  internal error: a bug in gradproof
    2  wrong use, or an exception in the code under test, or its time was up
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
WORKERS = click.option(
    "-n", "workers", type=click.IntRange(min=1), default=1,
    help="Processes that make the checks, and try the parameters of cases (joblib).",
)  # fmt: skip
EXECUTOR = click.option("--executor", help="dask://host:port or ray: on other machines.")
EFFORT = click.option(
    "--effort", type=click.Choice(list(LEVELS)), help=f"How many evaluations to spend, {_INSTEAD}"
)
SEED = click.option(
    "--seed", type=click.IntRange(min=0), help=f"Seed of the random directions, {_INSTEAD}"
)


def seconds(_: click.Context, __: click.Parameter, text: str | None) -> float | None:
    """A duration as it stands on a command line."""
    try:
        return None if text is None else seconds_of(text)
    except UsageError as error:
        raise click.BadParameter(str(error)) from None


def given(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What replaces the cases' own: the options that were given."""
    return {key: value for key, value in wanted.items() if value is not None}


@click.command(cls=WritingCommand, help=HELP, short_help="Check the cases of files and modules.")
@TARGETS
@EFFORT
@SEED
@click.option(
    "--time-limit",
    callback=seconds,
    metavar="TIME",
    help="30s, 10m or 2h for each check: what takes longer is stopped, and is an error that names "
    "the call.",
)
@WORKERS
@EXECUTOR
@VERBOSE
@click.pass_context
def check(
    context: click.Context,
    /,
    targets: tuple[str, ...],
    verbose: bool,
    files: Mapping[str, str],
    time_limit: float | None,
    workers: int,
    executor: str | None,
    **wanted: Any,
) -> None:
    """Find the cases, check them one by one, and say what came of it."""
    run = Run(targets, given(wanted), Wanted(workers=workers, executor=executor))
    if time_limit is not None:
        run.limit = Limit(time_limit, partial(end, run, files))
    with apart(files):
        # Asked for at the end: each document is of the moment.
        headline = lambda spent: run.document.headline(spent)  # noqa: E731, PLW0108
        follow(run, partial(show, verbose=verbose), headline)
    summarise(run.document)
    write_all(files, run.document)
    context.exit(run.exit_code)
