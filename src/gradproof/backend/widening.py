"""PyTorch in double precision, whatever the precision of what it is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

# The precision in which the other types are evaluated and added up.
WIDE = {torch.float32: torch.float64, torch.float16: torch.float64, torch.bfloat16: torch.float64,
         torch.complex64: torch.complex128, torch.complex32: torch.complex128}  # fmt: skip


@contextmanager
def promoting(recording: AbstractContextManager[Any]) -> Iterator[None]:
    """Everything inside is computed in double precision."""
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with recording, _Promoting():
            yield
    finally:
        torch.set_default_dtype(default)


class _Promoting(TorchFunctionMode):
    """Every operation in double precision: float32 data in closures, buffers and arguments too.

    What an operation writes into keeps its type; so do explicit conversions.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        if name in _UNTOUCHED:
            return func(*args, **(kwargs or {}))
        into = name in _INTO or (name.endswith("_") and not name.endswith("__"))
        wide = tuple(a if into and k == 0 else _widened(a) for k, a in enumerate(args))
        named = {k: a if k == "out" else _widened(a) for k, a in (kwargs or {}).items()}
        return func(*wide, **named)


# What writes into its first argument and does not end in a single underscore.
_INTO = {"__setitem__", "__iadd__", "__isub__", "__imul__", "__itruediv__", "__ipow__"}

# Conversions, questions about a tensor itself, and views, through which somebody may write.
_UNTOUCHED = {
    *("to", "type", "float", "half", "bfloat16", "double"),
    *("__get__", "__set__", "__repr__", "data_ptr", "is_floating_point", "is_complex"),
    *("size", "dim", "numel", "stride", "__getitem__", "view", "view_as", "reshape", "narrow"),
    *("select", "t", "transpose", "permute", "movedim", "unsqueeze", "squeeze", "expand"),
    *("expand_as", "flatten", "unflatten", "unbind", "chunk", "split", "diagonal", "detach"),
}


def _widened(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        wide = WIDE.get(value.dtype)
        return value if wide is None else value.to(wide)
    if isinstance(value, list | tuple) and type(value) in (list, tuple):
        return type(value)(_widened(v) for v in value)
    return value
