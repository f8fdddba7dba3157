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
from ..space.point import Point
from ..space.tree import beginnings, flatten, leaves, lookup
from .asked import Options

_NONE: Mapping[str, Any] = {}


class Given(NamedTuple):
    """What a backward pass is a function of."""

    inputs: tuple[Any, ...]
    grad_outputs: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Backward:
    """From inputs and gradients from above to gradients of ``call(inputs, *args, **kwargs)``.

    ``kept`` are the places of the outputs that have a gradient, among ``count``; ``blank`` those of
    gradients for which zeros are returned. ``written`` is the pass of somebody who wrote it, of
    the inputs and all gradients from above; else it is the framework's.
    """

    framework: Backend
    call: Callable[..., Any]
    kept: tuple[int, ...]
    count: int
    blank: frozenset[int] = frozenset()
    written: Callable[..., Sequence[Any]] | None = None

    def __call__(self, given: Given, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """One gradient for each input."""
        above: list[Any] = [None] * self.count
        for place, cotangent in zip(self.kept, given.grad_outputs, strict=True):
            above[place] = cotangent

        def call(moved: Sequence[Any]) -> Sequence[Any]:
            return leaves(self.call(moved, *args, **kwargs))

        if self.written is not None:
            found = self.written(given.inputs, above, *args, **kwargs)
        else:
            found = self.framework.vjp(call, list(given.inputs), twice=True).last(above)
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

    made = framework.vjp(outputs_of, inputs, twice=True)
    made.close()
    outputs = made.outputs
    kept = [k for k, output in enumerate(outputs) if _differentiable(output)]
    if not kept:
        raise UsageError("No output requires grad: there is nothing to differentiate.")
    backward = Backward(framework, call, tuple(kept), len(outputs))
    return backward, [outputs[k] for k in kept]


def by_hand(
    vjp: Callable[..., Any],
    call: Callable[..., Any],
    where: Point,
    framework: Backend,
    options: Options,
) -> tuple[Backward, list[Any]]:
    """A ``vjp(point, cotangent)`` that somebody wrote, and the outputs that have a gradient."""
    inputs = [where.leaf(block.index) for block in where.blocks]
    outputs = flatten(call(inputs, *options.args, **(options.kwargs or {})), "output")
    known = beginnings(where.tree.paths)

    def written(moved: Sequence[Any], above: Sequence[Any], *args: Any, **kwargs: Any) -> list[Any]:
        whole = [_zero(o) if c is None else c for c, o in zip(above, outputs.leaves, strict=True)]
        found = vjp(where.assemble(moved), outputs.unflatten(whole), *args, **kwargs)
        return [_entry(found, where.path(block.index), known) for block in where.blocks]

    kept = [k for k, o in enumerate(outputs.leaves) if _continuous(o)]
    backward = Backward(framework, call, tuple(kept), len(outputs.leaves), written=written)
    return backward, [outputs.leaves[k] for k in kept]


def _entry(found: Any, path: tuple[Any, ...], known: frozenset[tuple[Any, ...]]) -> Any:
    """The gradient of one block; None where there is none, of which the first order tells."""
    try:
        return lookup(found, path, known)
    except KeyError:
        return None


def _zero(leaf: Any) -> Any:
    """Zeros like a leaf, which no gradient reaches."""
    return home(leaf).array(np.zeros(_size(leaf)), leaf)


def _size(leaf: Any) -> int:
    """So many real numbers."""
    twice = arrays.is_complex(home(leaf).dtype(leaf))
    return int(np.prod(np.shape(leaf))) * (2 if twice else 1)


def _differentiable(output: Any) -> bool:
    return getattr(output, "requires_grad", True) and _continuous(output)


def _continuous(output: Any) -> bool:
    return hasattr(output, "dtype") and arrays.continuous(home(output).dtype(output))


def drawn(outputs: Sequence[Any], seed: int) -> tuple[Any, ...]:
    """Random gradients from above, like the outputs."""
    generator = np.random.default_rng(seed)
    return tuple(home(o).array(generator.normal(size=_size(o)), o) for o in outputs)


def rounded_away(
    backward: Backward, given: Given, args: Sequence[Any] = (), kwargs: Mapping[str, Any] = _NONE
) -> dict[int, float]:
    """Gradients that are too small to be differentiated, by place, with their norms.

    A pass rounds at the scale of the outputs. Where a change of an input by all of itself moves
    every output by so little that this rounding is more than what is called correct of it, the
    gradient is made of what cancellation left, as behind a saturated softmax.
    """

    def call(moved: Sequence[Any]) -> Sequence[Any]:
        return leaves(backward.call(moved, *args, **kwargs))

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
            reach = _norm(x) or _size(x) ** 0.5  # of what is zero: by 1, as it is moved
            if norm * reach > share * size:
                found.pop(k, None)
            elif k in found:
                found[k] = max(found[k], norm)
    made.close()
    return {k: norm for k, norm in found.items() if norm}


def _norm(leaf: Any) -> float:
    return arrays.norm(home(leaf).host(leaf))
