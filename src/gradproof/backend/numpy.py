"""NumPy arrays, NumPy scalars and Python's floats as leaves that can be moved."""

from __future__ import annotations

import random
import weakref
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import arrays
from .protocol import About, Backend, Drawn

# So few numbers of a direction take next to no memory in the type of their block.
_FEW = 2048

_SPARE = np.random.MT19937(0)


def _held(array: NDArray[Any]) -> Callable[[], bool]:
    if array.base is not None:  # the memory is somebody's who is no array
        return lambda: True
    reference = weakref.ref(array)
    return lambda: reference() is not None


def _scattered(array: Any) -> Any:
    """Axes in the opposite order in memory, and gaps, that hold other numbers."""
    return array if np.size(array) < 2 else np.stack([array.T, -array.T], axis=-1)[..., 0].T


def _kind(array: Any) -> Hashable:
    return (array.shape, array.dtype) if type(array) is np.ndarray else None


class NumPy(Backend):
    """See ``Backend``; copies are written in place."""

    about = About("NumPy", (np.ndarray, np.generic), held=_held, scattered=_scattered, kind=_kind)

    def differentiable(self, leaf: Any, name: str) -> str:
        return arrays.differentiable(leaf, name)

    def dtype(self, leaf: Any) -> str:
        return arrays.name(np.asarray(leaf).dtype)

    def host(self, leaf: Any) -> NDArray[Any]:
        return np.asarray(leaf)

    def copy(self, leaf: Any, *, promote: bool) -> NDArray[Any]:
        array = np.asarray(leaf)
        dtype = arrays.promoted(array.dtype) if promote else array.dtype
        return np.array(array, dtype=dtype, order="C")

    def given(self, copy: Any, like: Any, *, recording: bool = False) -> Any:
        return arrays.as_given(copy, like)

    def mover(self, copy: Any, origin: Any, drawn: Drawn | None = None) -> Callable[[float], Any]:
        here, out = np.asarray(origin), arrays.flat(copy)
        if drawn is None:
            return lambda _: _written(copy, here)
        if drawn.entry is not None:
            return lambda step: _written(copy, here, drawn.entry, step)
        if drawn.ramp is not None:
            return lambda step: _displaced(copy, here, drawn, step)
        numbers, unit = drawn.array()
        if numbers.size <= _FEW:
            numbers = numbers.astype(out.dtype)  # exact, and a cast less at every move
        kind, multiply, add = out.dtype.type, np.multiply, np.add

        def move(step: float) -> Any:
            multiply(numbers, kind(step / unit), out)
            return add(copy, here, copy)

        return move

    same = staticmethod(arrays.same)

    def array(self, numbers: NDArray[np.float64], like: Any) -> Any:
        dtype = np.asarray(like).dtype
        if dtype.kind not in "fciub":
            return None
        entries = numbers.view(np.complex128) if dtype.kind == "c" else numbers
        return entries.reshape(np.shape(like)).astype(dtype)

    def products(self, cotangents: Sequence[Any]) -> Callable[[Any], list[float]]:
        flat = np.stack([cotangent.reshape(-1) for cotangent in cotangents])
        weights = flat.conj().astype(np.result_type(flat, float))

        def read(output: Any) -> list[float]:
            wide = np.asarray(output, weights.dtype).reshape(-1)
            return (weights @ wide).real.tolist()  # type: ignore[no-any-return]

        return read

    def reseed(self, seed: int) -> None:
        np.random.seed(seed % 2**32)
        random.seed(seed)

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


def _written(copy: Any, here: Any, entry: int | None = None, step: float = 0.0) -> Any:
    copy[...] = here
    if entry is not None:
        arrays.flat(copy)[entry] += step
    return copy


def _displaced(copy: Any, here: Any, drawn: Drawn, step: float) -> Any:
    drawn.displace(arrays.flat(copy), step)
    return np.add(copy, here, copy)


BACKEND = NumPy()
