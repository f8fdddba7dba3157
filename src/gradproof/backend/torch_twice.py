"""PyTorch's backward pass as a function that has a backward pass of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import optree
import torch
import torch.autograd.forward_ad as forward

from ..errors import UsageError


@dataclass(frozen=True, slots=True)
class Twice:
    """``func(*inputs)`` differentiated: from inputs and gradients from above to gradients.

    ``wanted`` says which inputs they are of.
    """

    func: Callable[..., Any]
    wanted: tuple[bool, ...]

    def __call__(self, given: Any) -> tuple[Any, ...]:
        """One gradient for each input that is wanted; zero where none reaches it."""
        inputs, above = given
        with torch.enable_grad():
            moving = [_moving(x) if w else x for x, w in zip(inputs, self.wanted, strict=True)]
            chosen = [x for x, w in zip(moving, self.wanted, strict=True) if w]
            outputs = differentiable(self.func(*moving))
            found: Sequence[Any] = torch.autograd.grad(
                outputs, chosen, above, create_graph=True, allow_unused=True
            )
        return tuple(
            torch.zeros_like(x) if g is None else g for x, g in zip(chosen, found, strict=True)
        )


def _moving(tensor: Any) -> Any:
    """The tensor as one that requires grad; a tangent that it carries stays with it."""
    if tensor.requires_grad:
        return tensor
    tangent: Any = forward.unpack_dual(tensor).tangent  # type: ignore[no-untyped-call]
    moving = tensor.detach().requires_grad_()
    return moving if tangent is None else forward.make_dual(moving, tangent)  # type: ignore[no-untyped-call]


def differentiable(result: Any) -> list[Any]:
    """The outputs that have a gradient."""
    leaves: list[Any] = optree.tree_leaves(result, none_is_leaf=True)
    return [leaf for leaf in leaves if isinstance(leaf, torch.Tensor) and leaf.requires_grad]


def from_above(
    func: Callable[..., Any], inputs: Sequence[Any], given: Any, seed: int, *, gapped: bool
) -> tuple[Any, ...]:
    """Gradients from above: those given, or random ones that are differentiated too."""
    with torch.enable_grad():
        outputs = differentiable(func(*inputs))
    if not outputs:
        raise UsageError("No output of func requires grad: there is nothing to differentiate.")
    if given is None:
        generator = torch.Generator().manual_seed(seed)
        return tuple(_random(output, generator, gapped=gapped) for output in outputs)
    above = (given,) if isinstance(given, torch.Tensor) else tuple(given)
    if len(above) != len(outputs):
        raise UsageError(
            f"{len(above)} grad_outputs were given, but {len(outputs)} outputs of func require "
            "grad: give one for each."
        )
    return above


def _random(output: Any, generator: torch.Generator, *, gapped: bool) -> Any:
    dtype = output.dtype if output.dtype.is_floating_point or output.dtype.is_complex else None
    numbers = torch.randn(output.shape, generator=generator, dtype=dtype).to(output.device)
    if gapped and numbers.dim():
        numbers = torch.stack([numbers, numbers], dim=-1)[..., 0]
    return numbers.detach().requires_grad_()
