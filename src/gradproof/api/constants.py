"""A torch ``Function`` whose backward reads tensors of its forward that no graph leads to.

Its first derivative is right. Autograd takes such a tensor for a constant when it differentiates
the backward, so the second derivative lacks a part. That is looked for where a first order is
right, and told where a check of the second order finds it wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..backend.kept import Kept, kept
from ..errors import UsageError
from ..records.verdict import Verdict
from ..report.report import Report
from ..space import tree
from ..space.point import Point
from ..subject.guards import generators_restored

_PASSES = 2  # of the function, at the point and beside it
_MOVE = 1.01, 0.013  # factor and shift that move an input: what is computed from it moves too


def with_constants(
    first: Report,
    seen: Sequence[bool],
    subject: Callable[[], tuple[Any, Point]],
    second: Callable[[], Report],
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
) -> Report:
    """The report of a first order, with a note where the second would be wrong for that reason.

    ``seen`` is what ``watched`` saw during that check; ``subject`` makes the function and its
    point, ``second`` checks both orders.
    """
    if not any(seen) or first.verdict is not Verdict.CORRECT or first.findings:
        return first
    try:
        fun, where = subject()
        constants = _computed(lambda moved: fun(moved, *args, **(kwargs or {})), where)
        first = replace(first, evaluations=first.evaluations + _PASSES)
        if not constants:
            return first
        both = second()
    except (UsageError, RuntimeError, NotImplementedError, TypeError, ValueError):
        return first  # whoever differentiates twice is told so by torch itself
    if both.verdict is not Verdict.WRONG:
        return _spent(first, both)
    each: dict[str, list[str]] = {}
    for name, read in constants:
        each.setdefault(name, []).append(read)
    listed = "; ".join(f"{name} keeps {', '.join(reads)}" for name, reads in each.items())
    note = (
        f"The second derivative is wrong (order=2 shows where): {listed}, computed in forward, "
        "which autograd takes for a constant. Save inputs and outputs with "
        "ctx.save_for_backward, and compute the rest from them again in backward."
    )
    return replace(_spent(first, both), notes=(*first.notes, note))


def _spent(first: Report, both: Report) -> Report:
    """With what both orders have cost."""
    evaluations = max(first.evaluations, both.evaluations + _PASSES)
    calls = max(first.gradient_calls, both.gradient_calls)
    seconds = max(first.seconds, both.seconds)
    return replace(first, evaluations=evaluations, gradient_calls=calls, seconds=seconds)


def _computed(fun: Callable[..., Any], where: Point) -> Kept:
    """The tensors without a graph that change when the point is moved."""

    def outputs(leaves: list[Any]) -> Sequence[Any]:
        return tree.leaves(fun(where.assemble(leaves)))

    leaves = [where.leaf(block.index) for block in where.blocks]
    with generators_restored(), where.session():
        here = kept(outputs, leaves)
        factor, shift = _MOVE
        there = kept(outputs, [leaf * factor + shift for leaf in leaves]) if here else {}
    return {name: one for name, one in here.items() if _differs(one, there.get(name))}


def _differs(one: Any, other: Any) -> bool:
    return other is not None and (one.shape != other.shape or bool((one != other).any()))
