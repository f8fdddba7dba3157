"""What a person reads while cases are checked: each outcome as it comes, and a last line."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NoReturn

import click

from ..progress import ProgressLine
from ..records.failure import Failure, Fault
from ..records.verdict import Verdict
from ..report.renderers import github
from .files import summarise, write_all
from .limit import TimeUpError
from .outcomes import Outcome, failed
from .runs import Run

if TYPE_CHECKING:
    from rich.console import Console

BUG = (
    "gradproof: internal error: this is a bug in gradproof; please report it with the lines above."
)


def follow(run: Run, each: Callable[[Outcome], None], headline: Callable[[str], str]) -> None:
    """Hand on the outcomes of a run as they come, and sum up, even after Ctrl-C.

    A line says what takes long; the ``headline`` is given the time that the run took.
    """
    began = time.perf_counter()
    steps = iter(run)
    try:
        while not run.interrupted:
            with ProgressLine(lambda: run.doing):
                outcome = next(steps, None)
            if outcome is None:
                break
            each(outcome)
    except KeyboardInterrupt:
        run.interrupted = True
    say(headline(f", {time.perf_counter() - began:.2f} s"))


def end(run: Run, files: Mapping[str, str], error: TimeUpError) -> NoReturn:
    """Report what was finished, and end this process: a case cannot be stopped."""
    if ProgressLine.outermost is not None:
        ProgressLine.outermost.__exit__()
    run.ended = True
    run.unfinished[:1] = []
    outcome = run.kept(failed(run.label, error))
    try:
        show(outcome)
        say(run.document.headline())
        summarise(run.document)
        write_all(files, run.document)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(run.exit_code)


def show(outcome: Outcome, *, verbose: bool = False) -> None:
    """Show an outcome to a person, and to GitHub where it is listening."""
    from rich.text import Text

    from ..report import terminal  # here: `gradproof --help` needs no rich

    result, place = outcome.result, (outcome.file, outcome.line)
    if isinstance(result, Failure):
        _show_failure(result)
        marks = [github.error(result, *place)]
    else:
        if not result.name.startswith(outcome.label):  # what can be given back is printed
            say(f"{outcome.label}:", "dim")
        terminal.show(console(), result, verbose=verbose)
        if verbose or not result.ok:
            console().print()
        marks = github.annotations(result, *place)
    if outcome.more.strip():
        console().print(Text(outcome.more.rstrip() + "\n"), soft_wrap=True)
    for mark in marks if github.on_github() else ():
        click.echo(mark)


def _show_failure(failure: Failure) -> None:
    from rich.text import Text

    from ..report.terminal import STYLES

    line = Text.assemble(
        (failure.case, "bold"), ": ", ("ERROR", STYLES[Verdict.WRONG]), ": ", failure.message
    )
    written = [line, Text(failure.traceback)] if failure.traceback else [line]
    if failure.fault is Fault.INTERNAL:
        written.append(Text(f"{BUG}\n", style="bold"))
    for text in written:
        console(stderr=True).print(text, soft_wrap=True)


def say(line: str, style: str = "bold") -> None:
    """Print one line that is not broken to the width."""
    from rich.text import Text

    console().print(Text(line, style=style), soft_wrap=True)


def console(*, stderr: bool = False) -> Console:
    """Where a person reads."""
    from rich.console import Console  # here: `gradproof --help` needs none

    return Console(stderr=stderr, highlight=False)
