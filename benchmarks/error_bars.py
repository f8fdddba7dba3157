"""Is the true derivative inside the error bar? gradproof beside three peers, on the same functions.

Every contestant is given the function with its variable divided by its size at the point
(`functions.py`), so that all know the scale and none has to guess it, and otherwise runs on
its documented defaults. Noise is relative to the value and drawn afresh at each evaluation.

    python benchmarks/error_bars.py [--count 4000] [--seed 0] [--markdown] [--json FILE]

The exit status is 1 if gradproof misses one of the demands printed at the end.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
from functions import SPECIAL, Function, Specimen, random_set
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

import gradproof as gp

NOISES = (0.0, 1e-10, 1e-6, 1e-3)
PACKAGES = ("scipy", "numdifftools", "jacobi", "numpy")

INSIDE = 99.5  # per cent of the functions, at each level of noise
EVALUATIONS, EVALUATIONS_NOISY = 18, 45  # mean
MEDIAN = 1e-11  # relative error without noise
MEDIAN_NOISY = 2.0  # with noise, in units of numdifftools'
WRONG, SURE = 0.01, 0.001  # silently wrong: off by more than WRONG with a bar under SURE


@dataclass(frozen=True, slots=True)
class Answer:
    """What a contestant says about one function, and what is true."""

    specimen: Specimen
    value: float
    bar: float
    evaluations: int
    remark: str = ""

    @property
    def refused(self) -> bool:
        return math.isnan(self.value) or not math.isfinite(self.bar)

    @property
    def off(self) -> float:
        return self.specimen.distance(self.value)

    @property
    def inside(self) -> bool:
        return not self.refused and self.off <= self.bar

    @property
    def silently_wrong(self) -> bool:
        truth = max(abs(self.specimen.left), abs(self.specimen.right))
        sure = not self.refused and self.bar <= SURE * abs(self.value)
        return sure and self.off > WRONG * truth

    @property
    def relative(self) -> float:
        return self.off / abs(self.specimen.right) if self.specimen.right else math.nan


@dataclass(frozen=True, slots=True)
class Row:
    """One contestant at one level of noise."""

    noise: float
    package: str
    inside: float
    silently_wrong: float
    no_answer: float
    evaluations_mean: float
    evaluations_median: float
    median_error: float


class Counted:
    """The function in units of its variable's size: noisy, vectorised, and counted."""

    def __init__(self, specimen: Specimen, noise: float, seed: Sequence[int]) -> None:
        self._fun = specimen.fun
        self._scale = specimen.scale
        self._noise = noise
        self._rng = np.random.default_rng(seed)
        self.point = specimen.point / specimen.scale
        self.evaluations = 0

    def __call__(self, u: Any) -> Any:
        self.evaluations += np.size(u)
        value = self._fun(self._scale * u)
        if self._noise:
            value = value * (1 + self._noise * self._rng.standard_normal(np.shape(u)))
        return value


def _gradproof(fun: Function, point: float) -> tuple[float, float, str]:
    found = gp.slope(lambda t: fun(point + t))
    return found.value, found.error, str(found.smoothness)


def _scipy(fun: Function, point: float) -> tuple[float, float, str]:
    import scipy.differentiate

    found = scipy.differentiate.derivative(fun, point)
    return found.df, found.error, ""


def _numdifftools(fun: Function, point: float) -> tuple[float, float, str]:
    import numdifftools

    found = numdifftools.Derivative(fun, full_output=True)(point)
    return found.estimate, found.error_estimate, ""


def _jacobi(fun: Function, point: float) -> tuple[float, float, str]:
    import jacobi

    value, error = jacobi.jacobi(fun, point)
    return value, error, ""


# Each imports its library itself: gradproof alone is measured where the others are missing.
CONTESTANTS: dict[str, Callable[[Function, float], tuple[float, float, str]]] = {
    "gradproof": _gradproof,
    "scipy": _scipy,
    "numdifftools": _numdifftools,
    "jacobi": _jacobi,
}


