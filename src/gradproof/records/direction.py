"""A direction: a recipe, not a vector."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """What a direction does in one block.

    Every real coordinate moves by ``step`` times a random sign times a magnitude in
    [0.5, 1.5]; or, where ``entry`` is given, that coordinate alone moves by ``step``. With a
    ``box`` only the coordinates inside it move, one range of indices per axis; with ``only``
    only those listed. A ``ramp`` ``(stride, length)`` multiplies by 0.5 to 1.5, growing
    with ``flat // stride % length``: the index along an axis, when these are the axis's own. Where
    it is ``even``, every coordinate moves by ``step`` itself.
    """

    block: int
    step: float
    entry: int | None = None
    box: tuple[tuple[int, int], ...] | None = None
    only: tuple[int, ...] | None = None
    ramp: tuple[int, int] | None = None
    even: bool = False

    @property
    def whole(self) -> bool:
        """Whether it is a plain random direction through the whole block."""
        return self == Part(self.block, self.step)


@dataclass(frozen=True, slots=True)
class Direction:
    """The parts that move together; ``seed`` and ``draw`` fix their signs and magnitudes."""

    parts: tuple[Part, ...]
    seed: int
    draw: int

    @property
    def block(self) -> int | None:
        """The only block that moves, or None where several do."""
        return self.parts[0].block if len(self.parts) == 1 else None

    def part(self, block: int) -> Part | None:
        """What happens in a block, or None where it stays."""
        return next((part for part in self.parts if part.block == block), None)
