"""The command line: ``gradproof demo``, ``check``, ``fix`` and ``show``."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..plan.effort import LEVELS
from ..progress import ProgressLine
from ..version import __version__

if TYPE_CHECKING:
    from rich.console import Console

    from ..records.failure import Failure
    from ..report.files import Document
    from ..report.report import Report
    from .fixes import Fixes
    from .runs import Outcome, Run

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

_FIX_HELP = """Look for edits that make the wrong gradients of TARGET right.

TARGET is as for `gradproof check`. For each case whose gradient is wrong, the functions that
compute it are edited by one small change at a time (a factor, a sign, a transpose, a name, an axis,
an index, …), each edit is run in another process and held against slopes that were measured once.
What satisfies them all is checked again along fresh directions and at other points, and shown as a
diff.

Nothing is written without --apply. With it, the first repair of each case is, and the cases after
it are checked with what was written. Code that writes files, connects or starts processes cannot be
tried. An edit is code: `gradproof fix` runs it, in a process that is no sandbox.

\b
Examples:
  gradproof fix cases.py
  gradproof fix cases.py:network --most 1 --seconds 20
  gradproof fix cases.py --apply
  gradproof fix cases.py --json - | jq -r '.fixes[].fixes[0].diff' | patch -p1

\b
Exit codes, the first that applies:
  130  interrupted by Ctrl-C; what was found is still told
    4  internal error: a bug in gradproof
    2  wrong use, or an exception in the code under test
    1  a gradient is wrong and no repair was found, or it could not be written
    3  a gradient is undecided
    0  all are correct, or have a repair
"""

_JSON_HELP = """Also write the run to FILE as JSON; - is standard output, and what a person reads
then goes to standard error. One object: schema, gradproof (the version), exit_code, interrupted,
counts, reports (case, name, verdict, difference, resolution, evaluations, seed, blocks, findings,
…) and errors (case, fault, message, traceback). A number that is not finite is "NaN", "Infinity" or
"-Infinity". `gradproof show FILE` and gradproof.load read it."""

_FILES = {
    "json": _JSON_HELP,
    "html": "Also write one HTML page with tables, plots and code to FILE.",
    "junit": "Also write JUnit XML to FILE.",
}

_SHOW_HELP = """Show the reports of FILE, which `gradproof check --json` or report.save wrote.

It exits with 0 whatever the verdicts are, and with 2 where FILE cannot be read.

\b
Examples:
  gradproof show report.json
  gradproof show report.json -v
  gradproof show report.json --html report.html --junit report.xml
