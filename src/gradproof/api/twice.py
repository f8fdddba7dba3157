"""Checks of second derivatives: the backward pass is the function, its own backward the claim."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..engine.twice import examine_twice
from ..errors import UsageError
from ..records.claim_result import ClaimResult
from ..records.finding import Finding
from ..records.verdict import worst
from ..report.report import Report
from ..space import tree
from ..space.point import Point
from ..subject.asked import Asked, Options
from ..subject.providers import Autodiff
from ..subject.twice import Backward, Given, backward_of, by_hand, drawn, rounded_away
from .callsite import call_in_source

_ROOT = "∂"  # before the names, where nobody else would write it
_PLACE = re.compile(rf"{_ROOT}\.(inputs|grad_outputs)\[(\d+)\]")


def both_orders(
    first: Report,
    fun: Any,
    where: Point,
    claim: Autodiff,
    options: Options,
    *,
    vjp: Any = None,
    names: Sequence[str] = (),
) -> Report:
    """The report of a first order, and that of the second with it.

    The backward is that of the framework, or a ``vjp`` by hand; ``names`` are what the blocks are
    called, where that is not their own name.
    """

    def call(moved: Sequence[Any], *args: Any, **kwargs: Any) -> Any:
        return fun(where.assemble(moved), *args, **kwargs)

    inputs = tuple(where.leaf(block.index) for block in where.blocks)
    with where.session():
        if vjp is None:
            made = backward_of(claim.framework, call, inputs, options.args, options.kwargs)
        else:
            made = by_hand(vjp, call, where, claim.framework, options)
        backward, outputs = made
        given = Given(inputs, drawn(outputs, int(options.seed)))
    names = names or [block.name for block in where.blocks]
    second = checked_twice(backward, given, tuple(names), claim, options, every=True)
    name = "grad" if vjp is None else "vjp"
    claims = (
        ClaimResult(name, "fun", first.verdict),
        ClaimResult(f"the gradient of {name}", name, second.verdict),
    )
    blocks = [replace(b, name=_SECOND + b.name) for b in second.blocks]
    findings = [_of_second(finding) for finding in second.findings]
    return replace(
        first,
        verdict=worst([first.verdict, second.verdict]),
        difference=max(first.difference, second.difference),
        distance=max(first.distance, second.distance),
        resolution=max(first.resolution, second.resolution),
        evaluations=first.evaluations + second.evaluations,
        gradient_calls=first.gradient_calls + second.gradient_calls,
        inquiry=first.inquiry + second.inquiry,
        seconds=first.seconds + second.seconds,
        blocks=(*first.blocks, *blocks),
        findings=tuple(dict.fromkeys((*first.findings, *findings))),
        notes=(
            "; ".join(map(str, claims)) + ".", *dict.fromkeys((*first.notes, *second.notes)),
        ),
        claims=claims,
    )  # fmt: skip


def order_given(order: Any) -> bool:
    """Whether the second order is asked for; raise ``UsageError`` for any but the first two."""
    if isinstance(order, bool) or order not in (1, 2):
        raise UsageError(f"order must be 1 or 2, but is {order!r}.")
    return bool(order == 2)


_SECOND = "second order by "


def _of_second(finding: Finding) -> Finding:
    """A finding about a block, where the same block has one of the first order."""
    if finding.block is None:
        return finding
    text = finding.message
    text = _SECOND + text if text.startswith(finding.block) else text
    return replace(finding, block=_SECOND + finding.block, message=text)


_LOST = (
    "The gradient of {} is so small (norm {:.2g}) beside the outputs that round-off takes part of "
    "it: its derivatives were not compared."
)


def checked_twice(
    backward: Backward,
    given: Given,
    names: tuple[str, ...],
    claim: Autodiff,
    options: Options,
    *,
    every: bool = False,
) -> Report:
    """The report of what a framework says of ``backward(given)``; ``names`` are the inputs'.

    ``every``: with respect to all that is given, and not only what requires grad.
    """

    def plain(text: str) -> str:
        return _PLACE.sub(
            lambda m: names[int(m[2])] if m[1] == "inputs" else f"grad_outputs[{m[2]}]", text
        )

    chosen = None if every else claim.framework.chosen(tree.flatten(given).leaves)
    rows = [f"{_ROOT}.inputs[{k}]" for k in range(len(given.inputs))]
    again = call_in_source(int(options.seed))
    try:
        asked = Asked(backward, Point(given, chosen, root=_ROOT), claim, options)
        report = examine_twice(asked, rows, again)
        beside = options.args, options.kwargs or {}
        if not report.ok and (lost := rounded_away(backward, given, *beside)):
            asked = replace(asked, fun=replace(backward, blank=frozenset(lost)))
            report = examine_twice(asked, rows, again)
            notes = [_LOST.format(rows[k], norm) for k, norm in lost.items()]
            report = replace(report, notes=(*report.notes, *notes))
    except UsageError as error:
        raise UsageError(plain(str(error))) from None

    def finding(found: Finding) -> Finding:
        block = None if found.block is None else plain(found.block)
        return replace(found, block=block, message=plain(found.message))

    return replace(
        report,
        blocks=tuple(replace(b, name=plain(b.name), reason=plain(b.reason)) for b in report.blocks),
        findings=tuple(map(finding, report.findings)),
        notes=tuple(map(plain, report.notes)),
        left_alone=tuple((plain(name), why) for name, why in report.left_alone),
    )
