"""The report: the frozen facts of one check, and the ways to look at them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, Any

from ..errors import GradientError, UsageError
from ..naming import cell_of
from ..records.claim_result import ClaimResult
from ..records.finding import Finding, Kind
from ..records.measured import Measured
from ..records.operation import Operation
from ..records.verdict import Verdict, severity
from .wording import figure, listed, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.console import Console, ConsoleOptions, RenderResult


@dataclass(frozen=True, slots=True)
class BlockResult:
    """One block: ``error`` ± ``bar`` is ``|claimed - true| / |true|``, as far as it was seen.

    ``resolution`` is the smallest relative error that would have been noticed with 99 %
    probability; unless the verdict is a rejection, ``error`` is not above it. Where the gradient
    is next to nothing, all three are relative to its ``natural`` scale instead: what it becomes
    one scale of the block away. ``reason`` says why a verdict is not plainer.
    ``measured`` are the comparisons of this block on its own, worst first; there are none where
    it was seen to be right together with others.
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
    natural: bool = False
    reason: str = ""
    measured: tuple[Measured, ...] = ()

    @property
    def doubt(self) -> str:
        """Why the verdict is not plainer, as a sentence; empty where there is nothing to say."""
        return f"{self.name}: {self.reason}." if self.reason else ""


# What is said of undecided blocks that more evaluations may decide; noise is the same for all.
_MORE_MAY_DECIDE = ("moved together", "nothing was measured")


def _takes_effort(block: BlockResult) -> bool:
    """Whether more evaluations may decide a block."""
    return any(words in block.reason for words in _MORE_MAY_DECIDE)


