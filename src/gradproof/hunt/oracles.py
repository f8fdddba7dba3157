"""Second opinions on a fault: other ways to the same slope, which share nothing with steps.

Each gives the slope along one direction. It confirms a fault where it is with what was measured
and not with the claim, contradicts it where it is with the claim, and says nothing otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..engine.compare import compare
from ..engine.start import start
from ..records.comparison import Comparison
from ..records.direction import Direction, Part
from ..report.report import Report
from ..space.point import Line
from ..subject.asked import Asked
from ..subject.prepare import prepare
from ..subject.providers import Autodiff
from ..subject.session import Session
from .precise import precise_slopes
from .rebuild import rebuilt
from .target import Target

# An opinion is with one side where it is so many times nearer to it than both sides are apart.
_NEARER = 0.01
# Where the claim is no number, it agrees with what was measured to such a share.
_SHARE = 1e-6
_TINY = 1e-30  # a step that a complex argument takes without any round-off


@dataclass(frozen=True, slots=True)
class Opinions:
    """Who else says that a claim is wrong; who says that it is right, if anybody does."""

    confirmed: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    contradicted: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """A comparison along one direction, with the session and line it came from; it rejects.

    Where it is ``assumed``, the slope is what a report said, and may be contradicted alone.
    """

    session: Session
    line: Line
    compared: Comparison
    like: Callable[..., Any] | None
    assumed: bool = False


Oracle = Callable[[Looked], tuple[float, ...] | None]


def second_opinions(target: Target, values: Mapping[str, Any], report: Report) -> Opinions:
    """What every oracle says that applies."""
    confirmed, contradicted = list[str](), list[str]()
    try:
        asked = target.asked(values, "standard", report.seed)
        with asked.where.session(), np.errstate(all="ignore"):
            looked = _look(asked, report, getattr(target, "like", None))
            for name, oracle in _ORACLES.items():
                side = 0 if looked is None else _heard(oracle, looked)
                confirmed += [name] if side > 0 else []
                contradicted += [name] if side < 0 else []
    except KeyboardInterrupt:
        raise
    except Exception:  # noqa: BLE001 - what cannot be asked says nothing
        return Opinions()
    doubts = tuple(f"{name} sides with the claim." for name in contradicted if name == "like")
    others = [name for name in contradicted if name != "like"]
    if others and not confirmed:
        return Opinions(contradicted=f"{' and '.join(others)} sides with the claim.")
    return Opinions(tuple(confirmed), doubts)


def _look(asked: Asked, report: Report, like: Callable[..., Any] | None) -> Looked | None:
    """The first direction along which the claim is rejected, or no number."""
    session = prepare(asked)
    state = start(session)
    if not session.finite or len(session.projections) != 1:
        return None
    compared = None
    for direction in _directions(session, report):
        compared = compare(session, state, direction).made[0]
        apart = not math.isfinite(compared.claimed)
        if apart or abs(compared.gap) > compared.slope_bar + compared.claimed_bar:
            return Looked(session, session.line(compared.direction), compared, like)
    if compared is None:
        return None
    # None of these rejects: the report did along another one, or at other steps. What it says the
    # slope is, by its relative error, then stands for what was measured.
    off = max(block.error for block in report.blocks if block.verdict.rejects)
    slope = replace(compared.slope, value=compared.claimed * (1 + min(off, 1.0)), error=0.0)
    assumed = replace(compared, slope=slope)
    return Looked(session, session.line(compared.direction), assumed, like, assumed=True)


def _directions(session: Session, report: Report) -> Iterator[Direction]:
    """Through all blocks at once, then through each that was rejected by itself."""
    blocks, seed = session.point.blocks, report.seed
    wrong = {block.name for block in report.blocks if block.verdict.rejects}
    everything = tuple(Part(block.index, block.scale) for block in blocks)
    for draw in range(2):
        yield Direction(everything, seed, draw)
    for block in blocks:
        if block.name in wrong and len(blocks) > 1:
            yield Direction((Part(block.index, block.scale),), seed, 0)
            yield Direction((Part(block.index, block.scale),), seed, 1)


def _heard(oracle: Oracle, looked: Looked) -> int:
    """1 where an oracle confirms, -1 where it contradicts, 0 where it says nothing."""
    try:
        answers = oracle(looked)
    except KeyboardInterrupt:
        raise
    except Exception:  # noqa: BLE001 - it does not apply to such code
        return 0
    if not answers or not all(map(math.isfinite, answers)):
        return 0
    found = verdict(answers, looked.compared)
    return min(found, 0) if looked.assumed else found


def verdict(answers: tuple[float, ...], compared: Comparison) -> int:
    """Which side the slopes are on, one for both sides or one for each."""
    slope, claimed = compared.slope, compared.claimed
    measured: tuple[float, ...] = (slope.value,)
    if slope.left is not None and slope.right is not None:
        if len(answers) == 1:
            return 0
        measured = (slope.left, slope.right)
    else:
        answers = (sum(answers) / len(answers),)
    if not all(map(math.isfinite, measured)):
        return 0
    off = max(abs(o - m) for o, m in zip(answers, measured, strict=True))
    if not math.isfinite(claimed):
        return int(off <= compared.slope_bar + _SHARE * max(map(abs, measured)))
    apart = abs(compared.gap)
    if off <= max(_NEARER * apart, min(compared.slope_bar, 0.1 * apart)):
        return 1
    return -1 if all(abs(o - claimed) <= _NEARER * apart for o in answers) else 0


def _complex_step(looked: Looked) -> tuple[float, ...] | None:
    """``Im f(x + i h d) / h``: no difference is taken, so that nothing cancels."""
    session = looked.session
    if looked.compared.kinked or not _plain(session):
        return None
    leaves = [session.point.host(b.index) for b in session.point.blocks]
    steps = looked.line.tangents()
    moved = [leaf + 1j * _TINY * np.asarray(step).reshape(leaf.shape)
             for leaf, step in zip(leaves, steps, strict=True)]  # fmt: skip
    found = _called(rebuilt(session.fun, {}), session, session.point.assemble(moved))
    imaginary = np.asarray(found).imag
    if imaginary.size != 1 or not np.iscomplexobj(found):
        return None
    return (float(imaginary.reshape(())) / _TINY,)


def _mpmath(looked: Looked) -> tuple[float, ...] | None:
    """One-sided differences in 60 digits."""
    session = looked.session
    if not _plain(session):
        return None
    steps = [np.asarray(step) for step in looked.line.tangents()]
    args, kwargs = session.caller.given
    return precise_slopes(session.fun, session.point, steps, args, kwargs)


def _forward(looked: Looked) -> tuple[float, ...] | None:
    """Forward mode against reverse mode; where both are wrong they may well agree."""
    claim = looked.session.grad
    if not isinstance(claim, Autodiff):
        return None
    asked = looked.session.asked
    forward = replace(claim, reverse=False, forward=True)
    session = prepare(replace(asked, grad=forward))
    along = session.projections[0].claim.along(session.line(looked.line.direction))
    return None if verdict((along,), looked.compared) < 0 else (along,)


def _like(looked: Looked) -> tuple[float, ...] | None:
    """The slope of what the user says is the same function."""
    if looked.like is None:
        return None
    asked = replace(looked.session.asked, fun=looked.like)
    session = prepare(asked)
    slope = compare(session, start(session), looked.line.direction).made[0].slope
    sides = (slope.left, slope.right)
    if sides[0] is not None and sides[1] is not None:
        return (sides[0], sides[1])
    return (slope.value,)


def _plain(session: Session) -> bool:
    """Whether the point is made of NumPy's float64."""
    leaves = [session.point.leaf(block.index) for block in session.point.blocks]
    return all(
        type(leaf) is float or (isinstance(leaf, np.ndarray) and leaf.dtype == np.float64)
        for leaf in leaves
    )


def _called(fun: Any, session: Session, point: Any) -> Any:
    args, kwargs = session.caller.given
    return fun(point, *args, **kwargs)


_ORACLES: dict[str, Oracle] = {
    "complex step": _complex_step,
    "mpmath": _mpmath,
    "forward mode": _forward,
    "like": _like,
}
