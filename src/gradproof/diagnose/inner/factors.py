"""An array at hand is missing: a factor for each entry, a derivative, a term of a sum."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ...judge.explain import same_number
from ...judge.thresholds import T
from ...records.finding import Kind
from ..forms import DERIVATIVES, PLAIN, Function, held_together, is_probability, whole_softmax
from .hands import Hand
from .question import Edit, Found
from .search import Look, Looking, Search

Making = Callable[[Function], Callable[[Any, Any], Any]]
"""A function of an array at hand: what becomes of a value beside that array."""


def lacking(functions: Sequence[Function]) -> Looking:
    """A factor for each entry that is an array at hand, or a function of one."""

    def look(search: Search) -> Iterator[Found]:
        for number in search.sites():
            if search.type(number) not in "fc" or not search.is_array(number):
                continue
            own = search.question.instrument.sites[number].text
            for hand in search.hands(number):
                for function in functions if hand.text != own else ():
                    if _says_little(function, hand, search.shape(number)):
                        continue
                    right = search.right(number, hand.edit(_multiplied(function)))
                    if right:
                        yield _lacks(search, number, hand, function, right)

    return look


def _says_little(function: Function, hand: Hand, shape: tuple[int, ...]) -> bool:
    """Whether it is a mask of so few entries that another one may be the same by chance.

    That of an activation is believed where it has the shape of what it belongs to; of what is a
    mask already there is no derivative.
    """
    if function in DERIVATIVES and _is_mask(hand.values):
        return True
    masks = [function.of(value * 1.0) for value in hand.values]
    if sum(mask.size for mask in masks) >= T.telling_mask or not _is_mask(masks):
        return False
    return function not in DERIVATIVES or hand.shape != shape


def _is_mask(values: Sequence[Any]) -> bool:
    return all(np.isin(value, (0.0, 1.0)).all() for value in values)


def _multiplied(function: Function) -> Callable[[Any, Any], Any]:
    return lambda value, array: value * function.of(array)


def _divided(function: Function) -> Callable[[Any, Any], Any]:
    return lambda value, array: value / function.of(array)


def _put(function: Function) -> Callable[[Any, Any], Any]:
    return lambda _, array: function.of(array)


def _lacks(search: Search, number: int, hand: Hand, function: Function, right: Any) -> Found:
    text = function.at(hand.text)
    if function in DERIVATIVES:
        words = f"`{{v}}` lacks the derivative of an activation, the factor `{text}`"
        return search.finding(number, Kind.ACTIVATION, words, right)
    words = f"`{{v}}` lacks the factor `{text}`"
    if hand.text in search.question.upstream:
        words = f"`{{v}}` does not use the gradient from above: it lacks the factor `{text}`"
        return search.finding(number, Kind.UPSTREAM, words, right)
    return search.finding(number, Kind.ENTRY_FACTOR, words, right)


def derived(words: str, make: Making, *, alike: bool = False) -> Look:
    """The derivative of an activation at an array at hand, or at one of the same shape."""

    def look(search: Search, number: int) -> Iterator[Found]:
        for hand in search.hands(number, alike=alike) if search.is_array(number) else []:
            for function in DERIVATIVES:
                right = search.right(number, hand.edit(make(function)))
                if right:
                    said = words.format(v="{v}", at=function.at(hand.text))
                    yield search.finding(number, Kind.ACTIVATION, said, right)

    return look


derived_twice = derived(
    "`{v}` has the derivative of an activation, `{at}`, once too often", _divided
)
derived_elsewhere = derived(
    "`{v}` stands where the derivative of an activation belongs, `{at}`", _put, alike=True
)


def derived_at_another(search: Search, number: int) -> Iterator[Found]:
    """The same in a product, in which it is a factor."""
    hands = search.hands(number, alike=True) if search.is_array(number) else []
    for place, part in _COMPUTED.items():
        function = DERIVATIVES[place]
        wrong = [hand for hand in hands if _is_computed(search, hand, part)]
        for there in hands if wrong else []:
            if not all(np.all(function.of(v * 1.0)) for v in there.values):
                continue  # a zero would make it a mask
            for here in wrong:
                right = there is not here and search.right(
                    number, _exchanged(function, here, there)
                )
                if right:
                    one, other = function.at(here.text), function.at(there.text)
                    words = f"`{{v}}` has the derivative of an activation at `{one}`, not `{other}`"
                    yield search.finding(number, Kind.ACTIVATION, words, right)


# What whoever takes one of the derivatives computes on the way.
_COMPUTED: dict[int, Callable[[Any], Any]] = {
    0: np.square,
    1: lambda a: 1 - a,
    3: np.tanh,
    4: DERIVATIVES[5].of,
}


def _is_computed(search: Search, hand: Hand, part: Callable[[Any], Any]) -> bool:
    """Whether the backward computes a function of an array at hand."""
    wanted = part(hand.values[0] * 1.0)
    return any(
        values[0].shape == wanted.shape and np.allclose(values[0], wanted, rtol=1e-12, atol=0)
        for values in search.values.values()
    )


def _exchanged(function: Function, here: Hand, there: Hand) -> Edit:
    def edit(value: Any, count: int) -> Any:
        return value * function.of(there.at(count)) / function.of(here.at(count))

    return edit


def diagonal(search: Search, number: int) -> Iterator[Found]:
    """The diagonal of the Jacobian of a softmax instead of all of it."""
    hands = search.hands(number)
    for p in [h for h in hands if is_probability(h.values[0])]:
        for g in [None, *[h for h in hands if h is not p and h.shape == p.shape]]:
            for place, words in enumerate(_FORMULAS):
                if g is not None and _is_whole(p, g, place):
                    continue
                right = search.right(number, _softmax(p, g, place))
                if right:
                    own = search.question.instrument.sites[number].text
                    whole = words.format(
                        p=held_together(p.text), g=held_together(g.text if g else own)
                    )
                    said = (
                        "`{v}` is not the product with the whole Jacobian of a softmax (with its "
                        f"diagonal alone?): it should be `{whole}`"
                    )
                    yield search.finding(number, Kind.DIAGONAL, said, right)


_FORMULAS = (
    "{p} * ({g} - ({p} * {g}).sum(axis=-1, keepdims=True))",
    "{g} - {p} * {g}.sum(axis=-1, keepdims=True)",
)


def _is_whole(p: Hand, g: Hand, place: int) -> bool:
    """Whether the product is with the diagonal alone in any case, as the sum is zero."""
    one, other = p.at(0), g.at(0)
    found = whole_softmax(one, other)[place]
    return bool(np.allclose(found, other if place else one * other, rtol=1e-9))


def _softmax(p: Hand, g: Hand | None, place: int) -> Edit:
    def edit(value: Any, count: int) -> Any:
        return whole_softmax(p.at(count), value if g is None else g.at(count))[place]

    return edit


def another(search: Search, number: int) -> Iterator[Found]:
    """Another array stands where one at hand belongs."""
    for hand in search.hands(number, alike=True) if search.is_array(number) else []:
        own = search.question.instrument.sites[number]
        if hand.text in (own.text, own.assigned):
            continue  # it was changed in between: that is no other array
        right = search.right(number, hand.edit(lambda _, array: array))
        if right:
            words = f"`{{v}}` stands where `{hand.text}` belongs"
            yield search.finding(number, Kind.OTHER_TENSOR, words, right)


def added(search: Search, number: int) -> Iterator[Found]:
    """A term that is missing: some multiple of an array at hand."""
    for hand in search.hands(number):
        claim = search.towards(number, hand.edit(_with(1.0)))
        if claim is None:
            continue
        blocks = search.question.known.changed(claim, search.question.base)
        fit = search.coefficient(claim, blocks) if search.open <= blocks else None
        if fit is None or not (search.is_meant(*fit, claim) or _is_called(search, fit, claim)):
            continue
        right = search.holds(search.edited(number, hand.edit(_with(fit[0]))))
        if right:
            text = hand.text if hand.text.isidentifier() else f"({hand.text})"
            times = "" if same_number(fit[0], 1.0, fit[1]) else f"{fit[0]:.6g} * "
            words = f"`{{v}}` lacks the term `{times}{text}`"
            more = {"factor": fit[0], "factor_bar": fit[1]}
            yield search.finding(number, Kind.MISSING_PATH, words, right, **more)


def _is_called(search: Search, fit: tuple[float, float], claim: Any) -> bool:
    return search.differs(claim) > 1 and bool(search.question.numbers(*fit))


def _with(times: float) -> Callable[[Any, Any], Any]:
    return lambda value, array: value + times * array


IDENTITY, OTHERS = PLAIN[:2], PLAIN[2:]
"""An array at hand itself, or one over it; and other functions of it."""
