"""How real numbers are read from what a function returns.

A real scalar is read as it is. Anything else, arrays or containers of them, is read through
random cotangents: ``Re Σ conj(w) · f`` for several ``w``, whose gradients are the vector-Jacobian
products with ``w``. Each output gets cotangents of its own, so that none hides behind a larger
one, and at least two, so that no two errors cancel in all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import arrays
from ..backend.registry import home
from ..errors import UsageError
from ..naming import instead, what
from ..records.direction import Part
from ..space import directions, tree
from .levels import of_numbers, of_output

_EACH = 2  # cotangents of one output
_GROUPS = 8  # more outputs than these share cotangents
_SEED = 2**41  # apart from those of directions

# The bytes of a direction are 43 to 127: seven bits, which every floating-point type holds exactly.
_UNIT = 64.0

_DOUBLE = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Reading:
    """One number read from the outputs at the point.

    ``scale`` is the magnitude of what was added up, ``floor`` the standard deviation of its
    rounding, ``scatter`` that of a value which is not repeatable.
    """

    value: Any
    scale: float
    floor: float
    scatter: float = 0.0

    @property
    def rounding(self) -> float:
        """How far apart two values are that differ by the order of a sum: one rounding."""
        return rounding(self.value, self.floor)


def rounding(value: Any, floor: float) -> float:
    """One rounding of a number read from the outputs; 0 where it is not finite."""
    if type(value) is float or type(value) is np.float64:  # nearly always
        eps = _DOUBLE
    else:
        eps = float(np.finfo(np.result_type(np.asarray(value).dtype, np.float16)).eps)
    size = abs(float(value))
    return max(eps * size, floor * 12**0.5) if math.isfinite(size) else 0.0


class Scalar:
    """A real scalar, or the first of ``(value, gradient)``; it has no cotangents."""

    cotangents: tuple[tuple[Any, ...], ...] = ((),)

    def __init__(self, *, with_gradient: bool = False, inside: bool = False) -> None:
        self._with_gradient = with_gradient
        self._inside = inside  # a container, perhaps, that holds the number

    def read(self, result: Any) -> tuple[Any, ...]:
        """The number, in its own precision."""
        if type(result) is np.float64 and not self._with_gradient:  # nearly always
            return (result,)
        (found,) = tree.leaves(result) if self._inside else (result,)
        return (scalar(found, self._with_gradient),)

    def measure(self, result: Any) -> tuple[Reading, ...]:
        """The number and its magnitude."""
        (value,) = self.read(result)
        return (Reading(value, abs(float(value)), 0.0),)


@dataclass(frozen=True, slots=True)
class Look:
    """Lists of cotangents, and what outputs are multiplied with.

    A list has one cotangent for each output, None where it does not look at it. The products of an
    output are those with the cotangents of the lists ``rows``. Where they are small their multiples
    are ``kept``.
    """

    cotangents: tuple[tuple[Any, ...], ...]
    weights: tuple[tuple[Callable[[Any], list[float]] | None, list[int]], ...]
    kept: bool
    multiples: dict[float, list[list[Any]]] = field(default_factory=dict)
    rows: list[tuple[NDArray[np.float64] | None, list[int]]] = field(default_factory=list)

    def flat(self) -> list[tuple[NDArray[np.float64] | None, list[int]]]:
        """For each output the real coordinates of its cotangents, a row each, and their lists."""
        if not self.rows:
            for i, (_, lists) in enumerate(self.weights):
                each = [self.cotangents[k][i] for k in lists]
                flat = [arrays.flat(home(c).host(c)).astype(np.float64) for c in each]
                self.rows.append((np.stack(flat) if flat else None, lists))
        return self.rows

    def times(self, factor: float) -> list[list[Any]]:
        """A multiple of the cotangents; whoever gets them does not write into them."""
        if factor == 1:
            return list(map(list, self.cotangents))
        known = self.multiples.get(factor)
        if known is None:
            lists = self.cotangents
            known = [[None if w is None else w * factor for w in c] for c in lists]
            if self.kept:
                self.multiples[factor] = known
        return known


class Projected:
    """Arrays, read through cotangents."""

    def __init__(self, result: Any, seed: int, sizes: NDArray[np.float64] | None = None) -> None:
        flat = tree.flatten(result, "output")
        outputs = flat.leaves
        self._names = flat.names
        self._lone = type(result) if len(outputs) == 1 and outputs[0] is result else None
        self._shapes = _shapes(outputs)
        look = looked_at(outputs, seed, None if sizes is None else of_numbers(outputs[0], sizes))
        if look is None:
            raise UsageError(
                f"fun returned {what(result)}, in which nothing can be differentiated: "
                "return dense arrays of real or complex floating-point numbers."
            )
        self.look = look
        self.cotangents, self._weights = self.look.cotangents, self.look.weights

    def names(self, reading: int) -> list[str]:
        """The outputs that one of the numbers is made of."""
        pairs = zip(self._names, self.cotangents[reading], strict=True)
        return [name for name, cotangent in pairs if cotangent is not None]

    def read(self, result: Any) -> tuple[float, ...]:
        """One number for each cotangent."""
        outputs = (result,) if type(result) is self._lone else tree.leaves(result)
        if _shapes(outputs) != self._shapes:
            there, beside = (list(map(tuple, s)) for s in (self._shapes, _shapes(outputs)))
            raise UsageError(
                f"fun returned arrays of shapes {there} at the point but "
                f"{beside} beside it: what is returned must keep its shape."
            )
        numbers = [0.0] * len(self.cotangents)
        for output, (products, rows) in zip(outputs, self._weights, strict=True):
            if products is not None:
                for k, number in zip(rows, products(output), strict=True):
                    numbers[k] += number
        return tuple(numbers)

    def measure(self, result: Any) -> tuple[Reading, ...]:
        """The numbers with their magnitudes and rounding."""
        outputs = tree.leaves(result)
        return tuple(
            _reading(value, [(w, o) for w, o in zip(cotangent, outputs, strict=True)
                             if w is not None])
            for value, cotangent in zip(self.read(result), self.cotangents, strict=True)
        )  # fmt: skip


Outputs = Scalar | Projected


def looked_at(
    outputs: Sequence[Any], seed: int, levels: NDArray[np.float64] | None = None
) -> Look | None:
    """How outputs are looked at; the same again for small ones of the same kind.

    Those of many share cotangents, which depend on their size. None where there is nothing to see.
    """
    chosen = [i for i, output in enumerate(outputs) if _countable(output)]
    if not chosen:
        return None
    kinds = [home(output).about.kind(output) for output in outputs]
    many = len(chosen) > _GROUPS or sum(map(_size, outputs)) > _SMALL
    if many or None in kinds or levels is not None:
        return _looking(outputs, chosen, seed, kept=False, levels=levels)
    key = (seed, *kinds)
    if key not in _LOOKS:
        if len(_LOOKS) >= _MOST_LOOKS:
            _LOOKS.clear()
        _LOOKS[key] = _looking(outputs, chosen, seed, kept=True)
    return _LOOKS[key]


_SMALL, _MOST_LOOKS = 4096, 128
_LOOKS: dict[tuple[Any, ...], Look] = {}


def _looking(
    outputs: Sequence[Any],
    chosen: Sequence[int],
    seed: int,
    *,
    kept: bool,
    levels: NDArray[np.float64] | None = None,
) -> Look:
    groups = [chosen[k::_GROUPS] for k in range(min(len(chosen), _GROUPS))]
    real = len(chosen) == 1 and _size(outputs[chosen[0]]) == 1

    def level(output: Any, group: Sequence[int]) -> Any:
        alone = len(group) == 1
        return levels if levels is not None else 1.0 if alone else of_output(output, _count(output))

    cotangents = tuple(
        tuple(
            _cotangent(o, seed, k, i, level(o, group)) if i in group else None
            for i, o in enumerate(outputs)
        )
        for group in groups
        for k in range(1 if real else _EACH)
    )
    weights = tuple([_weighing(cotangents, i, output) for i, output in enumerate(outputs)])
    return Look(cotangents, weights, kept)


def _weighing(lists: Sequence[tuple[Any, ...]], index: int, output: Any) -> tuple[Any, list[int]]:
    """The cotangents of one output side by side, and the numbers they contribute to."""
    rows = [k for k, cotangents in enumerate(lists) if cotangents[index] is not None]
    if not rows:
        return None, rows
    return home(output).products([lists[k][index] for k in rows]), rows


def _reading(value: float, pairs: Sequence[tuple[Any, Any]]) -> Reading:
    scale = floor = 0.0
    for cotangent, output in pairs:
        library = home(output)
        parts = np.abs(library.host(cotangent)).astype(float) * np.abs(library.host(output))
        size = arrays.norm(parts)
        scale = math.hypot(scale, size)
        floor = math.hypot(floor, size * arrays.eps(library.dtype(output)) / 12**0.5)
    return Reading(value, scale, floor)


def is_scalar(result: Any) -> bool:
    """Whether a result is one real number by itself."""
    outputs = tree.leaves(result)
    return len(outputs) == 1 and _size(outputs[0]) == 1 and not _is_complex(outputs[0])


def _countable(output: Any) -> bool:
    if not hasattr(output, "dtype"):
        return False
    return arrays.continuous(home(output).dtype(output)) and _size(output) > 0


def _size(output: Any) -> int:
    return math.prod(np.shape(output))


def _count(output: Any) -> int:
    """How many real coordinates an output has."""
    return _size(output) * (2 if _is_complex(output) else 1)


def _is_complex(output: Any) -> bool:
    return arrays.is_complex(home(output).dtype(output))


def _shapes(outputs: Sequence[Any]) -> list[Any]:
    return [getattr(output, "shape", ()) for output in outputs]


def _cotangent(output: Any, seed: int, draw: int, index: int, level: Any) -> Any:
    codes = directions.codes(Part(index, 1.0), _count(output), _SEED + seed, draw)
    return home(output).array(codes.astype(np.float64) * (level / _UNIT), output)


def scalar(result: Any, with_gradient: bool = False) -> Any:
    """The real scalar in what ``fun`` returned, in its own precision."""
    if with_gradient:
        if not (isinstance(result, tuple | list) and len(result) == 2):
            raise UsageError(
                "grad=True says that fun returns (value, gradient), but it returned "
                f"{what(result)}: return both, or pass the gradient's function as grad."
            )
        result = result[0]
    if type(result) is float or type(result) is np.float64:
        return np.float64(result)
    try:
        array = home(result).host(result)
    except (ValueError, TypeError):  # ragged, or a tracer
        array = np.empty(0, dtype=object)
    if array.size != 1 or array.dtype.kind not in "fiu":
        raise UsageError(_not_scalar(result, array, with_gradient))
    return array.reshape(-1)[0]


def _not_scalar(result: Any, array: Any, with_gradient: bool) -> str:
    hint = "return one real number"
    if with_gradient:
        hint = "with grad=True the value comes first, then the gradient"
    elif result is None:
        hint = "is a return missing in it?"
    elif isinstance(result, tuple) and len(result) == 2:
        hint = "if that is (value, gradient), pass grad=True; else return the value alone"
    elif isinstance(result, tuple | list):
        hint = "return the value alone"
    elif array.dtype.kind == "c":
        hint = "return its real part, or its modulus"
    elif array.size > 1 or hasattr(result, "tocsr"):
        hint = "return its sum or its mean, or one component"
    elif advice := instead(result):
        hint = advice
    end = "" if hint.endswith("?") else "."
    return f"fun must return a real scalar, but returned {what(result)}: {hint}{end}"
