"""The command line: ``gradproof demo``, ``gradproof check`` and ``gradproof show``."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, redirect_stdout
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from . import __version__
from .plan.effort import LEVELS
from .waiting import Waiting

if TYPE_CHECKING:
    from rich.console import Console

    from .outcomes import Outcome, Run
    from .records.failure import Failure
    from .report.files import Document

_EPILOG = """
\b
A first case, in a file cases.py:
  import gradproof as gp
  from network import cost, backprop, params, X, Y
\b
  @gp.case
  def network():
      return dict(fun=cost, point=params, grad=backprop, args=(X, Y))
\b
Then:
  gradproof check cases.py
"""

_CHECK_HELP = """Check the gradients of the cases that TARGET holds.

A case is a function marked with @gp.case. It takes no arguments and returns the arguments of
gp.check as a dictionary, or a list of such dictionaries.

\b
TARGET is
  path.py           all cases of a file
  package.module    all cases of a module
  path.py:name      one of them (module:name too)

A correct gradient takes one line; any other is reported in full. The last line begins with
"gradproof: " and counts, as in "correct 4, suspect 0, wrong 1, undecided 0, errors 0".

\b
Examples:
  gradproof check cases.py
  gradproof check cases.py:network --effort thorough --seed 7
  gradproof check model.py loss.py --json report.json
  gradproof check cases.py --json - | jq '.reports[] | {case, verdict, resolution}'
  gradproof check cases.py --html report.html --junit report.xml

\b
Exit codes, the first that applies:
  130  interrupted by Ctrl-C; what was finished is still told
    4  internal error: a bug in gradproof
    2  wrong use, or an exception in the code under test
    1  a gradient is wrong or suspect
    3  a gradient is undecided
    0  all are correct
"""

_JSON_HELP = """Also write the run to FILE as JSON; - is standard output, and what a person reads
then goes to standard error. One object: schema, gradproof (the version), exit_code, interrupted,
counts, reports (case, name, verdict, difference, resolution, evaluations, seed, blocks, findings,
…) and errors (case, fault, message, traceback). A number that is not finite is "NaN", "Infinity" or
"-Infinity". `gradproof show FILE` and gradproof.load read it."""

_SHOW_HELP = """Show the reports of FILE, which `gradproof check --json` or report.save wrote.

It exits with 0 whatever the verdicts are, and with 2 where FILE cannot be read.

\b
Examples:
  gradproof show report.json
  gradproof show report.json -v
  gradproof show report.json --html report.html --junit report.xml
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # an ASCII pipe shall not end the run at a `±`
    try:
        code = commands.main(arguments, prog_name="gradproof", standalone_mode=False)
    except click.Abort:  # Ctrl-C
        code = 130
    except click.ClickException as error:
        error.show()
        code = 2
    except (BrokenPipeError, SystemExit):  # as rich leaves when the reader, say `| head`, is gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    except Exception:  # noqa: BLE001 - said plainly, with its traceback
        click.echo(f"{traceback.format_exc()}\n{_BUG}", err=True)
        code = 4
    sys.exit(code if isinstance(code, int) else 0)


_BUG = (
    "gradproof: internal error: this is a bug in gradproof; please report it with the lines above."
)


@click.group(
    invoke_without_command=True,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="gradproof")
