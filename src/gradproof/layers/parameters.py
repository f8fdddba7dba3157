"""The parameters of a layer, and where the gradient of each is found after a backward."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import UsageError
from .matching import by_shape
from .names import (
    FROZEN,
    GRADIENTS,
    PAIRS,
    PARAMETERS,
    SURELY,
    THEIR_GRADIENTS,
    VALUES,
    gradient_name,
    in_mapping,
    plain,
)
from .places import (
    Held,
    Place,
    attributes,
    holds_attributes,
    is_array,
    is_number,
    moves,
    parts,
    walk,
)

Found = dict[str, Place]


def held(before: Before, found: Found) -> dict[str, Held]:
    """The parameters with all the places that hold each."""
    same: dict[int, list[Place]] = {}
    for place in before.places:
        if is_array(value := before.values[place.name]):
            same.setdefault(id(value), []).append(place)
    return {
        n: Held(p, tuple(o for o in same.get(id(before.values.get(p.name)), []) if o is not p))
        for n, p in found.items()
    }


@dataclass(frozen=True, slots=True)
class Before:
    """The places of a layer before it was run, and what they held."""

    places: tuple[Place, ...]
    values: Mapping[str, Any]
    copies: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, layer: Any, outsiders: frozenset[int]) -> Before:
        """What is there now."""
        places = tuple(walk(layer, outsiders))
        values = {p.name: p.get() for p in places}
        copies = {n: np.array(v) for n, v in values.items() if isinstance(v, np.ndarray)}
        return cls(places, values, copies)

    def kept(self, place: Place) -> bool:
        """Whether the same thing is still there, with the same numbers."""
        value, before = place.get(), self.values[place.name]
        if value is not before:
            return bool(is_number(value) and is_number(before) and value == before)
        copy = self.copies.get(place.name)
        return copy is None or np.array_equal(copy, value, equal_nan=copy.dtype.kind in "fc")


def parameters(layer: Any, before: Before, still: frozenset[str], hint: Any) -> Found:
    """Every parameter by name; those in ``still`` were not touched by the forward."""
    if hint is not None:
        return _chosen(layer, before, hint)
    found: Found = {}
    taken: list[Any] = []
    for place in _ordered(before.places):
        value = before.values[place.name]
        if not (is_array(value) or is_number(value)) or place.name not in still:
            continue
        if _of_gradients(place) or (is_array(value) and _seen(value, taken)):
            continue
        if gradient_of(place) is None and not _surely(place, value):
            continue
        found[_title(place)] = place
        taken.append(value)
    return found


def _seen(value: Any, taken: Sequence[Any]) -> bool:
    """Whether an array, or one that shares memory with it, is a parameter already."""
    memory = isinstance(value, np.ndarray)
    return any(
        one is value or (memory and isinstance(one, np.ndarray) and np.shares_memory(one, value))
        for one in taken
    )


def _ordered(places: Sequence[Place]) -> list[Place]:
    """Attributes before what stands in containers: they have names of their own."""
    return sorted(places, key=lambda p: isinstance(p.owner, list | tuple | Mapping))


def _title(place: Place) -> str:
    """Of an object that is a parameter, the object's own name."""
    if place.inside is not None and place.key in VALUES and _is_parameter(place.owner):
        return place.inside.name
    return place.name


def _is_parameter(thing: Any) -> bool:
    return holds_attributes(thing) and any(hasattr(thing, name) for name in THEIR_GRADIENTS)


def _of_gradients(place: Place) -> bool:
    """Whether something is itself the gradient of a neighbour, or stands among gradients."""
    steps: list[Place] = [place]
    while (inside := steps[-1].inside) is not None:
        steps.append(inside)
    if any(isinstance(p.key, str) and p.key in GRADIENTS and p.key not in VALUES for p in steps):
        return True
    if not isinstance(place.key, str):
        return False
    others = [key for key in _keys(place.owner) if isinstance(key, str) and key != place.key]
    return any(gradient_name(key, [place.key]) is not None for key in others if _holds(place, key))


