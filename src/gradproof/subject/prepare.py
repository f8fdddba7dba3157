"""From the arguments of a check to a subject: evaluate at the point, and get the claim."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..records.direction import Direction
from ..records.finding import Finding, Kind
from ..space.point import Point, Working
from . import claim as claims
from .claim import Claim
from .gradient import Gradient, alike, scalar
from .guards import Caller

_REPEATS = 4  # further evaluations at the point, to measure the spread of a random function

# A claim in a precision coarser than this has a round-off of its own that matters.
_DOUBLE = float(np.finfo(np.float64).eps)

RoundOff = Callable[[float, float, float], float]


def prepare(
    fun: Callable[..., Any],
    point: Point,
    grad: Any,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    seed: int,
    round_off: RoundOff,
    calls: dict[str, int] | None = None,
) -> Gradient:
    """Evaluate ``fun`` twice at the point, obtain the claim, and promote where that is possible.

    ``round_off(one, other, eps)`` says what two values in different precisions mean: 0 the
    same, a number how much round-off, infinity two different things. ``calls`` goes on
    counting from an earlier subject.
    """
    caller = Caller(args, kwargs, calls={} if calls is None else calls)
    subject = Gradient(point, caller, fun, grad)
    subject.working = Working(point, promote=False)
    first = _first_value(subject)
    _repeat(subject, scalar(first, grad is True), seed)
    subject.claim = _claim(subject, first)
    if max(point.eps(b.index) for b in point.blocks) > _DOUBLE:
        _promote(subject, round_off)
    subject.caller.where = ""
    return subject


def beside(
    subject: Gradient, direction: Direction, distance: float, round_off: RoundOff
) -> Gradient:
    """The same subject at a point some way along a direction."""
    working = Working(subject.point, promote=False)
    working.course(direction).move(distance)
    caller = subject.caller
    return prepare(
        subject.fun, Point(working.tree()), subject.grad, caller.args, caller.kwargs,
        direction.seed, round_off, caller.calls,
    )  # fmt: skip


def _first_value(subject: Gradient) -> Any:
    result = subject.caller(subject.fun, "fun", subject.working.tree())
    subject.look_for_mutation("fun")
    return result


def _repeat(subject: Gradient, first: Any, seed: int) -> None:
    """Evaluate again; if the value differs, seed the generators; else measure the scatter."""
    second = _again(subject)
    if alike(first, second):
        subject.centre = second
        return
    subject.caller.seed = seed
    values = [_again(subject), _again(subject)]
    if alike(*values):
        subject.centre = values[-1]
        subject.findings.append(
            Finding(
                Kind.NONDETERMINISTIC,
                None,
                f"fun is random: two calls at the point gave {first:.8g} and {second:.8g}. "
                f"The global generators of NumPy and Python were seeded with {seed} before "
                "every call, which makes it repeatable.",
            )
        )
        return
    subject.caller.seed = None
    values = [float(_again(subject)) for _ in range(_REPEATS)]
    values += [float(first), float(second)]
    subject.spread = float(np.std(values, ddof=1))
    subject.centre = float(np.mean(values))
    subject.findings.append(
        Finding(
            Kind.NONDETERMINISTIC,
            None,
            f"fun is not repeatable: {len(values)} calls at the point scatter by "
            f"{subject.spread:.2g} about {subject.centre:.8g}, seeded or not. The scatter counts "
            "as noise; make fun repeatable (pass its generator a fixed seed, reset its state) "
            "for a sharper check.",
        )
    )


def _again(subject: Gradient) -> Any:
    if subject.copying:
        subject.working.restore()
    value = subject.here()
    subject.look_for_mutation("fun")
    return value


def _claim(subject: Gradient, first: Any) -> Claim:
    if callable(subject.grad):
        claim = _called_claim(subject)
    else:
        given = first[1] if subject.grad is True else subject.grad
        claim = claims.owned(claims.match(subject.point, given))
    for index, reason in claim.missing.items():
        name = subject.point.blocks[index].name
        subject.findings.append(
            Finding(
                Kind.MISSING_BLOCK,
                name,
                f"{name}: {reason}; it was checked as if it were zero. "
                "Return an entry of the same shape.",
            )
        )
    return claim


def _called_claim(subject: Gradient) -> Claim:
    """Call ``grad`` twice, and keep of the first answer only a sketch.

    Two gradients at once would double the memory. Where the user keeps the arrays, to fill
    them again at the next call perhaps, a copy is the claim.
    """
    claim, changes, kept = _claim_twice(subject, lambda: None)
    if any(changes):
        after_fun, fewer, kept = _claim_twice(subject, lambda: _again(subject))
        if not any(fewer):
            subject.notes.append(
                "grad gives another answer at a second call unless fun is called before it: "
                "fun was called before each call of grad."
            )
            return claims.owned(after_fun)
        _tell_random_claim(subject, claim, changes)
        claim = dataclasses.replace(after_fun, noise=tuple(map(max, changes, fewer)))
    return claims.owned(claim) if kept else claim


def _claim_twice(
    subject: Gradient, before: Callable[[], object]
) -> tuple[Claim, tuple[float, ...], bool]:
    """The second of two claims, how far the first was from it, and who holds its arrays."""
    blocks = subject.point.blocks
    before()
    first = call_grad(subject)
    seen, held = claims.sketch(first, blocks), claims.watched(first)
    del first
    kept = held()
    before()
    claim = call_grad(subject)
    return claim, claims.distance(seen, claims.sketch(claim, blocks)), kept


def call_grad(subject: Gradient) -> Claim:
    """The claim at the working copy."""
    claim = claims.match(subject.point, raw_gradient(subject))
    subject.look_for_mutation("grad")
    return claim


def raw_gradient(subject: Gradient) -> Any:
    """What the user's code returns as the gradient at the working copy."""
    if subject.copying:
        subject.working.restore()
    params = subject.working.tree(fresh=subject.fresh)
    if subject.grad is True:
        return subject.caller(subject.fun, "fun", params)[1]
    return subject.caller(subject.grad, "grad", params)