@dataclass(frozen=True, repr=False)
class Report:
    """The outcome of one check.

    ``print(report)`` shows it, a notebook shows it by itself, ``plot()`` draws it, ``save()`` keeps
    it, ``raise_if_wrong()`` makes it an assertion and ``to_dict()`` plain data. ``difference`` is
    the classic ``|claimed - numerical| / (|claimed| + |numerical|)``, estimated from the slopes
    (exact in a sweep), and ``distance`` its numerator; ``resolution`` is that of the bluntest
    block. ``evaluations`` counts all calls of the function, ``inquiry`` those among them that went
    into explaining what is wrong. ``operations`` are the calls with a backward of their own, in
    the order of execution, where they were looked at one by one. ``measured`` are the comparisons
    along directions through several blocks, ``reproduce`` is a call or a command that runs the
    check again, where one is known, ``modes`` are those in which the claim was obtained
    (``reverse``, ``forward``). ``claims`` has a verdict for each of several claims: of a gradient,
    its Hessian and products with that.
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
    notes: tuple[str, ...] = field(default_factory=tuple)
    left_alone: tuple[tuple[str, str], ...] = field(default_factory=tuple)
    inquiry: int = 0
    distance: float = field(default_factory=lambda: math.nan)
    measured: tuple[Measured, ...] = field(default_factory=tuple)
    operations: tuple[Operation, ...] = ()
    reproduce: str = field(default_factory=str, compare=False)
    claims: tuple[ClaimResult, ...] = ()
    modes: tuple[str, ...] = field(default_factory=tuple, compare=False, metadata={"saved": False})
    # What was asked, for `suggest_fixes`; kept only where it is not correct, and never saved.
    origin: Any = field(default=None, compare=False, metadata={"saved": False})

    @classmethod
    def later(cls, write: Callable[[], Report], **known: Any) -> Report:
        """A report of which only some facts are ``known``: all is written when more are read.

        They are among those without a default of the class, and ``write`` has the same.
        """
        made = object.__new__(cls)
        made.__dict__.update(known, _write=write)
        return made

    if not TYPE_CHECKING:  # of what is no attribute a type checker is to tell

        def __getattr__(self, name: str) -> Any:
            """What was not known when the report was made."""
            write = None if name.startswith("_") else self.__dict__.pop("_write", None)
            if write is not None:
                self.__dict__.update(write().__dict__)
            try:
                return self.__dict__[name]
            except KeyError:
                raise AttributeError(f"a report has no {name!r}") from None

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled or copied: everything but functions and parameters."""
        self.blocks  # noqa: B018 - writes what is not written yet
        return {**self.__dict__, "origin": None}

    @property
    def ok(self) -> bool:
        """Whether the verdict is ``correct``; the truth value of the report too."""
        return self.verdict is Verdict.CORRECT

    def __bool__(self) -> bool:
        return self.ok

    @property
    def repairable(self) -> bool:
        """Whether it is wrong and names a line, so that an edit can be looked for."""
        named = any([finding.line is not None for finding in self.findings])
        within = any([claim.against == "energy" for claim in self.claims])  # ASE stands between
        return self.verdict.rejects and named and not within

    @property
    def supported(self) -> bool:
        """Whether no block is undecided that could be off by all of its gradient."""
        undecided = [b for b in self.blocks if b.verdict is Verdict.UNDECIDED]
        return all([block.resolution < 1 for block in undecided])

    def raise_if_wrong(self) -> None:
        """Raise ``GradientError``, which carries this report, if it is wrong or suspect."""
        __tracebackhide__ = True  # pytest shows the line that asked
        if self.verdict.rejects:
            raise GradientError(self.message, self)

    @property
    def message(self) -> str:
        """The report as exceptions and warnings carry it, with the headline first."""
        return self.explain()

    def explain(self, width: int = 80) -> str:
        """The terminal report without colours, with the headline first and not last."""
        text = self.text(width).removesuffix(self.headline).rstrip()
        return f"{self.headline}\n{text}"

    @property
    def headline(self) -> str:
        """One line that can be searched for."""
        return (
            f"gradproof: {printable(self.name)}: {self.verdict}, "
            f"difference {figure(self.difference)}, resolution {figure(self.resolution)}, "
            f"{self.evaluations} evaluations"
        )

    @property
    def sentence(self) -> str:
        """What the verdict means; of several claims, for the first that is as bad."""
        alike = [claim for claim in self.claims if claim.verdict is self.verdict]
        if self.claims and self.ok:
            return "every claim is the derivative that it should be"
        return alike[0].sentence if alike and self.verdict.rejects else self.verdict.sentence

    @property
    def ranked(self) -> list[BlockResult]:
        """The blocks, worst first; round-off in the last digits does not count."""
        return sorted(
            self.blocks,
            key=lambda b: (severity(b.verdict), math.isnan(b.error), -float(f"{b.error:.9e}")),
        )

    def about(self, block: BlockResult) -> list[Finding]:
        """The findings that concern one block, as they come."""
        return [finding for finding in self.findings if finding.block == block.name]

    @property
    def doubts(self) -> list[str]:
        """Why verdicts are not plainer, in one sentence for all blocks with the same reason."""
        shapes = {finding.block for finding in self.findings if finding.kind is Kind.SHAPE}
        reasons: dict[str, list[str]] = {}
        for block in self.blocks:
            if block.reason and block.name not in shapes:  # of these a finding says it better
                reasons.setdefault(block.reason, []).append(block.name)
        return [f"{listed(names)}: {reason}." for reason, names in reasons.items()]

    @property
    def remarks(self) -> list[str]:
        """What else a reader must know, from notes to leaves that were left alone; each once."""
        reasons: dict[str, list[str]] = {}
        for name, reason in self.left_alone:
            reasons.setdefault(reason, []).append(name)
        left = [f"{listed(n)} {reason}: not differentiated." for reason, n in reasons.items()]
        return list(dict.fromkeys([*self.notes, *self.doubts, *left]))

    @property
    def next_step(self) -> str:
        """What to do about a verdict that is not ``correct``; empty where a finding says it."""
        if self.repairable:
            lines = [finding.line for finding in self.findings if finding.line is not None]
            command = "" if any(cell_of(line.file) for line in lines) else ", or gradproof fix,"
            return f"repair: gp.suggest_fixes(report){command} looks for an edit"
        higher = {"quick": "standard", "standard": "thorough"}.get(self.effort)
        if any(finding.kind is Kind.NOT_FINITE for finding in self.findings):
            return ""
        some = any(b.verdict is Verdict.UNDECIDED and _takes_effort(b) for b in self.blocks)
        if self.verdict is Verdict.UNDECIDED and higher and some:
            return f'next: effort="{higher}" spends more evaluations on it, and may decide'
        return ""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON; numbers that are not finite become their names as text."""
        from .plain import encode

        return encode(self)  # type: ignore[no-any-return]

    def text(self, width: int = 80, *, verbose: bool = False) -> str:
        """The terminal report without colours.

        Its last line, the ``headline``, and the call that reproduces the check are not broken to
        the width. ``verbose`` shows every block, finding and note, and the bands that were used.
        Letters that standard output cannot show have stand-ins, such as ``+-``.
        """
        from ..letters import fitted
        from .terminal import plain

        given: Any = width
        if not isinstance(given, int) or given < 1:
            raise UsageError(f"width must be a number of columns, but is {width!r}.")
        return fitted(plain(self, width, verbose=verbose))

    def plot(
        self, block: str | int | None = None, kind: str | None = None, ax: Axes | None = None
    ) -> Figure:
        """Draw the report with matplotlib (the ``report`` extra).

        Parameters
        ----------
        block : str or int, optional
            Name or position of a block. Left out, the overview of all blocks is drawn, with the
            pictures of the worst one.
        kind : {"overview", "steps", "entries", "map"}, optional
            One picture only. ``overview``: relative errors with bars and resolutions of all
            blocks. ``steps``: how far claim and central difference are apart at each step, with
            what noise and curvature explain: a plateau above that is an error, a valley inside
            it a right gradient. ``entries``: claimed against measured derivatives. ``map``: the
            entries at fault.
        ax : matplotlib.axes.Axes, optional
            Where to draw the one picture; a new figure otherwise.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        UsageError
            Where there is no such block or picture, or matplotlib is not installed.

        """
        from .plots import plot

        return plot(self, block, kind, ax)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the report to a file: ``.html``, ``.json`` (see ``gradproof.load``), ``.xml``, ….

        HTML is one file that needs nothing else; XML is JUnit's, one test case for each block;
        ``.txt`` is what is printed, ``.md`` a table, ``.github`` annotations. A renderer that is
        registered from outside has a suffix of its own.

        Raises
        ------
        UsageError
            For any other ending; or where jinja2 (the ``report`` extra) is missing for HTML.

        """
        from .files import save

        save(path, self)

    def __repr__(self) -> str:
        return f"<Report: {self.headline}>"

    def __str__(self) -> str:
        from .terminal import for_stdout

        return for_stdout(self)

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        from .terminal import render

        yield render(self, options.max_width)

    def _repr_html_(self) -> str:
        from .html import fragment

        return fragment(self)
