"""What a report says of calls at fault."""

from __future__ import annotations

from collections.abc import Sequence

from ...naming import place
from ...records.finding import Finding
from ...records.finding import Kind as Of
from ...records.operation import Operation
from ...report.wording import figure, share
from ...subject.providers import MULTIPLE
from .plan import Call, Kind
from .source import Place

_WHAT = {
    Kind.VJP: "the bwd rule of {}",
    Kind.JVP: "the jvp rule of {}, from which both modes come",
    Kind.SOLVE: "the solution in a {}",
    Kind.LINEAR: "the function of a {}",
    Kind.OWN: "the jvp rule of the primitive {}, from which both modes come",
}
_BACK = "by which the derivative of {} is transposed (forward mode is right)"


def of_rule(operation: Operation, call: Call, right: int, back: Place | None) -> Finding:
    """A rule that is wrong; ``right`` other calls are not.

    ``back`` is the rule where only reverse mode is wrong.
    """
    what = (_WHAT[call.kind] if back is None else _BACK).format(call.name)
    text = (
        f"{_at(call.rule if back is None else back)}, {what}, {_called(operation, call)}, is at "
        f"fault: what it returns is off by {_size(operation)} of what passes through it"
        f"{_rest(right)}."
    )
    return Finding(Of.OPERATION, None, text)


def of_whole(operation: Operation, call: Call, opaque: Sequence[str]) -> Finding:
    """What is between the calls; ``opaque`` is what holds others and is not looked into."""
    text = (
        f"{_at(call.rule._replace(name=call.name))} is at fault itself: what is between the calls "
        f"in it is off by {_size(operation)} of what passes through it. "
    )
    if opaque:
        text += f"There are calls in it that are not looked at, inside of {', '.join(opaque)}."
    else:
        text += "Nothing but primitives of JAX is there."
    return Finding(Of.OPERATION, None, text)


def of_value(operation: Operation, call: Call, forward: Place, apart: float) -> Finding:
    """A forward pass that returns another value than the function."""
    text = (
        f"{_at(forward)}, the {_forward(call)} rule of {call.name}, {_called(operation, call)}, "
        f"returns another value than {call.name} itself: off by {figure(apart)} of it. Whatever "
        "comes after it is differentiated at a wrong place."
    )
    return Finding(Of.OPERATION, None, text)


def of_nonlinear(operation: Operation, call: Call) -> Finding:
    """A rule that is not linear in the gradient from above."""
    what, factor = _WHAT[call.kind].format(call.name), MULTIPLE.factor
    text = (
        f"{_at(call.rule)}, {what}, {_called(operation, call)}, is not linear in the gradient from "
        f"above: for {factor:g} times that gradient it does not return {factor:g} times as much, "
        f"but is off by {figure(operation.error)} of it. Is that gradient ignored, or used on one "
        "term only?"
    )
    return Finding(Of.NOT_LINEAR, None, text)


def of_no_number(operation: Operation, call: Call) -> Finding:
    """A rule that returns what is no number."""
    if call.kind is Kind.WHOLE:
        text = (
            f"{_at(call.rule._replace(name=call.name))}: the gradient is not finite, and no rule "
            "of yours makes it so: a derivative of JAX's is infinite, as that of jnp.sqrt at 0, "
            "also where jnp.where hides the value."
        )
    else:
        what = _WHAT.get(call.kind, "{}").format(call.name)
        text = (
            f"{_at(call.rule)}, {what}, {_called(operation, call)}, returns NaN or infinity, and "
            "everything that comes to it is finite."
        )
    return Finding(Of.NOT_FINITE, None, text)


def of_cut(operation: Operation, call: Call) -> Finding:
    """A gradient that is cut off."""
    text = (
        f"{operation.where} ({place(call.called.file, call.called.line)}) cuts a gradient off: "
        "what goes in moves with the parameters before it, and no gradient goes back to them. "
        "If that is meant, say so with gp.stop_gradient."
    )
    return Finding(Of.CUT, None, text)


NO_NUMBER = "it returns NaN or infinity where everything that comes to it is finite"
NOT_LINEAR = "it is not linear in the gradient from above"


def another_value(call: Call) -> str:
    """The reason of a verdict."""
    return f"its {_forward(call)} rule returns another value than the function"


def _forward(call: Call) -> str:
    return "fwd" if call.kind is Kind.VJP else "jvp"


def _at(where: Place) -> str:
    return f"{where.name} ({place(where.file, where.line)})" if where.file else where.name


def _called(operation: Operation, call: Call) -> str:
    inside = f" from {operation.path}" if operation.path else ""
    line = f" ({place(call.called.file, call.called.line)})" if call.called.file else ""
    count = f", call {operation.call}" if operation.call > 1 else ""
    times = f", in a loop of {' × '.join(map(str, call.loops))}" if call.loops else ""
    return f"called{inside}{line}{count}{times}"


def _size(operation: Operation) -> str:
    off = operation.error
    return share(off) + f" ± {figure(operation.bar)}"


def _rest(right: int) -> str:
    if right < 2:
        return "; the other call is right" if right else ""
    return f"; the {right} other calls are right"
