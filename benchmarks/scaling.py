"""What does a check cost as networks grow? Evaluations, time and memory, beside the textbook.

The networks are `gradproof.demo.network`'s: ReLU layers with the logistic cost, weights drawn
after He, small random biases (at zero ones a ReLU may sit on its kink), a batch of 64.

    python benchmarks/scaling.py [--threads 1] [--seed 0] [--markdown] [--json FILE] [--quick]

The exit status is 1 if gradproof misses one of the demands printed at the end.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

import gradproof as gp
from gradproof.demo import network
from gradproof.textbook import gradient_check, ravel

LAYERS = ((4, 5, 3, 1), (784, 256, 128, 10), (784, 1024, 256, 10), (3000, 2500, 900, 10))
LAYERS_QUICK = ((4, 5, 3, 1), (30, 20, 10))
DTYPES = ("float64", "float32")
PACKAGES = ("gradproof", "numpy", "optree")
BATCH = 64
BIAS = 0.1  # standard deviation

FORWARDS = 9  # calls of fun before a check, and as many after it
ENTRIES, SECONDS = 100, 5.0  # at most, to estimate the textbook's time
UNDER_A_MINUTE = 60.0  # the textbook is run in full

RESOLUTION, RESOLUTION_LARGE = 1e-6, 1e-5  # float64, up to LARGE parameters and beyond
EVALUATIONS, EVALUATIONS_LARGE = 200, 220
OVERHEAD, OVERHEAD_FROM = 2.0, 235_146
MEMORY = 2.5  # × the parameters, in float64, beyond what fun takes for itself
SPEED_UP, SPEED_UP_AT = 5000, 1_068_810
LARGE = 1_100_000

# BLAS libraries read these once, when they are loaded.
THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "BLIS_NUM_THREADS")


@dataclass(frozen=True, slots=True, eq=False)
class Net:
    """A network and its batch."""

    layers: tuple[int, ...]
    dtype: str
    parameters: dict[str, Any]
    X: Any
    Y: Any

    @property
    def count(self) -> int:
        return sum(array.size for array in self.parameters.values())

    @property
    def size(self) -> int:
        return sum(array.nbytes for array in self.parameters.values())

    def check(self, seed: int) -> gp.Report:
        return gp.check(
            network.cost, self.parameters, grad=network.backprop, args=(self.X, self.Y), seed=seed
        )

    def forward(self) -> Callable[[], object]:
        """One forward pass as gradproof makes it: the parameters in float64, the batch as it is."""
        promoted = {name: array.astype(np.float64) for name, array in self.parameters.items()}
        return lambda: network.cost(promoted, self.X, self.Y)

    def backprop(self) -> object:
        return network.backprop(self.parameters, self.X, self.Y)


@dataclass(frozen=True, slots=True)
class Row:
    """What one network cost; times in seconds, memory in units of the parameters' size."""

    layers: tuple[int, ...]
    parameters: int
    dtype: str
    verdict: str
    resolution: float
    evaluations: int
    gradient_calls: int
    wall: float
    forward: float
    overhead: float  # wall ÷ (evaluations × forward)
    overhead_cpu: float  # the same in CPU time: no other program is in it
    memory: float
    memory_of_fun: float
    memory_of_backprop: float
    textbook: float
    textbook_sampled: bool

    @property
    def speed_up(self) -> float:
        return self.textbook / self.wall

    @property
    def label(self) -> str:
        return f"{self.parameters:,} parameters, {self.dtype}"


def build(layers: tuple[int, ...], dtype: str, seed: int) -> Net:
    """Draw a network and its batch; float32 holds the numbers of float64, rounded."""
    rng = np.random.default_rng(seed)
    parameters = network.initialize_parameters(layers, seed, dtype)
    for name, array in parameters.items():
        if name.startswith("b"):
            array[...] = BIAS * rng.standard_normal(array.shape)
    X = rng.standard_normal((layers[0], BATCH)).astype(dtype)
    Y = rng.integers(0, 2, (layers[-1], BATCH)).astype(dtype)
    return Net(layers, dtype, parameters, X, Y)


def measure(net: Net, options: argparse.Namespace) -> Row:
    forward = net.forward()
    runs = [_check_beside(net, forward, options.seed) for _ in range(options.checks)]
    report = runs[0].report
    memory_of_fun = peak(forward) / net.size
    del forward
    textbook, sampled = textbook_seconds(net, options.seed, options.full)
    return Row(
        layers=net.layers,
        parameters=net.count,
        dtype=net.dtype,
        verdict=str(report.verdict),
        resolution=report.resolution,
        evaluations=report.evaluations,
        gradient_calls=report.gradient_calls,
        wall=median(run.check.wall for run in runs),
        forward=median(run.forward.wall for run in runs),
        overhead=median(run.check.wall / run.forward.wall for run in runs) / report.evaluations,
        overhead_cpu=median(run.check.cpu / run.forward.cpu for run in runs) / report.evaluations,
        memory=peak(lambda: net.check(options.seed)) / net.size,
        memory_of_fun=memory_of_fun,
        memory_of_backprop=peak(net.backprop) / net.size,
        textbook=textbook,
        textbook_sampled=sampled,
    )


