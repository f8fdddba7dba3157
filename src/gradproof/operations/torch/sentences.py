"""What a report says of operations at fault."""

from __future__ import annotations

import torch

from ...naming import place
from ...records.finding import Finding, Kind
from ...records.operation import Operation
from ...report.wording import figure, share
from ...subject.providers import MULTIPLE
from .calls import Call


def of_operation(operation: Operation, call: Call, right: int) -> Finding:
    """A call whose backward is wrong; ``right`` others are not."""
    size = share(operation.error)
    inside = f" from {operation.path}" if operation.path else ""
    text = (
        f"{operation.name}{_ending(call)} ({place(operation.file, operation.line)}), called"
        f"{inside} ({place(call.file, call.line)}){_which(operation)}, is at fault: what it "
        f"returns is off by {size} ± {figure(operation.bar)} of what passes through it"
        f"{_rest(right)}."
    )
    if isinstance(call.owner, torch.nn.Module):
        text += (
            " That is what it does between the calls inside it: is a tensor detached, computed "
            "under no_grad(), written into through .data, or taken out of torch and back? What is "
            "meant, as in a straight-through estimator, goes through gp.stop_gradient."
        )
    return Finding(Kind.OPERATION, None, text)


def of_cut(operation: Operation, before: Call) -> Finding:
    """A module that cuts off a gradient on its way into a call."""
    where = before.path or before.name
    return Finding(
        Kind.CUT,
        None,
        f"{operation.where} cuts a gradient off: an input of {where} "
        f"({place(before.file, before.line)}) moves with the parameters before it, and no gradient "
        "goes back to them, as after detach() or under torch.no_grad(). If that is meant, say so "
        "with gp.stop_gradient.",
    )


def of_surrogate(operation: Operation, call: Call, right: int) -> Finding:
    """A backward that cannot be the derivative of its forward, which moves in steps."""
    name, inside = operation.name, f" from {operation.path}" if operation.path else ""
    return Finding(
        Kind.SURROGATE,
        None,
        f"{name}.backward ({place(operation.file, operation.line)}), called{inside} "
        f"({place(call.file, call.line)}){_which(operation)}, returns a gradient, but what its "
        "forward returns moves in steps or not at all: over small steps of its inputs it stays as "
        f"it is{_rest(right)}. If the gradient is meant to be that of a smooth function, as in a "
        f"straight-through estimator or a spiking neuron, write that as smooth(x) + "
        f"gp.stop_gradient({name.lower()}(x) - smooth(x)), or pass gp.check the whole with the "
        "smooth function in its place as surrogate=.",
    )


def of_stand_in(operation: Operation, call: Call, *, alone: bool) -> Finding:
    """A stepped Function, where the gradient is not that of the surrogate and all else is right."""
    inside = f" from {operation.path}" if operation.path else ""
    fault = "it is at fault" if alone else "it, or another of its kind, is at fault"
    return Finding(
        Kind.SURROGATE,
        None,
        f"{operation.name}.backward ({place(operation.file, operation.line)}), called{inside} "
        f"({place(call.file, call.line)}){_which(operation)}: what its forward returns moves in "
        "steps, for which surrogate= stands in; all that could be measured is right, and the "
        f"gradient is not that of the surrogate, so {fault}.",
    )


def of_nonlinear(operation: Operation, off: float) -> Finding:
    """A backward that is not linear in the gradient from above."""
    return Finding(
        Kind.NOT_LINEAR,
        None,
        f"{operation.name}.backward ({place(operation.file, operation.line)}) is not linear in the "
        f"gradient from above: for {MULTIPLE.factor:g} times that gradient it does not return "
        f"{MULTIPLE.factor:g} times as much, but is off by {off:.2g} of it. Is that gradient "
        "ignored, or used on one term only?",
    )


def of_layout(operation: Operation, where: str, apart: float) -> Finding:
    """A backward that depends on a memory layout."""
    return Finding(
        Kind.MEMORY_LAYOUT,
        None,
        f"{operation.name}.backward ({place(operation.file, operation.line)}) depends on the "
        f"memory layout of the gradient from above, or of an input: where {where}, it returns "
        f"something else for the same numbers, off by {figure(apart)}. Let it call contiguous() "
        "first, or read strides.",
    )


def _rest(right: int) -> str:
    if right < 2:
        return "; the other call is right" if right else ""
    return f"; the {right} other calls are right"


def _ending(call: Call) -> str:
    return ".backward" if isinstance(call.owner, type) else ""


def _which(operation: Operation) -> str:
    return f", call {operation.call}" if operation.call > 1 else ""
