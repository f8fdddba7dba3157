"""The user's function under a log: forward, and as long as its backward pass needs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from ...backend.passing import Pass
from ...naming import called
from ...space import tree
from ...subject.modules import ModuleFunction
from ...subject.outputs import Projected, is_scalar
from ...subject.session import Session
from ...subject.stopped import held
from .calls import Call, Key, Log, See, floating
from .graph import Flow
from .taps import logged

# What is done with a log and a result while the function's surroundings still stand.
Use = Callable[[Log, Any, Sequence[Any]], Any]


@dataclass(frozen=True, slots=True)
class Target:
    """What is looked at: a check that is running, whose function is called with other ``see``s.

    The blocks that stay ``still`` need no gradient.
    """

    session: Session
    still: frozenset[int] = frozenset()

    def run(
        self,
        see: See,
        use: Use,
        inner: list[tuple[Call, Flow]] | None = None,
        wanted: frozenset[Key] = frozenset(),
    ) -> Any:
        """Call the function at the working copy, and use the result while it is held.

        ``inner`` takes what backward passes inside a backward carry, ``wanted`` are calls whose
        arguments and gradients from above are to be kept.
        """

        def call(leaves: Sequence[Any], *args: Any, **kwargs: Any) -> Any:
            leaves = [
                leaf.detach().requires_grad_(k not in self.still) for k, leaf in enumerate(leaves)
            ]
            log = Log(see, self._names(), wanted=wanted)
            params = self.session.point.assemble(leaves)
            tape = self.session.caller.tape
            with ExitStack() as stack:
                stack.enter_context(held(tape) if tape.values else nullcontext())
                stack.enter_context(logged(log, inner))
                root: Any = stack.enter_context(log.call(self.title, "", self.fun))
                now = Pass(stack.enter_context(ExitStack()), plain=True)  # lent until it was used
                with now.going():
                    result = self.fun(params, *args, **kwargs)
                log.seen(root, "out", result)
                return use(log, result, leaves)

        return self.session.caller(call, "grad", self.session.working.leaves())

    @property
    def stood_in(self) -> bool:
        """Whether the gradient is meant to be that of a surrogate."""
        return self._stepped is not None

    @property
    def fun(self) -> Any:
        """The function whose gradient is claimed: not what stands in for it."""
        return self._stepped or self.session.fun

    @property
    def _stepped(self) -> Any:
        """What a surrogate stands in for; None where there is none."""
        return getattr(self.session.grad, "of", None)

    @property
    def title(self) -> str:
        """What is outside all other calls: the loss, or the function itself."""
        fun = self.fun
        name = called(fun.loss) if isinstance(fun, ModuleFunction) else called(fun)
        return "loss" if name == "NoneType" or name.startswith("lambda at ") else name

    def _names(self) -> dict[int, str]:
        module = getattr(self.fun, "module", None)
        return {} if module is None else {id(m): name for name, m in module.named_modules()}


def differentiable(result: Any) -> list[Any]:
    """The tensors among what a function returned that have derivatives."""
    return [o for o in tree.leaves(result) if isinstance(o, torch.Tensor) and _moves(o)]


def from_above(result: Any, seed: int) -> list[Any]:
    """The gradients with which a backward pass begins: 1 for a scalar, else random numbers."""
    if is_scalar(result):
        return [torch.ones_like(o) for o in differentiable(result)]
    lists: Any = Projected(result, seed).cotangents
    return [
        next(c[i] for c in lists if c[i] is not None).to(o.dtype, copy=True)  # it may be written to
        for i, o in enumerate(tree.leaves(result))
        if isinstance(o, torch.Tensor) and _moves(o)
    ]


def _moves(tensor: Any) -> bool:
    return floating(tensor) and tensor.numel() > 0