def doubt(subject: Gradient) -> tuple[float, ...]:
    """The round-off of a low-precision claim: how far it is from the same code in float64.

    A fault is in both and stays; zero where the code cannot be run in float64.
    """
    nothing = (0.0,) * len(subject.point.blocks)
    if not (subject.movable and subject.promoted):
        return nothing
    seen = claims.sketch(subject.claim, subject.point.blocks)
    try:
        finer = call_grad(subject)
    except Exception:  # noqa: BLE001 - whatever it is: then float64 is not allowed
        return nothing
    return claims.distance(seen, claims.sketch(finer, subject.point.blocks))


def _tell_random_claim(subject: Gradient, claim: Claim, noise: tuple[float, ...]) -> None:
    worst = max(range(len(noise)), key=lambda i: noise[i] / (claim.norms[i] or 1.0))
    name = subject.point.blocks[worst].name
    share = noise[worst] / (claim.norms[worst] or 1.0)
    subject.findings.append(
        Finding(
            Kind.NONDETERMINISTIC,
            name,
            f"grad is not repeatable: two calls at the same point differ by {share:.2g} of the "
            f"gradient of {name}. The difference counts as noise of the claim.",
        )
    )


def _promote(subject: Gradient, round_off: RoundOff) -> None:
    """Evaluate in double precision where ``fun`` allows it and the value stays the same."""
    value = float(subject.centre)
    dtype = max((b.dtype for b in subject.point.blocks), key=lambda d: np.finfo(d).eps)
    # One copy at a time: the native one is made again if it turns out to be needed.
    subject.working.release()
    subject.working = Working(subject.point, promote=True)
    try:
        promoted = _again(subject)
    except Exception as error:  # noqa: BLE001 - whatever it is: then float64 is not allowed
        reason = f"it raises {type(error).__name__} there"
    else:
        apart = round_off(value, float(promoted), float(np.finfo(dtype).eps))
        if apart == 0:
            subject.promoted, subject.centre = True, promoted
            subject.notes.append(f"{dtype} parameters; fun was evaluated with them in float64.")
            return
        reason = f"its value changes from {value:.8g} to {float(promoted):.8g}"
        if np.isfinite(apart):
            subject.spread = max(subject.spread, apart)
    subject.working.release()
    subject.working = Working(subject.point, promote=False)
    if not np.isfinite(value):
        return
    subject.notes.append(
        f"fun was evaluated in {dtype}, since {reason} in float64: the resolution is what is left."
    )