@click.pass_context
def commands(context: click.Context) -> None:
    """Say whether a gradient is right, and where it is not.

    It measures slopes of the function itself, with error bars, and holds the claimed gradient
    against them. There is no tolerance to tune. `gradproof demo` shows it at work.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@commands.command()
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed of the directions, and of the larger network.",
)
def demo(seed: int) -> None:
    """Play the classic gradient check, and this one, on a network with two faults.

    A small network with backpropagation by hand: the textbook's figure, gradproof's verdict on
    the broken code and on the right one, and what both cost, there and on a larger network.
    """
    from .demo.story import tell

    tell(_console(), seed)


_WRITTEN = click.File("w", "utf-8", lazy=False)
_VERBOSE_HELP = "Report correct gradients in full, too, and every block, finding and note."

Command = TypeVar("Command", bound=Callable[..., Any])


def _needs_report_extra(_: click.Context, __: click.Parameter, file: Any) -> Any:
    """Say before the run, not after it, that a page cannot be written."""
    if file is not None:
        from .errors import UsageError

        try:
            from .report.page import page  # noqa: F401
        except UsageError as error:
            file.close()
            raise click.ClickException(str(error)) from None
    return file


def _rendered_too(command: Command) -> Command:
    """The options that write what is shown into files for browsers and for CI."""
    html = click.option(
        "--html", type=_WRITTEN, metavar="FILE", callback=_needs_report_extra,
        help="Also write one HTML page with tables, plots and code to FILE.",
    )  # fmt: skip
    junit = click.option(
        "--junit", type=_WRITTEN, metavar="FILE", help="Also write JUnit XML to FILE."
    )
    return html(junit(command))


@commands.command(help=_CHECK_HELP, short_help="Check the cases of files and modules.")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@click.option(
    "--effort",
    type=click.Choice(list(LEVELS)),
    help="How many evaluations to spend, in place of what a case says itself.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    help="Seed of the random directions, in place of what a case says itself.",
)
@click.option("--json", "file", type=_WRITTEN, metavar="FILE", help=_JSON_HELP)
@_rendered_too
@click.option("-v", "--verbose", is_flag=True, help=_VERBOSE_HELP)
@click.pass_context
def check(
    context: click.Context,
    targets: tuple[str, ...],
    effort: str | None,
    seed: int | None,
    file: IO[str] | None,
    html: IO[str] | None,
    junit: IO[str] | None,
    verbose: bool,
) -> None:
    """Find the cases, check them one by one, and say what came of it."""
    from .outcomes import Run

    given = {key: value for key, value in (("effort", effort), ("seed", seed)) if value is not None}
    run = Run(targets, given)
    with redirect_stdout(sys.stderr) if _is_stdout(file) else nullcontext():
        _play(run, verbose)
    if file is not None:
        json.dump(run.to_dict(), file, indent=2, allow_nan=False)
        file.write("\n")
    _write(run.document, html, junit)
    context.exit(run.exit_code)


@commands.command(help=_SHOW_HELP, short_help="Show a saved report.")
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False))
@_rendered_too
@click.option("-v", "--verbose", is_flag=True, help=_VERBOSE_HELP)
def show(file: str, html: IO[str] | None, junit: IO[str] | None, verbose: bool) -> None:
    """Read a file and render it again."""
    from .errors import UsageError
    from .report.files import load_document
    from .report.terminal import show

    try:
        document = load_document(file)
    except UsageError as error:
        raise click.ClickException(str(error)) from None
    for _, report in document.reports:
        show(_console(), report, verbose=verbose)
    for failure in document.failures:
        _tell_failure(failure)
    _write(document, html, junit)


def _write(document: Document, html: IO[str] | None, junit: IO[str] | None) -> None:
    from .report.files import rendered

    for suffix, written in ((".html", html), (".xml", junit)):
        if written is not None:
            written.write(rendered(suffix, document))


def _is_stdout(file: IO[str] | None) -> bool:
    return getattr(file, "name", None) == "<stdout>"


def _play(run: Run, verbose: bool) -> None:
    """Run the cases, tell each outcome as it comes, and sum up, even after Ctrl-C."""
    began = time.perf_counter()
    steps = iter(run)
    try:
        while (outcome := _next(steps, run)) is not None:
            _tell(outcome, verbose)
    except KeyboardInterrupt:
        run.interrupted = True
    _sum_up(run, time.perf_counter() - began)


def _next(steps: Iterator[Outcome], run: Run) -> Outcome | None:
    with Waiting(lambda: run.doing):
        return next(steps, None)


def _tell(outcome: Outcome, verbose: bool) -> None:
    from .records.failure import Failure
    from .report.github import annotations, error, on_github
    from .report.terminal import show

    result = outcome.result
    if isinstance(result, Failure):
        _tell_failure(result)
        marks = [error(result.case, result.message, outcome.file, outcome.line)]
    else:
        show(_console(), result, verbose=verbose)
        if verbose or not result.ok:
            _console().print()
        marks = annotations(result, outcome.file, outcome.line)
    for mark in marks if on_github() else ():
        click.echo(mark)


def _tell_failure(failure: Failure) -> None:
    from rich.text import Text

    from .records.failure import Fault

    console = _console(stderr=True)
    line = Text.assemble((failure.case, "bold"), ": ", ("ERROR", "bold red"), ": ", failure.message)
    console.print(line, soft_wrap=True)
    if failure.traceback:
        console.print(Text(failure.traceback), soft_wrap=True)
    if failure.fault is Fault.INTERNAL:
        console.print(Text(f"{_BUG}\n", style="bold"), soft_wrap=True)


def _sum_up(run: Run, seconds: float) -> None:
    """One line that can be searched for, whatever happened."""
    from rich.text import Text

    counts = ", ".join(f"{kind} {count}" for kind, count in run.counts.items())
    line = f"gradproof: {counts}, {seconds:.2f} s"
    if run.interrupted:
        line += f", interrupted with {len(run.unfinished)} of the cases unfinished"
    _console().print(Text(line, style="bold"), soft_wrap=True)


def _console(stderr: bool = False) -> Console:
    from rich.console import Console  # here: `gradproof --help` needs none

    return Console(stderr=stderr, highlight=False)
