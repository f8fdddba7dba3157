"""Low precision: evaluated in float64 where the function allows it, and its own round-off."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..judge.bands import round_off
from ..space.point import Working
from . import claim as claims
from .claim import Claim
from .forward import Pushed, from_twins
from .obtain import call_grad
from .session import Projection, Session
from .stopped import Tape


def doubt(session: Session) -> tuple[list[tuple[float, ...]], list[Claim]]:
    """The round-off of a low-precision claim: how far it is from the same code in float64.

    A fault is in both and stays; zero where the code cannot be run in float64. With the claims
    there, where they are known entry by entry.
    """
    blocks = session.point.blocks
    noise = [(0.0,) * len(blocks) for _ in session.projections]
    if not (session.movable and session.promoted):
        return noise, []
    every = list(enumerate(projection.claim for projection in session.projections))
    reverse = [(k, claim) for k, claim in every if isinstance(claim, Claim)]
    forward = [(k, claim) for k, claim in every if isinstance(claim, Pushed)]
    try:
        finer = call_grad(session, session.result()) if reverse else []
        apart = from_twins(forward[0][1].forward) if forward else []
    except Exception:  # noqa: BLE001 - whatever it is: then float64 is not allowed
        return noise, []
    for (k, claim), twin in zip(reverse, finer, strict=True):
        noise[k] = claims.apart(claim, twin)
    for (k, _), distance in zip(forward, apart, strict=True):
        noise[k] = (distance,) * len(blocks)
    return noise, [] if forward else finer


def claimed_round_off(session: Session) -> Sequence[tuple[float, ...]]:
    """How far each claim is from its twin in float64, block by block; measured once."""
    if session.round_off is None:
        session.round_off, _ = doubt(session)
    return session.round_off


def promote(session: Session) -> None:
    """Evaluate in double precision where ``fun`` allows it and the value stays the same."""
    point, before = session.point, [float(p.centre) for p in session.projections]
    coarsest = max(point.blocks, key=lambda b: point.eps(b.index))
    eps, dtype = point.eps(coarsest.index), coarsest.dtype
    native, refusals = session.caller.tape, []
    # One copy at a time: the native one is made again if it turns out to be needed.
    session.working.release()
    session.working = _working(session, promote=True)
    for deep in (True, False) if session.library.about.deep else (False,):
        session.caller.promote(promoted=True, deep=deep)
        refused = _refused(session, before, lambda one, other: round_off(one, other, eps))
        if refused is None:
            session.promoted = True
            session.notes.append(f"{dtype} parameters; fun was evaluated with them in float64.")
            return
        refusals.append(refused)
    reason, apart = refusals[0]
    for projection, distance in zip(session.projections, apart, strict=True):
        if np.isfinite(distance):
            projection.scatter = max(projection.scatter, distance)
    session.working.release()
    session.working = _working(session, promote=False)
    session.caller.promote(promoted=False)
    session.caller.tape = native
    if all(map(np.isfinite, before)):
        session.notes.append(
            f"fun was evaluated in {dtype}, since {reason} in float64: the resolution is what is "
            "left."
        )


def _refused(
    session: Session, before: Sequence[float], apart_by: Callable[[float, float], float]
) -> tuple[str, Sequence[float]] | None:
    """Why double precision will not do, and how far the values are apart; None where it will."""
    session.caller.tape = Tape()
    try:
        result = session.result()
        session.caller.tape.recording = False
        measured = session.outputs.measure(result)
        readings = [measured[projection.reading] for projection in session.projections]
        session.look_for_mutation("fun")
    except Exception as error:  # noqa: BLE001 - whatever it is: then float64 is not allowed
        nothing = [0.0] * len(before)
        return f"it raises {type(error).__name__} there", nothing
    apart = [
        apart_by(_offset(p) + value, _offset(p) + float(r.value))
        for p, value, r in zip(session.projections, before, readings, strict=True)
    ]
    if any(apart):
        k = max(range(len(apart)), key=lambda i: apart[i])
        changed = f"from {before[k]:.8g} to {float(readings[k].value):.8g}"
        return f"its value changes {changed}", apart
    for projection, reading in zip(session.projections, readings, strict=True):
        projection.centre, projection.floor = reading.value, reading.floor
    return None


def _working(session: Session, *, promote: bool) -> Working:
    working = Working(session.point, promote=promote)
    working.recording = session.caller.recording
    return working


def _offset(projection: Projection) -> float:
    """What makes values comparable where terms of either sign cancel; 0 for a lone number."""
    return projection.scale if projection.scale > abs(float(projection.centre)) else 0.0
