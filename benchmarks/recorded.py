"""Everything that gradproof says, case by case, beside what it said when that was written down.

A change of the code that is to change no verdict is proved so; one that is to change some shows
here which, before they are written down anew.

    python benchmarks/recorded.py                   # compare all suites: about five minutes
    python benchmarks/recorded.py --only steps
    python benchmarks/recorded.py --write           # write down what is said now

The exit status is 1 where a case says something else, or a suite takes more evaluations in sum.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from recorded.record import Comparison, Record, compared, read, write
from recorded.suites import ALL as SUITES
from recorded.suites import Suite
from rich.console import Console
from rich.progress import track

import gradproof as gp

DATA = Path(__file__).parents[1] / "tests" / "recorded"
SHOWN = 20  # of the cases that became dearer


def main() -> int:
    """Compare the suites with their records, or write these."""
    options = _options()
    console = Console(width=140)
    console.print(f"gradproof {gp.__version__} from {Path(gp.__file__).parent}", highlight=False)
    chosen = [s for s in SUITES if not options.only or s.name in options.only]
    if options.write:
        for suite in chosen:
            write(_path(suite), _now(suite, options))
        return 0
    found = [compared(s.name, read(_path(s)), _now(s, options), part=options.part) for s in chosen]
    for comparison in found:
        _show(console, comparison)
    return 0 if all(c.holds(options.slack) for c in found) else 1


def _path(suite: Suite) -> Path:
    return DATA / f"{suite.name.replace(' ', '_')}.json"


def _now(suite: Suite, options: Any) -> Record:
    console = Console(stderr=True)
    cases = suite.run(options.part)
    return dict(track(cases, suite.name, console=console) if console.is_terminal else cases)


def _show(console: Console, comparison: Comparison) -> None:
    for difference in comparison.differences:
        console.print(str(difference), highlight=False, markup=False, soft_wrap=True)
    for case, before, now in comparison.dearer[:SHOWN]:
        console.print(f"{case}: {before} → {now} evaluations", highlight=False, markup=False)
    share = comparison.now / max(comparison.before, 1) - 1
    console.print(
        f"{comparison.name}: {comparison.cases} cases, {len(comparison.differences)} say something "
        f"else, {len(comparison.dearer)} are dearer; evaluations {comparison.before:,} → "
        f"{comparison.now:,} ({share:+.2%})",
        highlight=False,
    )


def _options(arguments: Sequence[str] | None = None) -> Any:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [suite.name for suite in SUITES]
    parser.add_argument("--only", action="append", choices=names, help="one of the suites")
    parser.add_argument("--part", action="store_true", help="a part of each, in seconds")
    parser.add_argument("--write", action="store_true", help="write down what is said now")
    parser.add_argument("--slack", type=float, default=0.0, help="more evaluations, as a share")
    options = parser.parse_args(arguments)
    if options.write and options.part:
        parser.error("a record is of all cases: --write without --part")
    return options


if __name__ == "__main__":
    sys.exit(main())
