"""How an array may be filled: the fixed menu of values and patterns at which gradients break."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .space import Choice

Array = NDArray[Any]
Fill = Callable[[tuple[int, ...], np.random.Generator], Array]

_BY_THEMSELVES = (
    0.0, 1.0, -1.0, -0.0, 0.5, -0.5, 2.0, -2.0, 1e-8, -1e-8, 1e-3, 30.0, -30.0, 100.0, 1000.0,
    -1000.0, 3.0, 1e8, 1e-160, 10.0, -10.0, 0.25, 1.5, -1e-3, 1e5,
)  # fmt: skip


def normal(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Nothing special."""
    return rng.normal(size=shape)


def scaled(factor: float, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Nothing special, of another size."""
    return factor * rng.normal(size=shape)


def all_of(value: float, shape: tuple[int, ...], rng: np.random.Generator) -> Array:  # noqa: ARG001
    """The same number everywhere."""
    return np.full(shape, value)


def one_of(
    value: float, place: int, shape: tuple[int, ...], rng: np.random.Generator
) -> Array:  # fmt: skip
    """One entry is a certain number."""
    array = rng.normal(size=shape)
    if array.size:
        array.reshape(-1)[place] = value
    return array


def half_of(value: float, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Every second entry is a certain number."""
    array = rng.normal(size=shape)
    array.reshape(-1)[::2] = value
    return array


def positive(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """No entry is negative."""
    return np.abs(rng.normal(size=shape)) + 0.1


def negative(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """All entries are negative."""
    return -positive(shape, rng)


def whole(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Integers as floats, some of them equal, some zero."""
    return rng.integers(-3, 4, size=shape).astype(float)


def counted(shape: tuple[int, ...], rng: np.random.Generator) -> Array:  # noqa: ARG001
    """0, 1, 2, and so on."""
    return np.arange(int(np.prod(shape)), dtype=float).reshape(shape)


def halves(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Half-integers."""
    return rng.integers(-3, 3, size=shape) + 0.5


def signs(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """-1, 0 and 1."""
    return rng.integers(-1, 2, size=shape).astype(float)


def pair_tied(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """The first two entries are equal."""
    array = rng.normal(size=shape)
    flat = array.reshape(-1)
    if flat.size > 1:
        flat[1] = flat[0]
    return array


def extreme_tied(sign: float, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """The largest entry, or the smallest, is there twice: in each row."""
    array = rng.normal(size=shape)
    if array.ndim and array.shape[-1] > 1 and array.size:
        rows = array.reshape(-1, array.shape[-1])
        top = sign * (np.abs(rows).max(axis=-1) + 0.5)
        rows[:, 0] = rows[:, -1] = top
    return array


def rows_equal(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """The first two rows are equal."""
    array = rng.normal(size=shape)
    if array.ndim and array.shape[0] > 1:
        array[1] = array[0]
    return array


def columns_equal(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """All entries of a row are equal, row by row."""
    array = rng.normal(size=shape)
    if array.ndim:
        array[...] = array[..., :1]
    return array


def row_of(value: float, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """The first row is one number."""
    array = rng.normal(size=shape)
    if array.ndim and array.shape[0]:
        array[0] = value
    return array


def column_of(value: float, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """The first column is one number."""
    array = rng.normal(size=shape)
    if array.ndim and array.shape[-1]:
        array[..., 0] = value
    return array


def ordered(step: int, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Sorted along the last axis, up or down."""
    array = np.sort(rng.normal(size=shape), axis=-1) if shape else rng.normal(size=shape)
    return array[..., ::step].copy() if shape else array


def identity(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """The identity matrix, or one in the first place."""
    if len(shape) >= 2:
        return np.broadcast_to(np.eye(shape[-2], shape[-1]), shape).copy()
    return one_hot(shape, rng)


def one_hot(shape: tuple[int, ...], rng: np.random.Generator) -> Array:  # noqa: ARG001
    """Zero but for a one."""
    array = np.zeros(shape)
    if array.size:
        array.reshape(-1)[0] = 1.0
    return array


def symmetric(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """A symmetric matrix where that is possible."""
    array = rng.normal(size=shape)
    if len(shape) >= 2 and shape[-1] == shape[-2]:
        array = (array + array.swapaxes(-1, -2)) / 2
    return array


def unit(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Of norm 1."""
    array = rng.normal(size=shape)
    norm = float(np.linalg.norm(array.reshape(-1)))
    made: Array = np.asarray(array / norm if norm else array)
    return made


def shares(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Positive, and adding up to 1 along the last axis."""
    array = positive(shape, rng)
    made: Array = array / array.sum(axis=-1, keepdims=True) if shape else array
    return made


def centred(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Adding up to 0 along the last axis."""
    array = rng.normal(size=shape)
    return array - array.mean(axis=-1, keepdims=True) if array.size and shape else array


def mixed(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Each entry by itself: special, ordinary, or as another one."""
    array: Array = rng.normal(size=shape) * 10.0 ** rng.uniform(-2, 2)
    flat = array.reshape(-1)
    if not flat.size:
        return array
    where = rng.random(flat.size)
    special = rng.choice(_BY_THEMSELVES[:16], flat.size)
    flat[where < 0.3] = special[where < 0.3]
    tied = where > 0.85
    flat[tied] = flat[rng.integers(flat.size, size=int(tied.sum()))]
    return array


def spread(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Entries of many sizes."""
    made: Array = rng.normal(size=shape) * 10.0 ** rng.uniform(-4, 3, size=shape)
    return made


def changed(array: Array, numbers: Sequence[float], rng: np.random.Generator) -> Array:
    """The same array with another number in one place or two."""
    flat = array.reshape(-1).copy()
    for place in rng.integers(flat.size, size=int(rng.integers(1, 3))):
        value, other = flat[place], flat[rng.integers(flat.size)]
        known = rng.choice([*_BY_THEMSELVES[:16], *numbers, *numbers])
        flat[place] = rng.choice([
            2 * value, 10 * value, -value, value + 1, value - 1, -other, 2 * other, other, known,
            1.5 * known, -1.5 * known, rng.normal(), 10 * rng.normal(), 100 * rng.normal(),
        ])  # fmt: skip
    return flat.reshape(array.shape)


def near(value: float, ulps: int, shape: tuple[int, ...], rng: np.random.Generator) -> Array:  # noqa: ARG001
    """A number from the code, or one a few floats beside it, everywhere."""
    return np.full(shape, value + ulps * np.spacing(abs(value) or 1.0))


def beyond(value: float, factor: float, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Random numbers that are all, in size, just below or above one from the code."""
    array = rng.uniform(0.5, 1.0, size=shape) if factor < 1 else rng.uniform(1.0, 2.0, size=shape)
    return array * value


def with_norm(
    value: float, factor: float, shape: tuple[int, ...], rng: np.random.Generator
) -> Array:
    """An array whose norm is just below or above a number from the code."""
    return unit(shape, rng) * value * factor


def with_sum(
    value: float, factor: float, shape: tuple[int, ...], rng: np.random.Generator
) -> Array:
    """An array whose sum is just below or above a number from the code."""
    return shares(shape, rng) * value * factor / max(1, int(np.prod(shape[:-1])) if shape else 1)


def _choice(name: str, fill: Fill, *, free: bool = True) -> Choice:
    return Choice(name, fill, free)


def _said(value: float) -> str:
    return f"{value:g}"


MENU: tuple[Choice, ...] = (
    _choice("ordinary", normal),
    *(_choice(f"all {_said(v)}", partial(all_of, v), free=False) for v in _BY_THEMSELVES[:4]),
    _choice("one is 0", partial(one_of, 0.0, 0)),
    _choice("two tied", pair_tied),
    _choice("positive", positive),
    _choice("negative", negative),
    _choice("integers", whole),
    _choice("largest tied", partial(extreme_tied, 1.0)),
    _choice("smallest tied", partial(extreme_tied, -1.0)),
    _choice("rows equal", rows_equal),
    _choice("columns equal", columns_equal),
    _choice("times 1000", partial(scaled, 1e3)),
    _choice("times 1e-3", partial(scaled, 1e-3)),
    *(_choice(f"all {_said(v)}", partial(all_of, v), free=False) for v in _BY_THEMSELVES[4:16]),
    _choice("half are 0", partial(half_of, 0.0)),
    _choice("the last is 0", partial(one_of, 0.0, -1)),
    _choice("first row 0", partial(row_of, 0.0)),
    _choice("first column 0", partial(column_of, 0.0)),
    _choice("one is 1000", partial(one_of, 1e3, 0)),
    _choice("one is 1", partial(one_of, 1.0, 0)),
    _choice("one is -1", partial(one_of, -1.0, 0)),
    _choice("times 10", partial(scaled, 10.0)),
    _choice("times 1e-8", partial(scaled, 1e-8)),
    _choice("0, 1, 2, …", counted, free=False),
    _choice("half-integers", halves),
    _choice("-1, 0, 1", signs),
    _choice("descending", partial(ordered, -1)),
    _choice("ascending", partial(ordered, 1)),
    _choice("identity", identity, free=False),
    _choice("symmetric", symmetric),
    _choice("norm 1", unit),
    _choice("sums to 1", shares),
    _choice("sums to 0", centred),
    _choice("one is 1e-160", partial(one_of, 1e-160, 0)),
    *(_choice(f"all {_said(v)}", partial(all_of, v), free=False) for v in _BY_THEMSELVES[16:]),
    _choice("one is -1000", partial(one_of, -1e3, 0)),
    _choice("many sizes", spread),
)

DRAWN: tuple[Choice, ...] = (
    _choice("mixed", mixed),
    _choice("mixed", mixed),
    _choice("many sizes", spread),
    _choice("ordinary", normal),
)


def from_code(value: float) -> list[Choice]:
    """Fills that a number in the code suggests: it, its neighbours, and what is about as large."""
    said, found = _said(value), list[Choice]()
    found.append(_choice(f"all {said}", partial(all_of, value), free=False))
    if value:
        found += [
            _choice(f"sizes above {said}", partial(beyond, value, 1.5)),
            _choice(f"one is {said}", partial(one_of, value, 0)),
            _choice(f"sizes below -{said}", partial(beyond, -value, 1.5)),
            _choice(f"norm below {said}", partial(with_norm, abs(value), 0.9)),
            _choice(f"norm above {said}", partial(with_norm, abs(value), 1.1)),
            _choice(f"sum above {said}", partial(with_sum, value, 1.1)),
            _choice(f"all just above {said}", partial(near, value, 2), free=False),
            _choice(f"all just below {said}", partial(near, value, -2), free=False),
            _choice(f"norm {said}", partial(with_norm, abs(value), 1.0)),
            _choice(f"sizes below {said}", partial(beyond, value, 0.75)),
            _choice(f"all -{said}", partial(all_of, -value), free=False),
        ]
    return found
