"""Many small blocks in one flat array: one move, one look and one way back for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Fewer blocks move one by one; of more coordinates a direction in double precision takes too much
# memory, as it is held for as long as it is moved along.
_BLOCKS, _COORDINATES = 32, 1 << 21
_CHUNK = 1 << 14  # coordinates at a time: they stay in the cache


class Arena:
    """Copies of arrays, ``views`` of one flat array in double precision, that move together."""

    def __init__(self, origins: Sequence[NDArray[Any]]) -> None:
        self._origins = origins
        self._whole = self._there()
        ends = np.cumsum([x.size for x in origins]).tolist()
        self.views = [
            self._whole[end - x.size : end].reshape(x.shape)
            for x, end in zip(origins, ends, strict=True)
        ]

    @staticmethod
    def fits(origins: Sequence[Any], *, promote: bool) -> bool:
        """Whether leaves are many, small, and of one type that ends up as float64."""
        if len(origins) < _BLOCKS or not all([type(x) is np.ndarray for x in origins]):
            return False
        types = {x.dtype for x in origins}
        double = types == {np.dtype(np.float64)} or (promote and types == {np.dtype(np.float32)})
        return double and sum([x.size for x in origins]) <= _COORDINATES

    def _there(self) -> NDArray[np.float64]:
        """The arrays as they are, one after the other: they are the user's."""
        return np.concatenate([x.reshape(-1) for x in self._origins], dtype=np.float64)

    def restore(self) -> None:
        """Bring all views back."""
        self._whole[...] = self._there()

    def same(self) -> bool:
        """Whether nobody has written into any of them."""
        shapes = all([v.shape == x.shape for v, x in zip(self.views, self._origins, strict=True)])
        return shapes and bool(np.array_equal(self._whole, self._there()))

    def mover(self, direction: NDArray[np.float64]) -> Callable[[float], None]:
        """What moves all views along a flat direction."""
        here, whole = self._there(), self._whole
        pieces = [slice(k, k + _CHUNK) for k in range(0, whole.size, _CHUNK)]

        def move(t: float) -> None:
            for piece in pieces:
                np.multiply(direction[piece], t, out=whole[piece])
                whole[piece] += here[piece]

        return move
