"""A flat vector of parameters by the names and shapes of its parts: a block for each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import numpy as np

from ..errors import UsageError
from ..naming import what

Layout = Mapping[str, int | tuple[int, ...]]


def parted(
    fun: Callable[..., Any], point: Any, grad: Any, layout: Layout
) -> tuple[Callable[..., Any], dict[str, Any], Any]:
    """The same function, point and gradient with the parts of the vector as blocks."""
    shapes = _shapes(point, layout)
    whole = _Whole(shapes)

    @wraps(fun)
    def of_parts(parts: Any, *args: Any, **kwargs: Any) -> Any:
        found = fun(whole.joined(parts), *args, **kwargs)
        if grad is not True:
            return found
        value, gradient = found
        return value, whole.split(gradient)

    if not callable(grad):
        known = grad is None or grad is False or grad is True
        return of_parts, whole.split(point), grad if known else whole.split(grad)

    @wraps(grad)
    def slopes_of_parts(parts: Any, *args: Any, **kwargs: Any) -> Any:
        return whole.split(grad(whole.joined(parts), *args, **kwargs))

    return of_parts, whole.split(point), slopes_of_parts


class _Whole:
    """The vector and its parts."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.shapes = shapes
        self.count = sum(map(math.prod, shapes.values()))

    def split(self, vector: Any) -> Any:
        """The parts, views of the vector."""
        if np.size(vector) != self.count:
            raise UsageError(
                f"The gradient has {np.size(vector)} numbers, but the point, and layout=, have "
                f"{self.count}: return one vector in the order of the point."
            )
        flat, parts, begin = np.asarray(vector).reshape(-1), {}, 0
        for name, shape in self.shapes.items():
            end = begin + math.prod(shape)
            parts[name] = flat[begin:end].reshape(shape)
            begin = end
        return parts

    def joined(self, parts: Mapping[str, Any]) -> Any:
        """The vector; a fresh one, of which the function may do what it likes."""
        return np.concatenate([np.ravel(parts[name]) for name in self.shapes])


def _shapes(point: Any, layout: Any) -> dict[str, tuple[int, ...]]:
    if not isinstance(layout, Mapping) or not layout:
        raise UsageError(
            f"layout must map names to shapes, but is {what(layout)}: "
            "layout={'W': (3, 4), 'b': 3}, in the order in which they lie in the vector."
        )
    if not isinstance(point, np.ndarray) or point.ndim != 1:
        shape = f" of shape {np.shape(point)}" if isinstance(point, np.ndarray) else ""
        raise UsageError(
            f"layout= is for a point that is one flat NumPy vector, but point is "
            f"{what(point)}{shape}: leave layout= out, its arrays are blocks already."
        )
    shapes = {name: _shape(name, shape) for name, shape in layout.items()}
    sizes = [math.prod(shape) for shape in shapes.values()]
    if sum(sizes) != point.size:
        raise UsageError(
            f"layout has {' + '.join(map(str, sizes))} = {sum(sizes)} numbers, but point has "
            f"{point.size}."
        )
    return shapes


def _shape(name: str, shape: Any) -> tuple[int, ...]:
    numbers = shape if isinstance(shape, tuple | list) else (shape,)
    whole = all(isinstance(n, int | np.integer) and not isinstance(n, bool) for n in numbers)
    if not whole or any(n < 0 for n in numbers):
        raise UsageError(f"layout[{name!r}] must be a shape such as (3, 4), but is {shape!r}.")
    return tuple(int(n) for n in numbers)