@dataclass(frozen=True, slots=True)
class Time:
    """Seconds of a call: by the clock, and of the processor alone."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One check, its time, and that of a forward pass just before and just after it."""

    report: gp.Report
    check: Time
    forward: Time


def _check_beside(net: Net, forward: Callable[[], object], seed: int) -> Run:
    passes = [_timed(forward)[0] for _ in range(FORWARDS)][1:]
    check, report = _timed(lambda: net.check(seed))
    passes += [_timed(forward)[0] for _ in range(FORWARDS)][1:]
    forward_time = Time(median(p.wall for p in passes), median(p.cpu for p in passes))
    return Run(report, check, forward_time)


def _timed(function: Callable[[], Any]) -> tuple[Time, Any]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = function()
    return Time(time.perf_counter() - wall, time.process_time() - cpu), result


def peak(function: Callable[[], object]) -> int:
    """Bytes that a call held at most, beyond what was held before it."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        function()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def textbook_seconds(net: Net, seed: int, full: float) -> tuple[float, bool]:
    """The time of the textbook's check, and whether it is scaled up from a sample of entries."""
    estimate = _sampled(net, seed)
    if estimate > full:
        return estimate, True
    args = (net.X, net.Y)
    taken, _ = _timed(
        lambda: gradient_check(
            network.cost, net.parameters, network.backprop, args=args, quiet=True
        )
    )
    return taken.wall, False


def _sampled(net: Net, seed: int, epsilon: float = 1e-7) -> float:
    """What `gradient_check` does for each entry, for a few of them."""
    theta, unravel = ravel(net.parameters)
    entries = np.random.default_rng(seed).choice(theta.size, min(theta.size, ENTRIES), False)
    started, times = time.perf_counter(), []

    def both_sides(i: int) -> None:
        here = theta[i]
        for there in (here + epsilon, here - epsilon):
            theta[i] = there
            network.cost(unravel(theta), net.X, net.Y)
        theta[i] = here

    for i in entries:
        times.append(_timed(lambda i=i: both_sides(i))[0].wall)
        if time.perf_counter() - started > SECONDS:
            break
    return median(times) * theta.size


# What is demanded ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Demand:
    """``reached`` is None where a figure is only reported."""

    text: str
    reached: bool | None


def demands(row: Row, *, timed: bool) -> Iterable[Demand]:
    """What gradproof has to reach on one network; ``timed``: also in time."""
    text = f"{row.label}: verdict {row.verdict}"
    yield Demand(text, row.verdict == "correct")
    large = row.parameters > LARGE
    if row.dtype == "float64":
        most = RESOLUTION_LARGE if large else RESOLUTION
        text = f"{row.label}: resolution {row.resolution:.1e}, at most {most:.0e}"
        yield Demand(text, row.resolution <= most)
    limit = EVALUATIONS_LARGE if large else EVALUATIONS
    text = f"{row.label}: {row.evaluations} evaluations, at most {limit}"
    yield Demand(text, row.evaluations <= limit)
    if row.parameters >= OVERHEAD_FROM:
        yield _of_memory(row)
    if timed and row.parameters >= OVERHEAD_FROM:
        text = (
            f"{row.label}: {row.overhead:.2f} × the forward passes, at most {OVERHEAD:g} "
            f"({row.overhead_cpu:.2f} × in CPU time, without the waiting for other programs)"
        )
        yield Demand(text, row.overhead <= OVERHEAD)
    if timed and row.parameters == SPEED_UP_AT:
        text = f"{row.label}: {row.speed_up:,.0f} × faster than the textbook, at least {SPEED_UP:,}"
        yield Demand(text, row.speed_up >= SPEED_UP)


def _of_memory(row: Row) -> Demand:
    """In float32 a float64 working copy (2 ×) and the claim (1 ×) stand beside each other."""
    own = row.memory - row.memory_of_fun
    text = (
        f"{row.label}: {row.memory:.2f} × the parameters of extra memory, of which fun takes "
        f"{row.memory_of_fun:.2f} × by itself and the check {own:.2f} ×"
    )
    if row.dtype == "float64":
        return Demand(f"{text}, at most {MEMORY:g}", own <= MEMORY)
    return Demand(f"{text} (the working copy in float64 alone is 2 ×)", None)


# The command -----------------------------------------------------------------------------


