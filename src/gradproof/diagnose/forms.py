"""What a value on the way may have to be instead: a table of edits of arrays.

Each is a fault that people make, seen from the wrong value: it is in another order, it lacks a
factor that is at hand, it is the diagonal of what it should be. A row of the table says what the
right value then is; whether it is, the measured slopes decide.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..records.finding import Kind

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Form:
    """A kind, the right value from the wrong one, and what to say; ``{v}`` is the expression."""

    kind: Kind
    right: Callable[[Array], Any]
    words: str


def rearranged(value: Array) -> Iterator[Form]:
    """The same numbers in another order, conjugated, negated where they are true or false."""
    if value.dtype.kind == "b":
        if value.size < _TELLING:
            return
        yield Form(Kind.COMPLEMENT, np.logical_not, "`{v}` is the complement of what it should be")
        return
    if value.dtype.kind == "c":
        yield Form(Kind.CONJUGATE, np.conj, "`{v}` lacks its complex conjugate")
    elif (
        value.size >= _TELLING and np.isin(value, (0.0, 1.0)).all() and 0 < value.sum() < value.size
    ):
        yield Form(Kind.COMPLEMENT, _one_less, "`{v}` is the complement of the mask it should be")
    if value.ndim == 2 and value.shape[0] == value.shape[1] > 1:
        yield Form(Kind.TRANSPOSE, np.transpose, "`{v}` is transposed")
    axes = [axis for axis, length in enumerate(value.shape) if length > 1]
    for axis in axes:
        words = f"`{{v}}` is reversed along axis {axis}"
        yield Form(Kind.FLIP, partial(np.flip, axis=axis), words)
    if len(axes) > 1:
        words = f"`{{v}}` is reversed along axes {axes[-2]} and {axes[-1]}"
        yield Form(Kind.FLIP, partial(np.flip, axis=tuple(axes[-2:])), words)
    for axis in axes:
        yield from _moved(value, axis)


def _moved(value: Array, axis: int) -> Iterator[Form]:
    """Rolled, two of few places exchanged, or too much at the beginning or the end."""
    length = value.shape[axis]
    for by in (1, -1):
        words = f"`{{v}}` is rolled by {-by} along axis {axis}"
        yield Form(Kind.PERMUTATION, partial(np.roll, shift=by, axis=axis), words)
    for one, other in combinations(range(length), 2) if length <= _FEW else ():
        order = list(range(length))
        order[one], order[other] = other, one
        words = f"`{{v}}` has the places {one} and {other} of axis {axis} exchanged"
        yield Form(Kind.EXCHANGED, partial(np.take, indices=order, axis=axis), words)
    for place in (0, length - 1) if length > 2 else ():
        where = ", ".join(str(place) if a == axis else ":" for a in range(value.ndim))
        words = f"`{{v}}` is too much at [{where}], and right elsewhere"
        yield Form(Kind.SUBSET, partial(_without, axis=axis, place=place), words)


def summed_up(value: Array) -> Iterator[Form]:
    """Running sums from the wrong end, or none where there should be one."""
    for axis in (axis for axis, length in enumerate(value.shape) if length > 1):
        for end in (False, True):
            words = f"`{{v}}` sums up from the wrong end along axis {axis}"
            yield Form(Kind.FLIP, partial(_from_the_other_end, axis=axis, end=end), words)
        for end in (False, True):
            words = f"`{{v}}` is not summed up along axis {axis}, from the {_ENDS[end]} entry on"
            yield Form(Kind.MISSING_ACCUMULATION, partial(_running, axis=axis, end=end), words)


_ENDS = ("first", "last")


def _running(value: Array, axis: int, *, end: bool) -> Array:
    """The running sum, from the first entry on or from the last."""
    turned = np.flip(value, axis) if end else value
    found = np.cumsum(turned, axis)
    return np.flip(found, axis) if end else found


def _from_the_other_end(value: Array, axis: int, *, end: bool) -> Array:
    """A running sum as it is from the other end; ``end``: it begins at the last entry."""
    turned = np.flip(value, axis) if end else value
    parts = np.diff(turned, axis=axis, prepend=0)
    found = _running(parts, axis, end=True)
    return np.flip(found, axis) if end else found


_TELLING = 6  # entries of a mask whose complement is no accident
_FEW = 10  # places of which any two may have been exchanged


def _one_less(value: Array) -> Array:
    return np.asarray(1 - value)


def _without(value: Array, axis: int, place: int) -> Array:
    """Zeros at one place of an axis."""
    found = np.array(value)
    np.moveaxis(found, axis, 0)[place] = 0
    return found


@dataclass(frozen=True, slots=True)
class Function:
    """A function of an array at hand, entry by entry, as it would be written."""

    text: str
    of: Callable[[Array], Array]

    def at(self, text: str) -> str:
        """How it is written of an expression."""
        return self.text.format(text if self.text == "{}" else held_together(text))


def held_together(text: str) -> str:
    """An expression with parentheses, where it needs them beside an operator."""
    whole = isinstance(ast.parse(text, mode="eval").body, _HELD_TOGETHER)
    return text if whole else f"({text})"


_HELD_TOGETHER = (ast.Name, ast.Call, ast.Attribute, ast.Subscript)


def _logistic(a: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-a)))


# Derivatives of activations, in terms of their output or of their input.
DERIVATIVES = (
    Function("1 - {}**2", lambda a: 1 - a**2),
    Function("{0} * (1 - {0})", lambda a: a * (1 - a)),
    Function("({} > 0)", lambda a: (a > 0) * 1.0),
    Function("1 - np.tanh({})**2", lambda a: 1 - np.tanh(a) ** 2),
    Function("sigmoid'({})", lambda a: _logistic(a) * (1 - _logistic(a))),
    Function("sigmoid({})", _logistic),
    Function("np.cos({})", np.cos),
    Function("np.exp({})", np.exp),
)

PLAIN = (
    Function("{}", lambda a: a),
    Function("1 / {}", lambda a: 1 / a),
    Function("(1 - {})", lambda a: 1 - a),
    Function("{}**2", lambda a: a**2),
    Function("1 / {}**2", lambda a: 1 / a**2),
    Function("np.sqrt({})", np.sqrt),
    Function("1 / np.sqrt({})", lambda a: 1 / np.sqrt(a)),
)


def is_probability(array: Array) -> bool:
    """Whether rows are probabilities: positive, and their sum is 1."""
    if array.dtype.kind != "f" or array.ndim < 1 or array.shape[-1] < 2:
        return False
    return bool((array > 0).all() and np.allclose(array.sum(axis=-1), 1, rtol=1e-9))


def whole_softmax(p: Array, g: Array) -> tuple[Array, Array]:
    """The products of a cotangent with all of the Jacobian of a softmax, and of its logarithm."""
    return p * (g - (p * g).sum(axis=-1, keepdims=True)), g - p * g.sum(axis=-1, keepdims=True)


def reduced(large: Array, shape: tuple[int, ...]) -> Iterator[tuple[Array, str]]:
    """The sum or the mean of an array over one axis."""
    for axis in range(large.ndim):
        if large.shape[:axis] + large.shape[axis + 1 :] == shape:
            yield large.sum(axis=axis), f"the sum of {{a}} over axis {axis}"
            yield large.mean(axis=axis), f"the mean of {{a}} over axis {axis}"


def resized(large: Array, shape: tuple[int, ...]) -> Iterator[tuple[Array, str]]:
    """An array in another number of equal cells: summed, averaged, or spread over them."""
    if large.ndim != len(shape) or large.shape == shape or not large.size:
        return
    pairs = list(zip(large.shape, shape, strict=True))
    if all(a % b == 0 for a, b in pairs if b) and all(shape):
        cells = [n for a, b in pairs for n in (b, a // b)]
        axes = tuple(range(1, 2 * len(shape), 2))
        parted = large.reshape(cells)
        yield parted.sum(axis=axes), "the sum of {a} over each cell"
        yield parted.mean(axis=axes), "the mean of {a} over each cell"
    elif all(b % a == 0 for a, b in pairs if a) and all(large.shape):
        spread, times = large, 1
        for axis, (a, b) in enumerate(pairs):
            spread, times = spread.repeat(b // a, axis=axis), times * (b // a)
        yield spread, "{a}, repeated for each entry of its cell"
        yield spread / times, "{a}, shared out among the entries of its cell"
