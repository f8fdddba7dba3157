"""The trial as a page of the documentation: tables, plots, and how it was done."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from .contestant import Contestant, Verdict
from .growth import OF_BLOCKS, Cost
from .score import Failing, Scores, Table, count, failing, tables

mpl.use("Agg")
from matplotlib import pyplot as plt

# Between these lines the figures have the first table, and the README the part that is best known.
_BEGIN, _END = "<!-- trial: begin -->", "<!-- trial: end -->"
_BEST_KNOWN = (
    "gradproof", "textbook", "scipy check_grad, all", "torch gradcheck, slow",
    "torch gradcheck, fast", "jax check_grads",
)  # fmt: skip
_COLUMNS = (0, 1, 2, 3, 5)  # of the README: without those that raised or took too long

_COLOURS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")
_MARKERS = "osD^v<>pPX*"


def machine() -> str:
    """What it ran on, in words."""
    return f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}"


def write(
    docs: Path, scores: Scores, costs: Sequence[Cost], contestants: Sequence[Contestant],
    versions: dict[str, str], where: str, limit: float, most: int | None,
) -> None:  # fmt: skip
    """The page and its plots below a folder of documentation."""
    _plot(docs / "_static" / "trial-growth.png", costs)
    text = _text(scores, costs, contestants, versions, where, limit, most)
    (docs / "reference" / "trial.md").write_text(text, "utf-8")
    first = tables(scores)[0]
    _replace(docs / "reference" / "benchmarks.md", first.markdown())
    _replace(docs.parent / "README.md", short(first).markdown())


def short(table: Table) -> Table:
    """The part of the first table that the README has."""
    rows = [tuple(row[k] for k in _COLUMNS) for row in table.rows if row[0] in _BEST_KNOWN]
    heads = tuple(table.heads[k] for k in _COLUMNS)
    return Table(table.title, table.told, heads, tuple(rows))


def _replace(path: Path, table: str) -> None:
    before, _, rest = path.read_text("utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    path.write_text(f"{before}{_BEGIN}\n{table}\n{_END}{after}", "utf-8")


def _text(
    scores: Scores, costs: Sequence[Cost], contestants: Sequence[Contestant],
    versions: dict[str, str], where: str, limit: float, most: int | None,
) -> str:  # fmt: skip
    specimens = scores.specimens.values()
    wrong, right = (sum(s.right is kind for s in specimens) for kind in (False, True))
    intro = (
        f"{wrong} wrong gradients and {right} right ones, the same NumPy functions and numbers for "
        "every checker, each checker at its documented defaults. Written by "
        "`python benchmarks/trial.py --page`."
    )
    parts = [
        "# The trial: every checker on the same functions",
        intro,
        f"{where}. A checker had {limit:g} s for each specimen{_bounded(most)}.",
        _ours(failing(scores)),
    ]
    for table in tables(scores):
        parts += [f"## {table.title}", table.told, table.markdown()]
    if costs:
        parts += ["## How cost grows", _GROWTH, _grown(costs), _fewer(costs, scores)]
    parts += ["## How they were asked", _rules(contestants, versions), _families(scores)]
    return "\n\n".join(parts) + "\n"


_GROWTH = f"""One right gradient of each size; a line ends where a check took too long, or too much
memory. In the lower row the number of blocks grows, at {OF_BLOCKS:,} parameters.

