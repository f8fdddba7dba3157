"""The report: the frozen facts of one check, and the ways to look at them."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import GradientError
from ..records.finding import Finding
from ..records.verdict import Verdict, severity

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class BlockResult:
    """One block: ``error`` ± ``bar`` is ``|claimed - true| / |true|``, as far as it was seen.

    ``resolution`` is the smallest relative error that would have been noticed with 99 %
    probability. Where ``zero`` is set the true gradient is zero, and all three are relative
    to the value of the function instead. ``reason`` says why a verdict is not plainer.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    verdict: Verdict
    error: float
    bar: float
    resolution: float
    correct_below: float
    wrong_above: float
    zero: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Report:
    """The outcome of one check.

    ``print(report)`` shows it, a notebook shows it by itself, ``raise_if_wrong()`` makes it
    an assertion and ``to_dict()`` plain data. ``difference`` is the classic
    ``|claimed - numerical| / (|claimed| + |numerical|)``, estimated from the slopes (exact in a
    sweep), and ``distance`` its numerator; ``resolution`` is that of the bluntest block.
    ``evaluations`` counts all calls of the function, ``inquiry`` those among them that went into
    explaining what is wrong.
    """

    name: str
    verdict: Verdict
    difference: float
    resolution: float
    evaluations: int
    gradient_calls: int
    seconds: float = field(compare=False)
    seed: int
    effort: str
    blocks: tuple[BlockResult, ...]
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    left_alone: tuple[tuple[str, str], ...] = ()
    inquiry: int = 0
    distance: float = math.nan

    @property
    def ok(self) -> bool:
        """Whether the verdict is ``correct``."""
        return self.verdict is Verdict.CORRECT

    def raise_if_wrong(self) -> None:
        """Raise ``GradientError``, which carries this report, if it is wrong or suspect."""
        if self.verdict in (Verdict.WRONG, Verdict.SUSPECT):
            raise GradientError(self.message, self)

    @property
    def message(self) -> str:
        """The headline and the report, as exceptions and warnings carry them."""
        return f"{self.headline}\n{self.text()}"

    @property
    def headline(self) -> str:
        """One line that can be searched for."""
        return (
            f"gradproof: {self.name}: {self.verdict}, difference {figure(self.difference)}, "
            f"resolution {figure(self.resolution)}, {self.evaluations} evaluations"
        )

    @property
    def ranked(self) -> list[BlockResult]:
        """The blocks, worst first."""
        return sorted(self.blocks, key=lambda b: (severity(b.verdict), -b.error))

    @property
    def remarks(self) -> list[str]:
        """What else a reader must know: notes, reasons of verdicts, leaves left alone."""
        reasons = [f"{b.name}: {b.reason}." for b in self.blocks if b.reason]
        left = [f"{name} {reason}: not differentiated." for name, reason in self.left_alone]
        return [*self.notes, *reasons, *left]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON: numbers that are not finite become None."""
        return _plain(dataclasses.asdict(self))  # type: ignore[no-any-return]

    def text(self, width: int = 80) -> str:
        """The terminal report without colours."""
        from .terminal import plain

        return plain(self, width)

    def __str__(self) -> str:
        from .terminal import for_stdout

        return for_stdout(self)

    def __rich__(self) -> RenderableType:
        from .terminal import render

        return render(self)

    def _repr_html_(self) -> str:
        from .html import fragment

        return fragment(self)


def figure(number: float) -> str:
    """A relative error as it is printed: two digits, or what it is instead of a number."""
    if math.isnan(number):
        return "unknown"
    return "unlimited" if math.isinf(number) else f"{number:.1e}" if number else "0"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value) if isinstance(value, Verdict) else value
