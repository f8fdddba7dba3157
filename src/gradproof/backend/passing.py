"""A pass of torch: modules stay lent until the last pull, and gradients come in other layouts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn.utils.stateless import _reparametrize_module


@dataclass(slots=True)
class Pass:
    """One pass forward, which is over when its gradients have been pulled back.

    ``lent`` is to be closed then. ``scattered``: gradients arrive in another memory layout, unless
    it is ``plain``.
    """

    lent: ExitStack = field(default_factory=ExitStack)
    plain: bool = False
    scattered: bool = False

    @contextmanager
    def going(self) -> Iterator[None]:
        """Around the pass forward: what is lent to a module stays there, but for an exception."""
        token = _PASS.set(self)
        try:
            yield
        except BaseException:
            self.lent.close()
            raise
        finally:
            _PASS.reset(token)

    def scatter(self) -> None:
        """Whatever is pulled back from now on arrives in another layout."""
        self.scattered = True

    def handed(self, cotangent: Any) -> Any:
        """A gradient from above, in the layout that is asked for."""
        if self.scattered and cotangent.numel() > 1:
            return scattered(cotangent)
        return cotangent.clone()  # the function may write into it

    def watch(self, tensor: Any) -> None:
        """From now on the gradient of a tensor comes in the layout that is asked for."""
        if self.plain or not isinstance(tensor, torch.Tensor):
            return
        if tensor.requires_grad and tensor.numel() > 1:
            hook = tensor.register_hook(  # type: ignore[no-untyped-call]
                lambda g: scattered(g) if self.scattered else None
            )
            self.lent.callback(hook.remove)


_PASS: ContextVar[Pass | None] = ContextVar("pass", default=None)


def is_going() -> bool:
    """Whether there is a pass around what is called now."""
    return _PASS.get() is not None


def functional_call(
    module: Any, params: Mapping[str, Any], inputs: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """Call a module with other parameters and with copies of its buffers.

    They stay in it until the pass is over: a backward may run the module once more.
    """
    buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}
    lent, now = _everywhere(module, {**params, **buffers}), _PASS.get()
    if now is None:
        return torch.func.functional_call(module, lent, inputs, dict(kwargs), tie_weights=False)
    now.lent.enter_context(_reparametrize_module(module, lent))
    return module(*inputs, **kwargs)


def _everywhere(module: Any, lent: Mapping[str, Any]) -> dict[str, Any]:
    """What is lent, by all names under which a module has it, but each place in it only once.

    A submodule with two names is one place: torch's own ``tie_weights`` puts what is lent there
    twice, and at the end takes the first for what was there before.
    """
    found, first = dict(lent), dict[int, str]()
    for prefix, part in module.named_modules():
        for walk in (part.named_parameters, part.named_buffers):
            for name, tensor in walk(prefix, recurse=False, remove_duplicate=False):
                known = first.setdefault(id(tensor), name)
                if known in lent:
                    found[name] = lent[known]
    return found


def handed_on(outputs: Sequence[Any]) -> None:
    """What goes on from a module to a loss: its gradients too come in other layouts."""
    now = _PASS.get()
    if now is not None:
        for output in outputs:
            now.watch(output)


def scattered(tensor: Any) -> Any:
    """The same numbers with the axes in the opposite order in memory, and gaps between them.

    What takes the memory for contiguous reads ones, and the numbers elsewhere.
    """
    if tensor.layout is not torch.strided or tensor.numel() < 2:
        return tensor
    strides, length = [], 2
    for size in tensor.shape:
        strides.append(length)
        length *= size
    room = torch.ones(length, dtype=tensor.dtype, device=tensor.device)
    return room.as_strided(tensor.shape, strides).copy_(tensor)
