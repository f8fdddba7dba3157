"""Which path through ``fun`` a claim leaves out, or has twice: values on the way are held fixed.

With one of them held at what it is at the point, ``fun`` has another slope. A claim that is that
slope is right but for the dependence of that value, as where a mean, a scale or a state counts as a
constant.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..diagnose.hooking import Site
from ..diagnose.inner.question import kept
from ..diagnose.values import Instrument, instrument
from ..judge.credible import bar_of
from ..judge.explain import same_number
from ..judge.thresholds import T
from ..records.block import Block
from ..records.comparison import Comparison
from ..records.finding import Finding, Kind
from ..subject.session import Session
from .compare import compare
from .state import State
from .views import View, looked_at

_STEP = 3e-5  # of a direction: what follows it is seen well enough, to be looked at again
_ROUNDS = 16  # of a loop: of more, no part is held
_SHARES = (1.0, -1.0, 2.0, 0.5)
"""The share of a path that a claim leaves out: all, minus all of it where it is there twice, ..."""


@dataclass(slots=True)
class Forward:
    """``fun``, what it returns at the point, and what it computes on the way."""

    first: Any
    instrument: Instrument
    values: Mapping[int, list[Any]] = field(default_factory=dict)
    views: Mapping[int, list[View]] = field(default_factory=dict)

    @property
    def named(self) -> list[tuple[str, list[Any]]]:
        """The values by the names that they are given, or by what they are made of."""
        sites = self.instrument.sites
        return [(sites[k].assigned or sites[k].text, v) for k, v in self.values.items()]


def watched(session: Session) -> Forward:
    """``fun`` at the point, looked at: two evaluations."""
    with quiet():
        made, first = instrument(session.result)
        views: dict[int, list[View]] = {}
        flat = [b.index for b in session.point.blocks if len(b.shape) == 1 and not b.is_complex]

        def see(number: int, value: Any) -> None:
            for block in flat:
                whole = session.working.copies[block]
                if isinstance(whole, np.ndarray):
                    view = looked_at(made, number, value, whole)
                    views.setdefault(block, []).extend([view] if view is not None else [])

        values = _recorded(made, session.result, see) if made.codes else {}
        return Forward(first, made, values, views)


def unwatched() -> Forward:
    """The same where nobody asks what ``fun`` computes: no evaluation."""
    return Forward(None, Instrument())


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Within this block the user's code prints nothing."""
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        yield


def _recorded(
    made: Instrument, call: Callable[[], Any], see: Callable[[int, Any], None] | None = None
) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}

    def hook(number: int, value: Any) -> Any:
        if see is not None:
            see(number, value)
        copy = kept(value)
        if copy is not None:
            found.setdefault(number, []).append(copy)
        return value

    with made.hooked(hook):
        call()
    return found


@dataclass(frozen=True, slots=True)
class _Hold:
    """An expression that is held, in its first ``rounds`` of a loop or in all."""

    number: int
    rounds: int


@dataclass(frozen=True, slots=True)
class Path:
    """A path that is left out, and the share of it that is."""

    hold: _Hold
    share: float


def left_out(
    session: Session, state: State, forward: Forward, draws: Sequence[Comparison], budget: int
) -> Path | None:
    """The path that explains two slopes; ``budget`` evaluations go into looking for it."""
    if len(draws) < 2 or not forward.values or not draws[0].claimed:
        return None
    first = max(draws[:2], key=lambda c: abs(c.gap))
    try:
        return _first_of(session, state, forward, draws, first, budget)
    except Exception:  # noqa: BLE001 - the user's code was given what it does not expect
        return None
    finally:
        with quiet():
            session.result()  # what fun leaves behind is again what it was


