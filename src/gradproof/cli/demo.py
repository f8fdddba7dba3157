"""The article as a story: a network, its two faults, the textbook's figure and gradproof's.

Every number and every line of code below is computed or read from the source while it is played.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gradproof import textbook
from gradproof.errors import UsageError
from gradproof.records.finding import Finding
from gradproof.repair import suggest_fixes
from gradproof.repair.shown import show
from gradproof.report.report import Report
from gradproof.report.wording import figure

from ..api.check import check
from ..demo.network import article_test_case, backprop, broken_backprop, cost, initialize_parameters
from ..progress import ProgressLine

Result = TypeVar("Result")

LARGER = (784, 256, 128, 10)
EXAMPLES = 64
EPSILON = 1e-7
PATIENCE = 2.0  # seconds for the textbook on the larger network


_WIDEST = 88  # longer lines are hard to read
_BANDS = {
    textbook.Band.CORRECT: "green",
    textbook.Band.LOOK: "yellow",
    textbook.Band.WRONG: "red",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one check of one network took; scaled from a sample of parameters, if not of all."""

    network: str
    method: str
    evaluations: int
    seconds: float
    sampled: int | None = None


def tell(console: Console, seed: int = 0) -> None:
    """Print the story; ``seed`` chooses gradproof's directions and the larger network."""
    X, Y, params = article_test_case()
    cost(params, X, Y)  # the first product starts up the linear algebra: nobody has to pay for it
    _introduce(console, params, X, Y)
    broken = _tell_broken(console, params, X, Y, seed)
    costs = _tell_right(console, params, X, Y, seed)
    _tell_cost(console, [*costs, *_on_larger(console, seed)])
    _tell_findings(console, broken.findings)
    _tell_repair(console, broken)
    _say(console, "Now your own code: gradproof check --help, gradproof fix --help")


# The six chapters


def _introduce(console: Console, params: dict[str, Any], X: Any, Y: Any) -> None:
    _heading(console, "1. A network, and a backward pass written by hand")
    _say(
        console,
        f"{_name(params)}: linear and ReLU layers, a sigmoid at the end, the logistic cost. "
        f"{_entries(params)} parameters in {', '.join(params)}; {X.shape[1]} examples; the cost "
        f"is {cost(params, X, Y):.6g}. These lines claim to be its gradient:",
    )
    _show(console, _lines(list(params)))


def _tell_broken(console: Console, params: dict[str, Any], X: Any, Y: Any, seed: int) -> Report:
    _heading(console, "2. Is it the gradient?")
    _say(console, "The textbook moves every parameter by a fixed step and gives one figure:")
    classic, seconds = _timed(lambda: _classic(params, broken_backprop, X, Y))
    _quote(console, classic, seconds)
    _say(console, "It does not say where. gradproof:")
    report = check(
        cost, params, grad=broken_backprop, args=(X, Y), seed=seed, name="the gradient as written"
    )
    console.print(report, "")
    return report


def _tell_right(console: Console, params: dict[str, Any], X: Any, Y: Any, seed: int) -> list[Cost]:
    _heading(console, "3. The same, once it is right")
    classic, classic_seconds = _timed(lambda: _classic(params, backprop, X, Y))
    _say(console, "The textbook:")
    _quote(console, classic, classic_seconds)
    report = check(cost, params, grad=backprop, args=(X, Y), seed=seed, name="the gradient")
    if report.ok and classic.band is not textbook.Band.CORRECT:
        _say(console, _why(classic))
    _say(console, "gradproof measures its error bar instead, and chooses its steps by it:")
    console.print(report, "")
    if report.ok:
        _say(
            console,
            f"Correct, and it says how far that goes: an error of {figure(report.resolution)} of "
            "any one block would have been noticed (with 99 % probability).",
        )
    name = _name(params)
    return [
        Cost(name, "textbook", classic.evaluations, classic_seconds),
        Cost(name, "gradproof", report.evaluations, report.seconds),
    ]


def _tell_cost(console: Console, costs: list[Cost]) -> None:
    _heading(console, "4. What it costs")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("network", overflow="fold")
    table.add_column("check", no_wrap=True)
    table.add_column("evaluations", justify="right", no_wrap=True)
    table.add_column("time", justify="right", no_wrap=True)
    for one in costs:
        about = "" if one.sampled is None else "≈ "
        table.add_row(
            Text(one.network),
            Text(one.method),
            Text(f"{one.evaluations:,}"),
            Text(about + _duration(one.seconds)),
        )
    console.print(table)
    console.print()
    for one in costs:
        if one.sampled is not None:
            _say(
                console,
                f"≈: measured on {one.sampled} of the parameters of {one.network}, drawn at "
                "random, and scaled to all of them.",
            )


