"""The operations of a report as they are shown: in the order of execution, and as a module tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..naming import place
from ..records.operation import Operation
from ..records.verdict import Verdict, worst
from .wording import COLOURS, printable, with_bar

_BESIDE = 2  # right calls that are shown before and after one that is not


def listed(operations: Sequence[Operation], *, whole: bool = False) -> list[Operation | int]:
    """Operations in order; of many right ones in a row only how many they are, but at the ends."""
    found: list[Operation | int] = []
    for right, group in groupby(operations, lambda o: o.verdict is Verdict.CORRECT):
        run = list(group)
        if whole or not right or len(run) <= 2 * _BESIDE + 1:
            found += run
        else:
            found += [*run[:_BESIDE], len(run) - 2 * _BESIDE, *run[-_BESIDE:]]
    return found


def table(operations: Sequence[Operation], *, verbose: bool) -> Padding:
    """The calls for a terminal, the one at fault marked."""
    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    drawn.add_column("", no_wrap=True)
    drawn.add_column("call, in the order of execution", overflow="fold")
    drawn.add_column("verdict", no_wrap=True)
    drawn.add_column("off by", justify="right", no_wrap=True)
    for row in listed(operations, whole=verbose):
        if isinstance(row, int):
            drawn.add_row("", Text(f"… {row} more calls, all right", style="dim"))
            continue
        right = row.verdict is Verdict.CORRECT
        style = "" if right else f"bold {COLOURS[row.verdict]}"
        drawn.add_row(
            Text("" if right else "→", style=style),
            Text(printable(row.where), style=style),
            Text(row.verdict, style=style),
            Text(with_bar(row.error, row.bar)),
        )
    return Padding(drawn, (0, 0, 0, 2), expand=False)


def source(operation: Operation) -> str:
    """Where the backward of an operation stands, as seen from here."""
    return place(operation.file, operation.line) if operation.file else ""


@dataclass(slots=True)
class Branch:
    """A module in the tree: the calls made in it, in order, and the modules inside it."""

    name: str
    calls: list[Operation] = field(default_factory=list)
    branches: dict[str, Branch] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """The worst that is inside."""
        inside = [call.verdict for call in self.calls]
        return worst([*inside, *(branch.verdict for branch in self.branches.values())])

    @property
    def count(self) -> int:
        """How many calls are inside."""
        return len(self.calls) + sum(branch.count for branch in self.branches.values())


def module_tree(operations: Sequence[Operation]) -> Branch:
    """The operations by the modules in which they were called."""
    root = Branch("")
    for operation in operations:
        branch = root
        for name in filter(None, operation.path.split(".")):
            branch = branch.branches.setdefault(name, Branch(name))
        branch.calls.append(operation)
    return root
