"""What is known about a run of the wrong code, and what the diagnosis of it suggests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Shape = tuple[int, ...]

MODULE = "<module>"
"""The key of ``Hints.shapes`` under which the module's own names stand."""

RETURN = "return"
"""The name under which the shape of what a function returns stands among its names."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known about the run of the wrong code, and from its diagnosis.

    ``shapes`` tells, by the function's qualified name and then by the name, the shape of the
    array that a name held: ``()`` for a number, None for anything else. What an array stands
    in may be named too, as Python would write it: ``params['W2']``, ``self.W1``,
    ``layer.kernel``. Names of the module stand under ``"<module>"``; what a function returns,
    where it is an array or a number, may stand among its names as ``"return"``.

    ``values`` tells in the same way what each name held that held a real number.

    ``factors`` and ``terms`` are expressions that the diagnosis would multiply by, or add.
    ``lines`` are the lines (from 1) of statements that it accuses.
    """

    shapes: Mapping[str, Mapping[str, Shape | None]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    factors: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()