def _tell_findings(console: Console, findings: tuple[Finding, ...]) -> None:
    _heading(console, "5. What to fix")
    for finding in findings:
        _say(console, finding.message)
        if finding.line is not None:
            text = f"line {finding.line.number}: {finding.line.text}"
            console.print(Text(f"    {text}", style="bold"), soft_wrap=True)
            console.print()


def _tell_repair(console: Console, broken: Report) -> None:
    _heading(console, "6. The edit that fixes it")
    try:
        suggestions = suggest_fixes(broken, most=1)
    except UsageError as error:  # no libcst, or a system on which nothing can be forked
        _say(console, str(error))
        return
    _say(
        console,
        f"{suggestions.tried:,} small edits were run in processes of their own, and held against "
        "the slopes that were measured already:",
    )
    show(console, suggestions)


# What is measured


def _classic(params: Any, claimed: Callable[..., Any], X: Any, Y: Any) -> textbook.TextbookResult:
    return textbook.gradient_check(cost, params, claimed, args=(X, Y), epsilon=EPSILON, quiet=True)


def _on_larger(console: Console, seed: int) -> list[Cost]:
    """Both checks on a network for which the textbook's would take minutes."""
    rng = np.random.default_rng(seed)
    params = initialize_parameters(LARGER, seed=seed)
    X = rng.standard_normal((LARGER[0], EXAMPLES))
    Y = rng.integers(0, 2, (LARGER[-1], EXAMPLES))
    count = _entries(params)
    with ProgressLine(lambda: f"the textbook on some of {count:,} parameters"):
        sampled, seconds = _sampled(params, X, Y, rng.permutation(count))
    report = check(cost, params, grad=backprop, args=(X, Y), seed=seed, name="the larger network")
    if not report.ok:
        console.print(report, "")
    name = _name(params)
    return [
        Cost(name, "textbook", 2 * count, seconds * count / sampled, sampled),
        Cost(name, "gradproof", report.evaluations, report.seconds),
    ]


def _sampled(params: Any, X: Any, Y: Any, entries: Any) -> tuple[int, float]:
    """The textbook's two evaluations for as many entries as there is time for."""
    theta, unravel = textbook.ravel(params)
    cost(unravel(theta), X, Y)
    began = time.perf_counter()
    done = 0
    for entry in entries:
        kept = theta[entry]
        for step in (EPSILON, -EPSILON):
            theta[entry] = kept + step
            cost(unravel(theta), X, Y)
        theta[entry] = kept
        done += 1
        if time.perf_counter() - began > PATIENCE:
            break
    return done, time.perf_counter() - began


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


def _timed(action: Callable[[], Result]) -> tuple[Result, float]:
    began = time.perf_counter()
    result = action()
    return result, time.perf_counter() - began


# What it looks like


def _heading(console: Console, text: str) -> None:
    console.print(Text(text, style="bold"))
    console.print()


def _say(console: Console, text: str) -> None:
    console.print(Text(text), width=min(console.width, _WIDEST))
    console.print()


def _quote(console: Console, classic: textbook.TextbookResult, seconds: float) -> None:
    sentence = Text(str(classic), style=_BANDS[classic.band])
    effort = Text(f"{classic.evaluations} evaluations, {_duration(seconds)}", style="dim")
    for line in (sentence, effort):
        indented = Padding(line, (0, 0, 0, 2), expand=False)
        console.print(indented, width=min(console.width, _WIDEST))
    console.print()


def _show(console: Console, lines: dict[str, str]) -> None:
    for line in lines.values():
        console.print(Text(f"  {line}"), soft_wrap=True)
    console.print()


def _lines(names: list[str]) -> dict[str, str]:
    """The lines of the broken backward pass that compute the gradients of some blocks."""
    source = [line.strip() for line in inspect.getsource(broken_backprop).splitlines()]
    found = {name: line for line in source for name in names if line.startswith(f"d{name} = ")}
    return dict(sorted(found.items(), key=lambda item: source.index(item[1])))


def _name(params: dict[str, Any]) -> str:
    weights = [block for name, block in params.items() if name.startswith("W")]
    return "-".join(map(str, [weights[0].shape[1], *(block.shape[0] for block in weights)]))


def _entries(params: dict[str, Any]) -> int:
    return sum(block.size for block in params.values())


def _duration(seconds: float) -> str:
    """A time as one says it."""
    for unit, size in (("h", 3600.0), ("min", 60.0), ("s", 1.0)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds * 1e3:.1f} ms"
