"""Low precision: evaluated in float64 where the function allows it, and its own round-off."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..space.point import Working
from . import claim as claims
from .claim import Claim
from .forward import Pushed
from .forward import round_off as pushed_round_off
from .gradient import Gradient, Projection
from .obtain import RoundOff, call_grad
from .stopped import Tape


def doubt(subject: Gradient) -> list[tuple[float, ...]]:
    """The round-off of a low-precision claim: how far it is from the same code in float64.

    A fault is in both and stays; zero where the code cannot be run in float64.
    """
    blocks = subject.point.blocks
    noise = [(0.0,) * len(blocks) for _ in subject.projections]
    if not (subject.movable and subject.promoted):
        return noise
    every = list(enumerate(projection.claim for projection in subject.projections))
    reverse = [(k, claim) for k, claim in every if isinstance(claim, Claim)]
    forward = [(k, claim) for k, claim in every if isinstance(claim, Pushed)]
    try:
        finer = call_grad(subject, subject.result()) if reverse else []
        apart = pushed_round_off(forward[0][1].forward) if forward else []
    except Exception:  # noqa: BLE001 - whatever it is: then float64 is not allowed
        return noise
    for (k, claim), twin in zip(reverse, finer, strict=True):
        seen = claims.sketch(claim, blocks)
        noise[k] = claims.distance(seen, claims.sketch(twin, blocks))
    for (k, _), distance in zip(forward, apart, strict=True):
        noise[k] = (distance,) * len(blocks)
    return noise


def promote(subject: Gradient, round_off: RoundOff) -> None:
    """Evaluate in double precision where ``fun`` allows it and the value stays the same."""
    point, before = subject.point, [float(p.centre) for p in subject.projections]
    coarsest = max(point.blocks, key=lambda b: point.eps(b.index))
    eps, dtype = point.eps(coarsest.index), coarsest.dtype
    native, refusals = subject.caller.tape, []
    # One copy at a time: the native one is made again if it turns out to be needed.
    subject.working.release()
    subject.working = _working(subject, promote=True)
    for deep in subject.library.promotions:
        subject.caller.promote(promoted=True, deep=deep)
        refused = _refused(subject, before, lambda one, other: round_off(one, other, eps))
        if refused is None:
            subject.promoted = True
            subject.notes.append(f"{dtype} parameters; fun was evaluated with them in float64.")
            return
        refusals.append(refused)
    reason, apart = refusals[0]
    for projection, distance in zip(subject.projections, apart, strict=True):
        if np.isfinite(distance):
            projection.scatter = max(projection.scatter, distance)
    subject.working.release()
    subject.working = _working(subject, promote=False)
    subject.caller.promote(promoted=False)
    subject.caller.tape = native
    if all(map(np.isfinite, before)):
        subject.notes.append(
            f"fun was evaluated in {dtype}, since {reason} in float64: the resolution is what is "
            "left."
        )


def _refused(
    subject: Gradient, before: Sequence[float], apart_by: Callable[[float, float], float]
) -> tuple[str, Sequence[float]] | None:
    """Why double precision will not do, and how far the values are apart; None where it will."""
    subject.caller.tape = Tape()
    try:
        result = subject.result()
        subject.caller.tape.recording = False
        measured = subject.outputs.measure(result)
        readings = [measured[projection.reading] for projection in subject.projections]
        subject.look_for_mutation("fun")
    except Exception as error:  # noqa: BLE001 - whatever it is: then float64 is not allowed
        nothing = [0.0] * len(before)
        return f"it raises {type(error).__name__} there", nothing
    apart = [
        apart_by(_offset(p) + value, _offset(p) + float(r.value))
        for p, value, r in zip(subject.projections, before, readings, strict=True)
    ]
    if any(apart):
        k = max(range(len(apart)), key=lambda i: apart[i])
        changed = f"from {before[k]:.8g} to {float(readings[k].value):.8g}"
        return f"its value changes {changed}", apart
    for projection, reading in zip(subject.projections, readings, strict=True):
        projection.centre, projection.floor = reading.value, reading.floor
    return None


def _working(subject: Gradient, *, promote: bool) -> Working:
    working = Working(subject.point, promote=promote)
    working.recording = subject.caller.recording
    return working


def _offset(projection: Projection) -> float:
    """What makes values comparable where terms of either sign cancel; 0 for a lone number."""
    return projection.scale if projection.scale > abs(float(projection.centre)) else 0.0
