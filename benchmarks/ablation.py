"""What each rule is worth: the verdicts on all specimens with that rule switched off.

A specimen *needs* a rule if its verdict is worse without it: no verdict instead of the right one,
or the wrong one. A rule that no specimen needs goes away, or gets its specimens.

    python benchmarks/ablation.py                   # all rules on all specimens: minutes
    python benchmarks/ablation.py --rules waves --rules ties --names
    python benchmarks/ablation.py --sample 10 --json ablation.json
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from ablating.rules import ALL as RULES
from ablating.rules import EXPLAINING, switched_off
from ablating.tally import Tally, tallied
from rich.console import Console
from rich.progress import track
from rich.table import Table
from trial.asked import Asked, asked
from trial.specimens import ALL as COMPARED
from trial.specimens import FURTHER
from trial.specimens.calls import ALL_CALLS

NOTHING = "nothing"
HEADS = ("switched off", "wrong passed", "right rejected", "undecided", "evaluations mean / median",
         "need it", "better without")  # fmt: skip


def main() -> int:
    """Switch off one rule after the other and print the table."""
    options = _options()
    specimens = _specimens(options)
    with switched_off(EXPLAINING):
        tallies = _tallies(specimens, options)
    console = Console(width=140)
    console.print(_table(tallies, len(specimens)))
    if options.names:
        _print_names(console, tallies)
    return 0


def _specimens(options: Any) -> list[Asked]:
    every: list[Asked] = [*COMPARED, *FURTHER, *ALL_CALLS]
    chosen = [s for s in every if not options.family or s.family in options.family]
    return chosen[:: options.sample]


def _tallies(specimens: Sequence[Asked], options: Any) -> list[Tally]:
    whole = asked(specimens)
    tallies = [tallied(NOTHING, specimens, whole, whole)]
    _keep(tallies, options)
    rules = [r for r in RULES if not options.rules or r.name in options.rules]
    for rule in track(rules, "without", console=Console(stderr=True)):
        with switched_off(rule):
            tallies.append(tallied(rule.name, specimens, asked(specimens), whole))
        _keep(tallies, options)
    return tallies


def _keep(tallies: Sequence[Tally], options: Any) -> None:
    """After each rule: a run of many minutes may be stopped."""
    if options.json:
        Path(options.json).write_text(json.dumps([t.to_dict() for t in tallies], indent=1), "utf-8")


def _table(tallies: Sequence[Tally], count: int) -> Table:
    table = Table(title=f"{count} specimens")
    for head in HEADS:
        table.add_column(head, justify="left" if head == HEADS[0] else "right")
    for tally in tallies:
        table.add_row(*_cells(tally))
    return table


def _cells(tally: Tally) -> list[str]:
    return [
        tally.rule,
        *map(str, (tally.wrong_passed, tally.right_accused, tally.undecided)),
        f"{tally.mean:.1f} / {tally.median:g}",
        *map(str, (len(tally.worse), len(tally.better))),
    ]


def _print_names(console: Console, tallies: Sequence[Tally]) -> None:
    for tally in tallies[1:]:
        for told, names in (("need", tally.worse), ("are better without", tally.better)):
            for name in names:
                console.print(f"{told} {tally.rule}: {name}", highlight=False, markup=False)


def _options(arguments: Sequence[str] | None = None) -> Any:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [rule.name for rule in RULES]
    parser.add_argument("--rules", action="append", choices=names, metavar="RULE", help="only it")
    parser.add_argument("--family", action="append", metavar="FAMILY", help="one of the families")
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="every Nth specimen")
    parser.add_argument("--names", action="store_true", help="the specimens that need each rule")
    parser.add_argument("--json", metavar="FILE", help="write the tallies")
    options = parser.parse_args(arguments)
    if options.sample < 1:
        parser.error("--sample must be at least 1")
    return options


if __name__ == "__main__":
    sys.exit(main())
