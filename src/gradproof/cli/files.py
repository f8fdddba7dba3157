"""Options that write what is shown into files: one for each renderer."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, redirect_stdout
from functools import cache
from pathlib import Path

import click

from ..errors import UsageError
from ..report.document import Document
from ..report.files import write
from ..report.renderers import Renderer, markdown, renderers

# Nothing is touched before there is something to write.
_FILE = click.Path(dir_okay=False, writable=True, allow_dash=True)


class WritingCommand(click.Command):
    """A command with an option for each renderer; it gets the ``files``, by the renderer's name."""

    def get_params(self, context: click.Context) -> list[click.Parameter]:
        """Those that are declared, and whatever is registered by now, before ``--help``."""
        *own, last = super().get_params(context)
        return [*own, *map(_option, renderers().values()), last]


@cache
def _option(renderer: Renderer) -> click.Option:
    return click.Option(
        [f"--{renderer.name}"],
        type=_FILE,
        metavar="FILE",
        help=renderer.about,
        callback=_keep,
        expose_value=False,
    )


def _keep(context: click.Context, parameter: click.Parameter, file: str | None) -> None:
    """Keep a file that was asked for; what cannot be written is refused before the run."""
    files = context.params.setdefault("files", {})
    name = parameter.opts[0].removeprefix("--")
    if file is None:
        return
    if file != "-" and not os.access(Path(file).parent, os.W_OK):
        raise click.BadParameter(f"there is no folder to write {file!r} into.")
    try:
        renderers()[name].require()
    except UsageError as error:
        raise click.ClickException(str(error)) from None
    files[name] = file


@contextmanager
def apart(files: Mapping[str, str]) -> Iterator[None]:
    """Send what a person reads to standard error where a file goes to standard output."""
    piped = [f"--{name}" for name, file in files.items() if file == "-"]
    if len(piped) > 1:
        raise click.UsageError(f"Only one of {', '.join(piped)} can be -, standard output.")
    with redirect_stdout(sys.stderr) if piped else nullcontext():
        yield


def write_all(files: Mapping[str, str], document: Document) -> None:
    """Write a document in every form that was asked for."""
    for name, file in files.items():
        text = renderers()[name].text(document)
        try:
            if file == "-":
                click.echo(text, nl=False)
            else:
                write(Path(file), text)
        except OSError as error:
            raise click.ClickException(f"{file} could not be written: {error.strerror}.") from None


def summarise(document: Document) -> None:
    """Add a table of the run to the summary of a job, where GitHub asks for one."""
    if markdown.wanted() and (refusal := markdown.add_to_summary(markdown.markdown(document))):
        click.echo(refusal, err=True)