def answer(package: str, specimen: Specimen, noise: float, seed: Sequence[int]) -> Answer:
    """Ask one contestant for one derivative; its own warnings are not ours."""
    counted = Counted(specimen, noise, seed)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        value, bar, remark = CONTESTANTS[package](counted, counted.point)
    value, bar = (float(np.asarray(v).item()) / specimen.scale for v in (value, bar))
    return Answer(specimen, value, bar, counted.evaluations, remark)


def measure(package: str, noise: float, specimens: Sequence[Specimen], seed: int) -> list[Answer]:
    """All functions; the stream of noise is the same for every contestant."""
    level = NOISES.index(noise)
    return [answer(package, s, noise, (seed, level, i)) for i, s in enumerate(specimens)]


def summarise(package: str, noise: float, answers: Sequence[Answer]) -> Row:
    return Row(
        noise=noise,
        package=package,
        inside=100 * mean(a.inside for a in answers),
        silently_wrong=100 * mean(a.silently_wrong for a in answers),
        no_answer=100 * mean(a.refused for a in answers),
        evaluations_mean=mean(a.evaluations for a in answers),
        evaluations_median=median(a.evaluations for a in answers),
        median_error=_median_error(answers),
    )


def _median_error(answers: Iterable[Answer]) -> float:
    """Of the relative error, over the functions whose derivative is not 0."""
    return median(a.relative for a in answers if not math.isnan(a.relative))


Demand = tuple[str, bool]


def demands(own: Row, numdifftools_row: Row) -> Iterable[Demand]:
    """What gradproof has to reach at one level of noise."""
    at = f"noise {own.noise:g}"
    yield f"{at}: {own.inside:.2f} % inside its bar, at least {INSIDE} %", own.inside >= INSIDE
    wrong = own.silently_wrong
    yield f"{at}: {wrong:.2f} % silently wrong, none allowed", wrong == 0
    most = EVALUATIONS_NOISY if own.noise else EVALUATIONS
    used = own.evaluations_mean
    yield f"{at}: {used:.1f} evaluations on the mean, at most {most}", used <= most
    error = own.median_error
    if own.noise:
        theirs = numdifftools_row.median_error
        text = f"median error {error:.1e}, at most {MEDIAN_NOISY:g} × numdifftools' {theirs:.1e}"
        yield f"{at}: {text}", error <= MEDIAN_NOISY * theirs
    else:
        yield f"{at}: median error {error:.1e}, at most {MEDIAN:.0e}", error <= MEDIAN


def special_demand(answers: Sequence[Answer]) -> Demand:
    failed = [
        a.specimen.name
        for a in answers
        if not a.inside
        or a.silently_wrong
        or (a.specimen.left != a.specimen.right and a.remark != "kink")
    ]
    text = f"special functions: {len(answers) - len(failed)} of {len(answers)} inside, kinks told"
    return text + "".join(f"; not {name}" for name in failed), not failed


def main() -> int:
    options = _options()
    specimens = list(random_set(options.count, options.seed))
    rows: list[Row] = []
    wanted: list[Demand] = []
    for noise in track(NOISES, description="measuring", console=Console(stderr=True)):
        level = {
            p: summarise(p, noise, measure(p, noise, specimens, options.seed)) for p in CONTESTANTS
        }
        rows += level.values()
        wanted += demands(level["gradproof"], level["numdifftools"])
    special = {p: [answer(p, s, 0.0, (0,)) for s in SPECIAL] for p in CONTESTANTS}
    wanted.append(special_demand(special["gradproof"]))
    _show(options, rows, special, wanted)
    if options.json:
        options.json.write_text(json.dumps(_record(options, rows, special, wanted), indent=1))
    return 0 if all(reached for _, reached in wanted) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=4000, help="random functions")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--markdown", action="store_true", help="tables as Markdown")
    options = parser.parse_args()
    if options.count < 1:
        parser.error("--count must be at least 1")
    return options


