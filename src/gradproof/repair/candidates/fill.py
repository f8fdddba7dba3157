"""What comes in from the scope: the numbers, counts, arrays and terms that a row asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product as every

import libcst as cst

from ..hints import Shape
from .body import Body, Expression
from .scope import fits
from .sites import sites
from .text import close, loaded, number

_CAPITAL = re.compile(r"(?<![\w.\"'])[SCVELHTR](?![\w\"'])")

# For a name that neither the function nor its helpers read; of a number half of it.
_FAR = 0.8
# Where nobody knows whether the shapes fit; `x[:, None]`, and a holder, for a name.
_UNKNOWN = 0.8
# A count that the code does not ask for yet, in its own arguments and elsewhere; `x.shape[1]`.
_NEW_COUNT, _OTHER_COUNT, _LENGTH = 0.2, 0.4, 0.4
# No name is likelier than these numbers; others are what something is called, or a size.
_PLAIN, ODD = frozenset({"2", "1 / 2", "-1"}), 0.6
# A number that nothing is called, as a coefficient.
_BARE = 0.3
# An array that a function is given, or computes, and that nothing reads is a fault by itself.
UNREAD = 0.9


@dataclass(frozen=True, slots=True)
class Place:
    """A node to look at, the shape of its value where it is known, and what it costs more."""

    node: Expression
    shape: Shape | None
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Filling:
    """A text for each capital letter of a form, and what they cost more."""

    texts: dict[str, str] = field(default_factory=dict)
    cost: float = 0.0


def fillings(body: Body, place: Place, form: str) -> Iterator[Filling]:
    """All that the capital letters of a form may stand for in a place."""
    letters = list(dict.fromkeys(_CAPITAL.findall(form)))
    lists = [list(_LETTERS[letter](body, place)) for letter in letters]
    for chosen in every(*lists):
        texts = {letter: text for letter, (text, _) in zip(letters, chosen, strict=True)}
        yield Filling(texts, sum(cost for _, cost in chosen))


Texts = Iterator[tuple[str, float]]


def _numbers(body: Body, place: Place) -> Texts:
    part = 0.5 if isinstance(place.node, (cst.Integer, cst.Float)) else 1.0
    for name in body.scope.numbers():
        yield name, part * far(body, name)


def _counts(body: Body, place: Place) -> Texts:  # noqa: ARG001
    yield from counts(body)


def counts(body: Body) -> Texts:
    """Numbers that the code asks for, and lengths of its arrays, each of one shape once."""
    kept: dict[object, str] = {count: count for count in body.scope.counts}
    for name, shape in body.scope.arrays():
        if name in body.scope.own:
            for k in range(len(shape)):
                count = f"{name}.shape[{k}]" if k else f"len({name})"
                if count not in body.scope.counts:
                    kept.setdefault((k, shape), count)
            if len(shape) > 1:
                kept.setdefault((None, shape), f"{name}.size")
    for count in kept.values():
        known = count in body.scope.counts
        given = loaded(count) & body.scope.given
        cost = (_NEW_COUNT if given else _OTHER_COUNT) + _LENGTH * (".s" in count)
        yield count, 0.0 if known else cost


def _fitting(body: Body, place: Place) -> Texts:
    for name, shape in body.scope.arrays():
        cost = far(body, name)
        cost -= UNREAD * (name in body.scope.unread)
        if place.shape is None:
            if name.isidentifier() and name != "_":
                yield name, cost + _UNKNOWN
        elif fits(shape, place.shape):
            yield name, cost
        elif len(place.shape) == len(shape) + 1 and fits((*shape, 1), place.shape):
            yield f"{name}[{':, ' * len(shape)}None]", cost
    if place.shape is None:
        yield from ((name, _UNKNOWN) for name in body.scope.unknown())


def _alike(body: Body, place: Place) -> Texts:
    for name, shape in body.scope.arrays() if place.shape is not None else ():
        if shape == place.shape:
            yield name, far(body, name)


def _literals(body: Body, place: Place) -> Texts:
    none = () if isinstance(place.node, (cst.Integer, cst.Float)) else (0, 1)
    return ((one, 0.0) for one in body.scope.literals if number(one) not in none)


def _factors(body: Body, place: Place) -> Texts:
    change = isinstance(place.node, (cst.Integer, cst.Float))
    for hint in body.hints.factors:
        text = f"({hint})" if change else hint
        yield text, 0.0 if hint in _PLAIN or change else ODD
        if not change and hint.startswith("-"):  # others are rows of their own, S and C
            yield from _negatives(body, body.scope.value(hint) or 0.0)


def _negatives(body: Body, wanted: float) -> Texts:
    """Names and sizes that are a negative factor, or one over it, without their minus."""
    for name in (*body.scope.numbers(), *body.scope.counts):
        known = body.scope.value(name)
        if known and close(-known, wanted):
            yield f"-{name}", far(body, name)
        elif known and close(-1 / known, wanted):
            yield f"-1 / {name}", far(body, name)


def _terms(body: Body, place: Place) -> Texts:  # noqa: ARG001
    """The terms of the diagnosis for which the function has the names."""
    names = body.scope.own | body.scope.near | {*filter(str.isidentifier, body.scope.shapes)}
    for hint in body.hints.terms:
        if loaded(hint) <= names:
            yield body.scope.written(hint), _BARE * (number(hint.partition(" * ")[0]) is not None)


def _repeated(body: Body, place: Place) -> Texts:
    here = body.statement(place.node)
    for other in sites(body) if place.shape is not None else ():
        apart = body.statement(other.node) is not here and not isinstance(other.node, cst.Name)
        if apart and other.shape == place.shape:
            yield body.bare(other.node), 0.0


def far(body: Body, text: str) -> float:
    """What a name costs more that nothing around reads."""
    near = text != "_" and body.scope.is_near(text)  # what is discarded seldom is missed
    return 0.0 if near else _FAR


_LETTERS: dict[str, Callable[[Body, Place], Texts]] = {
    "S": _numbers,
    "C": _counts,
    "V": _fitting,
    "E": _alike,
    "L": _literals,
    "H": _factors,
    "T": _terms,
    "R": _repeated,
}
