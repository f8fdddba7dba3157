"""Bounds: ``fun`` is called inside them only, also where the point lies on one.

Beyond a bound stands what the values inside extrapolate to: of the fourth order, so that slopes
through the bound are those of one side. Where a coordinate is beyond by ``u``, its values are taken
at 0, 1, 2, 3 and 4 times ``u`` inside (Newton's forward formula).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.slopes_of import Counted
from ..errors import UsageError
from ..naming import what
from ..report.report import Report
from .starts import is_number

Array = NDArray[np.float64]

_WEIGHTS = (5.0, -10.0, 10.0, -5.0, 1.0)  # of the values at 0, 1, … 4 for that at -1

_OUTSIDE = "gradproof: outside the bounds"

_FORMS = (
    "bounds must be a pair (lowest, highest) for all parameters, a list of such pairs, one for "
    "each, with None for no bound, or scipy.optimize.Bounds"
)


def inside(counted: Counted, point: Any, grad: Any, bounds: Any) -> tuple[Any, Any, Any]:
    """The function, the point and the gradient, extended beyond the bounds by what is inside."""
    if isinstance(point, list | tuple) and point and all(map(is_number, point)):
        point = np.asarray(point, np.float64)
    if not isinstance(point, np.ndarray | np.floating | float) or not np.size(point):
        raise UsageError(
            f"bounds= is for a point that is one NumPy array, but point is {what(point)}: pass one "
            "vector, perhaps with layout=."
        )
    low, high = _limits(bounds, np.shape(point))
    for off, advice in (
        (~((low <= point) & (point <= high)), "a gradient is checked inside, or on a bound"),
        (low == high, "it cannot move, so leave it out of the point"),
    ):
        if off.any():
            k = tuple(np.argwhere(off)[0].tolist())
            name = f"params[{', '.join(map(str, k))}]" if k else "params"
            here = f"{np.asarray(point)[k]:g}"
            raise UsageError(
                f"{name} is {here}, and its bounds are {low[k]:g} and {high[k]:g}: {advice}."
            )
    box = _Box(low, high)
    made = wraps(counted.function)(_extended(counted, box, pair=grad is True))
    if callable(grad):
        grad = wraps(grad)(_extended(grad, box, slopes=True))
    return made, point, grad


def with_calls(report: Report, counted: Counted) -> Report:
    """The report with a note, where more calls were made than values looked at."""
    notes = [note for note in report.notes if _OUTSIDE not in note]
    if counted.count <= report.evaluations:
        return replace(report, notes=tuple(notes))
    note = f"fun was called {counted.count} times, inside the bounds: beyond one, its value is "
    note += "extrapolated from five inside."
    return replace(report, notes=(*notes, note))


@dataclass(frozen=True, slots=True)
class _Box:
    low: Array
    high: Array

    def places(self, x: Any) -> Iterator[tuple[float, Any, Array]]:
        """Where to look instead, each with its weight and with how it moves as the point does."""
        edge = np.clip(x, self.low, self.high)
        beyond = edge != x
        for k, weight in enumerate(_WEIGHTS):
            there = np.where(beyond, edge + k * (edge - x), x)
            if ((there < self.low) | (there > self.high)).any():
                raise ValueError(_OUTSIDE)
            kept = there.astype(np.asarray(x).dtype)
            yield weight, kept if isinstance(x, np.ndarray) else kept[()], np.where(beyond, -k, 1.0)


def _extended(
    function: Callable[..., Any], box: _Box, *, slopes: bool = False, pair: bool = False
) -> Callable[..., Any]:
    """A function, a gradient (its ``slopes``) or both (a ``pair``) of any place."""

    def bounded(x: Any, *args: Any, **kwargs: Any) -> Any:
        if ((box.low <= x) & (x <= box.high)).all():
            return function(x, *args, **kwargs)
        total: list[Any] = []
        for weight, there, moves in list(box.places(x)):
            found = function(there, *args, **kwargs)
            parts = list(found) if pair else [found]
            terms = [
                weight * (_moved(part, moves) if slopes or k else _numbers(part))
                for k, part in enumerate(parts)
            ]
            total = [a + b for a, b in zip(total, terms, strict=True)] if total else terms
        return tuple(total) if pair else total[0]

    return bounded


def _moved(gradient: Any, moves: Array) -> Any:
    """A gradient, or the columns of a Jacobian, by the chain rule."""
    if hasattr(gradient, "tocsr"):
        return gradient.multiply(moves[None, :]).tocsr()
    return _numbers(gradient) * moves


def _numbers(found: Any) -> Any:
    return found if hasattr(found, "tocsr") else np.asarray(found)[()]


def _limits(bounds: Any, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """The lowest and the highest values, each of the shape of the point."""
    if hasattr(bounds, "lb") and hasattr(bounds, "ub"):
        return _of_shape(bounds.lb, shape, -np.inf), _of_shape(bounds.ub, shape, np.inf)
    if not isinstance(bounds, tuple | list | np.ndarray):
        raise UsageError(f"{_FORMS}, but is {what(bounds)}.")
    rows = list(bounds)
    each = all(isinstance(row, tuple | list | np.ndarray) and len(row) == 2 for row in rows)
    if each and len(rows) == int(np.prod(shape)):
        low, high = zip(*rows, strict=True)
    elif len(rows) == 2:
        low, high = rows
    else:
        raise UsageError(f"{_FORMS}, but has {len(rows)} parts for {int(np.prod(shape))} numbers.")
    return _of_shape(low, shape, -np.inf), _of_shape(high, shape, np.inf)


def _of_shape(limits: Any, shape: tuple[int, ...], none: float) -> Array:
    """Limits as an array like the point; None is no limit."""
    try:
        numbers = np.array(limits, dtype=object)
        numbers = np.where(numbers == None, none, numbers).astype(np.float64)  # noqa: E711
        return np.broadcast_to(numbers.reshape(shape if numbers.size > 1 else ()), shape)
    except (TypeError, ValueError):
        raise UsageError(f"{_FORMS}, but has {limits!r} for a point of shape {shape}.") from None
