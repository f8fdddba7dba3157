"""The article as a story: a network, its two faults, the textbook's figure and gradproof's.

Every number and every line of code below is computed or read from the source while it is played.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gradproof import textbook
from gradproof.cli.fixes import show
from gradproof.errors import UsageError
from gradproof.records.finding import Finding
from gradproof.repair import suggest_fixes
from gradproof.report.document import Document
from gradproof.report.files import write
from gradproof.report.renderers import renderers
from gradproof.report.report import Report
from gradproof.report.wording import figure

from ..api.check import check
from ..demo.network import article_test_case, backprop, broken_backprop, cost, initialize_parameters
from ..progress import ProgressLine

LARGER = (784, 256, 128, 10)
EXAMPLES = 64
EPSILON = 1e-7
PATIENCE = 2.0  # seconds for the textbook on the larger network

_WIDEST = 88  # longer lines are hard to read


def tell(console: Console, seed: int = 0, page: str | None = None) -> None:
    """Print the story; ``seed`` chooses gradproof's directions and the larger network.

    At the end stands the path of a ``page`` with the same reports, where there is to be one.
    """
    Story(console, seed, page).tell()


@dataclass(frozen=True, slots=True)
class Network:
    """Parameters and examples, and the two checks of a gradient that is claimed for them."""

    params: dict[str, Any]
    X: Any
    Y: Any
    seed: int

    @property
    def name(self) -> str:
        """The sizes of its layers."""
        weights = [block for name, block in self.params.items() if name.startswith("W")]
        return "-".join(map(str, [weights[0].shape[1], *(block.shape[0] for block in weights)]))

    @property
    def entries(self) -> int:
        """How many parameters it has."""
        return sum(block.size for block in self.params.values())

    def check(self, claimed: Callable[..., Any], name: str) -> Report:
        """What gradproof says."""
        args = (self.X, self.Y)
        return check(cost, self.params, grad=claimed, args=args, seed=self.seed, name=name)

    def classic(self, claimed: Callable[..., Any]) -> tuple[textbook.TextbookResult, float]:
        """What the textbook says, and how many seconds it takes for that."""
        began = time.perf_counter()
        result = textbook.gradient_check(
            cost, self.params, claimed, args=(self.X, self.Y), epsilon=EPSILON, quiet=True
        )
        return result, time.perf_counter() - began

    def classic_in_part(self, entries: Any) -> tuple[int, float]:
        """The textbook's two evaluations for as many entries as there is time for."""
        theta, unravel = textbook.ravel(self.params)
        cost(unravel(theta), self.X, self.Y)
        done, began = 0, time.perf_counter()
        for entry in entries:
            kept = theta[entry]
            for step in (EPSILON, -EPSILON):
                theta[entry] = kept + step
                cost(unravel(theta), self.X, self.Y)
            theta[entry] = kept
            done += 1
            if time.perf_counter() - began > PATIENCE:
                break
        return done, time.perf_counter() - began


@dataclass(frozen=True, slots=True)
class Cost:
    """What one check of one network took; scaled from a sample of parameters, if not of all."""

    network: str
    method: str
    evaluations: int
    seconds: float
    sampled: int | None = None


@dataclass(frozen=True, slots=True)
class Right:
    """The check of the right gradient, and what it took beside the textbook's."""

    report: Report
    costs: tuple[Cost, Cost]


