"""Where the backward of an operation stands in the user's source."""

from __future__ import annotations

import inspect
import sys
from types import FrameType
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


def hook_of(module: Any) -> Any:
    """The first hook on the backward of a module."""
    hooks = (*module._backward_pre_hooks.values(), *module._backward_hooks.values())  # noqa: SLF001
    return hooks[0] if hooks else module


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
