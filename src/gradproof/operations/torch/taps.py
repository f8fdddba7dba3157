"""Between the user's code and torch: every call of a module, a Function or a hook is logged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from .calls import Log
from .lines import name_of

_FUNCTION = torch.autograd.function._SingleLevelFunction  # noqa: SLF001
_CALL = torch.nn.Module.__call__
_HOOK = torch.Tensor.register_hook


@contextmanager
def logged(log: Log) -> Iterator[None]:
    """Every call goes through a log as long as this lasts."""

    def call(module: Any, *args: Any, **kwargs: Any) -> Any:
        return _module(log, module, args, kwargs)

    def apply(function: Any, *args: Any, **kwargs: Any) -> Any:
        return _function(log, function, args, kwargs)

    with _replaced(torch.nn.Module, "__call__", call), \
         _replaced(_FUNCTION, "apply", classmethod(apply)):  # fmt: skip
        yield


def _module(log: Log, module: Any, args: Any, kwargs: Any) -> Any:
    path = log.path_of(module)
    with log.call(type(module).__name__, path, module) as made:
        args, kwargs = log.seen(made, "in", (args, kwargs))
        output = _CALL(module, *args, **kwargs)
        log.seen(made, "left in", (args, kwargs))
        log.kept(made, module)
    return log.seen(made, "out", output)


def _function(log: Log, function: Any, args: Any, kwargs: Any) -> Any:
    above = log.stack[-1].path if log.stack else ""
    with log.call(name_of(function), above, function) as made:
        args, kwargs = log.seen(made, "in", (args, kwargs))
        output = super(_FUNCTION, function).apply(*args, **kwargs)
    return log.seen(made, "out", output)


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


Hook = Callable[[Any], Any]