def _holds(place: Place, key: str) -> bool:
    value = Place(place.owner, key, key).get()
    return is_array(value) or is_number(value) or isinstance(value, list | tuple | dict)


def _surely(place: Place, value: Any) -> bool:
    """Whether something without a gradient is a parameter by its name, and is not frozen."""
    if not is_array(value) or any(getattr(place.owner, n, True) is False for n in FROZEN):
        return False
    inside = place.inside
    among = inside is not None and inside.key in PARAMETERS
    return among or (isinstance(place.key, str) and plain(place.key) in SURELY)


def _keys(owner: Any) -> list[Any]:
    if isinstance(owner, Mapping):
        return list(owner)
    return attributes(owner) if holds_attributes(owner) else []


def gradient_of(place: Place) -> Any:
    """What a backward left as the gradient of a parameter; None where nothing is found."""
    return next((found for found in _gradients(place) if found is not None), None)


def _gradients(place: Place) -> Iterator[Any]:
    """Where the gradient may be, the likeliest first."""
    owner, key, inside = place.owner, place.key, place.inside
    keys = [other for other in _keys(owner) if other != key]
    if isinstance(key, str):
        if key in VALUES and _is_parameter(owner):
            yield from (_value(owner, name) for name in THEIR_GRADIENTS if name in keys)
        yield _value(owner, gradient_name(key, keys))
        yield from (_inside(_value(owner, name), key) for name in GRADIENTS if name in keys)
        yield from (_inside(_asked(owner, name), key) for name in GRADIENTS if name not in keys)
        yield from (_kept(_value(owner, name), key) for name in keys)
    if inside is not None and isinstance(owner, list | tuple | Mapping):
        beside = [other for other in _keys(inside.owner) if other != inside.key]
        names = [gradient_name(str(inside.key), beside), *(n for n in GRADIENTS if n in beside)]
        yield from (_inside(_value(inside.owner, name), key) for name in names)
        yield from (_inside(_asked(inside.owner, n), key) for n in GRADIENTS if n not in beside)
    yield from _paired(place)


def _value(owner: Any, key: Any) -> Any:
    return None if key is None else Place(owner, key, "").get()


def _asked(owner: Any, name: str) -> Any:
    """What a method without arguments returns that is called as gradients are."""
    method = getattr(type(owner), name, None)
    if not callable(method) or name in ("grad", "gradient"):
        return None
    try:
        return getattr(owner, name)()
    except TypeError:
        return None


def _inside(found: Any, key: Any) -> Any:
    """The gradient of what is called ``key``, in a container of gradients."""
    if isinstance(found, Mapping):
        if not isinstance(key, str):
            return found.get(key)
        name = in_mapping(key, found)
        return None if name is None else found[name]
    if isinstance(found, list | tuple) and isinstance(key, int) and key < len(found):
        return found[key]
    return None


def _kept(found: Any, key: str) -> Any:
    """The gradient in a mapping of anything, a cache say, where it is so called."""
    name = gradient_name(key, found) if isinstance(found, Mapping) else None
    return None if name is None else found[name]


def _paired(place: Place) -> Any:
    """From a method that returns pairs of parameters and gradients."""
    owners = [place.owner, *([place.inside.owner] if place.inside is not None else [])]
    value = place.get()
    for owner in owners:
        for name in PAIRS:
            method = getattr(owner, name, None) if holds_attributes(owner) else None
            for pair in (method() or ()) if callable(method) else ():
                if len(pair) >= 2 and pair[-2] is value:
                    yield pair[-1]


