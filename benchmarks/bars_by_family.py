"""Is the true derivative inside the bar of `gp.slope`, family by family, down to which detail?

Each family of `fine_functions.py` twice: with detail down to 3e-6 of the variable's size, where
bars have to be right, and below, down to 1e-12, where a bar may also be infinite, but not wrong.
Then waves under eight kinds of noise.

    python benchmarks/bars_by_family.py [--count 1000] [--seed 0] [--only bumps] [--json FILE]

The exit status is 1 if one of the demands printed at the end is missed.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, median

import numpy as np
from fine_functions import DETAIL, NOISE, Fine, draw
from rich.console import Console
from rich.progress import track
from rich.table import Table

import gradproof as gp

FINE = 3e-6  # of the variable's size: below it a bar may be infinite
FINEST = 1e-12
INSIDE = 99.5  # per cent, above that size
INSIDE_NOISY = 99.8
HONEST = 98.0  # per cent, below: inside or infinite (detail next to round-off cannot be seen)
WRONG, SURE = 0.01, 0.001  # silently wrong: off by more than WRONG with a bar under SURE
_TRUTH = 8 * 2.0**-52  # the true slope is computed in double precision, too


@dataclass(frozen=True, slots=True)
class Row:
    """One family at one size of detail, in per cent of its functions."""

    family: str
    detail: str
    inside: float
    infinite: float
    silently_wrong: float
    evaluations_mean: float
    evaluations_median: float

    @property
    def honest(self) -> float:
        return self.inside + self.infinite


def measured(family: str, detail: str, count: int, seed: int) -> Row:
    """Measure ``count`` functions of one family."""
    inside = infinite = wrong = 0
    evaluations = []
    finest, coarsest = (FINEST, FINE) if detail == "below" else (FINE, 1.0)
    number = [*DETAIL, *NOISE].index(family)
    for i in range(count):
        rng = np.random.default_rng((seed, number, detail == "below", i))
        fun = draw(family, rng, finest, coarsest)
        with np.errstate(all="ignore"):
            found = gp.slope(fun.phi)
        evaluations.append(found.evaluations)
        infinite += found.error == math.inf
        inside += _covers(fun, found)
        wrong += _silently_wrong(fun, found)
    shares = [100 * number / count for number in (inside, infinite, wrong)]
    return Row(family, detail, *shares, mean(evaluations), median(evaluations))


def _size(fun: Fine) -> float:
    return max(abs(fun.left), abs(fun.right))


def _covers(fun: Fine, found: gp.Slope) -> bool:
    known = math.isfinite(found.error)
    return known and fun.distance(found.value) <= found.error + _TRUTH * _size(fun)


def _silently_wrong(fun: Fine, found: gp.Slope) -> bool:
    sure = found.error <= SURE * abs(found.value)
    return sure and fun.distance(found.value) > WRONG * _size(fun)


def demands(row: Row) -> Iterator[tuple[str, bool]]:
    """What has to be reached by one family."""
    if row.detail == "below":
        text = f"{row.family}, below: {row.honest:.2f} % inside or infinite, at least {HONEST} %"
        yield text, row.honest >= HONEST
        return
    least = INSIDE_NOISY if row.detail == "noise" else INSIDE
    yield f"{row.family}: {row.inside:.2f} % inside, at least {least} %", row.inside >= least
    yield f"{row.family}: {row.silently_wrong:.2f} % silently wrong", row.silently_wrong == 0


def main() -> int:
    """Measure, print the table and the demands."""
    options = _options()
    chosen = [(f, d) for f in DETAIL for d in ("above", "below")] + [(f, "noise") for f in NOISE]
    chosen = [(f, d) for f, d in chosen if not options.only or f in options.only]
    rows = [
        measured(f, d, options.count, options.seed)
        for f, d in track(chosen, "measuring", console=Console(stderr=True))
    ]
    wanted = [demand for row in rows for demand in demands(row)]
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(_table(rows, options.count))
    for text, reached in wanted:
        if not reached:
            console.print(f"NOT REACHED {text}", highlight=False)
    console.print(f"{sum(r for _, r in wanted)} of {len(wanted)} demands reached")
    if options.json:
        record = {
            "rows": [asdict(row) for row in rows],
            "demands": [{"text": text, "reached": reached} for text, reached in wanted],
        }
        options.json.write_text(json.dumps(record, indent=1))
    return 0 if all(reached for _, reached in wanted) else 1


def _table(rows: list[Row], count: int) -> Table:
    table = Table(title=f"{count} functions each; detail above or below {FINE:g} of the variable")
    for head in ("family", "detail", "inside", "infinite bar", "silently wrong", "evaluations"):
        table.add_column(head, justify="left" if head in ("family", "detail") else "right")
    for row in rows:
        shares = [f"{s:.2f} %" for s in (row.inside, row.infinite, row.silently_wrong)]
        spent = f"{row.evaluations_mean:.1f} / {row.evaluations_median:g}"
        table.add_row(row.family, row.detail, *shares, spent)
    return table


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=1000, help="functions of each family")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", choices=[*DETAIL, *NOISE], metavar="FAMILY")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    if options.count < 1:
        parser.error("--count must be at least 1")
    return options


if __name__ == "__main__":
    sys.exit(main())
