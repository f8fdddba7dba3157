"""What a check is asked: the functions, the point, and the caller's options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..space.point import Point


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller of any check may ask for."""

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] | None = None
    effort: str = "standard"
    seed: int = 0
    correct_below: float | None = None
    wrong_above: float | None = None
    name: str | None = None
    notes: tuple[str, ...] = ()
    tolerance: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a check was asked: enough to ask again, as long as the functions live."""

    fun: Callable[..., Any]
    where: Point
    grad: Any
    options: Options
