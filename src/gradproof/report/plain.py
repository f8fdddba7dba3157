"""Frozen data to plain data that JSON can hold, and back: exact, by the types of the fields."""

import dataclasses
import math
import types
import typing
from contextlib import suppress
from enum import Enum
from functools import cache
from typing import Any

from ..errors import UsageError

# JSON has no such numbers.
_NAMES = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def encode(value: Any) -> Any:
    """Plain data: dictionaries, lists, text, numbers, truth values and None."""
    if dataclasses.is_dataclass(value):
        return {f.name: encode(getattr(value, f.name)) for f in saved(value)}
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool | int | str) or value is None:
        return value
    return float(value)


def saved(kind: Any) -> list[dataclasses.Field[Any]]:
    """The fields that are data; those marked ``saved=False`` live in this process only."""
    return [f for f in dataclasses.fields(kind) if f.metadata.get("saved", True)]


def decode(kind: Any, value: Any, where: str = "") -> Any:
    """The value of a type whose plain data is given; ``where`` names it in errors."""
    if dataclasses.is_dataclass(kind):
        return _record(kind, value, where)
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _first_that_fits(inside, value, where)
    if origin is tuple and isinstance(value, list):
        return _several(inside, value, where)
    return _single(kind, value, where)


def _first_that_fits(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    """Of several types the first that takes the value; the last says why none does."""
    *others, last = sorted(kinds, key=lambda kind: kind is not types.NoneType)
    for kind in others:
        with suppress(UsageError):
            return decode(kind, value, where)
    return decode(last, value, where)


def _several(inside: tuple[Any, ...], values: list[Any], where: str) -> tuple[Any, ...]:
    kinds = (inside[0],) * len(values) if inside[1:] == (Ellipsis,) else inside
    if len(kinds) != len(values):
        raise UsageError(f"{where} should have {len(kinds)} entries, but has {len(values)}.")
    pairs = enumerate(zip(kinds, values, strict=True))
    return tuple(decode(kind, value, f"{where}[{i}]") for i, (kind, value) in pairs)


def _record(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise UsageError(f"{where} should be an object, but is a {type(value).__name__}.")
    types_of = _hints(kind)
    known = [f.name for f in saved(kind) if f.name in value]
    try:
        return kind(
            **{name: decode(types_of[name], value[name], f"{where}.{name}") for name in known}
        )
    except TypeError as error:
        raise UsageError(f"{where} is incomplete: {error}.") from None


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _single(kind: Any, value: Any, where: str) -> Any:
    if kind is float and isinstance(value, str) and value in _NAMES:
        return _NAMES[value]
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):
            return float(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(value)
        except ValueError as error:
            raise UsageError(f"{where}: {error}.") from None
    if type(value) is kind:
        return value
    raise UsageError(f"{where} should be of type {kind.__name__}, but is {value!r:.60}.")
