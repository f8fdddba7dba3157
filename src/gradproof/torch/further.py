"""The further checks that an argument asks for, in the order in which torch makes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..space import tree
from . import passes
from .inputs import is_tensor


@dataclass(frozen=True, slots=True)
class Further:
    """Which of them are asked for, of which modes."""

    reverse: bool
    forward: bool
    nondet_tol: float | None = None
    undefined: bool = True
    types: bool = False
    batched: bool = False
    batched_forward: bool = False
    masked: bool = False

    def before(self, outputs: Sequence[Any], arguments: Sequence[Any]) -> None:
        """What is no gradient at all need not be compared with anything."""
        if self.reverse:
            chosen = passes.differentiable(outputs)
            passes.repeatable(chosen, _chosen(arguments), self.nondet_tol, types=self.types)

    def after(self, func: Callable[..., Any], copies: Callable[[], Sequence[Any]]) -> None:
        """The others, once the gradient is known to be right; ``copies()`` are new arguments."""

        def passed() -> tuple[list[Any], list[Any]]:
            arguments = copies()
            outputs = passes.differentiable(tree.leaves(func(*arguments)))
            return outputs, _chosen(arguments)

        if self.forward:
            if self.types:
                passes.tangent_types(func, copies())
            if self.undefined:
                passes.undefined_tangents(func, copies())
        if self.batched_forward:
            passes.batched_tangents(func, copies())
        if not self.reverse:
            return
        outputs, tensors = passed()
        if not outputs:
            return
        if self.batched:
            passes.batched(outputs, tensors)
        passes.multiplied(outputs, tensors, masked=self.masked)
        if self.undefined:
            passes.undefined(passed)


def _chosen(arguments: Sequence[Any]) -> list[Any]:
    return [x for x in arguments if is_tensor(x)]
