"""NumPy arrays, NumPy scalars and Python's floats as leaves that can be moved."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import arrays
from .protocol import Drawn

_SPARE = np.random.MT19937(0)


class NumPy:
    """See ``Backend``; copies are written in place."""

    name = "numpy"
    promotions: tuple[bool, ...] = (False,)
    lasting = True

    def differentiable(self, leaf: Any, name: str) -> str:
        return arrays.differentiable(leaf, name)

    def dtype(self, leaf: Any) -> str:
        return str(np.asarray(leaf).dtype.name)

    def eps(self, leaf: Any) -> float:
        return float(np.finfo(np.asarray(leaf).dtype).eps)

    def host(self, leaf: Any) -> NDArray[Any]:
        return np.asarray(leaf)

    def copy(self, leaf: Any, *, promote: bool) -> NDArray[Any]:
        array = np.asarray(leaf)
        dtype = arrays.promoted(array.dtype) if promote else array.dtype
        return np.array(array, dtype=dtype, order="C")

    def given(self, copy: Any, like: Any, *, recording: bool = False) -> Any:
        return arrays.as_given(copy, like)

    def direction(self, drawn: Drawn, copy: Any) -> Drawn:
        return drawn

    def move(self, copy: Any, origin: Any, direction: Drawn, step: float) -> Any:
        direction.displace(_coordinates(copy), step)
        return np.add(copy, origin, out=copy)

    def move_entry(self, copy: Any, origin: Any, entry: int, step: float) -> Any:
        copy[...] = origin
        _coordinates(copy)[entry] += step
        return copy

    def restore(self, copy: Any, origin: Any) -> Any:
        copy[...] = origin
        return copy

    def same(self, copy: Any, origin: Any) -> bool:
        old, new = np.asarray(origin), np.asarray(copy)
        if old.shape != new.shape:
            return False
        return np.array_equal(old, new) or (
            old.dtype.kind in "fc" and np.array_equal(old, new, equal_nan=True)
        )

    def rounded(self, copy: Any, number: float) -> float:
        return copy.real.dtype.type(number)  # type: ignore[no-any-return] # its own type, unrounded

    def number(self, leaf: Any) -> bool:
        return np.asarray(leaf).dtype.kind in "fc"

    def cotangent(self, drawn: NDArray[np.float64], like: Any) -> NDArray[Any]:
        array = np.asarray(like)
        return drawn.view(np.complex128 if array.dtype.kind == "c" else drawn.dtype).reshape(
            array.shape
        ).astype(array.dtype)  # fmt: skip

    def constant(self, like: Any, number: float) -> Any:
        if np.asarray(like).dtype.kind == "O":
            return None
        return np.full_like(like, number) if isinstance(like, np.ndarray) else type(like)(number)

    def cast(self, array: Any, like: Any) -> Any:
        return np.asarray(array, np.asarray(like).dtype)

    def weights(self, cotangents: Sequence[Any]) -> NDArray[Any]:
        flat = np.stack([cotangent.reshape(-1) for cotangent in cotangents])
        return flat.conj().astype(np.result_type(flat, float))

    def inner(self, weights: Any, output: Any) -> list[float]:
        wide = np.asarray(output, weights.dtype).reshape(-1)
        return (weights @ wide).real.tolist()  # type: ignore[no-any-return]

    def calling(self, role: str, *, promoted: bool, deep: bool = True) -> Any:
        return np.errstate(all="ignore")

    def reseed(self, seed: int) -> None:
        np.random.seed(seed % 2**32)
        random.seed(seed)

    def session(self) -> AbstractContextManager[None]:
        return nullcontext()

    @contextmanager
    def generators(self) -> Iterator[None]:
        """NumPy's is exchanged for another: much faster than copying its state out and in."""
        numpy_own, python_state = np.random.get_bit_generator(), random.getstate()  # type: ignore[attr-defined]
        np.random.set_bit_generator(_SPARE)  # type: ignore[attr-defined]
        np.random.seed(0)
        try:
            yield
        finally:
            np.random.set_bit_generator(numpy_own)  # type: ignore[attr-defined]
            random.setstate(python_state)


def _coordinates(copy: NDArray[Any]) -> NDArray[Any]:
    return copy.reshape(-1).view(arrays.real_dtype(copy.dtype))


BACKEND = NumPy()
