"""The report as one HTML page that needs nothing else: no network, no other file."""

from __future__ import annotations

import base64
import gzip
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from ...naming import place
from ...progress import ProgressLine
from ...records.finding import Finding
from ...records.verdict import Verdict, severity
from ...version import __version__
from ..document import Document
from ..operations import module_tree, source
from ..pictures import picture
from ..report import BlockResult, Report
from ..wording import figure, relative_error, shape, with_bar
from . import renderer

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_MOST_PICTURES = 100  # blocks of a report that get pictures, worst first


@dataclass(slots=True)
class Pictures:
    """The pictures of a page, drawn when the page comes to them; it refers to them by place."""

    drawn: list[str] = field(default_factory=list)

    def overview(self, report: Report) -> int | None:
        """The place of the picture of all blocks, where there are several."""
        return self._place(report) if len(report.blocks) > 1 else None

    def of_blocks(self, report: Report) -> dict[str, int | None]:
        """The places of the pictures of blocks that were measured on their own, by name."""
        measured = [block for block in report.ranked if block.measured][:_MOST_PICTURES]
        places: dict[str, int | None] = {}
        with ProgressLine(lambda: f"drawing block {len(places) + 1} of {len(measured)}"):
            for block in measured:
                places[block.name] = self._place(report, block)
        return places

    def _place(self, report: Report, block: BlockResult | None = None) -> int | None:
        """None where there is no matplotlib to draw a picture."""
        svg = picture(report, block, mark=f"{len(self.drawn)}")
        if not svg:
            return None
        self.drawn.append(base64.b64encode(gzip.compress(svg.encode(), 9, mtime=0)).decode())
        return len(self.drawn) - 1


@dataclass(frozen=True, slots=True)
class View:
    """A report on a page: its label, what links to it, and what links to its blocks, by name."""

    label: str
    report: Report
    mark: str

    @property
    def anchors(self) -> dict[str, str]:
        """The places of its blocks."""
        return {b.name: f"{self.mark}-{i}" for i, b in enumerate(self.report.ranked, 1)}

    @property
    def linked(self) -> list[Finding]:
        """The findings that concern one of its blocks, whose place has all about it."""
        return [finding for finding in self.report.findings if finding.block in self.anchors]

    @property
    def general(self) -> list[Finding]:
        """The other findings."""
        return [finding for finding in self.report.findings if finding.block not in self.anchors]


def index(rows: Sequence[Mapping[str, Any]]) -> str:
    """A page that lists checks which have pages of their own.

    Each row has ``label``, ``verdict``, ``href``, ``evaluations`` and ``resolution``.
    """
    ranked = sorted(rows, key=lambda row: severity(Verdict(row["verdict"])))
    seen = Counter(row["verdict"] for row in rows)
    counts = {verdict: seen[verdict] for verdict in map(str, Verdict) if seen[verdict]}
    return _rendered("index.html", title=f"{len(rows)} checks", rows=ranked, counts=counts)


@renderer(
    "html",
    "Also write one HTML page with tables, plots and code to FILE.",
    needs=("jinja2", "gradproof[report]"),
    index=index,
)
def page(document: Document) -> str:
    """A document as one page."""
    ranked = sorted(document.reports, key=lambda one: severity(one[1].verdict))
    return _rendered(
        "page.html",
        title=document.title,
        document=document,
        views=[View(*one, f"check-{number}") for number, one in enumerate(ranked, 1)],
        pictures=Pictures(),
        counts={kind: count for kind, count in document.counts.items() if count},
        verdicts=list(Verdict),
    )


def _rendered(name: str, **facts: Any) -> str:
    return _environment().get_template(name).render(version=__version__, **facts)


def _breakable(text: str) -> Markup:
    """A name that is broken where a reader would break it, if it has to be."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"([/_.:]+)", r"\1<wbr>", str(escape(text))))  # noqa: S704 - it is escaped


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader  # here: not everybody has it

    made = Environment(
        loader=PackageLoader("gradproof.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["breakable"] = _breakable
    made.globals |= {
        "figure": figure, "place": place, "shape": shape, "relative_error": relative_error,
        "with_bar": with_bar, "module_tree": module_tree, "source": source,
    }  # fmt: skip
    return made
