"""One number is wrong: a factor of one term, its sign, a count, a constant in a sum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...judge.explain import is_plain, same_number
from ...judge.thresholds import T
from ...records.finding import Kind
from .question import Blocks, Found
from .search import STEP, Search

_SLIPS = (-1.0, 0.0, 2.0, 0.5, -2.0, -0.5)
_ANY = 3  # how plain a factor is that comes from no slip


@dataclass(frozen=True, slots=True)
class _Fit:
    """By what the value of an expression has to be multiplied, and what is right then."""

    number: int
    times: float
    bar: float
    blocks: Blocks
    plain: int


def scaled(search: Search) -> Iterator[Found]:
    """A factor that comes from a slip: one term of a sum, a wrong sign, a count."""
    for fit in _fits(search):
        if fit.plain < _ANY:
            yield from _reported(search, fit)


def repeated(search: Search) -> Iterator[Found]:
    """The same in a loop whose rounds follow one another, so that no factor can be fitted."""
    for number in search.sites():
        alone = len(search.values[number]) < 2 or search.type(number) == "b"
        for times in () if alone else _SLIPS:
            right = search.holds(search.edited(number, partial(_times, by=times)))
            if right and search.several:
                yield from _reported(search, _Fit(number, times, 0.0, right, 0))


def nearly(search: Search) -> Iterator[Found]:
    """A factor next to 1, as of a constant with fewer digits."""
    for fit in _fits(search):
        off = search.differs(search.near[fit.number][0])
        if fit.times and abs(1 / fit.times - 1) < T.approximate and off > 1:
            yield from _reported(search, fit)


def moved(search: Search) -> Iterator[Found]:
    """A constant in a sum that is another one."""
    for number in search.sites():
        claim = (
            search.edited(number, partial(_more, by=1.0)) if search.type(number) == "f" else None
        )
        if claim is None:
            continue
        blocks = search.question.known.changed(claim, search.question.base)
        fit = search.coefficient(claim, blocks) if blocks >= search.open else None
        if fit is None or not search.is_meant(*fit, claim):
            continue
        right = search.holds(search.edited(number, partial(_more, by=fit[0])))
        if right:
            words = f"`{{v}}` is {-fit[0]:.6g} more than it should be: a constant in it is off"
            more = {"factor": -fit[0], "factor_bar": fit[1]}
            yield search.finding(number, Kind.CONSTANT, words, right, **more)


def _fits(search: Search) -> list[_Fit]:
    """All factors that hold, those first that come most easily from a slip, and the last values."""
    found = [
        fit
        for number in search.sites()
        for inverse in (False, True)
        if (fit := _fit(search, number, inverse=inverse)) is not None
    ]
    return sorted(found, key=lambda fit: fit.plain)


def _fit(search: Search, number: int, *, inverse: bool) -> _Fit | None:
    """A gradient may also follow one over a value, as where it is a number of samples."""
    if search.type(number) == "b" or (inverse and search.shape(number)):
        return None
    claim, blocks = search.near[number]
    if inverse:
        found = search.edited(number, partial(_times, by=1 / (1 + STEP)))
        if found is None:
            return None
        claim = found
    fit = search.coefficient(claim, blocks)
    if fit is None:
        return None
    times, bar = 1 + fit[0] * STEP, fit[1] * STEP
    if inverse:
        if same_number(times, 0.0, bar):
            return None
        times, bar = 1 / times, bar / times**2
    right = search.holds(search.edited(number, partial(_times, by=times)))
    return _Fit(number, times, bar, right, _plainness(search, times, bar)) if right else None


def _times(value: Any, _: int, by: float) -> Any:
    return value * by


def _more(value: Any, _: int, by: float) -> Any:
    return value + by


def _plainness(search: Search, times: float, bar: float) -> int:
    """How easily a factor comes from a slip: the smaller, the more so."""
    if any(same_number(times, x, bar) for x in _SLIPS):
        return 0
    if search.differs(search.held) < 2:
        return _ANY  # of one number any factor would do
    if search.question.numbers(1 / times if times else 0.0, bar):
        return 1
    return 2 if is_plain(times, bar) or is_plain(1 / times, bar / times**2) else _ANY


def _reported(search: Search, fit: _Fit) -> Iterator[Found]:
    number, times = fit.number, fit.times
    blocks = search.holds(search.edited(number, partial(_times, by=times)))
    if not blocks:
        return
    if same_number(times, 0.0, fit.bar) or abs(times) <= T.residual_bars * fit.bar:
        words = "the term `{v}` is too much"
        yield search.finding(number, Kind.TERM, words, blocks, factor=0.0, factor_bar=fit.bar)
        return
    factor, bar = 1 / times, fit.bar / times**2
    kind, words = _said(search, factor, bar)
    yield search.finding(number, kind, words, blocks, factor=factor, factor_bar=bar)


def _said(search: Search, factor: float, bar: float) -> tuple[Kind, str]:
    if same_number(factor, -1.0, bar):
        return Kind.SIGN, "`{v}` has the wrong sign"
    guess = search.question.numbers(factor, bar)
    words = f"`{{v}}` is {factor:.8g} times what it should be"
    if abs(factor - 1) < T.approximate and not guess:
        return Kind.CONSTANT, f"{words}: as little off as a constant or an approximation"
    return Kind.TERM, f"{words} (the factor may be {guess})" if guess else words
