"""Where a gradient is cut off: an input that moves, and to which no gradient goes.

``detach`` and ``no_grad`` do that, and so does whatever leaves torch on the way. What takes such
an input is out of balance without being at fault: it is looked at once more with the input held.
Some cuts are made up for: by a hook, as in implicit layers, or by the backward of what follows.
Then the calls are in balance together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from ...judge.thresholds import T
from ..ladder import Balance, Numbers
from .calls import Call, Key, Slot, floating, plain

_ROUNDING = 1e3  # an input that moves by no more roundings of its largest entry stays


@dataclass(slots=True)
class Loose:
    """The inputs of calls to which no gradient goes, with their values at the point."""

    values: dict[Slot, Any] = field(default_factory=dict)
    memory: dict[Slot, int] = field(default_factory=dict)
    moved: set[Slot] = field(default_factory=set)

    def keep(self, slot: Slot, tensor: Any) -> None:
        """Remember an input at the point, if no gradient goes to it."""
        inner = plain(tensor)
        loose = floating(inner) and not inner.requires_grad and inner.layout is torch.strided
        if loose and slot[1] == "in" and torch.is_grad_enabled() and inner.numel():
            self.values[slot] = inner.detach().clone()
            self.memory[slot] = inner.untyped_storage().data_ptr()

    def compare(self, slot: Slot, tensor: Any) -> None:
        """See whether an input has moved beside the point."""
        before, now = self.values.get(slot), plain(tensor).detach()
        if before is None or before.shape != now.shape:
            return
        apart = (now - before).abs().max()
        if apart > _ROUNDING * torch.finfo(before.dtype).eps * before.abs().max():
            self.moved.add(slot)


@dataclass(frozen=True, slots=True)
class Cut:
    """A gradient that is cut off in the call ``place``, on the way into the call ``before``."""

    place: int
    before: int
    slots: tuple[Slot, ...]


def cuts(calls: Sequence[Call], loose: Loose) -> list[Cut]:
    """The cuts, each reported by the outermost call that gets the input."""
    places = {call.key: i for i, call in enumerate(calls)}
    found: dict[tuple[int, Key], list[Slot]] = {}
    for slot in sorted(loose.moved, key=lambda s: (places[s[0]], s[2])):
        above = slot[0]
        for other in loose.moved:  # handed on by a call that encloses this one
            if loose.memory[other] == loose.memory[slot] and _encloses(other[0], above):
                above = other[0]
        found.setdefault((loose.memory[slot], above), []).append(slot)
    parents = {key: calls[places[key]].parent for _, key in found}
    return [
        Cut(places[parent.key], places[key], tuple(slots))
        for (_, key), slots in found.items()
        if (parent := parents[key]) is not None
    ]


def _encloses(outer: Key, inner: Key) -> bool:
    return len(outer) < len(inner) and inner[: len(outer)] == outer


def within(calls: Sequence[Call], place: int) -> list[int]:
    """A call and everything inside it."""
    key = calls[place].key
    return [i for i, call in enumerate(calls) if call.key[: len(key)] == key]


def made_up_for(total: Balance, parts: Iterable[Balance]) -> bool:
    """Whether calls that are out of balance are in balance together."""
    bar = T.single_observation * (total.slope.error + total.noise)
    worst = max(abs(part.slope.value) for part in parts)
    return bool(np.isfinite(bar)) and abs(total.slope.value) <= bar + T.known * worst


def together(numbers: Numbers, members: Sequence[int]) -> Numbers:
    """The sum over some calls, as the only one."""
    return np.array([numbers[list(members)].sum()])