# What is printed -------------------------------------------------------------------------

HEAD = (
    "noise",
    "package",
    "inside its bar",
    "silently wrong",
    "no answer",
    "evaluations (mean / median)",
    "median error",
)


def _cells(row: Row) -> list[str]:
    return [
        f"{row.noise:g}",
        row.package,
        f"{row.inside:.2f} %",
        f"{row.silently_wrong:.2f} %",
        f"{row.no_answer:.2f} %",
        f"{row.evaluations_mean:.1f} / {row.evaluations_median:g}",
        f"{row.median_error:.1e}",
    ]


def _special_cell(found: Answer) -> str:
    if found.refused:
        return f"– no answer ({found.evaluations})"
    mark = "✗✗" if found.silently_wrong else "✓" if found.inside else "✗"
    kink = " kink" if found.remark == "kink" else ""
    return f"{mark} {found.value:.6g} ± {found.bar:.0e}{kink} ({found.evaluations})"


def _truth(specimen: Specimen) -> str:
    if specimen.left == specimen.right:
        return f"{specimen.left:.6g}"
    return f"{specimen.left:g} to {specimen.right:g}"


def _show(
    options: argparse.Namespace,
    rows: Sequence[Row],
    special: dict[str, list[Answer]],
    wanted: Sequence[Demand],
) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=140)
    show = _markdown if options.markdown else _table
    versions = ", ".join(f"{p} {version(p)}" for p in PACKAGES)
    console.print(
        f"seed {options.seed}; Python {platform.python_version()}, {versions}", highlight=False
    )
    title = f"{options.count} random functions"
    show(console, title, HEAD, [_cells(row) for row in rows])
    lines = [
        [s.name, _truth(s), *(_special_cell(special[p][i]) for p in CONTESTANTS)]
        for i, s in enumerate(SPECIAL)
    ]
    title = "Special functions: ✓ inside the bar, ✗ outside, ✗✗ silently wrong (evaluations)"
    show(console, title, ("function", "derivative", *CONTESTANTS), lines)
    for text, reached in wanted:
        console.print(f"{'reached    ' if reached else 'NOT REACHED'} {escape(text)}", style=None)


def _table(console: Console, title: str, head: Sequence[str], lines: list[list[str]]) -> None:
    table = Table(title=title)
    for name in head:
        table.add_column(name, justify="left" if name in ("package", "function") else "right")
    for line in lines:
        table.add_row(*map(escape, line))
    console.print(table)


def _markdown(console: Console, title: str, head: Sequence[str], lines: list[list[str]]) -> None:
    body = [list(head), ["---"] * len(head), *lines]
    text = "\n".join("| " + " | ".join(c.replace("|", "\\|") for c in line) + " |" for line in body)
    console.out(f"\n{title}\n\n{text}\n", highlight=False)


def _record(
    options: argparse.Namespace,
    rows: Sequence[Row],
    special: dict[str, list[Answer]],
    wanted: Sequence[Demand],
) -> dict[str, Any]:
    return {
        "seed": options.seed,
        "versions": {p: version(p) for p in PACKAGES},
        "rows": [asdict(row) for row in rows],
        "special": [
            {
                "package": package,
                "function": a.specimen.name,
                "left": a.specimen.left,
                "right": a.specimen.right,
                # JSON has no infinity and no NaN.
                "value": None if math.isnan(a.value) else a.value,
                "bar": a.bar if math.isfinite(a.bar) else None,
                "evaluations": a.evaluations,
                "inside": a.inside,
                "silently_wrong": a.silently_wrong,
            }
            for package, found in special.items()
            for a in found
        ],
        "demands": [{"text": text, "reached": reached} for text, reached in wanted],
    }


if __name__ == "__main__":
    sys.exit(main())
