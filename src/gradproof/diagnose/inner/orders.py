"""The right numbers in another order, a part of them, or the last of several sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from ...records.finding import Kind
from ..forms import Form, reduced, resized
from .hands import Hand
from .question import Edit, Found
from .search import Look, Search


def accumulated(search: Search, number: int) -> Iterator[Found]:
    """The last of several values instead of their sum."""
    if len(search.values[number]) < 2:
        return
    right = search.holds(search.edited(number, _adding()))
    if right:
        words = "`{v}` overwrites what it was in the rounds before, instead of adding up"
        yield search.finding(number, Kind.MISSING_ACCUMULATION, words, right)


def _adding() -> Edit:
    total: list[Any] = []

    def edit(value: Any, _: int) -> Any:
        total.append(value + total[-1] if total else value)
        return total[-1]

    return edit


def overwritten(search: Search) -> Iterator[Found]:
    """What is stored where something is already, or twice at one place, instead of adding up."""
    for site in search.question.instrument.sites:
        if not site.store or site.statement.function in search.question.shared:
            continue
        seen: list[bool] = []
        adding = partial(_noting, adding=_ADDING[site.store], seen=seen)
        right = search.holds(search.stored(site.number, adding))
        if right and not any(seen):
            words = f"`{site.statement.text}` sets it to zero, but fun changes with it"
            yield search.finding(site.number, Kind.ZERO, words, right)
        elif right:
            words = (
                f"`{site.statement.text}` overwrites what is there already, or is stored twice at "
                "the same place, instead of adding up"
            )
            yield search.finding(site.number, Kind.MISSING_ACCUMULATION, words, right)


def _noting(value: Any, array: Any, index: Any, adding: Any, seen: list[bool]) -> Any:
    """Whether anything is stored that is not zero."""
    seen.append(bool(np.any(value)))
    return adding(value, array, index)


def _summed(value: Any, array: Any, index: Any) -> Any:
    total = np.zeros_like(array)
    np.add.at(total, index, value)
    return total


_ADDING = {
    "=": lambda value, array, index: (array + _summed(value, array, index))[index],
    "+=": lambda value, array, index: _summed(value, array, index)[index],
}


def formed(forms: Callable[[Any], Iterator[Form]]) -> Look:
    """One of the forms that a table has for a value."""

    def look(search: Search, number: int) -> Iterator[Found]:
        for form in forms(search.values[number][0]) if search.shape(number) else ():
            right = search.right(number, partial(_formed, form=form))
            if right and (form.kind is not Kind.SUBSET or search.several):
                yield search.finding(number, form.kind, form.words, right)

    return look


def _formed(value: Any, _: int, form: Form) -> Any:
    return form.right(value)


def celled(search: Search, number: int) -> Iterator[Found]:
    """An array in another number of cells, or a sum of which only a part was taken."""
    rounds, sites = len(search.values[number]), search.question.instrument.sites
    for n, values in search.values.items():
        if len(values) not in (1, rounds) or values[0].dtype.kind not in "fc":
            continue
        hand, shape = Hand(sites[n].assigned or sites[n].text, values), search.shape(number)
        for make, kind in ((resized, Kind.BLOCK_SUM), (reduced, Kind.MISSING_ACCUMULATION)):
            for place, (_, words) in enumerate(make(values[0], shape)):
                right = search.right(number, hand.edit(_made(make, place)))
                if right:
                    reported = Kind.UPSTREAM if _is_given(search, hand, kind) else kind
                    said = f"`{{v}}` should be {words.replace('{a}', f'`{hand.text}`')}"
                    yield search.finding(number, reported, said, right)


def _is_given(search: Search, hand: Hand, kind: Kind) -> bool:
    return kind is Kind.MISSING_ACCUMULATION and hand.text in search.question.upstream


def _made(make: Any, place: int) -> Any:
    def one(value: Any, array: Any) -> Any:
        return [found for found, _ in make(array, np.shape(value))][place]

    return one
