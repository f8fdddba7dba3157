"""Arrays at hand: what the backward and ``fun`` computed on the way, beside one expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .question import Edit, Question

_MOST = 28  # arrays that are tried beside one expression


@dataclass(frozen=True, slots=True)
class Hand:
    """An array at hand: how it is written, and its values, one for each round of a loop or one.

    ``backwards``: the rounds are met in the opposite order, as those of a recurrence are.
    """

    text: str
    values: Sequence[Any]
    backwards: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """That of each of its values."""
        return tuple(self.values[0].shape)

    def at(self, count: int) -> Any:
        """The one that belongs to a round, as numbers."""
        if len(self.values) == 1:
            return self.values[0] * 1.0
        return self.values[-1 - count if self.backwards else count] * 1.0

    def edit(self, make: Callable[[Any, Any], Any]) -> Edit:
        """An expression made of its value and this array."""
        return lambda value, count: make(value, self.at(count))


def hands_of(question: Question, values: Mapping[int, list[Any]], number: int) -> list[Hand]:
    """Arrays that fit beside a value: those of its shape, then such as are broadcast to it."""
    mine, sites = values[number], question.instrument.sites
    rounds, shape, known = len(mine), mine[0].shape, set[tuple[Any, ...]]()
    pool = [(sites[n].assigned or sites[n].text, v) for n, v in values.items() if n != number]
    found: list[Hand] = []
    for text, every in sorted([*pool, *question.seen], key=lambda pair: len(pair[0])):
        first, many = every[0], every
        if len(every) > 1 and all(np.array_equal(first, other) for other in every[1:]):
            many = every[:1]
        if len(many) not in (1, rounds) or not _varies(many):
            continue
        key = (len(many), first.shape, first.tobytes(), many[-1].tobytes())
        fitted = None if key in known else _fitted(many, shape, text)
        if fitted is None:
            continue
        known.add(key)
        found.append(fitted)
        if len(many) > question.readings:
            found.append(Hand(fitted.text, fitted.values, backwards=True))
    found.sort(key=lambda hand: hand.shape != shape)
    return found[:_MOST]


def _varies(values: Sequence[Any]) -> bool:
    """Whether the first one, or all of them, are several numbers and not all the same."""
    reported = (
        values[0].reshape(-1) if values[0].size > 1 else np.concatenate([*map(np.ravel, values)])
    )
    return reported.size > 1 and bool(np.ptp(reported.real * 1.0) > 0)


def _fitted(values: Sequence[Any], shape: tuple[int, ...], text: str) -> Hand | None:
    """An array as it has to be shaped to go with a value of a shape."""
    own = values[0].shape
    if len(own) == 1 and len(shape) > 1 and own[0] == shape[0] != shape[-1]:
        ones = (1,) * (len(shape) - 1)
        return Hand(f"{text}[:, None]", [v.reshape(-1, *ones) for v in values])
    try:
        fits = np.broadcast_shapes(own, shape) == shape
    except ValueError:
        return None
    return Hand(text, values) if fits else None
