"""A claim of the wrong shape, and what it may have been meant to be."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

_AXES = 5  # of more axes than these, not every order is tried


@dataclass(frozen=True, slots=True)
class Misfit:
    """What was returned for a block, and the shape that is ``wanted``.

    ``weights`` is the cotangent of a Jacobian, whose product with it is the claim.
    """

    array: NDArray[Any]
    wanted: tuple[int, ...]
    weights: NDArray[Any] | None = None

    def reported(self, name: str) -> str:
        """What a person reads: both shapes."""
        shapes = f"has shape {self.array.shape} and needs {self.wanted}"
        if self.weights is None:
            return f"The gradient of {name} {shapes}"
        return f"The Jacobian with respect to {name} {shapes}"

    @property
    def is_turned(self) -> bool:
        """Whether it has the shape of the transposed."""
        return self.array.ndim > 1 and self.array.shape[::-1] == self.wanted

    def meant(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Claims that it can be made into, each with the words for how."""
        for words, array in _rearranged(self.array, self.wanted):
            w = self.weights
            yield words, array if w is None else np.tensordot(w, array, w.ndim)


def _rearranged(array: NDArray[Any], wanted: tuple[int, ...]) -> Iterator[tuple[str, NDArray[Any]]]:
    yield from _transposed(array, wanted)
    if array.size == math.prod(wanted):
        yield f"reshaped to {wanted}", array.reshape(wanted)
        yield f'reshaped to {wanted} with order="F"', array.reshape(wanted, order="F")
    yield from _summed(array, wanted)
    if array.ndim > 1 and array.shape[:-1] == wanted and array.shape[-1] == array.shape[-2]:
        yield "its diagonal alone", np.diagonal(array, axis1=-2, axis2=-1)
    try:
        yield "repeated for every entry", np.broadcast_to(array, wanted)
    except ValueError:
        return


def _transposed(array: NDArray[Any], wanted: tuple[int, ...]) -> Iterator[tuple[str, NDArray[Any]]]:
    own = tuple(range(array.ndim))
    for order in permutations(own) if array.ndim <= _AXES else ():
        if order != own and tuple(array.shape[k] for k in order) == wanted:
            words = "transposed" if array.ndim == 2 else f"with its axes in the order {order}"
            yield words, array.transpose(order)


def _summed(array: NDArray[Any], wanted: tuple[int, ...]) -> Iterator[tuple[str, NDArray[Any]]]:
    """Sums and means over one axis or several, but for axes of length 1."""
    rest = [length for length in wanted if length > 1]
    for count in range(1, array.ndim + 1):
        for axes in combinations(range(array.ndim), count):
            left = [n for k, n in enumerate(array.shape) if k not in axes and n > 1]
            if left == rest:
                over = "axis " + " and ".join(map(str, axes))
                yield f"summed over {over}", array.sum(axis=axes).reshape(wanted)
                yield f"averaged over {over}", array.mean(axis=axes).reshape(wanted)
