"""A function with one choice of its options, and its derivative."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradproof as gp


@dataclass(frozen=True)
class Pair:
    """``grad`` None: the framework's own derivative is what is claimed."""

    name: str
    fun: Callable[..., Any]
    point: Any
    grad: Any = None


def vector(low=float("-inf"), high=float("inf"), n=3, dtype=None):
    return gp.arrays((n,), dtype, low=low, high=high)


def table(text):
    """``name low high`` or ``name`` between semicolons, as tuples."""
    for entry in text.replace("\n", " ").split(";"):
        name, *ends = entry.split()
        low, high = map(float, ends) if ends else (float("-inf"), float("inf"))
        yield name, low, high
