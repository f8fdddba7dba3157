"""Twins: a right gradient beside wrong ones of the same function, as specimens.

What is wrong is not written down but read from the two claims, so it cannot be mistaken.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Params, Problem, Specimen

Gradient = Callable[..., Params]
Spoiling = Callable[[Gradient], Gradient]

# Entries that differ by less than this share of the largest difference differ by round-off.
SAME = 1e-6

# A right gradient that is a smaller share of the error than this is a zero with round-off.
ROUND_OFF = 1e-12


@dataclass(frozen=True)
class Wrong:
    """A wrong twin: ``spoil`` makes its gradient of the right one; ``kind`` is the cause.

    ``whole`` where it is no matter of single entries, even if some stay right by chance.
    """

    name: str
    spoil: Spoiling
    kind: str = ""
    whole: bool = True


def twins(
    family: str, name: str, make: Callable[[], Problem], *wrong: Wrong, why: str = ""
) -> Iterator[Specimen]:
    """The specimen with the right gradient, then its wrong twins."""
    make = functools.partial(_quiet, make)
    yield Specimen(f"{name}, right", family, make, why=why)
    problem = make()
    right = _claim(problem, problem.grad)
    for twin in wrong:
        error, entries = difference(right, _claim(problem, twin.spoil(problem.grad)))
        yield Specimen(
            f"{name}, {twin.name}",
            family,
            functools.partial(_spoilt, make, twin.spoil),
            error=error,
            blocks=tuple(entries),
            entries={} if twin.whole else {k: some for k, some in entries.items() if some},
            kind=twin.kind,
            why=why,
        )


def difference(
    right: Params, wrong: Params
) -> tuple[float, dict[str, tuple[tuple[int, ...], ...]]]:
    """The relative error of the worst block, and the wrong blocks with their wrong entries.

    A block has no entries where more than half of them are wrong. The error is 1 where nothing
    of the claim is right: where the right one is zero (or the round-off of a zero), and where the
    claim is not finite.
    """
    worst, blocks = 0.0, {}
    for name, here in right.items():
        dtype = complex if np.iscomplexobj(here) or np.iscomplexobj(wrong[name]) else float
        gap = np.atleast_1d(np.abs(np.subtract(wrong[name], here, dtype=dtype)))
        gap[~np.isfinite(gap)] = np.inf
        if not gap.any():
            continue
        size, off = float(np.linalg.norm(np.asarray(here, dtype))), float(np.linalg.norm(gap))
        worst = max(worst, off / size if ROUND_OFF * off < size < np.inf > off else 1.0)
        mask = gap > SAME * gap.max() if np.isfinite(off) else np.isinf(gap)
        blocks[name] = _indices(mask.reshape(here.shape)) if mask.sum() <= mask.size / 2 else ()
    return worst, blocks


def _indices(mask: NDArray[np.bool_]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(map(int, index)) for index in np.argwhere(mask))


def _claim(problem: Problem, gradient: Gradient) -> Params:
    """The claim at a copy of the point, the global generator in a fixed state and then put back."""
    state = np.random.get_state()  # noqa: NPY002 - the functions draw from the old one
    np.random.seed(0)  # noqa: NPY002
    try:
        point = {name: array.copy() for name, array in problem.params.items()}
        return gradient(point, *problem.args)
    finally:
        np.random.set_state(state)  # noqa: NPY002


def _quiet(make: Callable[[], Problem]) -> Problem:
    """A checker may step out of the domain: NumPy's warnings about it are not the specimen's."""
    problem = make()
    return replace(problem, fun=silent(problem.fun), grad=silent(problem.grad))


def _spoilt(make: Callable[[], Problem], spoil: Spoiling) -> Problem:
    problem = make()
    return replace(problem, grad=silent(spoil(problem.grad)))


def silent(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function without NumPy's warnings."""

    @functools.wraps(function)
    def quiet(*args: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*args)

    return quiet


# Functions of one array, "x"


def one(
    fun: Callable[..., Any],
    point: Any,
    grad: Callable[..., Any],
    *args: Any,
    dtype: Any = None,
) -> Callable[[], Problem]:
    """A problem of one array; ``fun`` and ``grad`` take it and return a number and an array."""
    start = np.atleast_1d(np.array(point, dtype))

    def whole(params: Params, *rest: Any) -> Any:
        return fun(params["x"], *rest)

    def claim(params: Params, *rest: Any) -> Params:
        return {"x": np.asarray(grad(params["x"], *rest))}

    def make() -> Problem:
        copies = (a.copy() if isinstance(a, np.ndarray) else a for a in args)
        return Problem(whole, {"x": start.copy()}, claim, tuple(copies))

    return make


def blocks(
    fun: Callable[..., Any], point: Params, grad: Gradient, *args: Any
) -> Callable[[], Problem]:
    """A problem of several arrays."""

    def make() -> Problem:
        copies = (a.copy() if isinstance(a, np.ndarray) else a for a in args)
        return Problem(fun, {k: v.copy() for k, v in point.items()}, grad, tuple(copies))

    return make


# How a gradient is spoilt


def instead(gradient: Gradient) -> Spoiling:
    """Another gradient altogether."""
    return lambda _: gradient


def instead_of_one(grad: Callable[..., Any]) -> Spoiling:
    """Another gradient altogether, of a function of one array."""
    return instead(lambda params, *rest: {"x": np.asarray(grad(params["x"], *rest))})


def changed(change: Callable[[NDArray[Any]], NDArray[Any]], *names: str) -> Spoiling:
    """Some blocks' gradients (all of them, where none is named) are changed; dtypes stay."""

    def spoil(right: Gradient) -> Gradient:
        def gradient(params: Params, *args: Any) -> Params:
            found = dict(right(params, *args))
            for name in names or tuple(found):
                found[name] = np.asarray(change(found[name])).astype(found[name].dtype)
            return found

        return gradient

    return spoil


def sign(*names: str) -> Wrong:
    """The sign of some blocks is wrong."""
    return Wrong(_told("sign", names), changed(np.negative, *names), "sign")


def zero(*names: str) -> Wrong:
    """Some blocks get no gradient."""
    return Wrong(_told("zero", names), changed(np.zeros_like, *names), "zero")


def factor(number: float, *names: str) -> Wrong:
    """Some blocks are multiplied by a number."""
    return Wrong(
        _told(f"times {number:.8g}", names), changed(lambda g: number * g, *names), "scale"
    )


def at(number: float, *names: str) -> Wrong:
    """A claim that is the same number everywhere."""
    return Wrong(f"claimed {number:g}", changed(lambda g: np.full_like(g, number), *names))


def entry(index: Any, number: Callable[[Any], Any], name: str, told: str, kind: str = "") -> Wrong:
    """One entry (or any part that an index picks) of a block is replaced."""

    def change(g: NDArray[Any]) -> NDArray[Any]:
        g = g.copy()
        g[index] = number(g[index])
        return g

    return Wrong(told, changed(change, name), kind, whole=False)


def _told(what: str, names: tuple[str, ...]) -> str:
    return f"{what} in {' and '.join(names)}" if names else what
