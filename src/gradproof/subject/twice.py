"""A backward pass as a function that can be differentiated again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..backend import arrays
from ..backend.protocol import Backend
from ..backend.registry import home
from ..errors import UsageError
from ..judge.bands import bands
from ..space.tree import leaves


class Given(NamedTuple):
    """What a backward pass is a function of."""

    inputs: tuple[Any, ...]
    grad_outputs: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Backward:
    """From inputs and gradients from above to gradients of ``call(inputs, *args, **kwargs)``.

    ``kept`` are the places of the outputs that have a gradient, among ``count``; ``blank`` those of
    gradients for which zeros are returned.
    """

    framework: Backend
    call: Callable[..., Any]
    kept: tuple[int, ...]
    count: int
    blank: frozenset[int] = frozenset()

    def __call__(self, given: Given, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """One gradient for each input."""
        above: list[Any] = [None] * self.count
        for place, cotangent in zip(self.kept, given.grad_outputs, strict=True):
            above[place] = cotangent

        def call(moved: Sequence[Any]) -> Sequence[Any]:
            return leaves(self.call(moved, *args, **kwargs))

        found = self.framework.vjp(call, list(given.inputs), twice=True).pull(above)
        return tuple(
            _zero(x) if gradient is None or k in self.blank else gradient
            for k, (gradient, x) in enumerate(zip(found, given.inputs, strict=True))
        )


def backward_of(
    framework: Backend,
    call: Callable[..., Any],
    inputs: Sequence[Any],
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
) -> tuple[Backward, list[Any]]:
    """The backward pass, and the outputs that have a gradient."""

    def outputs_of(moved: Sequence[Any]) -> Sequence[Any]:
        return leaves(call(moved, *args, **(kwargs or {})))

    outputs = framework.vjp(outputs_of, inputs, twice=True).outputs
    kept = [k for k, output in enumerate(outputs) if _differentiable(output)]
    if not kept:
        raise UsageError("No output requires grad: there is nothing to differentiate.")
    backward = Backward(framework, call, tuple(kept), len(outputs))
    return backward, [outputs[k] for k in kept]


def _zero(leaf: Any) -> Any:
    """Zeros like a leaf, which no gradient reaches."""
    return home(leaf).array(np.zeros(_size(leaf)), leaf)


def _size(leaf: Any) -> int:
    """So many real numbers."""
    twice = arrays.is_complex(home(leaf).dtype(leaf))
    return int(np.prod(np.shape(leaf))) * (2 if twice else 1)


def _differentiable(output: Any) -> bool:
    if not hasattr(output, "dtype") or not getattr(output, "requires_grad", True):
        return False
    return arrays.continuous(home(output).dtype(output))


def drawn(outputs: Sequence[Any], seed: int) -> tuple[Any, ...]:
    """Random gradients from above, like the outputs."""
    generator = np.random.default_rng(seed)
    return tuple(home(o).array(generator.normal(size=_size(o)), o) for o in outputs)


def rounded_away(backward: Backward, given: Given) -> dict[int, float]:
    """Gradients that are too small to be differentiated, by place, with their norms.

    A pass rounds at the scale of the outputs. Where a change of an input by all of itself moves
    every output by so little that this rounding is more than what is called correct of it, the
    gradient is made of what cancellation left, as behind a saturated softmax.
    """

    def call(moved: Sequence[Any]) -> Sequence[Any]:
        return leaves(backward.call(moved))

    made = backward.framework.vjp(call, list(given.inputs), twice=True)
    found = dict.fromkeys(range(len(given.inputs)), 0.0)
    for place, cotangent in zip(backward.kept, given.grad_outputs, strict=True):
        above: list[Any] = [None] * backward.count
        above[place] = cotangent
        size = _norm(cotangent) * _norm(made.outputs[place])
        for k, (gradient, x) in enumerate(zip(made.pull(above), given.inputs, strict=True)):
            norm = 0.0 if gradient is None else _norm(gradient)
            dtype = home(x).dtype(x)
            share = arrays.eps(dtype) / bands(dtype, None, None).correct_below
            if norm * _norm(x) > share * size:
                found.pop(k, None)
            elif k in found:
                found[k] = max(found[k], norm)
    return {k: norm for k, norm in found.items() if norm}


def _norm(leaf: Any) -> float:
    return arrays.norm(home(leaf).host(leaf))
