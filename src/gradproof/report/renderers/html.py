"""The report as one HTML page that needs nothing else: no network, no other file."""

from __future__ import annotations

import base64
import gzip
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from ...progress import ProgressLine
from ...records.finding import Finding
from ...records.measured import Measured
from ...records.verdict import Verdict, severity
from ...version import __version__
from ..document import Document
from ..pictures import picture
from ..report import BlockResult, Report
from ..wording import figure, near, relative_error, shape
from . import renderer

if TYPE_CHECKING:
    from jinja2 import Environment

_MOST_PICTURES = 100  # blocks of a report that get pictures, worst first
_MOST_LISTED = 12  # comparisons of a block in the table
_OPEN = 3  # blocks that are not right and stand unfolded at first


@dataclass(frozen=True, slots=True)
class Part:
    """One block with all that concerns it; ``picture`` is a place in the list of pictures."""

    block: BlockResult
    findings: Sequence[Finding]
    listed: Sequence[Measured]
    picture: int | None
    open: bool


@dataclass(frozen=True, slots=True)
class Section:
    """One report with its blocks, worst first; ``general`` findings concern no block."""

    label: str
    report: Report
    general: Sequence[Finding]
    notes: Sequence[str]
    picture: int | None
    parts: Sequence[Part]


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
    pictures: list[str] = []
    sections = [_section(label, report, pictures) for label, report in document.reports]
    sections.sort(key=lambda section: severity(section.report.verdict))
    return _rendered(
        "page.html",
        title=document.title,
        document=document,
        sections=sections,
        pictures=pictures,
        counts={kind: count for kind, count in document.counts.items() if count},
        verdicts=list(Verdict),
    )


def _rendered(name: str, **facts: Any) -> str:
    return _environment().get_template(name).render(version=__version__, **facts)


def _section(label: str, report: Report, pictures: list[str]) -> Section:
    names = {block.name for block in report.blocks}
    overview = None
    if len(report.blocks) > 1:
        overview = _kept(picture(report, mark=f"{len(pictures)}"), pictures)
    ranked = report.ranked
    drawn = [place for place, block in enumerate(ranked) if block.measured][:_MOST_PICTURES]
    parts: list[Part] = []
    with ProgressLine(lambda: f"drawing block {len(parts) + 1} of {len(ranked)}"):
        for place, block in enumerate(ranked):
            parts.append(_part(report, block, pictures, place, drawn=place in drawn))
    general = [finding for finding in report.findings if finding.block not in names]
    notes = [note for note in report.remarks if note not in report.doubts]
    return Section(label, report, general, notes, overview, parts)


def _part(
    report: Report, block: BlockResult, pictures: list[str], place: int, *, drawn: bool
) -> Part:
    findings = report.about(block)
    return Part(
        block=block,
        findings=findings,
        listed=block.measured[:_MOST_LISTED],
        picture=_kept(picture(report, block, f"{len(pictures)}"), pictures) if drawn else None,
        open=place < _OPEN and (block.verdict is not Verdict.CORRECT or bool(findings)),
    )


def _kept(svg: str, pictures: list[str]) -> int | None:
    """The place of a picture in the list; None where there is no matplotlib to draw one."""
    if not svg:
        return None
    pictures.append(base64.b64encode(gzip.compress(svg.encode(), 9, mtime=0)).decode())
    return len(pictures) - 1


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader  # here: not everybody has it

    made = Environment(
        loader=PackageLoader("gradproof.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "figure": figure, "near": near, "shape": shape, "relative_error": relative_error,
    }  # fmt: skip
    return made
