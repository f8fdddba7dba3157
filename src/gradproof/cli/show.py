"""``gradproof show``: the reports of a file again, or in another form."""

from __future__ import annotations

from collections.abc import Mapping

import click

from ..errors import UsageError
from ..report.files import load_document
from . import screen
from .check import VERBOSE
from .files import WritingCommand, apart, write_all
from .outcomes import Outcome

HELP = """Show the reports of FILE, which `gradproof check --json` or report.save wrote.

It exits with 0 whatever the verdicts are, and with 2 where FILE cannot be read.

\b
Examples:
  gradproof show report.json
  gradproof show report.json -v
  gradproof show report.json --html report.html --junit report.xml
"""


@click.command(cls=WritingCommand, help=HELP, short_help="Show a saved report.")
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False))
@VERBOSE
def show(file: str, verbose: bool, files: Mapping[str, str]) -> None:
    """Read a file and render it again."""
    try:
        document = load_document(file)
    except UsageError as error:
        raise click.ClickException(str(error)) from None
    with apart(files):
        for label, report in document.reports:
            screen.show(Outcome(label, report), verbose=verbose)
        for failure in document.failures:
            screen.show(Outcome(failure.case, failure))
        screen.say(document.headline())
    write_all(files, document)
