"""The parameters of a problem that can be differentiated: as arrays, or as one vector.

Blocks of integers are held fixed, as a user of these checkers would hold them. The function is
given what the checker hands over, only reshaped, in the checker's precision and without a copy:
where a function changes its argument in place, it changes the checker's array.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Params, Problem
from .answering import CannotError

Array = NDArray[Any]


class Blocks:
    """``names`` of the blocks that move, their ``arrays`` (copies), and the two functions."""

    def __init__(self, problem: Problem, *, real: bool = False) -> None:
        """Take the problem apart; ``real`` refuses complex parameters."""
        self._problem = problem
        self.names = [name for name, p in problem.params.items() if _moves(p)]
        if not self.names:
            raise CannotError("no floating-point parameter")
        self.arrays: list[Array] = [problem.params[name].copy() for name in self.names]
        complex_ones = [n for n, a in zip(self.names, self.arrays, strict=True) if _complex(a)]
        if real and complex_ones:
            raise CannotError(f"takes real parameters only, {complex_ones[0]} is complex")
        sizes = [array.size for array in self.arrays]
        self._ends = [int(end) for end in np.cumsum(sizes)]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The real type that holds all blocks: that of the value."""
        return np.result_type(*(np.empty(0, array.dtype).real for array in self.arrays))

    def value(self, *arrays: Array) -> Any:
        """What the function returns for these blocks."""
        return self._problem.fun(self._params(arrays), *self._problem.args)

    def claim(self, *arrays: Array) -> list[Array]:
        """The claimed gradient, block by block."""
        claims = self._problem.grad(self._params(arrays), *self._problem.args)
        return [_claimed(claims, n, self._problem.params[n].shape) for n in self.names]

    def _params(self, arrays: Sequence[Array]) -> Params:
        moved = {
            name: array.reshape(self._problem.params[name].shape)
            for name, array in zip(self.names, arrays, strict=True)
        }
        return {name: moved.get(name, p) for name, p in self._problem.params.items()}

    # The same as functions of one vector

    @property
    def vector(self) -> Array:
        """All blocks, one after the other, in the smallest type that holds them."""
        return np.concatenate([array.reshape(-1) for array in self.arrays])

    def value_of(self, vector: Array) -> Any:
        """What the function returns for a vector."""
        return self.value(*np.split(vector, self._ends[:-1]))

    def claim_of(self, vector: Array) -> Array:
        """The claimed gradient as a vector."""
        claims = self.claim(*np.split(vector, self._ends[:-1]))
        return np.concatenate([claim.reshape(-1) for claim in claims])


def _moves(array: Array) -> bool:
    return array.size > 0 and array.dtype.kind in "fc"


def _complex(array: Array) -> bool:
    return array.dtype.kind == "c"


def _claimed(claims: Params, name: str, shape: tuple[int, ...]) -> Array:
    if name not in claims:
        raise CannotError(f"{name} has no claimed gradient")
    claim = np.asarray(claims[name])
    if claim.shape != shape:
        raise CannotError(f"{name} has shape {shape} and its claimed gradient {claim.shape}")
    return claim
