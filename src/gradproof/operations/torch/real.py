"""A call of a Function as it really happened, to be looked at by itself."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from .calls import floating, plain
from .graph import Edge, edge_of
from .lines import backward_of, backward_place, operator_of

_HOOK: Any = torch.Tensor.register_hook


@dataclass(slots=True)
class Real:
    """A call as it happened: its arguments, and the gradients that came to its outputs.

    ``sources`` are the edges of the graph from which what is ``moving`` came, ``through`` the
    blocks behind each of them.
    """

    function: Any
    name: str
    args: tuple[Any, ...]
    moving: tuple[int, ...]
    sources: tuple[Edge | None, ...]
    through: tuple[frozenset[int], ...] = ()
    gradients: dict[int, Any] = field(default_factory=dict)

    def names(self) -> list[str]:
        """The names of the arguments that gradients go to."""
        return [_argument(self.function, place) for place in self.moving]

    def outputs(self, given: Sequence[Any]) -> list[Any]:
        """Call the Function again, with something in the place of what moves."""
        args = list(self.args)
        for place, value in zip(self.moving, given, strict=True):
            args[place] = value
        found = self.function.apply(*args)
        return list(found) if isinstance(found, tuple | list) else [found]

    def watched(self, around: Any) -> list[Any]:
        """The gradients as the backward returns them, which is called inside of ``around``."""
        kept: list[Any] = []
        owner, name, backward = backward_place(self.function)

        def inside(*args: Any) -> Any:
            found = around(lambda: backward(*args))
            kept.extend(found if isinstance(found, tuple | list) else [found])
            return found

        leaves = [self.args[place].detach().requires_grad_() for place in self.moving]
        own, before = name in vars(owner), vars(owner).get(name)
        setattr(owner, name, staticmethod(inside) if isinstance(owner, type) else inside)
        try:
            with torch.enable_grad():
                outputs = self.outputs([leaf.view_as(leaf) for leaf in leaves])
                used = [outputs[place] for place in self.gradients]
                torch.autograd.grad(used, leaves, list(self.gradients.values()), allow_unused=True)
        finally:
            setattr(owner, name, before) if own else delattr(owner, name)
        return [kept[place] if place < len(kept) else None for place in self.moving]


def noted(function: Any, name: str, args: tuple[Any, ...]) -> Real:
    """The arguments of a call before it is made: copies, since it may write into them."""
    # A forward that calls a module has the parameters from it, not from its arguments.
    calling = any(isinstance(x, torch.nn.Module) for x in args)
    moving = tuple(
        i
        for i, x in enumerate(args)
        if isinstance(x, torch.Tensor)
        and plain(x).requires_grad
        and floating(x)
        and not (calling and x.is_leaf)
    )
    copies = [x.detach().clone() if isinstance(x, torch.Tensor) else x for x in args]
    sources = tuple(edge_of(plain(args[i])) for i in moving)
    return Real(function, name, tuple(copies), moving, sources)


def listen(real: Real, output: Any) -> None:
    """Keep the gradients that will come to the outputs of a call."""
    for place, tensor in enumerate(output if isinstance(output, tuple | list) else (output,)):
        if isinstance(tensor, torch.Tensor) and tensor.requires_grad:
            _HOOK(tensor, _keeping(real, place))


def _keeping(real: Real, place: int) -> Any:
    def keep(gradient: Any) -> None:
        real.gradients[place] = gradient.detach().clone()

    return keep


def is_own(owner: Any) -> bool:
    """Whether a call is one of a Function whose backward is the user's."""
    if not (isinstance(owner, type) and issubclass(owner, torch.autograd.Function)):
        return False
    return not str(getattr(backward_of(owner), "__module__", "")).startswith("torch.")


def _argument(function: Any, place: int) -> str:
    """The name of an argument of a Function, or of a custom operator, by its place."""
    operator = operator_of(function)
    if operator is not None:
        return str(operator._schema.arguments[place].name)  # noqa: SLF001
    parameters = list(inspect.signature(function.forward).parameters.values())
    if function.setup_context is torch.autograd.Function.setup_context:
        parameters = parameters[1:]  # without ctx
    for i, parameter in enumerate(parameters):
        if parameter.kind is parameter.VAR_POSITIONAL:
            return f"{parameter.name}[{place - i}]"
        if i == place:
            return parameter.name
    return f"argument {place}"