@dataclass(frozen=True, slots=True)
class Story:
    """The six chapters, printed."""

    console: Console
    seed: int
    page: str | None = None

    def tell(self) -> None:
        """Print one after the other."""
        X, Y, params = article_test_case()
        network = Network(params, X, Y, self.seed)
        cost(params, X, Y)  # the first product starts up the linear algebra: nobody pays for it
        self._introduce(network)
        broken = self._tell_broken(network)
        right = self._tell_right(network)
        self._tell_cost([*right.costs, *self._on_larger()])
        self._tell_findings(broken.findings)
        self._tell_repair(broken)
        if self.page is not None:
            self._write(self.page, broken, right.report)
        self._say("Now your own code: gradproof check --help, gradproof fix --help")

    def _introduce(self, network: Network) -> None:
        params, X, Y = network.params, network.X, network.Y
        self._heading("1. A network, and a backward pass written by hand")
        self._say(
            f"{network.name}: linear and ReLU layers, a sigmoid at the end, the logistic cost. "
            f"{network.entries} parameters in {', '.join(params)}; {X.shape[1]} examples; the cost "
            f"is {cost(params, X, Y):.6g}. These lines claim to be its gradient:"
        )
        for line in _lines(list(params)):
            self.console.print(Text(f"  {line}"), soft_wrap=True)
        self.console.print()

    def _tell_broken(self, network: Network) -> Report:
        self._heading("2. Is it the gradient?")
        self._say("The textbook moves every parameter by a fixed step and gives one figure:")
        self._quote(*network.classic(broken_backprop))
        self._say("It does not say where. gradproof:")
        report = network.check(broken_backprop, "the gradient as written")
        self.console.print(report, "")
        return report

    def _tell_right(self, network: Network) -> Right:
        self._heading("3. The same, once it is right")
        classic, seconds = network.classic(backprop)
        self._say("The textbook:")
        self._quote(classic, seconds)
        report = network.check(backprop, "the gradient")
        if report.ok and classic.band is not textbook.Band.CORRECT:
            self._say(_why(classic))
        self._say("gradproof measures its error bar instead, and chooses its steps by it:")
        self.console.print(report, "")
        if report.ok:
            self._say(
                f"Correct, and it says how far that goes: an error of {figure(report.resolution)} "
                "of any one block would have been noticed (with 99 % probability)."
            )
        costs = (
            Cost(network.name, "textbook", classic.evaluations, seconds),
            Cost(network.name, "gradproof", report.evaluations, report.seconds),
        )
        return Right(report, costs)

    def _on_larger(self) -> list[Cost]:
        """Both checks on a network for which the textbook's would take minutes."""
        rng = np.random.default_rng(self.seed)
        params = initialize_parameters(LARGER, seed=self.seed)
        X = rng.standard_normal((LARGER[0], EXAMPLES))
        larger = Network(params, X, rng.integers(0, 2, (LARGER[-1], EXAMPLES)), self.seed)
        count = larger.entries
        with ProgressLine(lambda: f"the textbook on some of {count:,} parameters"):
            sampled, seconds = larger.classic_in_part(rng.permutation(count))
        report = larger.check(backprop, "the larger network")
        if not report.ok:
            self.console.print(report, "")
        return [
            Cost(larger.name, "textbook", 2 * count, seconds * count / sampled, sampled),
            Cost(larger.name, "gradproof", report.evaluations, report.seconds),
        ]

    def _tell_cost(self, costs: list[Cost]) -> None:
        self._heading("4. What it costs")
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column("network", overflow="fold")
        table.add_column("check", no_wrap=True)
        table.add_column("evaluations", justify="right", no_wrap=True)
        table.add_column("time", justify="right", no_wrap=True)
        for one in costs:
            spent = ("" if one.sampled is None else "≈ ") + _duration(one.seconds)
            table.add_row(one.network, one.method, f"{one.evaluations:,}", spent)
        self.console.print(table, "")
        for one in costs:
            if one.sampled is not None:
                self._say(
                    f"≈: measured on {one.sampled} of the parameters of {one.network}, drawn at "
                    "random, and scaled to all of them."
                )

    def _tell_findings(self, findings: tuple[Finding, ...]) -> None:
        self._heading("5. What to fix")
        for finding in findings:
            self._say(finding.message)
            if finding.line is not None:
                line = f"    line {finding.line.number}: {finding.line.text}"
                self.console.print(Text(line, style="bold"), end="\n\n", soft_wrap=True)

    def _tell_repair(self, broken: Report) -> None:
        self._heading("6. The edit that fixes it")
        try:
            suggestions = suggest_fixes(broken, most=1)
        except UsageError as error:  # no libcst, or a system on which nothing can be forked
            self._say(str(error))
            return
        self._say(
            f"{suggestions.tried:,} small edits were run in processes of their own, and compared "
            "with the slopes that were measured already:"
        )
        show(self.console, suggestions)

    def _write(self, page: str, *reports: Report) -> None:
        """Write the same reports with their pictures, and say where; nothing of others is lost."""
        document = Document(tuple((report.name, report) for report in reports))
        try:
            _require_ours(Path(page))
            write(Path(page), renderers()["html"].text(document))
        except (UsageError, OSError) as error:
            self._say(f"No page with pictures: {error}")
            return
        said = Text(f"The same as a page with pictures: {page}", style="bold")
        self.console.print(said, end="\n\n", soft_wrap=True)

    def _heading(self, text: str) -> None:
        self.console.print(Text(text, style="bold"), end="\n\n")

    def _say(self, text: str) -> None:
        self.console.print(Text(text), end="\n\n", width=min(self.console.width, _WIDEST))

    def _quote(self, classic: textbook.TextbookResult, seconds: float) -> None:
        sentence = Text(str(classic), style=textbook.COLOURS[classic.band])
        effort = Text(f"{classic.evaluations} evaluations, {_duration(seconds)}", style="dim")
        lines = [Padding(line, (0, 0, 0, 2), expand=False) for line in (sentence, effort)]
        self.console.print(*lines, "", width=min(self.console.width, _WIDEST))


def _require_ours(page: Path) -> None:
    """Refuse to write over a file that gradproof has not written."""
    if page.is_file() and b'content="gradproof' not in page.read_bytes()[:2000]:
        raise UsageError(f"{page} is another page, and is left alone: pass --html FILE.")


def _why(classic: textbook.TextbookResult) -> str:
    """Why right code sits in the alert band: the gradient being right, the rest is round-off."""
    scatter = float(np.sqrt(np.mean((classic.gradapprox - classic.grad) ** 2)))
    each = scatter * 2 * EPSILON / np.sqrt(2)  # two evaluations stand in each difference
    return (
        f"The code is right and still in the alert band, because each of the two costs in a "
        f"difference carries a round-off of about {each:.0e}, which the division by 2ε = "
        f"{2 * EPSILON:g} turns into an error of {scatter:.0e} in every entry: a fixed step "
        "cannot tell that from a small mistake."
    )


def _lines(names: list[str]) -> list[str]:
    """The lines of the broken backward pass that compute the gradients of some blocks."""
    beginnings = tuple(f"d{name} = " for name in names)
    source = [line.strip() for line in inspect.getsource(broken_backprop).splitlines()]
    return [line for line in source if line.startswith(beginnings)]


def _duration(seconds: float) -> str:
    """A time as one says it."""
    for unit, size in (("h", 3600.0), ("min", 60.0), ("s", 1.0)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds * 1e3:.1f} ms"
