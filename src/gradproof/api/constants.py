"""A torch ``Function`` whose backward reads tensors of its forward that no graph leads to.

Its first derivative is right. Autograd takes such a tensor for a constant when it differentiates
the backward, so the second derivative lacks a part. That is looked for where a first order is
right, and told where a check of the second order finds it wrong.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..errors import UsageError
from ..records.verdict import Verdict
from ..report.report import Report
from ..space import tree
from ..space.point import Point
from ..subject.guards import generators_restored

_MOVE = 1.01, 0.013  # factor and shift that move an input: what is computed from it moves too

# What a Function keeps, by its name and how its backward reads it.
Kept = dict[tuple[str, str], Any]


def with_constants(
    first: Report,
    subject: Callable[[], tuple[Any, Point]],
    second: Callable[[], Report],
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
) -> Report:
    """The report of a first order, with a note where the second would be wrong for that reason.

    ``subject`` makes the function and its point, ``second`` checks both orders.
    """
    if first.verdict is not Verdict.CORRECT or not _are_functions():
        return first
    try:
        fun, where = subject()
        kept = _computed(lambda moved: fun(moved, *args, **(kwargs or {})), where)
        both = second() if kept else first
    except (UsageError, RuntimeError, NotImplementedError, TypeError, ValueError):
        return first  # whoever differentiates twice is told so by torch itself
    if both.verdict is not Verdict.WRONG:
        return replace(first, evaluations=both.evaluations, gradient_calls=both.gradient_calls)
    each: dict[str, list[str]] = {}
    for name, read in kept:
        each.setdefault(name, []).append(read)
    listed = "; ".join(f"{name} reads {', '.join(reads)}" for name, reads in each.items())
    note = (
        f"The second derivative is wrong (order=2 shows where): in its backward {listed}, computed "
        "in forward, which autograd takes for a constant. Save inputs and outputs with "
        "ctx.save_for_backward, and compute the rest from them again in backward."
    )
    return replace(
        first, notes=(*first.notes, note), evaluations=both.evaluations,
        gradient_calls=both.gradient_calls, seconds=both.seconds,
    )  # fmt: skip


def _are_functions() -> bool:
    """Whether anybody but torch has defined a Function: else there is nothing to look for."""
    torch = sys.modules.get("torch")
    return torch is not None and any(map(_is_own, torch.autograd.Function.__subclasses__()))


def _is_own(function: Any) -> bool:
    return function.__module__.partition(".")[0] not in {"torch", "functorch", "gradproof"}


def _is_once(function: Any) -> bool:
    """Whether a backward is marked ``once_differentiable``: torch refuses the second order."""
    from torch.autograd.function import once_differentiable

    code = getattr(function.backward, "__code__", None)
    return code is not None and code.co_filename == once_differentiable.__code__.co_filename


def _computed(fun: Callable[..., Any], where: Point) -> Kept:
    """The tensors without a graph that change when the point is moved."""
    with generators_restored(), where.session():
        here = _kept(fun, where, 1.0, 0.0)
        there = _kept(fun, where, *_MOVE) if here else {}
    return {name: one for name, one in here.items() if _differs(one, there.get(name))}


def _differs(one: Any, other: Any) -> bool:
    return other is not None and (one.shape != other.shape or bool((one != other).any()))


def _kept(fun: Callable[..., Any], where: Point, factor: float, shift: float) -> Kept:
    import torch

    moved = []
    for block in where.blocks:
        leaf = where.leaf(block.index)
        if not isinstance(leaf, torch.Tensor):
            return {}
        moved.append((leaf.detach() * factor + shift).requires_grad_())
    with torch.enable_grad():
        outputs = tree.leaves(fun(where.assemble(moved)))
    found: Kept = {}
    for node in _nodes([o.grad_fn for o in outputs if isinstance(o, torch.Tensor)]):
        cls = getattr(node, "_forward_cls", None)
        if cls is not None and _is_own(cls) and not _is_once(cls):
            for read, value in _reads(node, cls):
                if _is_constant(value):
                    found.setdefault((cls.__name__, read), value.detach().clone())
    return found


def _nodes(roots: list[Any]) -> Iterator[Any]:
    seen, left = set(), [node for node in roots if node is not None]
    while left:
        node = left.pop()
        if node not in seen:
            seen.add(node)
            yield node
            left += [before for before, _ in node.next_functions if before is not None]


def _is_constant(value: Any) -> bool:
    import torch

    moves = isinstance(value, torch.Tensor) and (value.is_floating_point() or value.is_complex())
    return moves and not value.requires_grad


def _reads(node: Any, cls: Any) -> Iterator[tuple[str, Any]]:
    """What the backward of a node can read, with the expression that reads it."""
    for name, value in vars(node).items():
        yield from _within(f"ctx.{name}", value)
    for place, value in enumerate(node.saved_tensors):
        yield f"ctx.saved_tensors[{place}]", value
    backward = inspect.unwrap(cls.backward)
    if not inspect.isfunction(backward):
        return
    outer = inspect.getclosurevars(backward)
    for name, value in {**outer.globals, **outer.nonlocals}.items():
        yield from _within(name, value)


def _within(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A value, or those in a container."""
    if isinstance(value, Mapping):
        yield from ((f"{name}[{key!r}]", one) for key, one in value.items())
    elif isinstance(value, list | tuple):
        yield from ((f"{name}[{place}]", one) for place, one in enumerate(value))
    else:
        yield name, value
