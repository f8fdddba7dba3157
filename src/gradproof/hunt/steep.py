"""Whether a function has no finite slope at a point, as a square root at 0: no claim is wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from ..judge.thresholds import T
from ..records.direction import Direction, Part
from ..subject.prepare import prepare
from ..subject.session import Session
from .shrink import nudged
from .target import Target

# Steps in units of the block's scale. Quotients that grow by so much from each to the next have no
# limit: those of a square root grow tenfold, of x log x by a sum.
_STEPS = (1e-4, 1e-6, 1e-8, 1e-10)
_GROWS = 1.5
_ADDED = 2.0
_JUMPS = 90.0  # from each step to one of a hundredth
_MOST = 64  # entries that are looked at


def diverges(target: Target, values: Mapping[str, Any]) -> bool:
    """Whether wherever a claim is not finite the one-sided slopes are not either.

    The entries are moved one by one, to either side; a side on which fun has no value says nothing.
    """
    asked = target.asked(values)
    with asked.where.session(), np.errstate(all="ignore"):
        session = prepare(asked)
        bad = [
            (block.index, entry)
            for block in session.point.blocks
            for entry in _not_finite(session, block.index)
        ]
        if not bad or len(bad) > _MOST:
            return False
        return all(_steep(session, block, entry) for block, entry in bad)


def near_a_pole(target: Target, values: Mapping[str, Any], seed: int) -> bool:
    """Whether claims grow without end towards the arguments: no step is small enough there."""
    rng = np.random.default_rng([seed, 11])
    state = rng.bit_generator.state
    norms = []
    for share in (1e-6, 1e-8, 1e-10):
        rng.bit_generator.state = state
        try:
            asked = target.asked(nudged(target.family, values, rng, share))
            with asked.where.session(), np.errstate(all="ignore"):
                session = prepare(asked)
        except Exception:  # noqa: BLE001 - fun has no value there, say
            return False
        norms.append(math.hypot(*[n for p in session.projections for n in p.claim.norms]))
    return all(b > T.to_a_pole * a > 0 for a, b in pairwise(norms))


def _not_finite(session: Session, block: int) -> list[int]:
    found: set[int] = set()
    for projection in session.projections:
        gradient = projection.claim.gradient(block)
        if gradient is not None:
            flat = np.asarray(gradient).reshape(-1)
            found.update(np.flatnonzero(~np.isfinite(flat)).tolist())
    return sorted(found)


def jumps(target: Target, values: Mapping[str, Any]) -> bool:
    """Whether fun jumps where some entry is moved to one side: no claim is right there."""
    asked = target.asked(values)
    with asked.where.session(), np.errstate(all="ignore"):
        session = prepare(asked)
        entries = [(b.index, k) for b in session.point.blocks for k in range(math.prod(b.shape))]
        return any(
            min(b / a for a, b in pairwise(map(abs, quotients))) > _JUMPS
            for block, entry in entries[:_MOST]
            for side in _quotients(session, block, entry)
            for quotients in side
            if np.all(np.abs(quotients) > 0)
        )


def _steep(session: Session, block: int, entry: int) -> bool:
    """Whether the quotients along one entry grow without end on every side that there is."""
    scale = session.point.blocks[block].scale
    most = float(np.finfo(session.point.blocks[block].dtype).max) * scale
    growing = [
        any(abs(q[-1]) > most or _grows(q) for q in side)
        for side in _quotients(session, block, entry)
    ]
    return bool(growing) and all(growing)


def _quotients(session: Session, block: int, entry: int) -> Iterator[list[list[float]]]:
    """The difference quotients of each part of fun along one entry, on each side that there is."""
    options = session.asked.options
    scale = session.point.blocks[block].scale
    line = session.line(Direction((Part(block, scale, entry),), int(options.seed), 0))
    for sign in (1.0, -1.0):
        each = []
        for step in _STEPS:
            there = session.evaluate(line, sign * step)
            each.append([
                (float(value) - float(projection.centre)) / step
                for value, projection in zip(there, session.projections, strict=True)
            ])  # fmt: skip
        if np.isfinite(each).all():
            yield [list(quotients) for quotients in zip(*each, strict=True)]
    line.back()


def _grows(quotients: list[float]) -> bool:
    sizes = [abs(q) for q in quotients]
    pairs = list(pairwise(sizes))
    if all(b > _GROWS * a > 0 for a, b in pairs):
        return True
    added = [b - a for a, b in pairs]
    # A logarithm adds the same at each step.
    return min(added) > 0 and max(added) < _ADDED * min(added) and added[0] > 0.01 * sizes[0]
