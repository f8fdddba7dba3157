"""Where the backward of an operation stands in the user's source."""

from __future__ import annotations

import inspect
from typing import Any

import torch

from .calls import Call

_GENERATED = "GeneratedBackwardFor_"


def backward_of(owner: Any) -> Any:
    """The user's function that computes the gradients of a Function, a hook or a module."""
    if isinstance(owner, torch.nn.Module):
        return type(owner).forward
    if isinstance(owner, type):
        return _inside(_own_backward(owner))
    return inspect.unwrap(owner)


def _own_backward(function: Any) -> Any:
    """``backward``, or ``vjp``, which is another name of it."""
    base = torch.autograd.Function
    return function.vjp if function.vjp is not base.vjp else function.backward


def _inside(backward: Any) -> Any:
    """What stands in the user's file: under decorators, or registered for a custom operator."""
    backward = inspect.unwrap(backward)
    free = inspect.getclosurevars(backward).nonlocals if hasattr(backward, "__code__") else {}
    registered = getattr(free.get("info"), "_backward_fn", None)
    return inspect.unwrap(registered) if registered is not None else backward


def place_of(call: Call) -> tuple[str, int]:
    """The file and the line of the ``def``; of the call itself where there is no source."""
    try:
        code = backward_of(call.owner).__code__
    except AttributeError:
        return call.file, call.line
    return code.co_filename, code.co_firstlineno


def name_of(function: Any) -> str:
    """What a Function is called: a custom operator by its own name, ``library::operator``."""
    name: str = function.__name__
    if not name.startswith(_GENERATED):
        return name
    code = _own_backward(function).__code__
    cells = dict(zip(code.co_freevars, _own_backward(function).__closure__ or (), strict=False))
    operator = cells["op"].cell_contents if "op" in cells else None
    schema = getattr(operator, "_schema", None)
    return str(schema.name) if schema is not None else name.removeprefix(_GENERATED)
