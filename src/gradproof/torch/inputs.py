"""What ``func`` is called with: leaves that can be moved, and the tensors that stand for them.

A sparse or mkldnn tensor is moved as dense numbers and handed over in its own layout. A tensor that
``func`` takes from around it (a module's parameters) and not from its arguments is written into, as
torch's own check does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.autograd.forward_ad as forward

from ..backend.protocol import Vjp
from ..backend.pulling import variables
from ..backend.torch import Torch
from ..space import tree
from .patterns import Pattern, full, is_sparse, pattern_of, stored

Func = Callable[..., Any]
_MKLDNN: Any = torch._mkldnn  # type: ignore[attr-defined]  # noqa: SLF001 - a layout without a public name


def is_tensor(thing: Any) -> bool:
    """Whether it is a tensor that requires grad."""
    return isinstance(thing, torch.Tensor) and thing.requires_grad


def _like(built: Any, leaf: Any) -> Any:
    """What ``func`` does with it may need a tensor that requires grad."""
    return built.requires_grad_(leaf.requires_grad)


def _has_tangent(tensor: Any) -> bool:
    return forward.unpack_dual(tensor).tangent is not None  # type: ignore[no-untyped-call]


class Dense:
    """A tensor that is handed over as it is."""

    def __init__(self, given: Any) -> None:
        self.given = self.leaf = given

    def passed(self, leaf: Any, *, recording: bool) -> Any:  # noqa: ARG002
        """What ``func`` gets for a moved leaf; ``recording``: to be differentiated."""
        return leaf

    def tangent(self, moved: Any) -> Any:
        """A tangent of the leaf as one of what ``func`` gets."""
        return moved

    def gradient(self, found: Any) -> Any:
        """The gradient of the leaf from that of what ``func`` got."""
        return found if found is None or found.layout is torch.strided else found.to_dense()

    def copy(self) -> Any:
        """A private copy of what the user gave."""
        return self.given.detach().clone().requires_grad_()


class Onednn(Dense):
    """An mkldnn tensor: dense numbers, converted."""

    def __init__(self, given: Any) -> None:
        self.given, self.leaf = given, given.detach().to_dense().requires_grad_()

    def passed(self, leaf: Any, *, recording: bool) -> Any:  # noqa: ARG002, D102
        return _like(leaf.detach().to_mkldnn(), leaf) if leaf.layout is torch.strided else leaf


class Whole(Dense):
    """A sparse tensor all of whose entries move, those that are not specified too.

    Its values are moved with every entry specified, its gradient is asked for as it is.
    """

    def __init__(self, given: Any) -> None:
        self.given, self.leaf = given, given.detach().to_dense().requires_grad_()
        self.own, self.every = pattern_of(given), full(given)

    def _pattern(self, leaf: Any, *, recording: bool) -> Pattern:
        return self.own if recording and self.own.holds(leaf) else self.every

    def passed(self, leaf: Any, *, recording: bool) -> Any:  # noqa: D102
        if is_sparse(leaf):
            return leaf
        pattern = self._pattern(leaf, recording=recording)
        return _like(pattern.built(pattern.picked(leaf.detach())), leaf)

    def tangent(self, moved: Any) -> Any:  # noqa: D102
        return self.every.built(self.every.picked(moved))


class Masked(Dense):
    """A sparse tensor of which only the specified entries move."""

    def __init__(self, given: Any) -> None:
        self.given, self.own = given, pattern_of(given)
        self.leaf = stored(self.own.like).clone().requires_grad_()
        self.stray = False  # whether a gradient reached an entry that is not specified

    def passed(self, leaf: Any, *, recording: bool) -> Any:  # noqa: ARG002, D102
        return leaf if is_sparse(leaf) else _like(self.own.built(leaf.detach()), leaf)

    def tangent(self, moved: Any) -> Any:  # noqa: D102
        return self.own.built(moved)

    def gradient(self, found: Any) -> Any:  # noqa: D102
        if found is None:
            return None
        dense = found if found.layout is torch.strided else found.to_dense()
        self.stray = self.stray or not self.own.holds(dense)
        return self.own.picked(dense)


class Around(Dense):
    """A tensor that ``func`` takes from around it: the user's own, written into and put back."""

    def __init__(self, given: Any) -> None:
        self.given, self.leaf = given, given.detach().clone().requires_grad_()

    def passed(self, leaf: Any, *, recording: bool) -> Any:  # noqa: ARG002, D102
        if leaf is not self.given:
            self.given.data.copy_(leaf.detach())
        return self.given

    def copy(self) -> Any:  # noqa: D102
        return self.given