def returned(
    before: Before, still: frozenset[str], known: Found, found: Any, inputs: Sequence[Any]
) -> Found:
    """Further parameters, of which the backward returns gradients beside those of the inputs."""
    taken = {id(before.values[place.name]) for place in known.values()}
    free: Found = {}
    for place in _ordered(before.places):
        value = before.values[place.name]
        if not (is_array(value) and place.name in still) or id(value) in taken:
            continue
        if not _of_gradients(place):
            free[_title(place)] = place
            taken.add(id(value))
    if isinstance(found, list | tuple):
        count = sum(moves(value) for value in inputs)
        containers = [one for one in found if isinstance(one, list | tuple | Mapping)]
        if len(containers) != 1 or len(found) != count + 1:
            return _taken(free, list(found)[count:]) if len(found) > count + len(known) else {}
        found = containers[0]
    if isinstance(found, Mapping):
        return {n: p for n, p in free.items() if in_mapping(_last(n), found) is not None}
    return _taken(free, list(found)) if isinstance(found, list | tuple) else {}


def _taken(free: Found, gradients: Sequence[Any]) -> Found:
    """The places that belong to some gradients, in the order of these."""
    shapes = {name: np.shape(place.get()) for name, place in free.items()}
    return {name: free[name] for name, _ in by_shape(shapes, gradients)}


# What the user says


def _chosen(layer: Any, before: Before, hint: Any) -> Found:
    """The parameters that were named, given, or are returned by a function of the layer."""
    if callable(hint):
        hint = hint(layer)
    if isinstance(hint, str):
        return _under(layer, before, hint)
    if isinstance(hint, Mapping):
        return {str(n): _place_of(before, v, hint, n) for n, v in hint.items()}
    found: Found = {}
    for k, one in enumerate(hint):
        if isinstance(one, str):
            found |= _under(layer, before, one)
        else:
            found[f"params[{k}]"] = _place_of(before, one, hint, k)
    return found


def _under(layer: Any, before: Before, name: str) -> Found:
    """An attribute by name: an array, or every array in a container."""
    value = before.values.get(name, getattr(layer, name, None))
    if callable(value) and not is_array(value):
        value = value()
    if is_array(value) or is_number(value):
        place = next((p for p in before.places if p.name == name), Place(layer, name, name))
        return {name: place}
    inside = Place(layer, name, name)
    found = {p.name: p for p in parts(value, name, inside) if is_array(p.get())}
    if not found:
        raise UsageError(
            f"params names {name!r}, but the layer has no floating-point array there: give the "
            "names of its attributes, a mapping from names to arrays, or a function of the layer."
        )
    return {n: _place_of(before, p.get(), p.owner, p.key, p) for n, p in found.items()}


def _place_of(
    before: Before, value: Any, owner: Any, key: Any, default: Place | None = None
) -> Place:
    """Where the layer itself keeps an array that was given."""
    if isinstance(value, str):
        return next(iter(_under(None, before, value).values()))
    own = (p for p in before.places if before.values[p.name] is value and is_array(value))
    return next(own, default or Place(owner, key, str(key)))


def told_gradients(layer: Any, names: Sequence[str], hint: Any) -> dict[str, Any]:
    """The gradients by the names of the parameters, from where the user says that they are."""
    found = hint(layer) if callable(hint) else hint
    if isinstance(found, str):
        found = _read(layer, found)
        if found is None:
            raise UsageError(
                f"grads names {hint!r}, but the layer has nothing there after its backward: give "
                "the names of attributes, in the order of params, or a function of the layer."
            )
    if isinstance(found, Mapping):
        pairs = {n: in_mapping(_last(n), found) for n in names}
        pairs |= {n: n for n in names if n in found}
        return {n: _read(layer, found[k]) for n, k in pairs.items() if k is not None}
    if isinstance(found, list | tuple):
        return {n: _read(layer, one) for n, one in zip(names, found, strict=False)}
    return dict.fromkeys(names[:1], found)


def _last(name: str) -> str:
    return name.replace("']", "").rsplit("['", 1)[-1].rsplit(".", 1)[-1]


def _read(layer: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    for name in value.split("."):
        layer = getattr(layer, name, None)
    return layer() if callable(layer) and not is_array(layer) else layer
