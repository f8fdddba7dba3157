"""What does `import gradproof` add to `import numpy`, and how soon does the command answer?

Every figure is the median over fresh interpreters, taken in turns; the first round, which may
have to compile or to read from disk, does not count.

    python benchmarks/import_time.py [--rounds 15] [--json FILE] [--quick]

The exit status is 1 if gradproof misses one of the demands printed at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

COMMANDS = {
    "import numpy": ("-c", "import numpy"),
    "import numpy, gradproof": ("-c", "import numpy, gradproof"),
    "gradproof --help": ("-m", "gradproof", "--help"),
}
PACKAGES = ("gradproof", "numpy", "optree", "rich", "click")

IMPORT = 0.25  # s, beyond import numpy
HELP = 0.6  # s, from the start of the interpreter

Demand = tuple[str, bool]


def measure(rounds: int) -> dict[str, list[float]]:
    """Seconds of each command in each round."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(rounds + 1):
        for name, command in COMMANDS.items():
            seconds = _seconds(command)
            if turn:
                times[name].append(seconds)
    return times


def _seconds(command: Sequence[str]) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def demands(medians: dict[str, float]) -> list[Demand]:
    added = medians["import numpy, gradproof"] - medians["import numpy"]
    text = f"import gradproof adds {added:.3f} s to import numpy, at most {IMPORT:g} s"
    answer = medians["gradproof --help"]
    return [
        (text, added <= IMPORT),
        (f"gradproof --help takes {answer:.3f} s, less than {HELP:g} s", answer < HELP),
    ]


def main() -> int:
    options = _options()
    times = measure(options.rounds)
    medians = {name: median(found) for name, found in times.items()}
    wanted = demands(medians)
    _show(times, medians, wanted)
    if options.json:
        record = {
            "versions": {"python": platform.python_version(), **{p: version(p) for p in PACKAGES}},
            "seconds": times,
            "demands": [{"text": text, "reached": reached} for text, reached in wanted],
        }
        options.json.write_text(json.dumps(record, indent=1))
    return 0 if all(reached for _, reached in wanted) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="fresh interpreters per figure")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="one round; the times mean nothing")
    options = parser.parse_args()
    options.rounds = 1 if options.quick else options.rounds
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    return options


def _show(
    times: dict[str, list[float]], medians: dict[str, float], wanted: Sequence[Demand]
) -> None:
    console = Console()
    versions = ", ".join(f"{p} {version(p)}" for p in PACKAGES)
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
    console.print(f"{machine}; Python {platform.python_version()}, {versions}", highlight=False)
    rounds = len(next(iter(times.values())))
    table = Table("command", title=f"{rounds} fresh interpreters each")
    for name in ("median", "fastest", "slowest"):
        table.add_column(name, justify="right")
    for name, found in times.items():
        figures = (medians[name], min(found), max(found))
        table.add_row(name, *(f"{seconds:.3f} s" for seconds in figures))
    console.print(table)
    for text, reached in wanted:
        mark = "reached    " if reached else "NOT REACHED"
        console.print(f"{mark} {text}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
