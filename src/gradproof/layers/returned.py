"""What a backward returned, given to inputs and parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import UsageError
from .matching import by_shape
from .names import INPUT_GRADIENTS, TARGETS, gradient_name, in_mapping, plain
from .places import Held, attributes, is_number, moves

Gradients = dict[str, Any]


def handed_out(
    returned: Any, layer: Any, inputs: Mapping[str, Any], params: Mapping[str, Held]
) -> tuple[Gradients, Gradients]:
    """The gradients of inputs and of parameters, by name, as far as they were returned."""
    movable = [name for name, value in inputs.items() if moves(value)]
    if returned is None:
        return _left(layer, movable), {}
    if isinstance(returned, Mapping):
        return _by_name(returned, inputs, movable, params)
    if _is_one(returned):
        likely = [name for name in movable if plain(name) not in TARGETS] or movable
        return ({likely[0]: returned} if likely else {}), {}
    if len(movable) == 1 and _is_like(returned, inputs[movable[0]]):
        return {movable[0]: returned}, {}
    return _in_order(list(returned), inputs, movable, params)


def _is_one(returned: Any) -> bool:
    return not isinstance(returned, tuple | list)


def _is_like(returned: Sequence[Any], value: Any) -> bool:
    """Whether a list is the gradient of an input that is itself a list."""
    if isinstance(value, Mapping) or not isinstance(value, list | tuple):
        return False
    return len(value) == len(returned)


def _left(layer: Any, movable: Sequence[str]) -> Gradients:
    """Where a backward returned nothing: the attributes that it left."""
    known = attributes(layer)
    found: Gradients = {}
    for name in movable:
        key = gradient_name(name, known)
        if key is None and len(movable) == 1:
            key = next((k for k in INPUT_GRADIENTS if k in known), None)
        if key is not None:
            found[name] = getattr(layer, key)
    return found


def _by_name(
    returned: Mapping[Any, Any],
    inputs: Mapping[str, Any],
    movable: Sequence[str],
    params: Mapping[str, Held],
) -> tuple[Gradients, Gradients]:
    """From one mapping; or it is the gradient of an input that is a mapping."""
    alone = [n for n in movable if isinstance(inputs[n], Mapping)]
    own = {n: k for n in movable if (k := in_mapping(n, returned)) is not None}
    if alone and not own:
        return {alone[0]: returned}, {}
    found = {n: returned[k] for n, k in own.items()}
    return found, _named(returned, params)


def _named(found: Mapping[Any, Any], params: Mapping[str, Held]) -> Gradients:
    keys = {n: in_mapping(_last(n), found) for n in params}
    return {n: found[k] for n, k in keys.items() if k is not None}


def _last(name: str) -> str:
    return name.replace("']", "").rsplit("['", 1)[-1].rsplit(".", 1)[-1]


def _in_order(
    returned: list[Any],
    inputs: Mapping[str, Any],
    movable: Sequence[str],
    params: Mapping[str, Held],
) -> tuple[Gradients, Gradients]:
    """From a tuple: one for every input, for those that move, then for the parameters."""
    own, every = list(movable), list(inputs)
    numbers = [n for n in every if n in own or is_number(inputs[n])]
    named = _containers(returned, own, params)
    if named is not None:
        return named
    if len(returned) == len(every) != len(own) and _none_for_others(returned, every, own):
        return _zipped(every, returned), {}
    if len(returned) == len(own):
        return _zipped(own, returned), {}
    if len(returned) == len(numbers):
        return _zipped(numbers, returned), {}
    if len(returned) == len(own) + len(params):
        return _zipped(own, returned), _to_parameters(params, returned[len(own) :])
    if len(returned) == len(params):
        return {}, _to_parameters(params, returned)
    if len(returned) < len(own):
        return _zipped(own[: len(returned)], returned), {}
    raise UsageError(
        f"backward returns {len(returned)} gradients, but there are {len(own)} inputs that can be "
        f"differentiated ({', '.join(own) or 'none'}) and {len(params)} parameters "
        f"({', '.join(params) or 'none'}): pass params= with the names of all parameters, in the "
        "order of the gradients."
    )


def _none_for_others(returned: Sequence[Any], every: Sequence[str], own: Sequence[str]) -> bool:
    """Whether what is returned of inputs that cannot move is nothing."""
    pairs = zip(every, returned, strict=True)
    return all(gradient is None or np.ndim(gradient) == 0 for n, gradient in pairs if n not in own)


def _containers(
    returned: Sequence[Any], own: Sequence[str], params: Mapping[str, Held]
) -> tuple[Gradients, Gradients] | None:
    """Where the gradients of the parameters come as a container of their own."""
    places = [k for k, one in enumerate(returned) if isinstance(one, list | tuple | Mapping)]
    if len(places) != 1 or len(returned) != len(own) + 1 or not params:
        return None
    found = returned[places[0]]
    rest = [one for k, one in enumerate(returned) if k != places[0]]
    named = isinstance(found, Mapping)
    return _zipped(own, rest), _named(found, params) if named else _to_parameters(params, found)


def _to_parameters(params: Mapping[str, Held], gradients: Sequence[Any]) -> Gradients:
    return dict(by_shape({n: np.shape(p.get()) for n, p in params.items()}, gradients))


def _zipped(names: Any, values: Sequence[Any]) -> Gradients:
    return dict(zip(names, values, strict=False))
