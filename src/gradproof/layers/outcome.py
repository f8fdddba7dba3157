"""What a forward returns, taken apart: the outputs, a cache, a backward of its own, a gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import UsageError
from ..naming import called
from ..space import tree
from .calls import Calls, Made
from .names import OUTPUT, plain
from .places import is_array, is_number

_UPSTREAM = ("d", "g", "up", "err", "loss")


def settled(calls: Calls, raw: Any) -> Calls:
    """The calls with what only the first result tells: which argument is the cache, if any is.

    Where all arguments of a backward are inputs by their names, the first is the gradient from
    above all the same, unless the forward returns a number or the name is that of a derivative.
    """
    roles = list(calls.roles)
    if isinstance(raw, tuple | list) and len(raw) > 1 and "cache" not in roles:
        places = [k for k, role in enumerate(roles) if role == "cotangent"]
        if len(places) > 1 and not (len(places) == len(raw) and _upstream(calls, places[-1])):
            roles[places[-1]] = "cache"
    if roles and "cotangent" not in roles and not (calls.derives or is_one(raw)):
        free = [k for k, role in enumerate(roles) if role not in ("rate", "context")]
        if free:
            roles[free[-1] if roles[free[0]] == "cache" else free[0]] = "cotangent"
    if isinstance(raw, tuple | list) and len(raw) > 1 and "cache" not in roles:
        inputs = [k for k, role in enumerate(roles) if isinstance(role, int)]
        if roles.count("cotangent") == 1 and len(roles) == 2 and inputs and not calls.derives:
            roles[inputs[0]] = "cache"  # called as what it holds
    return replace(calls, roles=tuple(roles))


def is_one(raw: Any) -> bool:
    """Whether a forward returned one number."""
    value = raw[0] if isinstance(raw, tuple | list) and raw else raw
    return is_number(value) or (is_array(value) and np.shape(value) == ())


def _upstream(calls: Calls, place: int) -> bool:
    name = plain(calls.takes[place])
    return name.startswith(_UPSTREAM)


def apart(calls: Calls, layer: Any, raw: Any, made: Made) -> Made:
    """What a forward made, from what it returned."""
    if calls.backward is None:
        outputs, cache = _with_backward(layer, raw)
        return replace(made, outputs=outputs, cache=cache)
    if "cache" in calls.roles:
        if not (isinstance(raw, tuple | list) and len(raw) > 1):
            raise UsageError(
                f"The backward of {called(layer)} takes a cache, but its forward returns "
                f"{_described(raw)}: return (out, cache)."
            )
        outputs = raw[0] if len(raw) == 2 else tuple(raw[:-1])
        return replace(made, outputs=outputs, cache=raw[-1])
    return replace(made, outputs=_outputs(layer, raw))


def _with_backward(layer: Any, raw: Any) -> tuple[Any, Any]:
    """``(out, backward)``, or ``(value, gradient)``."""
    if isinstance(raw, tuple | list) and len(raw) == 2:
        if callable(raw[1]):
            return raw[0], raw[1]
        if np.size(raw[0]) == 1 and not isinstance(raw[0], tuple | list | dict):
            return raw[0], Given(raw[1])
    raise UsageError(
        f"{called(layer)} has no backward that can be guessed (backward, backprop, bprop, …), and "
        f"its forward returns {_described(raw)}: pass backward=, the name of the method or a "
        "function."
    )


class Given:
    """A gradient that came with the value, as a backward that is given nothing from above."""

    def __init__(self, gradient: Any) -> None:
        self.gradient = gradient

    def __call__(self, _: Any) -> Any:
        """The gradient."""
        return self.gradient


def times(gradient: Any, cotangent: Any) -> Any:
    """A gradient times the one number from above; the very same arrays where that is 1.

    A derivative entry by entry is multiplied so.
    """
    factor = np.asarray(cotangent)
    if gradient is None or (factor.size == 1 and factor == 1):
        return gradient
    flat = tree.flatten(gradient, "")
    return flat.unflatten([_times(leaf, factor) for leaf in flat.leaves])


def _times(gradient: Any, factor: Any) -> Any:
    if not (is_array(gradient) or is_number(gradient)):
        return gradient
    alike = factor.shape and factor.shape == np.shape(gradient)
    return gradient * (factor if alike else factor.reshape(-1)[0])


def _outputs(layer: Any, raw: Any) -> Any:
    if raw is None:
        found = (getattr(layer, name, None) for name in OUTPUT)
        raw = next((value for value in found if is_array(value) or is_number(value)), None)
    if raw is None:
        raise UsageError(
            f"The forward of {called(layer)} returns None and leaves no output in an attribute "
            "(output, out, …): return it, or pass output=, the attribute's name."
        )
    if isinstance(raw, tuple | list):
        chosen = [one for one in raw if is_array(one)]
        if len(chosen) == 1 and len(raw) > 1:
            return chosen[0]
    return raw


def cotangents(calls: Calls, outputs: Any, cotangent: Any) -> Sequence[Any]:
    """What the backward is given: one for each output, or all of them as one."""
    count = calls.roles.count("cotangent")
    if count > 1 and isinstance(outputs, tuple | list) and len(outputs) == count:
        return list(cotangent)
    return [cotangent] * max(count, 1)


def _described(raw: Any) -> str:
    if is_array(raw):
        return f"an array of shape {np.shape(raw)}"
    if isinstance(raw, tuple | list):
        return f"a {type(raw).__name__} of {len(raw)}"
    return "None" if raw is None else f"a {type(raw).__name__}"
