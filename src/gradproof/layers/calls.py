"""How a layer's forward and backward are called: which method, and which argument is what."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from ..errors import UsageError
from .names import (
    BACKWARD,
    CACHES,
    DERIVATIVES,
    FORWARD,
    INPUTS,
    PLAIN_RATES,
    RATES,
    RESULTS,
    plain,
)

# A step so large that what it leaves of a parameter is its gradient: a power of two.
RATE = 2.0**20

_KINDS = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Context:
    """What a ``ctx`` is for: attributes, and ``save_for_backward``."""

    def save_for_backward(self, *saved: Any) -> None:
        """Keep what the backward needs."""
        self.saved_tensors = self.saved_values = self.saved = saved


@dataclass(frozen=True, slots=True)
class Made:
    """What a forward made: its ``outputs`` as a tree, and what its backward may ask for."""

    outputs: Any
    inputs: tuple[Any, ...] = ()
    cache: Any = None
    context: Any = None


@dataclass(frozen=True, slots=True)
class Calls:
    """The two functions, and what each argument of the backward is for.

    ``roles`` has for every argument of the backward ``cotangent``, ``cache``, ``context``,
    ``rate``, ``output`` or the place of an input, ``takes`` what they are called there.
    """

    forward: Callable[..., Any]
    backward: Callable[..., Any] | None
    names: tuple[str, ...]
    takes: tuple[str, ...] = ()
    roles: tuple[str | int, ...] = ()
    with_context: bool = False

    @property
    def source(self) -> Any:
        """The function in whose source the gradient is made, or begins to be."""
        own = self.forward if self.backward is None else self.backward
        return own if hasattr(own, "__code__") else getattr(type(own), "__call__", own)  # noqa: B004

    @property
    def derives(self) -> bool:
        """Whether the backward may be a derivative, which is given nothing from above."""
        return getattr(self.backward, "__name__", "") in DERIVATIVES

    @property
    def stepping(self) -> bool:
        """Whether the backward is given how large a step to make of its parameters."""
        return "rate" in self.roles

    def arguments(self, made: Made, cotangents: Sequence[Any]) -> list[Any]:
        """The arguments of the backward."""
        left, found = list(cotangents), []
        for role in self.roles:
            if role == "cotangent":
                found.append(left.pop(0))
            elif isinstance(role, int):
                found.append(made.inputs[role])
            else:
                known = {"cache": made.cache, "context": made.context, "rate": RATE}
                found.append(made.outputs if role == "output" else known[role])
        return found


def calls(layer: Any, inputs: Sequence[Any], forward: Any, backward: Any) -> Calls:
    """The forward and the backward of a layer; ``UsageError`` where they cannot be guessed."""
    ahead = _method(layer, forward, FORWARD, "forward")
    back = _method(layer, backward, BACKWARD, "backward", needed=False)
    given = _arguments(ahead)
    with_context = bool(given) and plain(given[0]) in ("ctx", "context")
    names = _names(ahead, given[with_context:], len(inputs))
    takes = [] if back is None else _required(back)
    return Calls(ahead, back, names, tuple(takes), _roles(takes, names), with_context)


def _method(
    layer: Any, chosen: Any, usual: Sequence[str], what: str, *, needed: bool = True
) -> Any:
    """The function that was chosen by name or given, or the first with one of the usual names."""
    if isinstance(chosen, str):
        if not callable(found := getattr(layer, chosen, None)):
            raise UsageError(
                f"{_called(layer)} has no method {chosen!r}: {what}= takes the name of a method, "
                "or a function."
            )
        return found
    if chosen is not None:
        if not callable(chosen):
            raise UsageError(
                f"{what} must be a function or a method's name, but is {chosen!r:.60}."
            )
        return chosen
    if isinstance(layer, FunctionType) and what == "forward":
        return layer
    found = next((f for name in usual if callable(f := getattr(layer, name, None))), None)
    if isinstance(layer, type) and _wants_self(found):
        raise UsageError(
            f"{layer.__name__} is a class, whose {what} needs an instance: make one first."
        )
    if (
        isinstance(layer, type)
        and what == "forward"
        and getattr(found, "__self__", layer) is not layer
    ):
        found = None
    if found is None and needed:
        raise UsageError(
            f"{_called(layer)} has no {what} that can be guessed ({', '.join(usual[:4])}, …): "
            f"pass {what}=, the name of the method or a function."
        )
    return found


def _wants_self(function: Any) -> bool:
    return isinstance(function, FunctionType) and _arguments(function)[:1] == ["self"]


def _called(layer: Any) -> str:
    return getattr(layer, "__name__", "") or f"The layer ({type(layer).__name__})"


def _arguments(function: Any) -> list[str]:
    """The names of the arguments that have to be given by place."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in _KINDS]


def _required(function: Any) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ["gradient"]
    if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters):
        return [p.name for p in parameters if p.kind in _KINDS and p.default is p.empty] + ["*"]
    return [
        p.name
        for p in parameters
        if p.kind in _KINDS and (p.default is p.empty or plain(p.name) in PLAIN_RATES)
    ]


def _names(function: Any, given: Sequence[str], count: int) -> tuple[str, ...]:
    """What each input is called; those that fall to ``*args`` by their place in it."""
    star = "inputs"
    try:
        for p in inspect.signature(function).parameters.values():
            star = p.name if p.kind is inspect.Parameter.VAR_POSITIONAL else star
    except (TypeError, ValueError):
        star = "x" if count == 1 else star
    rest = range(count - len(given))
    return (*given[:count], *(star if star == "x" else f"{star}[{k}]" for k in rest))


def _roles(wanted: Sequence[str], names: Sequence[str]) -> tuple[str | int, ...]:
    """What each argument of a backward is, by its name."""
    return tuple(_role(name, names) for name in wanted)


def _role(name: str, names: Sequence[str]) -> str | int:
    short = plain(name)
    if name in names:
        return names.index(name)
    if short in ("ctx", "context"):
        return "context"
    if short in CACHES:
        return "cache"
    if short in RATES:
        return "rate"
    if short in INPUTS and names:
        return 0
    return "output" if short in RESULTS else "cotangent"


def require(layer: Any, function: Any, given: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Raise ``UsageError`` where a forward does not take what it would be given."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*given, **kwargs)
    except TypeError as error:
        named = getattr(layer, "__name__", type(layer).__name__)
        raise UsageError(
            f"The forward of {named} takes {signature}, but was given {len(given)} inputs and "
            f"{len(kwargs)} keyword arguments ({error}): pass the inputs after the layer, keyword "
            "arguments as kwargs=."
        ) from None


def taken(function: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Those of some keyword arguments that a function takes."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return dict(kwargs)
    return {name: value for name, value in kwargs.items() if name in parameters}
