"""``gradproof hunt``: search the parameters of cases for choices at which a gradient is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import click

from ..hunt.cases import Wanted
from .check import EXECUTOR, SEED, VERBOSE, WORKERS, given
from .check import seconds as duration
from .complete import targets
from .files import WritingCommand, apart, summarise, write_all
from .runs import Run
from .screen import follow, say, show

HELP = """Search the parameters of cases for choices at which a gradient is wrong.

A case whose parameters have spaces as defaults is a hunt:

\b
  @gp.case
  def softplus(x=gp.arrays((3,)), beta=gp.one_of(1.0, 0.5, 20.0)):
      return dict(fun=cost, point=x, grad=slope, kwargs={"beta": beta})

TARGET is as for gradproof check, which tries the menu of such a case only. What is found is
reported at the simplest choice that shows it, with a script that stands alone.

\b
Examples:
  gradproof hunt cases.py
  gradproof hunt cases.py:softplus --time 10m -n 4 --journal softplus.jsonl
  gradproof hunt --pairs scipy.special --tries 100 --waivers waivers.txt
  gradproof hunt package.cases --tries 2000 --executor dask://127.0.0.1:8786

--pairs looks for functions and their derivatives by what they are called (f and f_prime, loss and
gradient, loglike and score, energy and forces, arguments such as derivative=, nu=, diff_n=). What
needs an adapter is listed with -v: a catalogue (TOML) says how instances are made, domains and
further arguments. A file of waivers has a line "pair: reason" for each that is so on purpose.

A journal has one line of JSON for each try; a run with a journal goes on where another one ended.
Exit codes are those of gradproof check.
"""


@click.command(cls=WritingCommand, help=HELP, short_help="Search where a gradient is wrong.")
@targets(required=False)
@click.option("--pairs", metavar="MODULE", multiple=True, help="Functions and derivatives in it.")
@click.option(
    "--waivers", type=click.Path(dir_okay=False), metavar="FILE", help="What is meant so."
)
@click.option("--catalogue", type=click.Path(dir_okay=False), metavar="FILE", help="Adapters.")
@click.option("--tries", type=click.IntRange(min=1), help="At most so many tries for each case.")
@click.option("--time", "seconds", callback=duration, metavar="TIME", help="30s, 10m or 2h a case.")
@WORKERS
@EXECUTOR
@click.option("--journal", type=click.Path(dir_okay=False), metavar="FILE", help="Resumable.")
@SEED
@VERBOSE
@click.pass_context
def hunt(
    context: click.Context,
    /,
    targets: tuple[str, ...],
    verbose: bool,
    files: Mapping[str, str],
    tries: int | None,
    seconds: float | None,
    workers: int,
    executor: str | None,
    journal: str | None,
    pairs: tuple[str, ...],
    waivers: str | None,
    catalogue: str | None,
    **wanted: Any,
) -> None:
    """Hunt the cases one by one, and say what came of it."""
    if not (targets or pairs):
        raise click.UsageError("Name a TARGET, or a module with --pairs.")
    if tries is None and seconds is None:
        tries = 300
    how = Wanted(tries, seconds, workers, executor, journal)
    run = Run(targets, given(wanted), how, pairs, waivers, catalogue)
    with apart(files):
        # Asked for at the end: each document is of the moment.
        headline = lambda spent: run.document.headline(spent)  # noqa: E731, PLW0108
        follow(run, partial(show, verbose=verbose), headline)
        for remark in run.remarks if verbose else run.remarks[-len(pairs) :] if pairs else ():
            say(remark, style="")
    summarise(run.document)
    write_all(files, run.document)
    context.exit(run.exit_code)
