"""Backward passes that leave the ``grad`` of other tensors as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def others_kept(own: Sequence[Any]) -> Iterator[None]:
    """Leaves that are not ``own`` have the same ``grad`` afterwards, whoever adds to it.

    Checkpoints of the reentrant kind begin a backward pass of their own inside another one.
    """
    known = {id(leaf) for leaf in own}
    before: dict[int, tuple[Any, Any]] = {}
    autograd: Any = torch.autograd
    engine = autograd._engine_run_backward  # noqa: SLF001 - what backward() and grad() call

    def run(outputs: Any, *args: Any, **kwargs: Any) -> Any:
        for leaf in _leaves(outputs) if kwargs.get("accumulate_grad", True) else ():
            if id(leaf) not in known and id(leaf) not in before:
                before[id(leaf)] = leaf, leaf.grad
                leaf.grad = None
        return engine(outputs, *args, **kwargs)

    autograd._engine_run_backward = run  # noqa: SLF001
    try:
        yield
    finally:
        autograd._engine_run_backward = engine  # noqa: SLF001
        for leaf, gradient in before.values():
            leaf.grad = gradient


def _leaves(outputs: Sequence[Any]) -> Iterator[Any]:
    """The leaves that a graph leads to."""
    queue = [output.grad_fn for output in outputs if getattr(output, "grad_fn", None) is not None]
    seen = set(queue)
    while queue:
        node = queue.pop()
        if hasattr(node, "variable"):
            yield node.variable
            continue
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                queue.append(following)
