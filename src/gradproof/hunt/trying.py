"""One try: a screen of one slope, and a full check where that is no plain agreement."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..engine.compare import compare
from ..engine.examine import examine
from ..engine.loop import check
from ..engine.start import start
from ..engine.summary import Explained, compose
from ..engine.watch import Watch
from ..errors import UsageError
from ..plan.strategy import Plan
from ..records.finding import Kind
from ..records.verdict import Verdict
from ..report.report import Report
from ..subject.asked import Asked
from ..subject.guards import generators_restored
from ..subject.prepare import prepare
from ..subject.session import Session
from .branches import Forks, followed
from .target import Target

SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try: a verdict or ``skipped``, and why.

    ``blocks`` are those that are wrong, ``kinds`` of finding what is said of them; ``misuse`` says
    that what was raised is about the call itself, and ``claim`` that ``grad`` raised it;
    ``branches`` of the code are those that were taken.
    """

    verdict: str
    why: str = ""
    blocks: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    misuse: bool = False
    claim: bool = False
    seconds: float = 0.0
    branches: tuple[int, ...] = ()

    @property
    def rejects(self) -> bool:
        """Whether it is a hit."""
        return self.verdict in (Verdict.WRONG, Verdict.SUSPECT)


def tried(target: Target, values: Mapping[str, Any], seed: int) -> Outcome:
    """What comes of one choice of the arguments."""
    began = time.perf_counter()
    taken: set[int] = set()
    with np.errstate(all="ignore"):
        found = _tried(target, values, seed, taken)
    spent = time.perf_counter() - began
    return replace(found, seconds=spent, branches=tuple(sorted(taken)))


def _tried(target: Target, values: Mapping[str, Any], seed: int, taken: set[int]) -> Outcome:
    try:
        whole = target.whole(values, "quick", seed)
        if whole is not None:
            return outcome_of(whole)
        asked = target.asked(values, "quick", seed)
        screened = _screen(asked, target.forks, taken)
        if screened is not None:
            return screened
        return outcome_of(_judged(asked))
    except KeyboardInterrupt:
        raise
    except MemoryError:
        return Outcome(SKIPPED, "MemoryError: too large")
    except Exception as error:  # noqa: BLE001 - whatever the code under test raises, it is no verdict
        return raised(error)


def raised(error: BaseException) -> Outcome:
    """What an exception says of a try: nothing of the gradient."""
    notes = getattr(error, "__notes__", ())
    claim = any(note.startswith("gradproof: raised by grad") for note in notes)
    misuse = isinstance(error, UsageError) and not notes
    said = f"{type(error).__name__}: {error}".splitlines()[0][:120]
    return Outcome(SKIPPED, f"grad raised {said}" if claim else said, misuse=misuse, claim=claim)


def outcome_of(report: Report) -> Outcome:
    """What a full check has found, in short."""
    blocks = tuple(sorted(block.name for block in report.blocks if block.verdict.rejects))
    kinds = tuple(sorted({str(f.kind) for f in report.findings if f.kind is not Kind.KINK}))
    return Outcome(str(report.verdict), "; ".join(report.doubts)[:200], blocks, kinds)


def _screen(asked: Asked, forks: Forks, taken: set[int]) -> Outcome | None:
    """Agreement along one direction, by the sharpest four points; None for all that is less plain.

    It can only accept, and only where a full check could begin in the same way. The branches that
    both functions take at the point are added to ``taken``.
    """
    with generators_restored(), asked.where.session():
        with followed(forks) as branches:
            try:
                session = prepare(asked)
            finally:
                taken |= branches
        if not session.finite:
            return Outcome(SKIPPED, "fun is not finite there")
        return Outcome(str(Verdict.CORRECT)) if _agrees(session) else None


def _judged(asked: Asked) -> Report:
    """The report of a quick check, in which nobody asks why."""
    watch = Watch(str(asked.options.name))
    with generators_restored(), asked.where.session():
        return compose(check(asked, watch), Explained({}, {}, 0, None), watch.title, 0.0, "")


def _agrees(session: Session) -> bool:
    state = start(session)
    if state.not_finite or state.ruled or state.setting.small or session.findings:
        return False
    direction = Plan("check").next(state)
    if direction is None or len(direction.parts) < len(session.point.blocks):
        return False
    measured = compare(session, state, direction)
    return measured.learned.accepted == len(measured.made) > 0


def full(target: Target, values: Mapping[str, Any], seed: int) -> Report | None:
    """The report of a standard check; None where it cannot be made."""
    try:
        with np.errstate(all="ignore"):
            whole = target.whole(values, "standard", seed)
            return whole if whole is not None else examine(target.asked(values, "standard", seed))
    except KeyboardInterrupt:
        raise
    except Exception:  # noqa: BLE001 - it worked in the screen, and does not again
        return None
