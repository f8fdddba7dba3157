"""A direction: a recipe, not a vector."""

from dataclasses import dataclass, field


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
    whole: bool = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """``whole``: it is a plain random direction through the whole block."""
        some = self.box is not None or self.only is not None or self.ramp is not None
        object.__setattr__(self, "whole", not (self.even or some or self.entry is not None))


@dataclass(frozen=True, slots=True)
class Direction:
    """The parts that move together; ``seed`` and ``draw`` fix their signs and magnitudes.

    ``places`` says which part moves a block, ``block`` is the only block that moves, or None.
    """

    parts: tuple[Part, ...]
    seed: int
    draw: int
    places: dict[int, Part] = field(init=False, compare=False, repr=False)
    block: int | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", {part.block: part for part in self.parts})
        alone = self.parts[0].block if len(self.parts) == 1 else None
        object.__setattr__(self, "block", alone)

    def part(self, block: int) -> Part | None:
        """What happens in a block, or None where it stays."""
        return self.places.get(block)
