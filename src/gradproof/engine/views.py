"""Parts of a flat block by the names that ``fun`` gives them: views of the point."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..diagnose.places import describe
from ..diagnose.values import Instrument
from ..records.block import Block
from ..records.finding import Finding


@dataclass(frozen=True, slots=True)
class View:
    """A local variable of ``fun`` that looks at some entries of a block, which ``places`` holds."""

    name: str
    places: NDArray[np.intp]


def looked_at(made: Instrument, number: int, value: Any, whole: NDArray[Any]) -> View | None:
    """The view that an expression is of a whole array, if it has a name and is one."""
    name = made.sites[number].assigned
    if not name.isidentifier() or not isinstance(value, np.ndarray) or value.dtype != whole.dtype:
        return None
    if not value.size or value.size > whole.size or not np.may_share_memory(value, whole):
        return None
    size, start = whole.itemsize, whole.__array_interface__["data"][0]
    first = value.__array_interface__["data"][0] - start
    steps = [stride // size for stride in value.strides]
    if not whole.flags.c_contiguous or first % size or any(s % size for s in value.strides):
        return None
    index = np.full(value.shape, first // size, np.intp)
    for axis, step in enumerate(steps):
        shape = [-1 if a == axis else 1 for a in range(value.ndim)]
        index += (np.arange(value.shape[axis]) * step).reshape(shape)
    inside = bool((index >= 0).all() and (index < whole.size).all())
    return View(name, index) if inside else None


def named(finding: Finding, block: Block, views: Sequence[View]) -> Finding:
    """A finding about some entries, with the name that they have in ``fun``."""
    if not finding.entries or len(finding.entries[0]) != len(block.shape):
        return finding
    wrong = np.zeros(block.shape, dtype=bool)
    wrong[tuple(np.array(finding.entries).T)] = True
    flat = wrong.reshape(-1)
    around = [v for v in views if flat[v.places].sum() == flat.sum()]
    if not around:
        return finding
    view = min(around, key=lambda v: v.places.size)
    inside = Block(0, view.name, view.places.shape, block.dtype, view.places.size, 1.0)
    where = describe(flat[view.places].reshape(-1), inside, np.empty(0))
    text = f"{finding.message} In fun that is {where}, a view of {block.name}."
    return dataclasses.replace(finding, message=text)