@dataclass(frozen=True, slots=True)
class Inputs:
    """The user's inputs, and for each place that is checked how it is moved."""

    given: tuple[Any, ...]
    moved: dict[int, Dense]

    @property
    def leaves(self) -> tuple[Any, ...]:
        """The point of a check: what is moved in its place, the rest as it is."""
        return tuple(self.moved[k].leaf if k in self.moved else x for k, x in enumerate(self.given))

    @property
    def places(self) -> list[int]:
        """Where something is moved: empty tensors are no blocks of a point."""
        return [k for k, each in self.moved.items() if each.leaf.numel()]

    @property
    def plain(self) -> bool:
        """Whether everything is handed over as it is."""
        return all(type(each) is Dense for each in self.moved.values())

    def passed(self, leaves: Sequence[Any]) -> tuple[Any, ...]:
        """The arguments of ``func`` at a point."""
        return tuple(
            self.moved[k].passed(x, recording=False) if k in self.moved else x
            for k, x in enumerate(leaves)
        )

    def called(self, func: Func, point: Sequence[Any]) -> Any:
        """What ``func`` returns at a point, with tensors that require grad, as when it is recorded.

        It may look at that (``torch.lobpcg`` does), or register hooks. Those with a tangent of
        forward mode do not require grad, as under torch's own check.
        """
        passed = list(self.passed(point))
        chosen = [passed[k] for k in self.moved]
        if any(x.requires_grad or _has_tangent(x) for x in chosen):
            return func(*passed)
        for k in self.moved:
            passed[k] = passed[k].detach().requires_grad_()
        with torch.enable_grad():
            return func(*passed)

    def copies(self) -> tuple[Any, ...]:
        """Private copies of the inputs, as the user gave them."""
        return tuple(
            self.moved[k].copy() if k in self.moved else x for k, x in enumerate(self.given)
        )

    def chosen(self, arguments: Sequence[Any]) -> list[Any]:
        """Those of the arguments that are checked."""
        return [arguments[k] for k in self.moved]

    @contextmanager
    def kept(self) -> Iterator[None]:
        """What is written into is as before afterwards."""
        around = [each.given for each in self.moved.values() if isinstance(each, Around)]
        before = [x.detach().clone() for x in around]
        try:
            yield
        finally:
            for x, numbers in zip(around, before, strict=True):
                x.data.copy_(numbers)


class Handed(Torch):
    """Torch's own derivatives, with respect to what ``func`` is called with."""

    def __init__(self, ways: Iterable[Dense]) -> None:
        # Empty tensors are no blocks of a point.
        self.ways = [each for each in ways if each.leaf.numel()]

    def _variables(self, leaves: Sequence[Any]) -> list[Any]:
        """What is differentiated by: the tensors themselves, new but for those around."""
        made = []
        for each, leaf in zip(self.ways, leaves, strict=True):
            passed = each.passed(leaf, recording=True)
            own = passed is each.given
            made.append(passed if own else passed.detach().requires_grad_())
        return made

    def vjp(self, call: Any, leaves: Sequence[Any], *, twice: bool = False) -> Vjp:  # noqa: D102
        if twice:
            pairs = zip(self.ways, leaves, strict=True)
            leaves = [way.passed(leaf, recording=True) for way, leaf in pairs]
        made = super().vjp(call, leaves, twice=twice)

        def pull(cotangents: Sequence[Any]) -> list[Any]:
            found = made.pull(cotangents)
            return [way.gradient(g) for way, g in zip(self.ways, found, strict=True)]

        return Vjp(made.outputs, pull, made.untracked, made.operations, made.drew, made.scatter,
                   made.close)  # fmt: skip

    def jvp(self, call: Any, leaves: Sequence[Any], tangents: Sequence[Any]) -> Any:  # noqa: D102
        pairs = list(zip(self.ways, leaves, strict=True))
        passed = [way.passed(leaf, recording=False) for way, leaf in pairs]
        moved = [way.tangent(t) for way, t in zip(self.ways, tangents, strict=True)]
        return super().jvp(call, passed, moved)


@dataclass(frozen=True, slots=True)
class First:
    """A first call: the inputs, the copies that it was made with, what it returned."""

    inputs: Inputs
    arguments: tuple[Any, ...]
    outputs: list[Any]


def first_call(func: Func, given: tuple[Any, ...], *, masked: bool) -> First:
    """How the inputs are moved, found from a call with copies of them."""
    moved = {k: _way(x, masked=masked) for k, x in enumerate(given) if is_tensor(x)}
    made = _called(func, Inputs(given, moved))
    reached = {id(x) for x in variables(made.outputs, [])}
    around: dict[int, Dense] = {k: Around(given[k]) for k in moved if id(given[k]) in reached}
    return _called(func, Inputs(given, {**moved, **around})) if around else made


def _called(func: Func, inputs: Inputs) -> First:
    arguments = inputs.copies()
    with torch.enable_grad():
        return First(inputs, arguments, list(tree.leaves(func(*arguments))))


def _way(x: Any, *, masked: bool) -> Dense:
    if is_sparse(x):
        return Masked(x) if masked else Whole(x)
    return Onednn(x) if x.layout is _MKLDNN else Dense(x)
