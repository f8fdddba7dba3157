"""Between the user's code and torch: every call of a module, a Function or a hook is logged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any

import torch
from torch.nn.modules._functions import BackwardHookFunction

from .calls import Call, Hooked, Log, plain
from .graph import Flow, flows
from .lines import function_of, hook_of, name_of
from .real import listen, noted

_FUNCTION = torch.autograd.function._SingleLevelFunction  # noqa: SLF001
_CALL = torch.nn.Module.__call__
_HOOK: Any = torch.Tensor.register_hook
_ENGINE = torch.autograd._engine_run_backward  # type: ignore[attr-defined]  # noqa: SLF001


@contextmanager
def logged(log: Log, inner: list[tuple[Call, Flow]] | None = None) -> Iterator[None]:
    """Every call goes through a log as long as this lasts.

    ``inner`` takes the flows of backward passes that a Function makes in its own backward.
    """

    def call(module: Any, *args: Any, **kwargs: Any) -> Any:
        return _module(log, module, args, kwargs)

    def apply(function: Any, *args: Any, **kwargs: Any) -> Any:
        return _function(log, function, args, kwargs, watched=inner is not None)

    def hook(tensor: Any, function: Any) -> Any:
        return _hooked(log, tensor, function)

    def engine(outputs: Any, gradients: Any, *args: Any, **kwargs: Any) -> Any:
        if inner is not None and log.again and log.stack:
            above, kept = log.stack[-1], kwargs.get("accumulate_grad", True)
            pairs = list(zip(outputs, gradients, strict=False))
            inner.extend((above, flow) for flow in flows(log, pairs, above, accumulated=kept))
        return _ENGINE(outputs, gradients, *args, **kwargs)

    with ExitStack() as stack:
        stack.enter_context(_replaced(torch.nn.Module, "__call__", call))
        stack.enter_context(_replaced(_FUNCTION, "apply", classmethod(apply)))
        stack.enter_context(_replaced(torch.Tensor, "register_hook", hook))
        stack.enter_context(_replaced(torch.autograd, "_engine_run_backward", engine))
        yield


def _module(log: Log, module: Any, args: Any, kwargs: Any) -> Any:
    with log.call(type(module).__name__, log.path_of(module), module) as made:
        if made is None:
            return _CALL(module, *args, **kwargs)
        args, kwargs = log.seen(made, "in", (args, kwargs))
        output = _CALL(module, *args, **kwargs)
        log.seen(made, "left in", (args, kwargs))
        log.kept(made, module)
    return log.seen(made, "out", output)


def _function(log: Log, function: Any, args: Any, kwargs: Any, *, watched: bool) -> Any:
    owner = hook_of() if function is BackwardHookFunction else function_of(function)
    apply = super(_FUNCTION, function).apply
    if owner is None:
        return apply(*args, **kwargs)
    with log.call(name_of(owner), log.stack[-1].path if log.stack else "", owner) as made:
        if made is None:
            return apply(*args, **kwargs)
        args, kwargs = log.seen(made, "in", (args, kwargs))
        real = noted(function, made.name, args) if made.key in log.wanted else None
        output = apply(*args, **kwargs)
        if real is not None:
            log.real[made.key] = real
            listen(real, args, output)
    if watched and not log.again and log.inside(made):
        _watch_again(log, made, function, output)
    return log.seen(made, "out", output)


def _watch_again(log: Log, call: Call, function: Any, output: Any) -> None:
    """Log what the backward of a Function calls, too: its forward has called something."""
    several = output if isinstance(output, tuple) else (output,)
    found = [plain(o).grad_fn for o in several if isinstance(o, torch.Tensor)]
    node = next((n for n in found if isinstance(n, function._backward_cls)), None)  # noqa: SLF001
    if node is not None:
        node.register_prehook(lambda _: log.repeat(call))
        node.register_hook(lambda *_: log.leave())


def _hooked(log: Log, tensor: Any, function: Any) -> Any:
    if function in log.watched or log.again or not log.stack or not tensor.requires_grad:
        return _HOOK(tensor, function)
    with log.call(name_of(function), log.stack[-1].path, function) as made:
        assert made is not None
        log.seen(made, "in", tensor)
    hooked = Hooked(made, tensor)
    log.hooks.append(hooked)

    @wraps(function)
    def watched(gradient: Any) -> Any:
        before = gradient.detach().clone()
        found = function(gradient)
        after = gradient if found is None else found
        hooked.pairs.append((before, after.detach().clone()))
        return found

    log.watched.add(watched)  # a mode of torch's, as that of promotion, comes back with it
    return _HOOK(tensor, watched)


@contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    had = name in vars(owner)
    before = vars(owner).get(name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if had:
            setattr(owner, name, before)
        else:
            delattr(owner, name)