def _first_of(
    session: Session,
    state: State,
    forward: Forward,
    draws: Sequence[Comparison],
    first: Comparison,
    budget: int,
) -> Path | None:
    for hold in _holds(session, forward, first, (budget - 2) // 2):
        share = _glance(session, forward, hold, first)
        path = None if share is None else Path(hold, share)
        if path is not None and explains(session, state, forward, path, draws):
            return path
    return None


def explains(
    session: Session, state: State, forward: Forward, path: Path, draws: Sequence[Comparison]
) -> bool:
    """Whether the same path explains another block."""
    return len(draws) > 1 and all(
        _explains(session, state, forward, path.hold, path.share, c) for c in draws[:2]
    )


def _holds(session: Session, forward: Forward, draw: Comparison, most: int) -> list[_Hold]:
    """What to hold: what follows the block, and is given a name, summed up, or met in a loop."""
    moved = _values_at(session, forward, draw)
    ranked: list[tuple[int, int, _Hold]] = []
    sizes = [v[0].size for v in forward.values.values()]
    for order, (number, values) in enumerate(forward.values.items()):
        there = moved.get(number, [])
        if values[0].dtype.kind not in "fc" or len(there) != len(values):
            continue
        if all(np.array_equal(a, b) for a, b in zip(values, there, strict=True)):
            continue
        site, rounds = forward.instrument.sites[number], len(values)
        summed = site.text.endswith(")") and values[0].size < max(sizes)
        rank = 0 if site.assigned else 1 if rounds > 1 or summed else 2
        ranked.append((rank, order, _Hold(number, rounds)))
        if 1 < rounds <= _ROUNDS and not site.assigned:
            parts = [_Hold(number, k) for k in (rounds - 1, rounds - 2, 1) if 0 < k < rounds]
            ranked += [(3, order, part) for part in dict.fromkeys(parts)]
    ranked.sort(key=lambda one: one[:2])
    return [hold for _, _, hold in ranked[: max(most, 0)]]


def _values_at(session: Session, forward: Forward, draw: Comparison) -> Mapping[int, list[Any]]:
    line = session.line(draw.direction)
    with quiet():
        found = _recorded(forward.instrument, lambda: session.evaluate(line, _STEP))
    line.back()
    return found


def _holding(forward: Forward, hold: _Hold) -> Callable[[int, Any], Any]:
    values, count = forward.values[hold.number], -1

    def hook(number: int, value: Any) -> Any:
        nonlocal count
        if number != hold.number:
            return value
        count += 1
        turn = count % len(values)
        return np.array(values[turn])[()] if turn < hold.rounds else value

    return hook


def _glance(session: Session, forward: Forward, hold: _Hold, draw: Comparison) -> float | None:
    """The share of a path that a claim leaves out along a direction, if it is a plain one."""
    line, k = session.line(draw.direction), draw.projection
    with quiet(), forward.instrument.hooked(_holding(forward, hold)):
        ahead, behind = (float(session.evaluate(line, t)[k]) for t in (_STEP, -_STEP))
    line.back()
    without = (ahead - behind) / (2 * _STEP)
    path = draw.slope.value - without
    if not (np.isfinite(path) and abs(path) > T.glanced * abs(draw.slope.value)):
        return None
    share = (draw.slope.value - draw.claimed) / path
    return next((s for s in _SHARES if abs(share - s) <= T.glanced * abs(s)), None)


def _explains(
    session: Session, state: State, forward: Forward, hold: _Hold, share: float, draw: Comparison
) -> bool:
    """Whether the claim is the slope without that share of the path, within the bars of both."""
    with quiet(), forward.instrument.hooked(_holding(forward, hold)):
        held = compare(session, state, draw.direction, T.known_well, only=draw.projection).made[0]
    path = draw.slope.value - held.slope.value
    bar = bar_of(draw) + abs(share) * (bar_of(draw) + held.slope_bar)
    room = T.residual_bars * bar + T.residual_rounding * abs(draw.slope.value)
    return bool(abs(draw.slope.value - share * path - draw.claimed) <= room)


def _recurs(forward: Forward, site: Site) -> bool:
    """Whether an expression is what an earlier round of the loop has set."""
    name = _base(site.assigned or site.text)
    sites = (s for s in forward.instrument.sites if s.statement.function == site.statement.function)
    return any(name == _base(s.assigned) for s in sites)


def _base(text: str) -> str:
    return re.split(r"\W", text, maxsplit=1)[0]


def finding(
    block: Block, forward: Forward, path: Path, entries: tuple[tuple[int, ...], ...] | None
) -> Finding:
    """What is said of a block."""
    site = forward.instrument.sites[path.hold.number]
    rounds = len(forward.values[path.hold.number])
    what = (
        f"`{site.assigned or site.text}` (line {site.statement.number}, {site.statement.function})"
    )
    kind, words = Kind.HELD_FIXED, f"the claim is the gradient with {what} held fixed"
    if path.hold.rounds < rounds:
        kind = Kind.TRUNCATED
        words += f" in {path.hold.rounds} of its {rounds} rounds: it was cut off"
    elif same_number(path.share, 1.0, 0.0):
        kind = Kind.TRUNCATED if rounds > 1 and _recurs(forward, site) else kind
        words += f": that this changes with {block.name} is left out"
    else:
        kind = Kind.MISSING_PATH
        how = {-1.0: "counted twice", 2.0: "given the wrong sign", 0.5: "half left out"}
        words = f"the path through {what} is {how[path.share]}"
    return Finding(
        kind, block.name, f"{block.name}: {words}.", factor=1 - path.share, factor_bar=None,
        entries=entries, explained=1.0,
    )  # fmt: skip
