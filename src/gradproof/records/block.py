"""One leaf of the point: its name and its measures."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """A differentiable leaf, named as the user would write it.

    ``count`` is the number of real coordinates (a complex entry has two) and ``scale`` the
    displacement that counts as one: the root mean square of the entries, or 1 where all are
    zero.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    count: int
    scale: float

    @property
    def axes(self) -> tuple[int, ...]:
        """The shape of the real coordinates: a complex block has a last axis of two more."""
        return (*self.shape, 2) if self.is_complex else self.shape

    @property
    def is_complex(self) -> bool:
        """Whether an entry has two real coordinates."""
        return self.count > math.prod(self.shape)
