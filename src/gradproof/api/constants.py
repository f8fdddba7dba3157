"""A torch ``Function`` whose backward reads tensors of its forward that no graph leads to.

Its first derivative is right. Autograd takes such a tensor for a constant when it differentiates
the backward, so the second derivative lacks a part. That is looked for where a first order is
right, and told where a check of the second order finds it wrong.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ..errors import UsageError
from ..records.verdict import Verdict
from ..report.report import Report
from ..space import tree
from ..space.point import Point
from ..subject.guards import generators_restored

_PASSES = 2  # of the function, at the point and beside it
_MOVE = 1.01, 0.013  # factor and shift that move an input: what is computed from it moves too

# What a Function keeps, by its name and how its backward reads it.
Kept = dict[tuple[str, str], Any]


@contextmanager
def watched() -> Iterator[list[bool]]:
    """Within this block gradients are asked for; whether a Function of theirs reads such tensors.

    The graphs are looked at as they go by, so that only what is suspicious costs a pass.
    """
    seen: list[bool] = []
    torch = sys.modules.get("torch")
    if torch is None or not any(map(_is_own, torch.autograd.Function.__subclasses__())):
        yield seen
        return
    from ..backend.pulling import WATCH

    def look(outputs: Sequence[Any]) -> None:
        if not seen:
            try:
                seen.append(any(True for _ in _read(outputs)))
            except Exception:  # noqa: BLE001 - what was saved is spoilt: the backward itself says so
                seen.append(False)

    token = WATCH.set(look)
    try:
        yield seen
    finally:
        WATCH.reset(token)


def with_constants(
    first: Report,
    seen: Sequence[bool],
    subject: Callable[[], tuple[Any, Point]],
    second: Callable[[], Report],
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
) -> Report:
    """The report of a first order, with a note where the second would be wrong for that reason.

    ``seen`` is of ``watched`` during that check; ``subject`` makes the function and its point,
    ``second`` checks both orders.
    """
    if not any(seen) or first.verdict is not Verdict.CORRECT or first.findings:
        return first
    try:
        fun, where = subject()
        kept = _computed(lambda moved: fun(moved, *args, **(kwargs or {})), where)
        first = replace(first, evaluations=first.evaluations + _PASSES)
        if not kept:
            return first
        both = second()
    except (UsageError, RuntimeError, NotImplementedError, TypeError, ValueError):
        return first  # whoever differentiates twice is told so by torch itself
    if both.verdict is not Verdict.WRONG:
        return _spent(first, both)
    each: dict[str, list[str]] = {}
    for name, read in kept:
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
    for name, value in _read(outputs):
        found.setdefault(name, value.detach().clone())
    return found


def _read(outputs: Sequence[Any]) -> Iterator[tuple[tuple[str, str], Any]]:
    """The tensors without a graph that the backward of a Function reads."""
    from ..backend.pulling import nodes

    for node in nodes(outputs):
        cls = getattr(node, "_forward_cls", None)
        if cls is not None and _is_own(cls) and not _is_once(cls):
            for read, value in _reads(node, cls):
                if _is_constant(value):
                    yield (cls.__name__, read), value


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
