"""One function with its gradient, the right second derivatives and wrong ones beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """``right`` and ``wrong`` have by name the arguments of ``gp.check`` beyond ``grad``.

    A wrong one comes with the kind of finding that explains it; None where none is asked for.
    """

    name: str
    fun: Callable[..., Any]
    grad: Any
    point: Any
    right: Mapping[str, Mapping[str, Any]]
    wrong: Mapping[str, tuple[Mapping[str, Any], str | None]] = field(default_factory=dict)
