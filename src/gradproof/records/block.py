"""One leaf of the point: its name and its measures."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Block:
    """A differentiable leaf, named as the user would write it.

    ``count`` is the number of real coordinates (a complex entry has two) and ``scale`` the
    displacement that counts as one: the root mean square of the entries, or 1 where all are
    zero; a larger one where a block is ``enlarged``, as that shows nothing.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    count: int
    scale: float
    enlarged: bool = False
    is_complex: bool = field(init=False)
    axes: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        """``axes``: the shape of the real coordinates; a complex block has one more, of two."""
        object.__setattr__(self, "is_complex", self.count > math.prod(self.shape))
        object.__setattr__(self, "axes", (*self.shape, 2) if self.is_complex else self.shape)

    def of_scale(self, scale: float) -> Block:
        """The same block, moved as if its numbers had another size."""
        return replace(self, scale=scale, enlarged=scale > self.scale)
