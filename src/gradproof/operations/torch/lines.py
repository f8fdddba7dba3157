"""Where the backward of an operation stands in the user's source."""

from __future__ import annotations

import inspect
import sys
from types import FrameType
from typing import Any

import torch

from .calls import Call

_GENERATED = "GeneratedBackwardFor_"

# Where torch keeps the hooks that change the gradients of a module's inputs and outputs.
_SIDES = {"setup_input_hook": "user_hooks", "setup_output_hook": "user_pre_hooks"}


def backward_of(owner: Any) -> Any:
    """The user's function that computes the gradients of a Function, a hook or a module."""
    if isinstance(owner, torch.nn.Module):
        return type(owner).forward
    if isinstance(owner, type):
        return _inside(_own_backward(owner))
    inner = getattr(owner, "__self__", None)  # of a compiled module, its call
    return type(inner).forward if isinstance(inner, torch.nn.Module) else inspect.unwrap(owner)


def operator_of(function: Any) -> Any:
    """The custom operator that a Function was made for, or None."""
    if not function.__name__.startswith(_GENERATED):
        return None
    return _cells(_own_backward(function)).get("op")


def _own_backward(function: Any) -> Any:
    """``backward``, or ``vjp``, which is another name of it."""
    base = torch.autograd.Function
    return function.vjp if function.vjp is not base.vjp else function.backward


def _inside(backward: Any) -> Any:
    """What stands in the user's file: under decorators, or registered for a custom operator."""
    backward = inspect.unwrap(backward)
    registered = getattr(_cells(backward).get("info"), "_backward_fn", None)
    return inspect.unwrap(registered) if registered is not None else backward


def backward_place(function: Any) -> tuple[Any, str, Any]:
    """Where the backward of a Function is looked up when it is called, by what name, and it."""
    registered = _cells(inspect.unwrap(_own_backward(function))).get("info")
    if registered is not None and getattr(registered, "_backward_fn", None) is not None:
        return registered, "_backward_fn", registered._backward_fn  # noqa: SLF001
    name = "vjp" if function.vjp is not torch.autograd.Function.vjp else "backward"
    return function, name, getattr(function, name)


def place_of(call: Call) -> tuple[str, int]:
    """The file and the line of the ``def``; of the call itself where there is no source."""
    try:
        code = backward_of(call.owner).__code__
    except AttributeError:
        return call.file, call.line
    return code.co_filename, code.co_firstlineno


def function_of(function: Any) -> Any:
    """What a person knows a Function by: the one that was vmapped, the function compiled."""
    made = _cells(function.forward)
    if "autograd_function" in made and function.__name__.startswith("Vmapped"):
        return made["autograd_function"]
    if function.__module__.startswith(("torch._functorch", "torch._dynamo")):
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - inspect.stack reads every file
        while frame is not None:
            if frame.f_code.co_name == "compile_wrapper" and "fn" in frame.f_locals:
                return frame.f_locals["fn"]
            frame = frame.f_back
    return function


def hook_of() -> Any:
    """The first hook on the backward of a module for which torch now puts a node into the graph.

    None on the side, inputs or outputs, on which no hook changes anything.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - inspect.stack reads every file
    while frame is not None and frame.f_code.co_name not in _SIDES:
        frame = frame.f_back
    if frame is None:
        return None
    return next(iter(getattr(frame.f_locals["self"], _SIDES[frame.f_code.co_name])), None)


def name_of(owner: Any) -> str:
    """What a call is called: a custom operator by its own name, ``library::operator``."""
    if not isinstance(owner, type):
        inner = getattr(owner, "__self__", None)
        if isinstance(inner, torch.nn.Module):
            return type(inner).__name__
        return str(getattr(owner, "__name__", type(owner).__name__))
    operator = operator_of(owner)
    return str(operator._schema.name if operator is not None else owner.__name__)  # noqa: SLF001


def _cells(function: Any) -> dict[str, Any]:
    """The variables that a function has from outside."""
    code, cells = getattr(function, "__code__", None), getattr(function, "__closure__", None)
    if code is None or not cells:
        return {}
    pairs = zip(code.co_freevars, cells, strict=True)
    return {name: cell.cell_contents for name, cell in pairs if _filled(cell)}


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False
