"""What the backward of a torch ``Function`` reads that no graph leads to.

Autograd takes such a tensor for a constant when it differentiates the backward.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

# What Functions keep, by their name and how their backward reads it.
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
    from .pulling import WATCH

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


def kept(fun: Callable[[list[Any]], Sequence[Any]], leaves: Sequence[Any]) -> Kept:
    """What Functions keep while ``fun`` makes outputs of leaves; nothing where one is no tensor."""
    import torch

    if not all(isinstance(leaf, torch.Tensor) for leaf in leaves):
        return {}
    with torch.enable_grad():
        outputs = fun([leaf.detach().clone().requires_grad_() for leaf in leaves])
    found: Kept = {}
    for name, value in _read(outputs):
        found.setdefault(name, value.detach().clone())
    return found


def _is_own(function: Any) -> bool:
    return function.__module__.partition(".")[0] not in {"torch", "functorch", "gradproof"}


def _is_once(function: Any) -> bool:
    """Whether a backward is marked ``once_differentiable``: torch refuses the second order."""
    from torch.autograd.function import once_differentiable

    code = getattr(function.backward, "__code__", None)
    return code is not None and code.co_filename == once_differentiable.__code__.co_filename


def _read(outputs: Sequence[Any]) -> Iterator[tuple[tuple[str, str], Any]]:
    """The tensors without a graph that the backward of a Function reads."""
    from .pulling import nodes

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