def main() -> int:
    options = _options()
    threads = dict.fromkeys(THREADS, str(options.threads))
    if any(os.environ.get(name) != value for name, value in threads.items()):
        again = [sys.executable, __file__, *sys.argv[1:]]
        return subprocess.run(again, env={**os.environ, **threads}, check=False).returncode
    cases = [(layers, dtype) for layers in options.layers for dtype in DTYPES]
    rows = [
        measure(build(layers, dtype, options.seed), options)
        for layers, dtype in track(cases, "measuring", console=Console(stderr=True))
    ]
    wanted = [demand for row in rows for demand in demands(row, timed=not options.quick)]
    _show(options, rows, wanted)
    if options.json:
        options.json.write_text(json.dumps(_record(options, rows, wanted), indent=1))
    return 1 if any(demand.reached is False for demand in wanted) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--threads", type=int, default=1, help="of the linear algebra")
    parser.add_argument("--checks", type=int, default=5, help="of which the median time counts")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--markdown", action="store_true", help="table as Markdown")
    parser.add_argument("--quick", action="store_true", help="tiny networks; times mean nothing")
    options = parser.parse_args()
    if min(options.threads, options.checks) < 1:
        parser.error("--threads and --checks must be at least 1")
    options.layers = LAYERS_QUICK if options.quick else LAYERS
    options.full = 0.1 if options.quick else UNDER_A_MINUTE
    return options


HEAD = (
    "layers",
    "parameters",
    "dtype",
    "verdict",
    "resolution",
    "evaluations\n(+ gradients)",
    "wall time",
    "one forward\npass",
    "overhead",
    "extra\nmemory",
    "of fun /\nbackprop alone",
    "textbook",
    "speed-up",
)

FOOTER = """\
one forward pass: median of calls of fun just before and just after each check, its parameters
  in float64 as in the check
overhead: wall time ÷ (evaluations × one forward pass); the calls of grad are in the wall time;
  the median of {checks} checks, each set against the passes beside it
extra memory: what tracemalloc sees at the peak of a check (another run), less what was there
  before, ÷ the size of the parameters in their own dtype; the user's temporaries are in it
of fun / backprop alone: the same for one call of the user's fun as the check makes it, and of
  grad, its result included
textbook: every entry, two-sided, all in the parameters' own dtype; ≈ scaled up from the median
  time of up to {entries} random entries
"""


def _cells(row: Row) -> list[str]:
    return [
        "-".join(map(str, row.layers)),
        f"{row.parameters:,}",
        row.dtype,
        row.verdict,
        f"{row.resolution:.1e}",
        f"{row.evaluations} (+ {row.gradient_calls})",
        _duration(row.wall),
        _duration(row.forward),
        f"{row.overhead:.2f}",
        f"{row.memory:.2f} ×",
        f"{row.memory_of_fun:.2f} / {row.memory_of_backprop:.2f} ×",
        f"{'≈ ' if row.textbook_sampled else ''}{_duration(row.textbook)}",
        f"{'≈ ' if row.textbook_sampled else ''}{_rounded(row.speed_up)} ×",
    ]


def _duration(seconds: float) -> str:
    units = (
        (1e-3, 1e-6, "µs"),
        (1, 1e-3, "ms"),
        (120, 1, "s"),
        (7200, 60, "min"),
        (172800, 3600, "h"),
    )
    for limit, unit, name in units:
        if seconds < limit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds / 86400:.3g} days"


def _rounded(number: float) -> str:
    """Two significant digits, written out."""
    digits = 1 - math.floor(math.log10(number))
    return f"{round(number, digits):,.{max(digits, 0)}f}"


def _show(options: argparse.Namespace, rows: Sequence[Row], wanted: Sequence[Demand]) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=180)
    show = _markdown if options.markdown else _table
    versions = ", ".join(f"{p} {version(p)}" for p in PACKAGES)
    console.print(
        f"seed {options.seed}, batch {BATCH}; Python {platform.python_version()}, {versions}",
        highlight=False,
    )
    console.print(f"{_machine()}; threads for linear algebra: {options.threads}", highlight=False)
    show(console, HEAD, [_cells(row) for row in rows])
    console.print(FOOTER.format(checks=options.checks, entries=ENTRIES), highlight=False)
    for demand in wanted:
        line = f"{_MARKS[demand.reached]} {escape(demand.text)}"
        console.print(line, highlight=False, soft_wrap=True)


_MARKS = {True: "reached    ", False: "NOT REACHED", None: "reported   "}


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"


def _table(console: Console, head: Sequence[str], lines: list[list[str]]) -> None:
    table = Table()
    for name in head:
        table.add_column(name, justify="left" if name in ("layers", "verdict") else "right")
    for line in lines:
        table.add_row(*map(escape, line))
    console.print(table)


def _markdown(console: Console, head: Sequence[str], lines: list[list[str]]) -> None:
    body = [[name.replace("\n", " ") for name in head], ["---"] * len(head), *lines]
    text = "\n".join("| " + " | ".join(line) + " |" for line in body)
    console.out(f"\n{text}\n", highlight=False)


def _record(
    options: argparse.Namespace, rows: Sequence[Row], wanted: Sequence[Demand]
) -> dict[str, Any]:
    return {
        "seed": options.seed,
        "batch": BATCH,
        "threads": options.threads,
        "checks": options.checks,
        "machine": _machine(),
        "versions": {"python": platform.python_version(), **{p: version(p) for p in PACKAGES}},
        "rows": [{**asdict(row), "speed_up": row.speed_up} for row in rows],
        "demands": [asdict(demand) for demand in wanted],
    }


if __name__ == "__main__":
    sys.exit(main())
