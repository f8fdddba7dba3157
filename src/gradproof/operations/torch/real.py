"""A call of a Function as it really happened, to be looked at by itself."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from .calls import floating, plain
from .graph import Edge, edge_of
from .lines import backward_of, backward_place, function_of, operator_of

_HOOK: Any = torch.Tensor.register_hook


@dataclass(slots=True)
class Real:
    """A call as it happened: its arguments, and the gradients that came to its outputs.

    ``sources`` are the edges of the graph from which what is ``moving`` came, ``through`` the
    blocks behind each of them. ``written`` are the arguments that the forward writes into.
    """

    function: Any
    name: str
    args: tuple[Any, ...]
    moving: tuple[int, ...]
    sources: tuple[Edge | None, ...]
    versions: tuple[int, ...] = ()
    through: tuple[frozenset[int], ...] = ()
    written: frozenset[int] = frozenset()
    gradients: dict[int, Any] = field(default_factory=dict)

    def names(self) -> list[str]:
        """The names of the arguments that gradients go to."""
        return [_argument(self.function, place) for place in self.moving]

    def inputs(self) -> list[Any]:
        """What moves, as it was."""
        return [self.args[place] for place in self.moving]

    def outputs(self, given: Sequence[Any]) -> list[Any]:
        """Call the Function again, with something in the place of what moves."""
        args = list(self.args)
        for place, value in zip(self.moving, given, strict=True):
            args[place] = value
        found = self.function.apply(*args)
        return list(found) if isinstance(found, tuple | list) else [found]

    def handed(self, order: int, leaf: Any) -> Any:
        """The same memory, and no leaf; a copy of what is written into."""
        with torch.enable_grad():
            return leaf.clone() if self.moving[order] in self.written else leaf.view_as(leaf)

    def watched(self, around: Any) -> list[Any]:
        """The gradients as the backward returns them, which is called inside of ``around``."""
        kept: list[Any] = []
        owner, name, backward = backward_place(self.function)

        def inside(*args: Any) -> Any:
            found = around(lambda: backward(*args))
            kept.extend(found if isinstance(found, tuple | list) else [found])
            return found

        leaves = [self.args[place].detach().requires_grad_() for place in self.moving]
        given = [self.handed(order, leaf) for order, leaf in enumerate(leaves)]
        own, before = name in vars(owner), vars(owner).get(name)
        setattr(owner, name, staticmethod(inside) if isinstance(owner, type) else inside)
        try:
            with torch.enable_grad():
                outputs = self.outputs(given)
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
    versions = tuple(plain(args[i])._version for i in moving)  # noqa: SLF001
    return Real(function, name, tuple(copies), moving, sources, versions)


def listen(real: Real, args: tuple[Any, ...], output: Any) -> None:
    """Keep the gradients that will come to the outputs of a call, which was just made."""
    pairs = zip(real.moving, real.versions, strict=True)
    real.written = frozenset(i for i, v in pairs if plain(args[i])._version != v)  # noqa: SLF001
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
    operator, function = operator_of(function), function_of(function)
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
