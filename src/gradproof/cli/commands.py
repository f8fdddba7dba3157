"""The command ``gradproof`` with its subcommands, and what it leaves with."""

from __future__ import annotations

import difflib
import os
import shlex
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ..letters import HANDLER
from ..version import __version__
from .check import check
from .fix import fix
from .hunt import hunt
from .screen import BUG, console
from .show import show
from .targets import split

COMPLETE = "_GRADPROOF_COMPLETE"  # by this variable a shell asks click what a word can become

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


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=HANDLER)  # an ASCII pipe must not end the run at a `±`
    try:
        code = commands.main(
            arguments, prog_name="gradproof", standalone_mode=False, complete_var=COMPLETE
        )
    except click.Abort:  # Ctrl-C
        code = 130
    except click.ClickException as error:
        error.show()
        code = 2
    except (BrokenPipeError, SystemExit):
        if COMPLETE in os.environ:  # so click leaves when it has completed a word for a shell
            raise
        # So rich leaves when the reader, say `| head`, is gone.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    except Exception:  # noqa: BLE001 - said plainly, with its traceback
        click.echo(f"{traceback.format_exc()}\n{BUG}", err=True)
        code = 4
    sys.exit(code if isinstance(code, int) else 0)


class Commands(click.Group):
    """The subcommands; what is none of them gets the command that was meant."""

    def resolve_command(self, context: click.Context, arguments: list[str]) -> Any:
        """Find a subcommand, or say what to write instead."""
        name = arguments[0]
        if self.get_command(context, name) is not None or context.resilient_parsing:
            return super().resolve_command(context, arguments)
        where = split(name)[0]
        if where.endswith(".py") or Path(where).exists() or ":" in name:
            meant = f"gradproof check {shlex.join(arguments)}"
            raise click.UsageError(f"{name!r} is no command: did you mean `{meant}`?", context)
        close = difflib.get_close_matches(name, self.list_commands(context), 1)
        hint = f"did you mean `gradproof {close[0]}`?" if close else "they are listed by --help."
        raise click.UsageError(f"{name!r} is no command: {hint}", context)


@click.group(
    cls=Commands,
    invoke_without_command=True,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="gradproof")
@click.pass_context
def commands(context: click.Context) -> None:
    """Say whether a gradient is right, and where it is not.

    It measures slopes of the function itself, with error bars, and compares the claimed gradient
    with them. There is no tolerance to tune. `gradproof demo` shows it at work.
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
@click.option(
    "--html",
    default="demo.html",
    show_default=True,
    metavar="FILE",
    help="Where to write the same as a page with pictures; '' writes none.",
)
def demo(seed: int, html: str) -> None:
    """Play the classic gradient check, and this one, on a network with two faults.

    A small network with backpropagation by hand: the textbook's figure, gradproof's verdict on
    the broken code and on the right one, and what both cost, there and on a larger network. It ends
    with the edit that fixes the faults, if libcst is installed, and a page with pictures, if jinja2
    is: pip install 'gradproof[demo]' brings both.
    """
    from .demo import tell

    tell(console(), seed, html or None)


for command in (check, fix, hunt, show):
    commands.add_command(command)
