"""What is special about the arguments of a fault, in words and as a key to group by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..records.verdict import Verdict
from .arrays import Arrays, Floats
from .layout import layout_of
from .space import Integers, Space, shown
from .target import Target

_LARGE = 8.0


def pattern(target: Target, values: Mapping[str, Any]) -> tuple[Any, ...]:
    """What kinds of numbers, forms and shapes a small case is made of."""
    found: list[Any] = []
    family = target.family
    for space, leaf in zip(family.spaces, family.leaves(values), strict=True):
        if isinstance(leaf, np.ndarray) and isinstance(space, Arrays):
            found.append((
                _numbers(leaf), layout_of(leaf), leaf.dtype.kind,
                leaf.dtype.itemsize < np.dtype(space.dtypes[0]).itemsize, leaf.ndim,
                leaf.size == 1, tied(leaf),
            ))  # fmt: skip
        elif isinstance(space, Floats | Integers):
            found.append(_class(float(leaf)))
    return tuple(found)


def _numbers(array: Any) -> tuple[str, ...]:
    flat = array.reshape(-1)
    parts = np.concatenate([flat.real, flat.imag]) if array.dtype.kind == "c" else flat
    return tuple(sorted({_class(float(v)) for v in parts}))


def _class(value: float) -> str:
    if value == 0:
        return "0"
    size = "large" if abs(value) >= _LARGE else "small" if abs(value) < 1e-2 else ""
    return ("-" if value < 0 else "") + (size or "some")


def tied(array: Any) -> bool:
    """Whether entries are equal that are not zero."""
    flat = array.reshape(-1)
    return bool(flat.size > 1 and len(np.unique(flat)) < flat.size and flat.any())


def cause_of(target: Target, values: Mapping[str, Any], beside: str) -> str:
    """Where a fault is, in a few words: ``with beta=20, at 0``."""
    family, parts = target.family, list[str]()
    settings = [
        f"{name}={shown(value)}"
        for name, (value, usual) in family.usual(values).items()
        if not usual
    ]
    if settings:
        parts.append(f"with {', '.join(settings)}")
    special = beside == Verdict.CORRECT
    leaves = zip(family.names, family.spaces, family.leaves(values), strict=True)
    for name, space, leaf in leaves:
        said = _said(space, leaf, special=special)
        if said:
            parts.append(f"for {name} {said}" if len(family.names) > 1 else said)
    if special:
        parts.append("and not beside it")
    return ", ".join(parts) or "at ordinary points"


def _said(space: Space, leaf: Any, *, special: bool) -> str:
    if isinstance(space, Floats | Integers):
        return f"= {leaf:g}" if special or _class(float(leaf)) != "some" else ""
    if not isinstance(leaf, np.ndarray) or not isinstance(space, Arrays):
        return ""
    parts = []
    if space.free or space.names:
        parts.append(f"of shape {leaf.shape}")
    if leaf.dtype != np.dtype(space.dtypes[0]):
        parts.append(f"in {leaf.dtype}")
    if layout_of(leaf):
        parts.append(f"{layout_of(leaf)} in memory")
    numbers = _numbers(leaf)
    if special or numbers != ("some",):
        parts.append(f"at {_short(leaf)}")
    return " ".join(parts)


def _short(array: Any) -> str:
    text = np.array2string(array, separator=", ", threshold=8, precision=6).replace("\n", "")
    return text if len(text) <= 60 else f"{text[:57]}..."
