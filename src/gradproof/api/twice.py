"""Checks of second derivatives: the backward pass is the function, its own backward the claim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from ..engine.twice import examine_twice
from ..records.finding import Finding
from ..report.report import Report
from ..space import tree
from ..space.point import Point
from ..subject.asked import Asked, Options
from ..subject.providers import Autodiff
from .callsite import call_in_source

_ROOT = "∂"  # before the names, where nobody else would write it


class Given(NamedTuple):
    """What a backward pass is a function of."""

    inputs: tuple[Any, ...]
    grad_outputs: tuple[Any, ...]


def checked_twice(
    backward: Callable[[Given], Any],
    inputs: tuple[Any, ...],
    above: tuple[Any, ...],
    claim: Autodiff,
    options: Options,
) -> Report:
    """The report of what a framework says of ``backward(Given(inputs, above))``.

    ``backward`` returns one gradient for each of the inputs that are looked at, in their order.
    """
    given = Given(inputs, above)
    where = Point(given, claim.framework.chosen(tree.flatten(given).leaves), root=_ROOT)
    rows = [b.name for b in where.blocks if _plain(b.name).startswith("inputs")]
    asked = Asked(backward, where, claim, options)
    return _renamed(examine_twice(asked, rows, call_in_source(int(options.seed))))


def _plain(text: str) -> str:
    return text.replace(f"{_ROOT}.", "")


def _renamed(report: Report) -> Report:
    """The arguments by the names that the caller has for them."""
    return replace(
        report,
        blocks=tuple(
            replace(b, name=_plain(b.name), reason=_plain(b.reason)) for b in report.blocks
        ),
        findings=tuple(map(_finding, report.findings)),
        notes=tuple(map(_plain, report.notes)),
        left_alone=tuple((_plain(name), why) for name, why in report.left_alone),
    )


def _finding(finding: Finding) -> Finding:
    block = None if finding.block is None else _plain(finding.block)
    return replace(finding, block=block, message=_plain(finding.message))
