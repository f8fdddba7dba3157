"""The user's own backward, asked which of its values is wrong, and what is said of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import arrays
from ..diagnose.inner.look import look, shared_factor
from ..diagnose.inner.question import Found, Known, Question
from ..diagnose.inner.search import Search
from ..diagnose.places import by_entry, located
from ..diagnose.values import Instrument, instrument
from ..judge.credible import bar_of
from ..judge.explain import allowed
from ..judge.thresholds import T
from ..records.block import Block
from ..records.comparison import Comparison
from ..records.finding import Finding
from ..space.directions import vector
from ..subject import claim as claims
from ..subject import providers
from ..subject.claim import Claim
from ..subject.providers import Products
from ..subject.session import Session
from .held import Forward, quiet
from .state import State

Flat = NDArray[np.float64]

_LARGEST = 200_000  # numbers of a claim, all cotangents together, of which rows are kept


@dataclass(slots=True)
class Backward:
    """The gradient's function, called as it was for the claims, and what it went through."""

    session: Session
    first: Any
    instrument: Instrument
    seen: Sequence[tuple[str, list[Any]]]
    base: Flat
    shared: frozenset[str] = frozenset()

    def run(self) -> Flat:
        """All claims as one flat array.

        Where ``fun`` returns its gradient as well, an exchange that makes its value another one is
        none of the gradient's part.
        """
        if self.session.copying:
            self.session.working.restore()
        if self.session.grad is True:
            made = [self._with_value()]
        else:
            made = providers.claim(self.session, self.first)
        return np.concatenate([_numbers(g) for c in made for g in c.gradients])

    def _with_value(self) -> Claim:
        value, gradient = self.session.result()
        if not np.array_equal(value, self.first[0], equal_nan=True):
            raise ValueError("another function")
        return claims.match(self.session.point, gradient)


def _numbers(gradient: Any) -> Flat:
    return arrays.flat(gradient).astype(np.float64)


def backward(session: Session, state: State, forward: Forward) -> Backward | None:
    """The gradient's function ready to be asked; None where it is not one in Python."""
    readings = _readings(session)
    size = readings * sum(b.count for b in state.setting.blocks)
    if not _is_callable(session) or size > _LARGEST:
        return None
    both = session.grad is True  # all that is called is called by fun
    through = frozenset() if both else frozenset(f.__name__ for f in forward.instrument.codes)
    made = Backward(session, forward.first, Instrument(), forward.named, np.empty(0), through)
    try:
        with quiet():
            made.instrument, made.base = instrument(made.run)
    except Exception:  # noqa: BLE001 - it did work before: then nothing is said
        return None
    return made if made.instrument.codes else None


def _readings(session: Session) -> int:
    """The lists of cotangents that the gradient's function is asked for."""
    forward = _forward(session)
    return len({p.reading for p in session.projections if p.mode != forward})


def _is_callable(session: Session) -> bool:
    grad = session.grad
    by_hand = isinstance(grad, Products) and grad.vjp is not None
    return grad is True or by_hand or isinstance(grad, providers.Jacobian) or callable(grad)


def search(
    session: Session,
    state: State,
    forward: Forward,
    wrong: Sequence[Block],
    numbers: Callable[[float, float], str],
) -> Search | None:
    """A search for the fault among the values of the backward; None where there is none to ask."""
    back = backward(session, state, forward)
    if back is None:
        return None
    known = _known(session, state, back.base.size)
    off = np.abs(known.rows @ back.base - known.slopes) > known.limits
    if not off.any():
        return None  # what is wrong is no part of it, as a claim of forward mode is none
    question = Question(
        back.run, back.base, back.instrument, known,
        frozenset(b.index for b in wrong), back.seen, numbers, frozenset(_last_names(session)),
        _readings(session), back.shared,
    )  # fmt: skip
    made = Search(question)
    with quiet():
        return made if made.record() else None


def restored(search: Search) -> None:
    """What the backward leaves behind is again what it was: it runs once more as it is."""
    with quiet(), contextlib.suppress(Exception):
        search.question.run()


def asked(search: Search, blocks: Sequence[Block]) -> Found | None:
    """The fault that makes all of some blocks right, if one value is at fault."""
    with quiet():
        return look(search, frozenset(b.index for b in blocks))


def shared(search: Search, blocks: Sequence[Block]) -> Found | None:
    """The value of which all of some blocks are the same multiple of what they should be."""
    with quiet():
        return shared_factor(search, frozenset(b.index for b in blocks))


def _last_names(session: Session) -> list[str]:
    """What the vector-Jacobian product calls the gradient from above."""
    if not isinstance(session.grad, Products):
        return []
    code = getattr(session.grad.vjp, "__code__", None)
    return [] if code is None else list(code.co_varnames[1:2])


def _known(session: Session, state: State, size: int) -> Known:
    """Everything that was measured, as rows that multiply a flat claim."""
    blocks = state.setting.blocks
    total = sum(b.count for b in blocks)
    starts = np.cumsum([0, *(b.count for b in blocks)])
    used = [c for c in state.comparisons if _speaks(session, c)]
    rows = np.zeros((len(used), size))
    for row, c in zip(rows, used, strict=True):
        offset = session.projections[c.projection].reading * total
        for part in c.direction.parts:
            block, start = blocks[part.block], offset + int(starts[part.block])
            drawn = vector(part, block.axes, c.direction.seed, c.direction.draw)
            drawn.displace(row[start : start + block.count], part.step)
    slopes = np.array([c.slope.value for c in used])
    limits = allowed(np.array([bar_of(c) for c in used]), slopes) if used else slopes
    every = np.arange(size).reshape(-1, total)
    places = [every[:, starts[k] : starts[k + 1]].reshape(-1) for k in range(len(blocks))]
    moved = tuple(frozenset(p.block for p in c.direction.parts) for c in used)
    return Known(rows, slopes, limits, moved, tuple(places))


def _speaks(session: Session, comparison: Comparison) -> bool:
    reverse = session.projections[comparison.projection].mode != _forward(session)
    return bool(reverse and np.isfinite(comparison.slope_bar) and not comparison.kinked)


def _forward(session: Session) -> str:
    return session.grad.labels[1] if isinstance(session.grad, Products) else "forward"


def finding(block: Block, found: Found, search: Search, names: Mapping[int, str]) -> Finding:
    """What is said of one block."""
    others = [names[k] for k in sorted(found.blocks) if k != block.index]
    also = f" With it right, {_listed([block.name, *others])} agree with fun." if others else ""
    entries, grid = located(by_entry(_wrong(block, found, search), block))
    return Finding(
        found.kind,
        block.name,
        f"{block.name}: {found.words}.{also}",
        entries=entries,
        grid=grid,
        factor=found.factor,
        factor_bar=found.factor_bar,
        explained=1.0,
        line=found.line,
    )


def _wrong(block: Block, found: Found, search: Search) -> NDArray[np.bool_]:
    """The coordinates of a block that are others without the fault, by more than round-off."""
    place = search.question.known.places[block.index]
    claimed, right = search.question.base[place], found.claim[place]
    size = np.maximum(np.abs(claimed), np.abs(right))
    off = np.abs(claimed - right) > T.residual_rounding * size
    return np.asarray(off.reshape(-1, block.count).any(axis=0))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:4])
    return shown if len(names) <= 4 else f"{shown} and {len(names) - 4} more"
