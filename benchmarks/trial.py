"""Every gradient checker on the same functions: who lets a wrong one pass, who accuses a right one.

The specimens are data (`trial/specimens`), the checkers stand side by side in `trial/contestants`,
each at its documented defaults, on the very same numbers.

    python benchmarks/trial.py                      # all of it: about an hour
    python benchmarks/trial.py --only gradproof --no-growth
    python benchmarks/trial.py --quick              # gradproof on a part of them, as CI does
    python benchmarks/trial.py --json trial.json --page
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from rich.console import Console
from trial.contestants import ALL as CONTESTANTS
from trial.growth import Cost, grow
from trial.page import machine, write
from trial.result import Result
from trial.run import run
from trial.score import Scores, Table, failing, tables
from trial.specimens import ALL as SPECIMENS
from trial.specimens import select

import gradproof as gp

LIMIT = 20.0  # seconds for one case
QUICK = 300  # coordinates
UNDECIDED = 0.02


def main() -> int:
    """Run the trial and print its tables."""
    options = _options()
    console = Console(width=160)
    if options.read:
        told = _merged([json.loads(Path(file).read_text("utf-8")) for file in options.read])
    else:
        told = _run(options, console)
    scores = _scores(told)
    for table in tables(scores):
        console.print(_rich(table))
    if options.json:
        Path(options.json).write_text(json.dumps(told, indent=1), "utf-8")
    if options.page:
        docs = Path(__file__).parents[1] / "docs"
        costs = [Cost(**one) for one in told["growth"]]
        shown = [c for c in CONTESTANTS if c.name in told["versions"]]
        write(
            docs,
            scores,
            costs,
            shown,
            told["versions"],
            told["machine"],
            told["limit"],
            told["most"],
        )
    return _verdict(console, scores)


def _run(options: Any, console: Console) -> dict[str, Any]:
    chosen = select(options.family or None, QUICK if options.quick else options.most)
    judges = [
        c
        for c in CONTESTANTS
        if c.version() is not None and (not options.only or c.name in options.only)
    ]
    if options.quick:
        judges = judges[:1]
    results: list[Result] = []
    costs: list[Cost] = []
    for judge in judges if options.specimens else ():
        found = run(judge, chosen, options.limit)
        results += found
        console.print(
            f"{judge.name}: {len(found)} specimens, {sum(r.seconds for r in found):.0f} s"
        )
    if options.growth and not options.quick:
        for judge in judges:
            costs += grow(judge, options.limit, lambda cost: console.print(cost, highlight=False))
    return {
        "machine": machine(),
        "limit": options.limit,
        "most": options.most,
        "gradproof": gp.__version__,
        "versions": {judge.name: judge.version() for judge in judges},
        "results": [result.to_dict() for result in results],
        "growth": [cost.to_dict() for cost in costs],
    }


def _merged(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Several runs as one: the specimens from one, say, and the growth from another."""
    return {
        **runs[0],
        "versions": {name: v for run in runs for name, v in run["versions"].items()},
        "results": [one for run in runs for one in run["results"]],
        "growth": [one for run in runs for one in run["growth"]],
    }


def _scores(told: dict[str, Any]) -> Scores:
    results = [Result(**one) for one in told["results"]]
    met = {result.specimen for result in results}
    specimens = {s.name: s for s in SPECIMENS if s.name in met}
    results = [result for result in results if result.specimen in specimens]
    return Scores(results, specimens, list(told["versions"]))


def _verdict(console: Console, scores: Scores) -> int:
    if "gradproof" not in scores.contestants:
        return 0
    found = failing(scores)
    demands = [
        (f"wrong passed: {len(found.wrong_passed)} {found.wrong_passed}", not found.wrong_passed),
        (
            f"right rejected: {len(found.right_accused)} {found.right_accused}",
            not found.right_accused,
        ),
        (
            f"undecided: {len(found.undecided)} of {found.judged} (at most 2 %) {found.undecided}",
            len(found.undecided) <= UNDECIDED * found.judged,
        ),
    ]
    for text, reached in demands:
        console.print(f"{'reached    ' if reached else 'not reached'} {text}", highlight=False)
    return 0 if all(reached for _, reached in demands) else 1


def _rich(table: Table) -> Any:
    from rich.table import Table as Drawn

    drawn = Drawn(title=f"{table.title}\n[dim]{table.told}", title_justify="left")
    for head in table.heads:
        drawn.add_column(head)
    for row in table.rows:
        drawn.add_row(*row)
    return drawn


def _options(arguments: Sequence[str] | None = None) -> Any:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", metavar="CHECKER", help="one of the checkers")
    parser.add_argument("--family", action="append", metavar="FAMILY", help="one of the families")
    parser.add_argument("--most", type=int, metavar="N", help="specimens of at most N coordinates")
    parser.add_argument("--quick", action="store_true", help="gradproof on a part of them")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds for one case")
    parser.add_argument("--no-growth", dest="growth", action="store_false", help="no growing sizes")
    parser.add_argument(
        "--no-specimens", dest="specimens", action="store_false", help="growing sizes only"
    )
    parser.add_argument("--json", metavar="FILE", help="write all results")
    parser.add_argument(
        "--read", action="append", metavar="FILE", help="results of earlier runs, for the tables"
    )
    parser.add_argument("--page", action="store_true", help="write the page of the documentation")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