```{{image}} ../_static/trial-growth.png
:alt: evaluations, time and memory of every checker against the number of parameters and of blocks
```"""


_SHOWN = (100, 10_000, 1_000_000)


def _grown(costs: Sequence[Cost]) -> str:
    """Evaluations, seconds and memory at three sizes, one checker a row."""
    heads = ["checker", *(f"{n:,} parameters" for n in _SHOWN)]
    lines = ["| " + " | ".join(heads) + " |", "| " + " | ".join("---" for _ in heads) + " |"]
    for name in dict.fromkeys(cost.contestant for cost in costs):
        cells = []
        for parameters in _SHOWN:
            found = [c for c in costs if (c.contestant, c.parameters) == (name, parameters)]
            told = [c for c in found if c.verdict != "n/a"]
            cells.append(_cell(told[0]) if told else "n/a" if found else "–")
        lines.append("| " + " | ".join([name, *cells]) + " |")
    told = "Calls of the function, seconds, and what the process grew by; –: not within the limit."
    return "\n".join([told, "", *lines])


def _fewer(costs: Sequence[Cost], scores: Scores) -> str:
    """Who makes fewer evaluations than gradproof from 100 parameters up, and at what cost."""
    ours = {c.parameters: c.evaluations for c in costs if c.contestant == "gradproof"}
    frugal = dict.fromkeys(
        c.contestant
        for c in costs
        if c.parameters >= _SHOWN[0]
        and c.verdict != "n/a"
        and 0 < c.evaluations < ours.get(c.parameters, 0)
    )
    told = []
    for name in frugal:
        passed = count(scores.of(name, lambda s: not s.right), Verdict.PASSES)
        rejected = count(scores.of(name, lambda s: s.right), Verdict.ACCUSES)
        told.append(f"{name} ({passed} wrong passed, {rejected} right rejected)")
    if not told:
        return "From 100 parameters up no checker makes fewer evaluations than gradproof."
    return "Fewer evaluations than gradproof from 100 parameters up: " + ", ".join(told) + "."


def _cell(cost: Cost) -> str:
    return f"{cost.evaluations:,}; {cost.seconds:.2g} s; {max(cost.memory, 0) / 1e6:.0f} MB"


def _ours(found: Failing) -> str:
    share = len(found.undecided) / max(found.judged, 1)
    text = (
        f"gradproof: {len(found.wrong_passed)} wrong passed, {len(found.right_accused)} right "
        f"rejected, {len(found.undecided)} of {found.judged} undecided ({100 * share:.1f} %)"
    )
    if found.undecided:
        text += ": " + ", ".join(found.undecided[:40])
    return text + "."


def _bounded(most: int | None) -> str:
    return "" if most is None else f"; those of more than {most:,} coordinates were left out"


def _rules(contestants: Sequence[Contestant], versions: dict[str, str]) -> str:
    rows = [f"| {c.name} | {versions[c.name]} | {c.rule} |" for c in contestants]
    return "\n".join(
        ["| checker | version | how its answer is read |", "| --- | --- | --- |", *rows]
    )


def _families(scores: Scores) -> str:
    lines = ["| family | wrong | right |", "| --- | --- | --- |"]
    for family in scores.families():
        some = [s for s in scores.specimens.values() if s.family == family]
        lines.append(
            f"| {family} | {sum(not s.right for s in some)} | {sum(s.right for s in some)} |"
        )
    return "\n".join(lines)


def _plot(path: Path, costs: Sequence[Cost]) -> None:
    if not costs:
        return
    figure, axes = plt.subplots(2, 3, figsize=(11, 6.4), layout="constrained")
    names = list(dict.fromkeys(cost.contestant for cost in costs))
    wanted: tuple[tuple[str, Any], ...] = (
        ("evaluations", lambda c: max(c.evaluations, 1)),
        ("seconds", lambda c: c.seconds),
        ("memory, MB", lambda c: max(c.memory / 1e6, 0.1)),
    )
    for row, (of_blocks, label) in zip(
        axes, ((False, "parameters"), (True, "blocks")), strict=True
    ):
        for axis, (title, value) in zip(row, wanted, strict=True):
            for k, name in enumerate(names):
                some = [
                    c for c in costs
                    if c.contestant == name and c.verdict != "n/a"
                    and (c.parameters == OF_BLOCKS) is of_blocks
                ]  # fmt: skip
                sizes = [c.blocks if of_blocks else c.parameters for c in some]
                axis.plot(
                    sizes, [value(c) for c in some], marker=_MARKERS[k % len(_MARKERS)],
                    color=_COLOURS[k % len(_COLOURS)], linewidth=2.4 if k == 0 else 1,
                    markersize=4, label=name,
                )  # fmt: skip
            axis.set_xscale("log")
            axis.set_yscale("log")
            axis.set_xlabel(label)
            axis.set_title(title, fontsize="medium", loc="left")
            axis.spines[["top", "right"]].set_visible(False)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncol=5, fontsize="small")
    figure.savefig(path, dpi=75)
    plt.close(figure)