"""


def run(arguments: Sequence[str] | None = None) -> None:
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
    from .demo import tell

    tell(_console(), seed)


_VERBOSE_HELP = "Report correct gradients in full, too, and every block, finding and note."

Command = TypeVar("Command", bound=Callable[..., Any])


# Nothing is touched before there is something to write.
_FILE = click.Path(dir_okay=False, writable=True, allow_dash=True)


def _writable(_: click.Context, parameter: click.Parameter, file: str | None) -> str | None:
    """Refuse what cannot be written before the run, not after it."""
    if file is not None and file != "-" and not os.access(Path(file).parent, os.W_OK):
        raise click.BadParameter(f"there is no folder to write {file!r} into.")
    if file is not None and parameter.name == "html_file":
        from ..errors import UsageError

        try:
            from ..report.page import page  # noqa: F401
        except UsageError as error:
            raise click.ClickException(str(error)) from None
    return file


def _writing(command: Command) -> Command:
    """The options that write what is shown into files."""
    for name, told in reversed(_FILES.items()):
        command = click.option(
            f"--{name}", f"{name}_file", type=_FILE, metavar="FILE", callback=_writable, help=told
        )(command)
    return command


@contextmanager
def _apart(*files: str | None) -> Iterator[None]:
    """Send what a person reads to standard error where a file goes to standard output."""
    if files.count("-") > 1:
        raise click.UsageError("Only one of --json, --html and --junit can be -, standard output.")
    with redirect_stdout(sys.stderr) if "-" in files else nullcontext():
        yield


def _write(file: str | None, text: Callable[[], str]) -> None:
    from ..report.files import write

    try:
        if file == "-":
            click.echo(text(), nl=False)
        elif file is not None:
            write(Path(file), text())
    except OSError as error:
        raise click.ClickException(f"{file} could not be written: {error.strerror}.") from None


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
@_writing
@click.option("-v", "--verbose", is_flag=True, help=_VERBOSE_HELP)
@click.pass_context
def check(
    context: click.Context,
    targets: tuple[str, ...],
    effort: str | None,
    seed: int | None,
    json_file: str | None,
    html_file: str | None,
    junit_file: str | None,
    verbose: bool,
) -> None:
    """Find the cases, check them one by one, and say what came of it."""
    from ..report.files import as_json
    from .runs import Run

    given = {key: value for key, value in (("effort", effort), ("seed", seed)) if value is not None}
    run = Run(targets, given)
    with _apart(json_file, html_file, junit_file):
        _play(run, verbose)
    _write(json_file, lambda: as_json(run.to_dict()))
    _render(run.document, html_file, junit_file)
    context.exit(run.exit_code)


_BACKUP_HELP = "What --apply adds to the name of the file that keeps the original; '' keeps none."


@commands.command(help=_FIX_HELP, short_help="Look for edits that make a gradient right.")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@click.option("--apply", is_flag=True, help="Write the first repair of each case into its file.")
@click.option("--backup", default=".orig", show_default=True, metavar="SUFFIX", help=_BACKUP_HELP)
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
@click.option("--effort", type=click.Choice(list(LEVELS)), help="As for `gradproof check`.")
@click.option("--seed", type=click.IntRange(min=0), help="As for `gradproof check`.")
@click.option(
    "--json", "json_file", type=_FILE, metavar="FILE", callback=_writable,
    help="Also write everything to FILE as JSON; - is standard output. What `gradproof check "
    "--json` writes, and fixes: case, reason, tried, complete, written, kept, closest, and fixes "
    "(file, diff, edits, report, elsewhere).",
)  # fmt: skip
@click.pass_context
def fix(
    context: click.Context,
    targets: tuple[str, ...],
    apply: bool,
    backup: str,
    most: int,
    seconds: float,
    effort: str | None,
    seed: int | None,
    json_file: str | None,
) -> None:
    """Check the cases, and look for a repair of each that is wrong."""
    from ..report.files import as_json
    from .fixes import Fixes

    given = {key: value for key, value in (("effort", effort), ("seed", seed)) if value is not None}
    fixes = Fixes(targets, given, most, seconds, backup if apply else None, apply=apply)
    with _apart(json_file):
        _fix_one(fixes)
    _write(json_file, lambda: as_json(fixes.to_dict()))
    context.exit(fixes.exit_code)


def _fix_one(fixes: Fixes) -> None:
    """Tell each outcome and its repairs as they come, and sum up, even after Ctrl-C."""
    from .fixes import show

    began = time.perf_counter()
    steps = iter(fixes.run)
    try:
        while (outcome := _next(steps, fixes.run)) is not None:
            _tell(outcome.result, verbose=False)
            with ProgressLine(lambda: fixes.run.doing):
                fixed = fixes.fix_one(outcome)
            if fixed.suggestions is not None:
                show(_console(), fixed.suggestions)
            for line in filter(None, (fixed.refusal, fixed.told)):
                _say(line, "bold")
            if fixes.run.interrupted:
                break
    except KeyboardInterrupt:
        fixes.run.interrupted = True
    _say(f"{fixes.headline}, {time.perf_counter() - began:.2f} s", "bold")


@commands.command(help=_SHOW_HELP, short_help="Show a saved report.")
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False))
@_writing
@click.option("-v", "--verbose", is_flag=True, help=_VERBOSE_HELP)
def show(
    file: str,
    json_file: str | None,
    html_file: str | None,
    junit_file: str | None,
    verbose: bool,
) -> None:
    """Read a file and render it again."""
    from ..errors import UsageError
    from ..report.files import load_document, rendered

    try:
        document = load_document(file)
    except UsageError as error:
        raise click.ClickException(str(error)) from None
    with _apart(json_file, html_file, junit_file):
        for label, report in document.reports:
            if label != report.name:
                _say(f"{label}:", "dim")
            _tell(report, verbose)
        for failure in document.failures:
            _tell(failure, verbose)
        _sum_up(document.counts, unfinished=len(document.unfinished))
    _write(json_file, lambda: rendered(".json", document))
    _render(document, html_file, junit_file)


def _render(document: Document, html_file: str | None, junit_file: str | None) -> None:
    from ..report.files import rendered

    _write(html_file, lambda: rendered(".html", document))
    _write(junit_file, lambda: rendered(".xml", document))


def _play(run: Run, verbose: bool) -> None:
    """Run the cases, tell each outcome as it comes, and sum up, even after Ctrl-C."""
    began = time.perf_counter()
    steps = iter(run)
    try:
        while (outcome := _next(steps, run)) is not None:
            _tell(outcome.result, verbose, outcome.file, outcome.line)
    except KeyboardInterrupt:
        run.interrupted = True
    document = run.document
    _sum_up(document.counts, time.perf_counter() - began, len(document.unfinished))


def _next(steps: Iterator[Outcome], run: Run) -> Outcome | None:
    with ProgressLine(lambda: run.doing):
        return next(steps, None)


def _tell(
    result: Report | Failure, verbose: bool, file: str | None = None, line: int | None = None
) -> None:
    """Tell a person, and GitHub where it is listening."""
    from ..records.failure import Failure
    from ..report.github import annotations, error, on_github
    from ..report.terminal import show

    if isinstance(result, Failure):
        _tell_failure(result)
        marks = [error(result, file, line)]
    else:
        show(_console(), result, verbose=verbose)
        if verbose or not result.ok:
            _console().print()
        marks = annotations(result, file, line)
    for mark in marks if on_github() else ():
        click.echo(mark)


def _tell_failure(failure: Failure) -> None:
    from rich.text import Text

    from ..records.failure import Fault
    from ..records.verdict import Verdict
    from ..report.terminal import STYLES

    console = _console(stderr=True)
    line = Text.assemble(
        (failure.case, "bold"), ": ", ("ERROR", STYLES[Verdict.WRONG]), ": ", failure.message
    )
    console.print(line, soft_wrap=True)
    if failure.traceback:
        console.print(Text(failure.traceback), soft_wrap=True)
    if failure.fault is Fault.INTERNAL:
        console.print(Text(f"{_BUG}\n", style="bold"), soft_wrap=True)


def _sum_up(counts: Mapping[str, int], seconds: float | None = None, unfinished: int = 0) -> None:
    """One line that can be searched for, whatever happened."""
    line = "gradproof: " + ", ".join(f"{kind} {count}" for kind, count in counts.items())
    if seconds is not None:
        line += f", {seconds:.2f} s"
    if unfinished:
        line += f", interrupted with {unfinished} of the cases unfinished"
    _say(line, "bold")


def _say(line: str, style: str) -> None:
    from rich.text import Text

    _console().print(Text(line, style=style), soft_wrap=True)


def _console(stderr: bool = False) -> Console:
    from rich.console import Console  # here: `gradproof --help` needs none

    return Console(stderr=stderr, highlight=False)
