"""Calling the function: counting, the precision of what it returns, and its value at 0."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..naming import what
from .window import Stencil, Window, fit

# Rounding to nearest is uniform over one spacing: 1/sqrt(12) of it, and a spacing is at most
# the unit eps times the value.
_ROUNDING = 12**-0.5

# Different values that must all be float32 numbers before the function is taken for one
# that computes in float32 (a constant 0.5 says nothing).
_ENOUGH_TO_SAY = 4


_LARGEST_COUNT = 2.0**40  # larger numbers may be whole for want of digits
_DOUBLE = float(np.finfo(np.float64).eps)
_SINGLE = float(np.finfo(np.float32).eps)
_SUBNORMAL = float(np.finfo(np.float64).smallest_subnormal)
_LARGEST_SINGLE = float(np.finfo(np.float32).max)


class Taken(Protocol):
    """The displacement that really happens when a step is asked for (floats are discrete)."""

    def __call__(self, step: float, /) -> float:
        """The displacement taken for a step."""
        ...


class Sampler:
    """A function of one real variable, called at multiples of ``scale`` and counted.

    ``taken`` tells the displacement that really happens, ``centre`` the value at 0 where it
    is known; ``pick`` chooses one of several values that ``phi`` returns. ``scatter``, a noise
    of single evaluations, and ``largest``, a magnitude of what is added up in them, are known
    from elsewhere. ``samples`` are the steps, in units of ``scale``, and the values of each window
    taken.
    """

    def __init__(
        self,
        phi: Callable[[float], Any],
        scale: float = 1.0,
        taken: Taken | None = None,
        centre: Any = None,
        scatter: float = 0.0,
        largest: float = 0.0,
        pick: int | None = None,
    ) -> None:
        self._phi = phi
        self._pick = pick
        self._taken = taken
        self._floor = max(scatter, _SUBNORMAL)
        self._scale = scale
        self._seen: set[float] = set()
        self._single = self._whole = True
        self._eps = 0.0
        self.largest = self._added = largest
        self.evaluations = 0
        self.steepest = 0.0  # chord of a single step
        self.samples: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
        self.centre = self._note(phi(0.0) if centre is None else centre)
        self.evaluations += centre is None

    def window(self, stencil: Stencil, half_width: float) -> Window:
        """Sample and fit one window; ``half_width`` is in units of ``scale``."""
        increments, taken = self.take([node * half_width for node in stencil.nodes.tolist()])
        values = self.samples[-1][1]
        size = float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
        return fit(stencil, half_width, np.array(increments), self._rounding(size), taken)

    def take(self, steps: list[float]) -> tuple[list[float], NDArray[np.float64] | None]:
        """What the value changes by over some steps, and the steps taken where they differ."""
        values, increments = [], []
        for step in steps:
            number = self._value(step)
            values.append(number)
            increments.append(number - self.centre)  # plain floats: inf - inf is no warning
        taken = None
        if self._taken is not None:
            taken = np.array([self._taken(s * self._scale) / self._scale for s in steps])
        self.samples.append((np.array(steps) if taken is None else taken, np.array(values)))
        return increments, taken

    def increment(self, step: float) -> float:
        """By how much the value differs from the one at 0; ``step`` in units of ``scale``."""
        moved = self._value(step) - self.centre
        self.steepest = max(self.steepest, abs(moved / step))
        return moved

    def _value(self, step: float) -> float:
        value = self._phi(step * self._scale)
        self.evaluations += 1
        return self._note(value if self._pick is None else value[self._pick])

    @property
    def roundoff(self) -> float:
        """Standard deviation of the rounding of one returned value.

        A float64 that only ever holds float32 numbers was computed in float32.
        """
        return self._rounding(self.largest)

    @property
    def near_roundoff(self) -> float:
        """The same next to 0, where values may be much smaller than elsewhere."""
        return self._rounding(0.0)

    def _rounding(self, size: float) -> float:
        single = self._single and len(self._seen) >= _ENOUGH_TO_SAY
        eps = max(self._eps, _SINGLE if single else 0.0)
        size = max(size, abs(self.centre) if math.isfinite(self.centre) else 0.0, self._added)
        return max(round_off(size, eps), self._floor)

    @property
    def counts(self) -> bool:
        """Whether the values are whole numbers, as those of a count or of ``round``."""
        return self._whole and len(self._seen) >= _ENOUGH_TO_SAY and self._eps <= _DOUBLE

    def _note(self, value: Any) -> float:
        kind = type(value)
        if kind is float or kind is np.float64:  # nearly always
            return self._keep(float(value), _DOUBLE)
        array = _array(value)
        listed = isinstance(value, list | tuple)
        if listed or array.size != 1 or array.dtype.kind not in "fiub":
            raise UsageError(f"phi must return a real scalar, but returned {what(value)}.")
        return self._keep(float(array.reshape(-1)[0]), _eps(array.dtype))

    def _keep(self, number: float, eps: float) -> float:
        if not math.isfinite(number):
            return number
        self._eps = max(self._eps, eps)
        self.largest = max(self.largest, abs(number))
        self._whole = self._whole and number.is_integer() and abs(number) < _LARGEST_COUNT
        if self._single or self._whole:
            self._single = self._single and is_single(number)
            self._seen.add(number)
        return number


def _array(value: Any) -> NDArray[Any]:
    try:
        return np.asarray(value)
    except ValueError:  # ragged
        return np.empty(0)


def _eps(dtype: np.dtype[Any]) -> float:
    """Spacing of 1.0 in a dtype; long doubles are measured as float64, integers are exact."""
    return max(float(np.finfo(dtype).eps), _DOUBLE) if dtype.kind == "f" else _DOUBLE


def round_off(size: float, eps: float = _DOUBLE) -> float:
    """Standard deviation of the rounding of a value of a size."""
    return _ROUNDING * eps * size


def is_single(number: float) -> bool:
    """Whether a number is one of float32."""
    return abs(number) <= _LARGEST_SINGLE and float(np.float32(number)) == number
