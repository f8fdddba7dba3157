"""Whether a backward depends on how the numbers that it gets lie in memory.

The gradient from above may be transposed, a slice, expanded from one number, or undefined. A
backward that reads memory as if it were dense is right in every other check.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from ...subject.providers import MULTIPLE
from .calls import floating, plain
from .real import Real

_ROUNDING = 1e3  # sums in another order may be so many roundings apart


def repeatable(real: Real) -> bool:
    """Whether the same gradient from above gives the same answer twice."""
    inputs = real.inputs()
    one, other = (_pulled(real, inputs, real.gradients) for _ in range(2))
    return one is not None and _difference(one, other) == 0


def nonlinear(real: Real) -> float:
    """How far a backward is from being linear in the gradient from above, relatively.

    For another multiple of that gradient it has to return the same multiple.
    """
    scaled = {place: MULTIPLE.factor * gradient for place, gradient in real.gradients.items()}
    inputs = real.inputs()
    found, wanted = _pulled(real, inputs, scaled), _pulled(real, inputs, real.gradients)
    multiple = wanted and [None if g is None else MULTIPLE.factor * g for g in wanted]
    return _difference(found, multiple)


def layouts(real: Real) -> Iterator[tuple[str, float]]:
    """Where the gradient depends on how the same numbers lie in memory: where, and by how much."""
    for number, gradient in real.gradients.items():
        for name, one, other in _variants(gradient):
            apart = _apart(real, {**real.gradients, number: one}, {**real.gradients, number: other})
            if apart:
                yield f"the gradient from above is {name}", apart
        if len(real.gradients) > 1:
            zeros = {**real.gradients, number: torch.zeros_like(gradient)}
            rest = {k: c for k, c in real.gradients.items() if k != number}
            if apart := _apart(real, rest, zeros):
                yield f"the gradient from above of output {number} is undefined", apart
    for order, place in enumerate(real.moving):
        for name, one, other in _variants(real.args[place]):
            if name != "expanded" and (apart := _apart_inputs(real, order, one, other)):
                yield f"its input {real.names()[order]} is {name}", apart


def _variants(tensor: Any) -> Iterator[tuple[str, Any, Any]]:
    """Names of layouts, a tensor in each, and the same numbers one after the other in memory."""
    dense = tensor.detach().clone(memory_format=torch.contiguous_format)
    if dense.dim() > 1:
        back = tuple(reversed(range(dense.dim())))
        yield "transposed", dense.permute(back).contiguous().permute(back), dense
    if dense.numel() > 1:
        room = torch.stack((dense + 1, dense), -1)
        yield "a slice of a larger array", room[..., 1], dense
        one = dense.reshape(-1)[:1].reshape((1,) * dense.dim()) + 1
        spread = one.expand(dense.shape)
        yield "expanded", spread, spread.contiguous()


def _apart(real: Real, one: Mapping[int, Any], other: Mapping[int, Any]) -> float:
    inputs = real.inputs()
    return _difference(_pulled(real, inputs, one), _pulled(real, inputs, other))


def _apart_inputs(real: Real, order: int, one: Any, other: Any) -> float:
    """How far the gradients are apart; 0 where the values are, as with numbers drawn in memory."""
    inputs = real.inputs()
    changed = [one if i == order else x for i, x in enumerate(inputs)]
    dense = [other if i == order else x for i, x in enumerate(inputs)]
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        values = []
        for given in (changed, dense):
            torch.manual_seed(0)
            outputs = real.outputs([x.clone() for x in given])
            values.append([o for o in outputs if isinstance(o, torch.Tensor) and floating(o)])
    if _difference(*values):
        return 0.0
    return _difference(_pulled(real, changed, real.gradients), _pulled(real, dense, real.gradients))


def _pulled(real: Real, inputs: Sequence[Any], gradients: Mapping[int, Any]) -> list[Any] | None:
    """The gradients of the inputs; None where the layout is refused, which nobody overlooks."""
    leaves = [x.detach().requires_grad_() for x in inputs]
    try:
        # Forwards that draw numbers draw the same ones each time.
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.manual_seed(0)
            outputs = real.outputs([real.handed(i, leaf) for i, leaf in enumerate(leaves)])
            used = [outputs[place] for place in gradients]
            return list(
                torch.autograd.grad(used, leaves, list(gradients.values()), allow_unused=True)
            )
    except (RuntimeError, TypeError, AttributeError):
        return None


def _difference(one: list[Any] | None, other: list[Any] | None) -> float:
    """How far two lists of gradients are apart, relatively; 0 where only the rounding differs."""
    if one is None or other is None:
        return 0.0
    worst = 0.0
    for a, b in zip(one, other, strict=True):
        a, b = (torch.zeros(()) if x is None else plain(x).detach() for x in (a, b))  # noqa: PLW2901
        size = float(torch.maximum(a.abs().max(), b.abs().max()))
        apart = float((a - b).abs().max()) / size if size else 0.0
        if not apart <= _ROUNDING * torch.finfo(b.dtype).eps:
            worst = max(worst, apart)
    return worst
