"""What a replica is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import gradproof as gp


@dataclass(frozen=True)
class Replica:
    """A function with a wrong gradient and a right one.

    ``entries`` is the smallest number of entries of the point at which it shows.
    """

    name: str
    family: str
    fun: Callable[..., Any]
    wrong: Callable[..., Any]
    right: Callable[..., Any]
    entries: int
    space: Any = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def point(self) -> Any:
        """The default space where none is said."""
        return gp.arrays() if self.space is None else self.space
